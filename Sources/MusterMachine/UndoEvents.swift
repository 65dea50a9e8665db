// SPDX-License-Identifier: Apache-2.0

package import MusterModel

// The undo of a step has its own intent, begin and proof, so that it can be cut off and taken up like an effect.

/// An attempt at a step's undo began.
package struct UndoStarted: Hashable, Sendable, Codable {
    package var step: String
    /// Counts from 1 for each undo of the step.
    package var attempt: Int
    package init(step: String, attempt: Int) {
        self.step = step
        self.attempt = attempt
    }
}

/// The preconditions of the undo were looked at.
package struct UndoChecked: Hashable, Sendable, Codable {
    package var step: String
    package var attempt: Int
    package var preconditions: [ConditionResult]
    package init(step: String, attempt: Int, preconditions: [ConditionResult]) {
        self.step = step
        self.attempt = attempt
        self.preconditions = preconditions
    }
}

/// Intent: `undo` is about to be called.
package struct UndoApplying: Hashable, Sendable, Codable {
    package var step: String
    package var attempt: Int
    package var idempotencyKey: String
    package init(step: String, attempt: Int, idempotencyKey: String) {
        self.step = step
        self.attempt = attempt
        self.idempotencyKey = idempotencyKey
    }
}

/// The plugin asked to begin the undo and is about to be told *proceed*.
package struct UndoBegun: Hashable, Sendable, Codable {
    package var step: String
    package var attempt: Int
    /// What is still needed to undo it; replaces what was known.
    package var undo: JSON
    /// The lease's epoch under which it may begin; nil without leases.
    package var lease: Int64?
    package init(step: String, attempt: Int, undo: JSON, lease: Int64? = nil) {
        self.step = step
        self.attempt = attempt
        self.undo = undo
        self.lease = lease
    }
}

/// The plugin reports the effect undone: claimed, not yet proven.
package struct UndoClaimed: Hashable, Sendable, Codable {
    package var step: String
    package var attempt: Int
    package init(step: String, attempt: Int) {
        self.step = step
        self.attempt = attempt
    }
}

/// Nothing of the step's effect is there any more.
package struct StepUndone: Hashable, Sendable, Codable {
    package enum How: String, Sendable, Codable {
        /// Undone, and shown by a read of its own.
        case proven
        /// A look before the undo found nothing of it.
        case nothingThere = "nothing-there"
    }

    package var step: String
    package var how: How
    package init(step: String, how: How) {
        self.step = step
        self.how = how
    }
}

/// The step's effect is, or may be, still in place.
package struct UndoFailed: Hashable, Sendable, Codable {
    package var step: String
    package var failure: StepFailure
    package init(step: String, failure: StepFailure) {
        self.step = step
        self.failure = failure
    }
}
