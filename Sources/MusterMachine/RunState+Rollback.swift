// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What a rollback does with one step.
package struct RollbackItem: Hashable, Sendable {
    package enum How: Hashable, Sendable {
        /// Its plugin undoes it.
        case undo
        /// The definition has no undo: a point of no return, to be put back by hand, if at all.
        case irreversible
        /// Another step, which needs this one, stays in place.
        case blocked(by: String)
        /// A person did it; what has to be put back, and how, only people know.
        case person
        /// It is undone already.
        case undone
    }

    package var step: String
    package var how: How
    /// Whether the effect is there, or may be: its end is not known.
    package var isInDoubt: Bool
}

extension RunState {
    /// Why this rollback is none that can be asked for; nil when it is.
    package func whyNot(_ request: RollbackRequested) -> String? {
        guard let kept = request.to else { return nil }
        guard let at = positions[kept] else { return "the run has no step \"\(kept)\"" }
        // Going back to a step that never came to its end would undo what was done before it as well.
        guard completed.contains(at), plan.steps[at].section == .steps else {
            return "step \"\(kept)\" was not carried out, so nothing can be rolled back to it"
        }
        return nil
    }

    /// Puts everything in order for a rollback: main steps that have not begun are given up, undos that failed
    /// before, or found nothing to undo, are tried anew where they are asked for again.
    mutating func roll(_ body: RollbackRequested, _ time: Timestamp) {
        rollback = body
        stop = nil
        let kept =
            body.to.flatMap { positions[$0] }.flatMap { completed.lastIndex(of: $0) }.map { completed[...$0] } ?? []
        for at in steps.indices where !kept.contains(at) {
            let undoing = steps[at].undoing
            steps[at].isUndoneAgain = undoing == .failed || undoing == .undone(.nothingThere)
        }
        // What is to stay now was only kept from being undone before: that is no failure any more.
        for at in kept where steps[at].undoing == .failed && steps[at].undoFailure?.code == Self.undoBlocked {
            steps[at].undoing = nil
            steps[at].undoFailure = nil
        }
        reopenFinally()
    }

    /// What brings things back to normal, and was left out by a stop, gets its turn after the undos.
    private mutating func reopenFinally() {
        guard openMainSteps == 0 else { return }
        for at in steps.indices where plan.steps[at].section == .finally {
            switch steps[at].phase {
            case .skipped(.stopped), .skipped(.dependency): break
            case .failed where steps[at].undo == nil: break
            default: continue
            }
            let timesUndone = steps[at].timesUndone
            steps[at] = StepState()
            // An effect after an undo still needs a key of its own.
            steps[at].timesUndone = timesUndone
            openSteps += 1
        }
        for at in steps.indices where steps[at].phase == .pending {
            let needs = plan.steps[at].needs.map { positions[$0]! }
            openNeeds[at] = needs.count { !steps[$0].phase.isEnded }
            lacksNeed[at] = needs.contains { steps[$0].phase.isEnded && !letsDependentsStart($0) }
            if openNeeds[at] == 0 { startable.insertSorted(at) }
        }
    }

    /// Positions of the steps that a rollback to `kept` (nil: of everything) undoes, in its order: the last completed first.
    func rollbackOrder(to kept: String?) -> [Int] {
        var order: [Int] = []
        for at in completed.reversed() {
            if let kept, plan.steps[at].id == kept { break }
            if plan.steps[at].section == .steps, !order.contains(at) { order.append(at) }
        }
        return order
    }

    /// The step whose undo is next; nil when the rollback has no more to do, or may not begin yet.
    ///
    /// One after the other, and none before the main steps and the calls of `finally` have come to their end.
    var nextInRollback: Int? {
        guard rollback != nil, openMainSteps == 0, active.isEmpty, !steps.contains(where: \.isBeingUndone) else {
            return nil
        }
        return firstToUndo
    }

    private var firstToUndo: Int? {
        guard let rollback, stop == nil else { return nil }
        return rollbackOrder(to: rollback.to).first { at in
            steps[at].undo != nil && (steps[at].undoing == nil || steps[at].isUndoneAgain)
        }
    }

    /// Whether undos are under way or still to come: `finally` waits for them.
    var hasUndosToCome: Bool {
        rollback != nil && (steps.contains(where: \.isBeingUndone) || firstToUndo != nil)
    }

