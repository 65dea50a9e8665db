// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterJournal
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// A person's decision in the journal and the record of a run that nobody runs now.
///
/// A run that is over is opened anew for the one thing that only people can know: that what could not be undone was put
/// back by hand. It then ends anew, with what follows from that.
struct DecisionAtRest {
    let decision: StepDecided
    let run: RunID
    /// The catalog's folder; nil: the one around the current folder.
    let catalog: String?

    /// - Returns: the run as it stands afterwards.
    /// - Throws: `run.not-to-decide`, and nothing is written.
    func record(in folders: StateFolder) throws -> RunState {
        let (git, repository) = try CatalogDocuments.open(catalog)
        let engineLock = try EngineLock(runFolder: folders.run(run))
        defer { engineLock.release() }
        // Where another machine has gone on, the decision is taken there.
        let remote = try Records.configuration(git, repository)?.recordsRemote
        _ = try HandOver(git: git, run: run, folders: folders, remote: remote).prepare(takeOver: nil)
        let (journal, reading) = try JournalWriter.reopen(folder: folders.run(run))
        defer { journal.close() }
        let stored = try StoredRun(run, folder: journal.folder, reading: reading)
        let now = readClocks()
        let (state, events) = try following(stored, by: repository.userOrLogin, at: now)
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

    /// The decision and what follows from it without any call to a plugin.
    private func following(
        _ stored: StoredRun, by identity: GitIdentity, at now: Instant
    ) throws(MusterError) -> (RunState, [Event]) {
        var state = stored.state
        guard state.choices(for: decision.step).contains(decision.choice) else {
            let hasChoices = stored.plan.steps.contains { !state.choices(for: $0.id).isEmpty }
            let isOver = state.isFinished && !hasChoices
            throw Self.refused(isOver ? "the run is over: \(stored.standing)" : state.whyNot(decision))
        }
        var events: [Event] = []
        func take(_ event: Event) throws(MusterError) {
            do { try state.apply(event, at: now.wall) } catch { throw Self.refused("\(error)") }
            events.append(event)
        }
        if state.isFinished {
            try take(
                .runResumed(
                    RunResumed(
                        by: identity.text, host: Host.name, bootID: Host.bootID, processID: Host.processID,
                        engine: musterVersion)))
        }
        let reopens = stored.state.isFinished
        try take(.stepDecided(decision))
        while reopens, !state.isFinished, state.tasks.isEmpty {
            let next = state.decisions(now: now.wall)
            if next.isEmpty { break }
            for event in next { try take(event) }
        }
        return (state, events)
    }

    static func refused(_ why: String) -> MusterError {
        MusterError(
            code: "run.not-to-decide", "This cannot be decided: \(why).",
            help: "See where the run stands: muster status")
    }
}
