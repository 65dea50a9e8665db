// SPDX-License-Identifier: Apache-2.0

package import MusterMachine
package import MusterModel

/// A person's decision about a step that waited for one.
package struct DecisionRecord: Hashable, Sendable, Codable {
    package var at: Timestamp
    package var person: String
    package var choice: StepDecided.Choice
    package var reason: String
}

/// One undo of a step, with all its attempts.
package struct UndoRecord: Hashable, Sendable, Codable {
    package enum Result: String, Sendable, Codable, CaseIterable {
        case running
        /// Undone, and shown by a read of its own.
        case proven
        /// A look before the undo found nothing of the effect.
        case nothingThere = "nothing-there"
        /// It could not be undone, and a person vouches that it is put back.
        case byHand = "by-hand"
        case failed
        /// Another step needs this one and is still in place.
        case blocked
        /// The step was a point of no return.
        case irreversible
    }

    /// A look at the target before the undo (is there anything to undo?) or after it (is it gone?).
    package struct Look: Hashable, Sendable, Codable {
        package var at: Timestamp
        package var purpose: StepObserved.Purpose
        package var standing: Observation.Standing
        package var why: String?
        /// What no undo takes away, though nothing of the effect is there.
        package var remains: String?
    }

    /// Counts the run's undos from 1, in the order in which they began.
    package var order: Int
    package var result: Result
    /// Who wanted it.
    package var by: String?
    package var reason: String?
    /// The machine that it began on.
    package var host: String
    package var startedAt: Timestamp
    package var finishedAt: Timestamp?
    package var tookMilliseconds: Int64?
    /// Empty where nothing was tried.
    package var attempts: [AttemptRecord] = []
    package var preconditions: [ConditionRecord] = []
    package var idempotencyKey: String?
    /// When the plugin was told to go ahead.
    package var begunAt: Timestamp?
    package var requests: [StepRecord.Request] = []
    package var looks: [Look] = []
    /// Why it failed; kept where a person then put it back by hand.
    package var failure: FailureRecord?
    /// Whoever vouches that it is put back.
    package var vouched: DecisionRecord?
}

extension UndoRecord.Result {
    /// Whether nothing of the effect is there any more, as far as is known.
    package var isGone: Bool {
        switch self {
        case .proven, .nothingThere, .byHand: true
        case .running, .failed, .blocked, .irreversible: false
        }
    }
}

extension UndoRecord {
    /// What is left although it is undone, by the read that shows it.
    package var remains: String? { result == .proven || result == .nothingThere ? looks.last?.remains : nil }

    /// The conditions that were seen not to hold, so that nothing was sent. What could not be looked at kept nothing.
    package var refusals: [ConditionRecord] {
        result == .failed && begunAt == nil ? preconditions.filter { $0.verdict == .unmet } : []
    }
}

/// An attempt ended with its engine, whose process or machine went down.
package struct CutOffRecord: Hashable, Sendable, Codable {
    /// When the run was last heard of.
    package var heardAt: Timestamp
    package var resumedAt: Timestamp
    /// Whether its effect had begun, so that the target had to be read back.
    package var hadBegun: Bool
}