    /// Of a step that another one, which is still in place, needs.
    static let undoBlocked = "undo.blocked"

    func rollbackDecision() -> Event? {
        guard pause == nil, let at = nextInRollback else { return nil }
        let id = plan.steps[at].id
        if definitions[at].effect == .irreversible {
            let failure = StepFailure(
                kind: .permanent, code: "undo.irreversible",
                message: "Its effect cannot be undone by Muster: the step was a point of no return.",
                remedy: "Follow its rollback notes, then tell: muster decide RUN \(id) done --reason TEXT")
            return .undoFailed(UndoFailed(step: id, failure: failure))
        }
        if let blocker = stepInPlace(thatNeeds: at, besides: []) {
            let failure = StepFailure(
                kind: .permanent, code: Self.undoBlocked,
                message: "Step \"\(plan.steps[blocker].id)\" needs it and is still in place.",
                remedy: "Put that one back first, then roll back again.")
            return .undoFailed(UndoFailed(step: id, failure: failure))
        }
        return .undoStarted(UndoStarted(step: id, attempt: 1))
    }

    /// The nearest step that needs this one, directly or not, and whose effect is or may be in place.
    private func stepInPlace(thatNeeds at: Int, besides gone: Set<Int>) -> Int? {
        var seen: Set<Int> = []
        var queue = dependents[at]
        while let next = queue.popLast() {
            guard seen.insert(next).inserted else { continue }
            if mayBeInPlace(next), !gone.contains(next) { return next }
            queue += dependents[next]
        }
        return nil
    }

    /// Whether an effect of the step is, or may be, in place.
    func mayBeInPlace(_ at: Int) -> Bool {
        if steps[at].phase == .inDoubt { return !steps[at].isUndone }
        return steps[at].effectLeft == .applied || steps[at].undo != nil && steps[at].undoing == .failed
    }

    /// Positions of the steps whose effect is, or may be, in place.
    package var inPlace: [Int] { steps.indices.filter { mayBeInPlace($0) } }

    /// What brings things back and does not run if the run is ended now without it, though an effect is in place or
    /// under way.
    package var leftToFinally: [Int] {
        let hasEffect = steps.indices.contains { mayBeInPlace($0) || steps[$0].phase == .applying(begun: true) }
        guard hasEffect, rollback == nil, !isFinished else { return [] }
        return steps.indices.filter { plan.steps[$0].section == .finally && !steps[$0].phase.isEnded }
    }

    /// What brings things back and had begun to: a rollback begins when it has come to its end, and undoes none of it.
    package var finallyUnderWay: [Int] {
        active.filter { plan.steps[$0].section == .finally && steps[$0].undo != nil }
    }

    // MARK: Preview

    /// What a rollback would do now, in its order, if every undo went well.
    ///
    /// - Parameter kept: the step that stays in place with all that was completed before it; nil: nothing does.
    package func rollbackPlan(to kept: String? = nil) -> [RollbackItem] {
        var gone: Set<Int> = []
        var order = rollbackOrder(to: kept)
        // What is under way and has begun comes to its end before anything is undone; what brings things back never is.
        for at in active.reversed()
        where steps[at].undo != nil && plan.steps[at].section == .steps && !order.contains(at) {
            order.insert(at, at: 0)
        }
        var items: [RollbackItem] = []
        for at in order {
            guard let how = rollbackHow(at, gone) else { continue }
            if how == .undo { gone.insert(at) }
            items.append(RollbackItem(step: plan.steps[at].id, how: how, isInDoubt: isInDoubt(at)))
        }
        return items
    }

    private func rollbackHow(_ at: Int, _ gone: Set<Int>) -> RollbackItem.How? {
        if definitions[at].reference == BuiltInStep.manual { return .person }
        if case .undone = steps[at].undoing { return .undone }
        guard steps[at].undo != nil else { return steps[at].timesUndone > 0 ? .undone : nil }
        if definitions[at].effect == .irreversible { return .irreversible }
        return stepInPlace(thatNeeds: at, besides: gone).map { .blocked(by: plan.steps[$0].id) } ?? .undo
    }

    private func isInDoubt(_ at: Int) -> Bool {
        switch steps[at].phase {
        case .inDoubt, .waitingForDecision(.inDoubt), .applying(begun: true), .readingBack: true
        default: steps[at].wasReadBackAbsent
        }
    }
}
