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
/// back by hand. It then ends anew, with what follows from that, or is at rest where there is something left to undo.
struct DecisionAtRest {
    let decision: StepDecided
    let run: RunID
    /// The catalog's folder; nil: the one around the current folder.
    let catalog: String?
    /// What `--key` named, where records are signed; nil: the variable MUSTER_KEY does.
    var key: String?

    /// - Returns: the run as it stands afterwards.
    /// - Throws: `run.not-to-decide`, and nothing is written.
    func record(in folders: StateFolder) throws -> RunAtRest.Noted {
        try RunAtRest(run: run, catalog: catalog, key: key).record(in: folders) {
            stored, identity, now throws(MusterError) in
            try following(stored, by: identity, at: now)
        }!
    }

    /// The decision and what follows from it without any call to a plugin.
    private func following(
        _ stored: StoredRun, by identity: GitIdentity, at now: Instant
    ) throws(MusterError) -> (RunState, [Event]) {
        var state = stored.state
        guard state.choices(for: decision.step).contains(decision.choice) else {
            if state.choices(for: decision.step).isEmpty,
                let standing = stored.standingDecisions.last(where: { $0.decision.step == decision.step })
            {
                throw Self.refused(
                    "\(decision.step) has its decision, which cannot be replaced; \(standing.says). Resume acts on it")
            }
            let hasChoices = stored.plan.steps.contains { !state.choices(for: $0.id).isEmpty }
            let isOver = state.isFinished && !hasChoices
            throw Self.refused(isOver ? "the run is over: \(stored.standing)" : state.whyNot(decision))
        }
        // A run at rest is gone on with by a resume; one that is over ends anew at once, where nothing is left to do.
        do {
            guard state.isFinished else {
                try state.apply(.stepDecided(decision), at: now.wall)
                return (state, [.stepDecided(decision)])
            }
            let resumed = Event.runResumed(RunAtRest.resumed(by: identity))
            var ended = state
            let events = try ended.settle(after: [resumed, .stepDecided(decision)], at: now.wall)
            if ended.isFinished { return (ended, events) }
            let pause = PauseRequested(
                by: decision.person, reason: "opened anew by a decision about \(decision.step)")
            let rest = Event.runPaused(RunPaused(waitsFor: []))
            let opening = [resumed, .pauseRequested(pause), rest, .stepDecided(decision)]
            for event in opening { try state.apply(event, at: now.wall) }
            return (state, opening)
        } catch {
            throw Self.refused("\(error)")
        }
    }

    static func refused(_ why: String) -> MusterError {
        MusterError(
            code: "run.not-to-decide", "This cannot be decided: \(visibleText(why)).",
            help: "See where the run stands: muster status")
    }
}
