// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

extension RunState {
    /// Every pair of an undo's phase and an event about it: the new phase, or an error.
    mutating func applyUndoEvent(_ event: Event, _ time: Timestamp) throws(IllegalTransition) {
        guard let id = event.step, let at = positions[id] else { throw illegal(event) }
        switch (event, steps[at].undoing) {
        case (.undoStarted(let body), _) where mayStartUndo(at) && body.attempt == nextUndoAttempt(at):
            steps[at].undoAttempt = body.attempt
            steps[at].isUndoneAgain = false
            steps[at].undoing = undoStart(at)
            undoing.insertSorted(at)
        case (.undoChecked(let body), .checking):
            steps[at].undoing = phaseAfterUndoCheck(at, body.preconditions)
        case (.stepObserved(let body), .observing) where body.purpose == .beforeUndo:
            steps[at].undoing = phaseBeforeUndo(body.observation)
        case (.undoApplying, .ready):
            steps[at].undoing = .calling(begun: false)
        case (.undoBegun(let body), .calling):
            if body.undo.object != nil { steps[at].undo = body.undo }
            steps[at].undoing = .calling(begun: true)
        case (.undoClaimed, .calling):
            steps[at].undoing = .proving
        case (.stepObserved(let body), .proving) where body.purpose == .undoProof:
            steps[at].undoing = phaseAfterUndo(body.observation)
        case (.undoAttemptFailed(let body), let phase?) where phase.canFail:
            steps[at].undoFailure = body.failure
            steps[at].undoing =
                body.retryAt.map { .waitingToRetry(until: $0) } ?? .deciding(.failed(body.failure))
        case (.stepUndone(let body), .deciding(.undone(let how))) where body.how == how:
            endUndo(at, .undone(how))
            // What a look missed may land late: it is still this run's then, and can still be undone.
            if how == .proven { steps[at].undo = nil }
            steps[at].wasReadBackAbsent = how == .nothingThere
            steps[at].timesUndone += 1
        case (.undoFailed(let body), .deciding(.failed)):
            steps[at].undoFailure = body.failure
            endUndo(at, .failed)
        case (.undoFailed(let body), _) where nextInRollback == at && !steps[at].isBeingUndone:
            // It cannot be undone, or what needs it is still in place.
            steps[at].undoFailure = body.failure
            steps[at].undoing = .failed
            steps[at].isUndoneAgain = false
        case (.undoFailed(let body), .waitingToRetry) where stop != nil,
            (.undoFailed(let body), .wanted) where stop != nil:
            steps[at].undoFailure = body.failure
            endUndo(at, .failed)
        default: throw illegal(event, step: at)
        }
    }

    private mutating func endUndo(_ at: Int, _ phase: UndoPhase) {
        steps[at].undoing = phase
        undoing.removeAll { $0 == at }
        guard case .waitingForDecision = steps[at].phase else { return }
        steps[at].phase = .waitingForDecision(phase == .failed ? .undoFailed : .undone)
    }

    private func mayStartUndo(_ at: Int) -> Bool {
        switch steps[at].undoing {
        case .wanted, .waitingToRetry: true
        case nil, .failed, .undone: nextInRollback == at
        default: false
        }
    }

    func nextUndoAttempt(_ at: Int) -> Int {
        if case .waitingToRetry = steps[at].undoing { return steps[at].undoAttempt + 1 }
        return 1
    }

    /// Where an attempt at an undo begins: with its preconditions, else with a look.
    func undoStart(_ at: Int) -> UndoPhase {
        definitions[at].preconditions.contains { $0.at == .undo } ? .checking : .observing
    }

    private func phaseAfterUndoCheck(_ at: Int, _ results: [ConditionResult]) -> UndoPhase {
        guard let broken = BrokenConditions(results) else { return .observing }
        let failure = broken.failure("precondition", "The undo's precondition") { id in
            definitions[at].preconditions.first { $0.id == id }?.remedy
        }
        return .deciding(.attemptFailed(failure))
    }

