// SPDX-License-Identifier: Apache-2.0

/// Something that must be done outside the interpreter for a step; its answer comes back as an event.
package struct StepTask: Hashable, Sendable {
    package enum Verb: String, Sendable {
        case check, observe, apply, verify
        /// `observe`, after an effect whose end is not known.
        case readBack = "read-back"
        /// A person's confirmation.
        case askPerson = "ask-person"
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
        return active.compactMap { at in
            Self.verb(steps[at].phase).map { StepTask(step: plan.steps[at].id, attempt: steps[at].attempt, verb: $0) }
        }
    }

    private static func verb(_ phase: StepPhase) -> StepTask.Verb? {
        switch phase {
        case .checking: .check
        case .observing: .observe
        case .applying: .apply
        case .verifying: .verify
        case .readingBack: .readBack
        case .waitingForPerson: .askPerson
        default: nil
        }
    }
}
