// SPDX-License-Identifier: Apache-2.0

package import MusterMachine
package import MusterModel

// What people, and engines that came after one that ended, did with a run.

/// One thing that was done with the run from outside, in the journal's order.
package struct Intervention: Hashable, Sendable, Codable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        case pauseRequested = "pause-requested"
        /// The run came to rest.
        case paused
        case resumed
        case takenOver = "taken-over"
        case decided
        case rollbackRequested = "rollback-requested"
        case stopRequested = "stop-requested"
    }

    package var at: Timestamp
    package var kind: Kind
    /// Who did it, or the part of the engine that did; nil where it came of itself.
    package var by: String?
    /// The step that was decided about, or the one that a rollback keeps.
    package var step: String?
    /// Of a decision.
    package var choice: StepDecided.Choice?
    package var reason: String?
}

/// An engine took the run up again.
package struct ResumeRecord: Hashable, Sendable, Codable {
    /// How the engine before it had ended.
    package enum After: String, Sendable, Codable, CaseIterable {
        /// The run was at rest.
        case paused
        /// It ended without a word: killed, or its machine went down.
        case cutOff = "cut-off"
        /// The run had ended.
        case finished
    }

    package var at: Timestamp
    package var by: String
    package var host: String
    package var bootID: String
    package var processID: Int32
    package var engine: String
    package var after: After
    /// Since the last that was heard of the run.
    package var silentMilliseconds: Int64
    package var takeOver: TakeOver?
    /// How the change window stood then; nil where nothing limits changes, and where the run was only to be brought to its end.
    package var window: WindowAssessment?
    /// How the change ticket stood then; nil where nobody was asked for one.
    package var ticket: TicketAssessment?
}

/// A person's, or the engine's, wish that what the run did be undone.
package struct RollbackRecord: Hashable, Sendable, Codable {
    package var at: Timestamp
    package var by: String
    package var reason: String
    /// This step, and what was completed before it, stays in place.
    package var to: String?
}

/// What became of the run's hold on a target.
package struct LeaseRecord: Hashable, Sendable, Codable {
    package var at: Timestamp
    package var what: LeaseChanged.What
    /// The lock's name in the runbook.
    package var lock: String
    package var epoch: Int64
    package var says: String
}

/// A step that waits for a person's decision, or for approvals.
package struct WaitingRecord: Hashable, Sendable, Codable {
    package enum Trouble: String, Sendable, Codable, CaseIterable {
        case failed
        case inDoubt = "in-doubt"
        case undone
        case undoFailed = "undo-failed"
        /// A gate: it waits for approvals, and there is nothing to decide.
        case approval
    }

    package var step: String
    package var trouble: Trouble
    package var since: Timestamp
    /// Why, in one sentence.
    package var says: String
    /// What may be decided.
    package var choices: [StepDecided.Choice]
}

extension WaitingRecord.Trouble {
    init(_ trouble: MusterMachine.Trouble) {
        switch trouble {
        case .failed: self = .failed
        case .inDoubt: self = .inDoubt
        case .undone: self = .undone
        case .undoFailed: self = .undoFailed
        }
    }
}