    private func phaseBeforeUndo(_ observation: Observation) -> UndoPhase {
        switch observation.standing {
        case .needed where observation.isAbsent: .deciding(.undone(.nothingThere))
        case .needed, .satisfied, .partial: .ready
        case .unknown: .deciding(.attemptFailed(Self.unobservable(observation)))
        }
    }

    private func phaseAfterUndo(_ observation: Observation) -> UndoPhase {
        switch observation.standing {
        case .needed where observation.isAbsent: .deciding(.undone(.proven))
        case .unknown: .deciding(.attemptFailed(Self.unobservable(observation)))
        case .needed, .satisfied, .partial:
            .deciding(
                .attemptFailed(
                    StepFailure(
                        kind: .retryable, code: "undo.not-proven",
                        message: "The undo was reported as done, and the effect is still there"
                            + (observation.why.map { ": \($0)" } ?? "."))))
        }
    }

    private static func unobservable(_ observation: Observation) -> StepFailure {
        StepFailure(
            kind: .retryable, code: "undo.unobservable",
            message: "Whether the effect is there could not be found out: \(observation.why ?? "no reason given")")
    }

    // MARK: What follows

    /// The event that an undo under way has for now, where its phase alone decides.
    func undoDecision(at: Int, now: Timestamp) -> Event? {
        let id = plan.steps[at].id
        if let phase = steps[at].undoing, case .deciding(let decision) = phase { return undoEvent(decision, at, now) }
        if isUndoHeldBack(at) { return nil }
        switch steps[at].undoing {
        case .wanted, .waitingToRetry:
            if stop != nil { return .undoFailed(UndoFailed(step: id, failure: undoStopped(at))) }
            if case .waitingToRetry(let due) = steps[at].undoing, now < due { return nil }
            return .undoStarted(UndoStarted(step: id, attempt: nextUndoAttempt(at)))
        case .ready:
            return .undoApplying(
                UndoApplying(step: id, attempt: steps[at].undoAttempt, idempotencyKey: undoIdempotencyKey(id)))
        default: return nil
        }
    }

    private func undoStopped(_ at: Int) -> StepFailure {
        steps[at].undoFailure
            ?? StepFailure(
                kind: .permanent, code: "undo.stopped",
                message: "The run was stopped before this was undone: \(stop?.reason ?? "")")
    }

    private func undoEvent(_ decision: UndoDecision, _ at: Int, _ now: Timestamp) -> Event {
        let id = plan.steps[at].id
        switch decision {
        case .undone(let how): return .stepUndone(StepUndone(step: id, how: how))
        case .failed(let failure): return .undoFailed(UndoFailed(step: id, failure: failure))
        case .attemptFailed(let failure): return .undoAttemptFailed(undoAttemptFailed(at, failure, now))
        }
    }

    func undoAttemptFailed(_ at: Int, _ failure: StepFailure, _ now: Timestamp) -> AttemptFailed {
        let step = plan.steps[at]
        let attempt = steps[at].undoAttempt
        var retryAt: Timestamp?
        if failure.kind != .permanent, attempt < max(step.retry.attempts, Self.undoAttemptsMin), stop == nil {
            retryAt = now.advanced(by: .milliseconds(pause(at, attempt)))
        }
        return AttemptFailed(step: step.id, attempt: attempt, failure: failure, retryAt: retryAt)
    }

    /// An undo is tried again once even where its step is not: a lost answer must not leave a run stuck.
    private static let undoAttemptsMin = 2

    /// The undo's key towards the clouds: not that of the effect, whose answer a cloud may remember for a day.
    package func undoIdempotencyKey(_ id: String) -> String { idempotencyKey(id, purpose: "undo") }
}

extension UndoPhase {
    /// An attempt may fail here: a call is under way, or an answer told against it.
    var canFail: Bool {
        if case .deciding(.attemptFailed) = self { return true }
        return isCalling
    }
}
