// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterJournal
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// Writes what people say of a run that nobody runs now into its journal and its record; no plugin is needed for it.
struct RunAtRest {
    let run: RunID
    /// The catalog's folder; nil: the one around the current folder.
    let catalog: String?

    typealias Following = (StoredRun, GitIdentity, Instant) throws(MusterError) -> (RunState, [Event])?

    /// - Parameter following: the events, and the run as it stands after them; nil: nothing is written.
    /// - Returns: the run as it stands afterwards; nil when nothing was written.
    func record(in folders: StateFolder, _ following: Following) throws -> RunState? {
        let (git, repository) = try CatalogDocuments.open(catalog)
        let engineLock = try EngineLock(
            runFolder: folders.run(run), for: .noting, by: repository.userOrLogin.text)
        defer { engineLock.release() }
        // Where another machine has gone on, the decision is taken there.
        let remote = try Records.configuration(git, repository)?.recordsRemote
        _ = try HandOver(git: git, run: run, folders: folders, remote: remote).prepare(takeOver: nil)
        let (journal, reading) = try JournalWriter.reopen(folder: folders.run(run))
        defer { journal.close() }
        let stored = try StoredRun(run, folder: journal.folder, reading: reading)
        let now = readClocks()
        guard let (state, events) = try following(stored, repository.userOrLogin, now) else { return nil }
        let entries = try journal.append(events, at: now)
        try journal.sync()
        let records = try Records(git: git, state: repository)
        let writer = try RecordWriter(
            catalog: git, journal: journal, plan: stored.plan,
            place: .init(run: run, author: repository.userOrLogin, branch: records.branch, uncommitted: [:]))
        try writer.takeUp(reading.entries)
        try writer.follow(entries, state)
        _ = state.isFinished ? try writer.commitFinished() : try writer.commitAtRest()
        return state
    }

    /// Ends the run, where nothing has to be called for it.
    ///
    /// - Returns: nil when a plugin is needed: an effect has to be read back, or what brings things back is to run.
    func end(_ request: StopRequested, in folders: StateFolder) throws -> RunState? {
        try record(in: folders) { stored, identity, now throws(MusterError) in
            guard stored.plan.kind != .rehearsal, stored.state.phase == .paused || stored.state.phase == .running,
                !stored.hasOpenEffect
            else {
                return nil
            }
            var state = stored.state
            var events: [Event] = [
                .runResumed(
                    RunResumed(
                        by: identity.text, host: Host.name, bootID: Host.bootID, processID: Host.processID,
                        engine: musterVersion)), .stopRequested(request),
            ]
            for event in events { try Self.take(event, into: &state, now) }
            while !state.isFinished, state.tasks.isEmpty {
                let next = state.decisions(now: now.wall)
                if next.isEmpty { break }
                for event in next { try Self.take(event, into: &state, now) }
                events += next
            }
            return state.isFinished ? (state, events) : nil
        }
    }

    private static func take(_ event: Event, into state: inout RunState, _ now: Instant) throws(MusterError) {
        do { try state.apply(event, at: now.wall) } catch {
            throw MusterError(
                code: "run.not-taken", "The run cannot be ended so: \(error).",
                help: "See where it stands: muster status")
        }
    }
}
