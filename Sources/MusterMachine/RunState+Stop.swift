// SPDX-License-Identifier: Apache-2.0

extension RunState {
    /// Whether something ends the main steps before their turn: a person's stop, or a rollback.
    var isEndingEarly: Bool { stop != nil || rollback != nil }

    /// Whether the stop or the rollback that was asked for ends the step where it stands, without waiting for a call that is
    /// under way.
    ///
    /// That is so as long as its attempt has begun no effect: nothing that it could still find out is of use any more, and
    /// it may take long. Once an effect was begun the step goes on to its end, with its read-back and its verification.
    func isGivenUp(_ at: Int) -> Bool {
        // A rollback leaves no decision open.
        if rollback != nil, case .waitingForDecision = steps[at].phase { return !steps[at].isBeingUndone }
        return endsEarly(at) && hasBegunNothing(at)
    }

    /// What brings things back to normal goes on during a rollback, and during a stop that lets it.
    private func endsEarly(_ at: Int) -> Bool {
        if plan.steps[at].section == .finally { return stop != nil && stop?.runsFinally != true }
        return isEndingEarly
    }

    /// Whether the step is under way and its attempt has begun no effect.
    private func hasBegunNothing(_ at: Int) -> Bool {
        switch steps[at].phase {
        case .checking, .observing, .ready, .applying(begun: false), .waitingToRetry, .waiting, .waitingForPerson,
            .waitingForApproval:
            return true
        // A proof, or an effect that turned out not to be needed.
        case .verifying: return steps[at].undo == nil
        case .waitingForDecision: return !steps[at].isBeingUndone
        case .applying(begun: true), .readingBack, .deciding, .pending, .done, .failed, .inDoubt, .skipped: return false
        }
    }

    /// Whether the main step has no further attempt, because another one has stopped the run.
    func isNotTriedAgain(_ at: Int) -> Bool { plan.steps[at].section == .steps && stoppedBy != nil }

    /// Why no effect may begin in the call, though it is under way; nil when one may.
    package func refusal(ofBegin task: StepTask) -> String? {
        guard let at = positions[task.step] else { return "the run has no such step" }
        let isFinally = plan.steps[at].section == .finally
        if let stop, task.verb == .undo || !isFinally || stop.runsFinally != true {
            return "the run is stopping: \(stop.reason)"
        }
        if let pause { return "the run is coming to rest: \(pause.reason)" }
        if let rollback, task.verb != .undo, !isFinally { return "the run is being rolled back: \(rollback.reason)" }
        return nil
    }

    // MARK: Pause

    /// Whether the run was asked to come to rest and the step waits for that where it is: its call is given up, and
    /// made anew when the run is resumed.
    func isHeldBack(_ at: Int) -> Bool { pause != nil && hasBegunNothing(at) }

    /// The same for an undo.
    func isUndoHeldBack(_ at: Int) -> Bool {
        guard pause != nil else { return false }
        switch steps[at].undoing {
        case .wanted, .checking, .observing, .ready, .calling(begun: false), .waitingToRetry: return true
        default: return false
        }
    }

    /// Steps that wait for a person's decision, in plan order.
    package var waitingForDecision: [Int] {
        active.filter { at in
            if case .waitingForDecision = steps[at].phase { return !steps[at].isBeingUndone }
            return false
        }
    }

    /// Steps that wait for a person's decision or for approvals, in plan order.
    package var waitingForPeople: [Int] { (waitingForDecision + waitingForApproval).sorted() }

    /// Whether a pause was asked for and nothing is under way any more.
    var isAtRest: Bool {
        pause != nil && tasks.isEmpty
            && !active.contains { if case .deciding = steps[$0].phase { true } else { false } }
            && !undoing.contains { if case .deciding = steps[$0].undoing { true } else { false } }
    }

    /// Whether nothing happens any more until a person has decided, or approved.
    package var waitsOnlyForDecisions: Bool {
        phase == .running && !waitingForPeople.isEmpty && nextDue == nil
            && tasks.allSatisfy { $0.verb == .askDecision || $0.verb == .askApproval }
    }
}
