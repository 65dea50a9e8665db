// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterEngine
internal import MusterGit
internal import MusterJournal
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSystem

extension JournalWriter: RunJournal {}

/// How a run came to an end, or to rest, and what became of its record.
struct RunResult {
    enum End: Hashable {
        case finished(RunFinished.Outcome)
        case paused
    }

    let run: RunID
    let end: End
    let state: RunState
    let record: RunRecord?
    /// The commit with the record: the log's of a run that ended, the run's own branch's of one at rest; nil when git could
    /// not take it.
    let commit: ObjectID?
    let recordFailure: MusterError?
    /// What became of the push; nil where muster.yaml names no remote.
    let push: Result<PushReport, MusterError>?
    /// A signal brought the run to rest.
    let wasInterrupted: Bool
}

/// What the terminal shows of a run, made once its id is known.
typealias RunViews = (RunID) -> (followers: [any RunFollower], services: [any PollService])

/// Everything that carries out one run, new or taken up again: its plan, the world, the catalog that takes its record.
struct RunExecution {
    let run: RunID
    let plan: Plan
    let journal: JournalWriter
    let world: RunWorld
    let person: Person
    let catalog: Catalog
    let configuration: Configuration
    let identity: GitIdentity
    /// Contents of documents that no commit holds, by path.
    let uncommitted: [String: [UInt8]]
    /// Nil where records are not signed.
    var signing: RecordSigning?

    /// Runs until the end, or until the run is at rest.
    ///
    /// - Parameters:
    ///   - state: as the journal tells it so far.
    ///   - entries: the journal's entries so far.
    ///   - openings: what the engine begins with; the first is durable and recorded before the second.
    func carryOut(
        _ state: RunState, after entries: [JournalEntry] = [], opening openings: [[Event]], views: RunViews
    ) throws(MusterError) -> RunResult {
        let writer = try recordWriter(entries)
        let control = try RunControl(runFolder: journal.folder)
        defer { control.close() }
        world.control = control
        let (followers, services) = views(run)
        world.noticeFollowers = followers.compactMap { $0 as? any NoticeFollower }
        world.serve(writer)
        let publisher = configuration.recordsRemote.map {
            RunPublisher(folder: catalog.client.folder, remote: $0, run: run)
        }
        defer { publisher?.close() }
        writer.publisher = publisher
        if let publisher { world.serve(publisher) }
        for service in services { world.serve(service) }
        var engine = Engine(
            state: state, journal: journal, world: world, followers: [writer] + followers,
            restsWhenWaiting: person.isAbsent)
        defer { journal.close() }
        for opening in openings.dropLast() {
            do { try engine.open(opening) } catch {
                throw entries.isEmpty ? notBegun(error) : error
            }
        }
        let end = try engine.run(opening: openings.last ?? [])
        publisher?.close()
        return finish(end, writer)
    }

    private func recordWriter(_ entries: [JournalEntry]) throws(MusterError) -> RecordWriter {
        let place = RecordWriter.Place(
            run: run, author: identity, branch: configuration.recordsBranch, uncommitted: uncommitted,
            signing: signing)
        do {
            let writer = try RecordWriter(catalog: catalog, journal: journal, plan: plan, place: place)
            writer.knownSecrets = { [world] in world.knownSecrets }
            if !entries.isEmpty { try writer.takeUp(entries) }
            return writer
        } catch let error as MusterError {
            throw error
        } catch {
            throw MusterError(code: "plan.not-encodable", "The plan cannot be recorded: \(error).")
        }
    }

    /// The plan could not be recorded. The journal gets its end, where it still can, so that nothing looks as if it ran.
    private func notBegun(_ error: MusterError) -> MusterError {
        let stop = StopRequested(by: "engine", reason: error.summary)
        let end = RunFinished(outcome: .cancelled, why: "Stopped before it began: \(error.summary)")
        var error = error
        do {
            _ = try journal.append([.stopRequested(stop), .runFinished(end)], at: readClocks())
            try journal.sync()
        } catch let second {
            error.diagnostics.append(Diagnostic(code: second.code, second.summary, help: second.help))
        }
        error.help = "Nothing was changed: a run that cannot be recorded does not begin. " + (error.help ?? "")
        error.status = .preconditionUnmet
        return error
    }

    private func finish(_ state: RunState, _ writer: RecordWriter) -> RunResult {
        let end: RunResult.End = if case .finished(let outcome) = state.phase { .finished(outcome) } else { .paused }
        var commit: ObjectID?
        var failure: MusterError?
        do {
            commit = end == .paused ? try writer.commitAtRest() : try writer.commitFinished()
        } catch let error { failure = error }
        let push = RunPush(run: run, catalog: catalog, configuration: configuration, author: identity, signing: signing)
        return RunResult(
            run: run, end: end, state: state, record: writer.record, commit: commit, recordFailure: failure,
            push: failure == nil ? push.send(isOver: end != .paused) : nil, wasInterrupted: world.wasInterrupted)
    }
}
