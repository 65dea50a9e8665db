// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterJournal
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSystem

/// Writes what people say of a run that nobody runs now into its journal and its record; no plugin is needed for it.
struct RunAtRest {
    let run: RunID
    /// The catalog's folder; nil: the one around the current folder.
    let catalog: String?
    /// What `--key` named, where records are signed; nil: the variable MUSTER_KEY does.
    var key: String?

    /// What was written, and what became of it elsewhere. The journal has it in any case.
    struct Noted {
        var state: RunState
        /// What became of what the run changed.
        var places: ChangedPlaces
        /// Where the catalog keeps its records.
        var remote: String?
        /// Why git has not taken it.
        var recordFailure: MusterError?
        /// Nil where muster.yaml names no remote, or git has not taken it.
        var push: Result<PushReport, MusterError>?
        /// Why the run's targets are not free for the next run, though it is over.
        var holdFailure: MusterError?
    }

    typealias Following = (StoredRun, GitIdentity, Instant) throws(MusterError) -> (RunState, [Event])?

    /// - Parameter following: the events, and the run as it stands after them; nil: nothing is written.
    /// - Returns: nil when nothing was written.
    func record(in folders: StateFolder, _ following: Following) throws -> Noted? {
        let (git, repository) = try CatalogDocuments.open(catalog)
        let identity = repository.userOrLogin
        let engineLock = try EngineLock(runFolder: folders.run(run), for: .noting, by: identity.text)
        defer { engineLock.release() }
        // Where another machine has gone on, the decision is taken there.
        let configuration = try Records.configuration(git, repository)
        _ = try HandOver(git: git, run: run, folders: folders, remote: configuration?.recordsRemote).prepare(
            takeOver: nil)
        let (journal, reading) = try JournalWriter.reopen(folder: folders.run(run))
        defer { journal.close() }
        let stored = try StoredRun(run, folder: journal.folder, reading: reading)
        try stored.refuseOtherRules()
        // Without a key git takes the word later; one of nobody's would be in the record for ever.
        let signing = Result { () throws(MusterError) in try RecordSigning.of(configuration, key: key) }
        if case .success(let signing?) = signing {
            _ = try signing.known(to: git, at: stored.plan.commit, repository.head)
        }
        let now = readClocks()
        guard let (state, events) = try following(stored, identity, now) else { return nil }
        let entries = try journal.append(events, at: now)
        try journal.sync()
        var noted = Noted(
            state: state, places: ChangedPlaces(stored.plan, reading.entries + entries),
            remote: configuration?.recordsRemote)
        do {
            let records = try Records(git: git, state: repository)
            let writer = try RecordWriter(
                catalog: git, journal: journal, plan: stored.plan,
                place: .init(
                    run: run, author: identity, branch: records.branch, uncommitted: [:],
                    signing: try signing.get()))
            try writer.takeUp(reading.entries)
            try writer.follow(entries, state)
            _ = state.isFinished ? try writer.commitFinished() : try writer.commitAtRest()
        } catch {
            noted.recordFailure = RecordWriter.recordError(error)
        }
        guard let configuration else { return noted }
        if state.isFinished { noted.holdFailure = giveBack(stored.plan, folders, repository, configuration) }
        if noted.recordFailure == nil {
            noted.push = RunPush(
                run: run, catalog: git, configuration: configuration, author: identity,
                signing: try signing.get()
            ).send(isOver: state.isFinished)
        }
        return noted
    }

    /// A run at rest let its leases run out and gave none back, so that nobody else begins on its targets. Now it is over.
    private func giveBack(
        _ plan: Plan, _ folders: StateFolder, _ repository: RepositoryState, _ configuration: Configuration
    ) -> MusterError? {
        do {
            try TargetHold(
                plan, run: run, folders: folders, state: repository, configuration: configuration, isBegun: true,
                takeOver: nil
            ).release(isOver: true)
            return nil
        } catch {
            // What another run has by now is not this one's to give back.
            return ["run.leased", "run.locked", "run.unfinished"].contains(error.code) ? nil : error
        }
    }

    /// Ends the run, where nothing has to be called for it.
    ///
    /// - Returns: nil when a plugin is needed: an effect has to be read back, or what brings things back is to run.
    func end(_ request: StopRequested, in folders: StateFolder) throws -> Noted? {
        try record(in: folders) { stored, identity, now throws(MusterError) in
            guard stored.plan.kind != .rehearsal, stored.state.phase == .paused || stored.state.phase == .running,
                !stored.hasOpenEffect
            else {
                return nil
            }
            var state = stored.state
            do {
                let events = try state.settle(
                    after: [.runResumed(Self.resumed(by: identity)), .stopRequested(request)], at: now.wall)
                return state.isFinished ? (state, events) : nil
            } catch {
                throw MusterError(
                    code: "run.not-taken", "The run cannot be ended so: \(error).",
                    help: "See where it stands: muster status")
            }
        }
    }

    static func resumed(by identity: GitIdentity) -> RunResumed {
        RunResumed(
            by: identity.text, host: Host.name, bootID: Host.bootID, processID: Host.processID, engine: musterVersion)
    }
}

extension RunAtRest.Noted {
    /// Says what the journal has and other places do not.
    ///
    /// - Throws: the command's end, where git has not taken it.
    func tell(_ terminal: Terminal) throws {
        if let recordFailure {
            terminal.error(recordFailure.description)
            terminal.error("It is in the run's journal all the same. Commit it later: muster publish")
        }
        if let holdFailure {
            terminal.error(
                "note: The run's targets could not be given back, so the next run on them needs --take-over. "
                    + holdFailure.summary)
        }
        switch push {
        case .success(let report):
            for ref in report.refs where ref.outcome != .accepted {
                terminal.error(pushText(ref, remote ?? "the remote"))
            }
        case .failure(let error):
            terminal.error("note: It was not sent; publish it later: muster publish. " + error.summary)
        case nil: break
        }
        if recordFailure != nil { throw CommandEnd(status: .runFailed) }
    }
}
