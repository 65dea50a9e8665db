// SPDX-License-Identifier: Apache-2.0

/// Something that must be done outside the interpreter for a step; its answer comes back as an event.
package struct StepTask: Hashable, Sendable {
    package enum Verb: String, Sendable {
        case check, observe, apply, verify
        /// `observe`, after an effect whose end is not known.
        case readBack = "read-back"
        /// A person's confirmation.
        case askPerson = "ask-person"
        /// A person's decision about a step that failed or is in doubt.
        case askDecision = "ask-decision"
        /// Approvals at a gate.
        case askApproval = "ask-approval"
        /// `check` of what must hold before an undo.
        case undoCheck = "undo-check"
        /// `observe` before an undo.
        case undoObserve = "undo-observe"
        case undo
        /// `observe` after an undo.
        case undoProof = "undo-proof"

        /// Whether the plugin may ask to begin an effect in it.
        package var hasEffect: Bool { self == .apply || self == .undo }

        /// Whether a plugin is called, and not a person asked.
        package var isCall: Bool { !isOfPeople }

        /// Whether somebody's word is waited for.
        package var isOfPeople: Bool { self == .askPerson || self == .askDecision || self == .askApproval }

        /// Whether it serves the undo of a step.
        package var isOfUndo: Bool {
            switch self {
            case .undoCheck, .undoObserve, .undo, .undoProof: true
            case .check, .observe, .apply, .verify, .readBack, .askPerson, .askDecision, .askApproval: false
            }
        }
    }

    package var step: String
    package var attempt: Int
    package var verb: Verb

    package init(step: String, attempt: Int, verb: Verb) {
        self.step = step
        self.attempt = attempt
        self.verb = verb
    }
}

extension RunState {
    /// Everything that is outstanding outside, in plan order. Whoever performs them keeps those already under way, and
    /// gives up those that are no longer here: a stop has ended their steps, and their answers decide nothing.
    package var tasks: [StepTask] {
        guard phase == .running else { return [] }
        let forward = active.compactMap { at in
            // While a step is being undone there is nothing to decide about it.
            isHeldBack(at) || steps[at].isBeingUndone
                ? nil
                : Self.verb(steps[at].phase).map {
                    StepTask(step: plan.steps[at].id, attempt: steps[at].attempt, verb: $0)
                }
        }
        return forward
            + undoing.compactMap { at in
                isUndoHeldBack(at)
                    ? nil
                    : steps[at].undoing.flatMap(Self.verb).map {
                        StepTask(step: plan.steps[at].id, attempt: steps[at].undoAttempt, verb: $0)
                    }
            }
    }

    /// Steps with a call under way, in plan order.
    package var positionsUnderWay: [Int] {
        var seen: Set<Int> = []
        return tasks.filter { !$0.verb.isOfPeople }.compactMap { positions[$0.step] }
            .filter {
                seen.insert($0).inserted
            }.sorted()
    }

    private static func verb(_ phase: StepPhase) -> StepTask.Verb? {
        switch phase {
        case .checking: .check
        case .observing: .observe
        case .applying: .apply
        case .verifying: .verify
        case .readingBack: .readBack
        case .waitingForPerson: .askPerson
        case .waitingForDecision: .askDecision
        case .waitingForApproval(isAnnounced: true): .askApproval
        default: nil
        }
    }

    private static func verb(_ phase: UndoPhase) -> StepTask.Verb? {
        switch phase {
        case .checking: .undoCheck
        case .observing: .undoObserve
        case .calling: .undo
        case .proving: .undoProof
        default: nil
        }
    }
}
