// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

extension RunState {
    /// What a person may decide about the step now; empty when it does not wait for a decision.
    package func choices(for id: String) -> [StepDecided.Choice] {
        guard let at = positions[id] else { return [] }
        let canUndo = steps[at].undo != nil && definitions[at].effect == .reversible
        if steps[at].isBeingUndone { return [] }
        // Nobody's decision stands in for approvals.
        if isGate(at), case .waitingForDecision = steps[at].phase { return [.retry, .abandon] }
        switch steps[at].phase {
        case .waitingForDecision(.failed):
            return canUndo ? [.retry, .undo, .skip, .done, .abandon] : [.retry, .skip, .done, .abandon]
        // Nobody may go on as if nothing had happened while nobody knows what did.
        case .waitingForDecision(.inDoubt):
            return canUndo ? [.retry, .undo, .done, .abandon] : [.retry, .done, .abandon]
        case .waitingForDecision(.undone): return [.retry, .skip, .abandon]
        case .waitingForDecision(.undoFailed): return [.retry, .undo, .done, .abandon]
        default: return steps[at].undoing == .failed ? [.done] : []
        }
    }

    mutating func decide(_ body: StepDecided, _ event: Event, _ time: Timestamp) throws(IllegalTransition) {
        guard let at = positions[body.step], choices(for: body.step).contains(body.choice) else {
            throw illegal(event, step: positions[body.step])
        }
        guard case .waitingForDecision(let trouble) = steps[at].phase else {
            // The only choice of a step that has ended: its undo was done by hand.
            return putBackByHand(at)
        }
        switch body.choice {
        case .retry: retry(at, trouble, time)
        case .undo: steps[at].undoing = .wanted; undoing.insertSorted(at)
        case .skip: end(at, .skipped(.decision), time)
        case .done where trouble == .undoFailed:
            putBackByHand(at)
            steps[at].phase = .waitingForDecision(.undone)
        case .done:
            if steps[at].outputs.isEmpty { steps[at].outputs = steps[at].observation?.outputs ?? [:] }
            steps[at].wasReadBackAbsent = false
            end(at, .done(.declared), time)
        case .abandon: abandon(at, trouble, time)
        }
    }

    private mutating func putBackByHand(_ at: Int) {
        steps[at].undoing = .undoneByHand
        steps[at].undo = nil
        steps[at].timesUndone += 1
        // What waited for it gets its turn once the rollback goes on.
        for other in steps.indices where steps[other].undoing == .failed {
            if steps[other].undoFailure?.code == Self.undoBlocked { steps[other].undoing = nil }
        }
    }

    /// Where an effect was begun the target is read back first: nothing is sent again before that.
    private mutating func retry(_ at: Int, _ trouble: Trouble, _ time: Timestamp) {
        steps[at].undoing = nil
        steps[at].retryAt = time
        if steps[at].undo != nil {
            steps[at].phase = .readingBack
        } else {
            steps[at].phase = .waitingToRetry(until: time)
        }
    }

    /// Ends a step that nobody decides about any more.
    mutating func abandon(_ at: Int, _ trouble: Trouble, _ time: Timestamp) {
        end(at, trouble == .inDoubt ? .inDoubt : .failed, time)
    }
}

extension [Int] {
    /// Keeps the order; a position that is there already stays once.
    mutating func insertSorted(_ at: Int) {
        guard !contains(at) else { return }
        insert(at, at: firstIndex { $0 > at } ?? endIndex)
    }
}

extension RunState {
    /// Why a step waits for a person, in one sentence.
    package func troubleText(_ id: String) -> String {
        guard let step = state(of: id), case .waitingForDecision(let trouble) = step.phase else { return "" }
        let failure = step.failure?.message ?? "no reason given"
        return switch trouble {
        case .failed: "It failed: \(failure)"
        case .inDoubt: "Its effect was begun and nobody knows what became of it: \(step.observation?.why ?? failure)"
        case .undone: "It was undone."
        case .undoFailed: "It could not be undone: \(step.undoFailure?.message ?? "no reason given")"
        }
    }

    /// What may help a step that waits for a person, as its failure says; nil where that says nothing.
    package func troubleRemedy(_ id: String) -> String? {
        guard let step = state(of: id), case .waitingForDecision(let trouble) = step.phase else { return nil }
        return switch trouble {
        case .failed, .inDoubt: step.failure?.remedy
        case .undone: nil
        case .undoFailed: step.undoFailure?.remedy
        }
    }

    /// Why a decision is not one that can be taken now.
    package func whyNot(_ decision: StepDecided) -> String {
        guard state(of: decision.step) != nil else { return "the run has no step \"\(decision.step)\"" }
        let choices = choices(for: decision.step)
        if choices.isEmpty {
            let waiting = waitingForDecision.map { plan.steps[$0].id }.joined(separator: ", ")
            return "step \"\(decision.step)\" does not wait for a decision"
                + (waiting.isEmpty ? "" : "; \(waiting) does")
        }
        return "\"\(decision.choice.rawValue)\" is no choice for step \"\(decision.step)\" now; choose "
            + choices.map(\.rawValue).joined(separator: ", ")
    }
}
