// SPDX-License-Identifier: Apache-2.0

package import MusterMachine
package import MusterModel

/// What became of one step.
package struct StepRecord: Hashable, Sendable, Codable {
    package enum Result: String, Sendable, Codable, CaseIterable {
        /// Its turn has not come, in a run that is under way.
        case pending
        case running
        case verified
        case unverified
        /// The target was as wanted before: no effect.
        case alreadySo = "already-so"
        /// A step without an effect showed what it had to.
        case shown
        /// A person vouches for it.
        case declared
        case failed
        case inDoubt = "in-doubt"
        case skipped
        /// The run ended before its turn came.
        case notReached = "not-reached"
    }

    package struct Confirmation: Hashable, Sendable, Codable {
        package var person: String
        package var note: String
        package var at: Timestamp
    }

    /// A look at the target after an effect whose end was not known.
    package struct ReadBack: Hashable, Sendable, Codable {
        package var at: Timestamp
        package var standing: Observation.Standing
        package var why: String?
    }

    /// A request to a cloud with the name under which the cloud remembers it, taken from the step's evidence.
    package struct Request: Hashable, Sendable, Codable {
        /// Nil when the evidence tells the id alone.
        package var method: String?
        /// The address without host and query.
        package var target: String?
        package var status: Int64?
        /// The cloud's id, such as the value of `x-ms-request-id`.
        package var id: String
        /// The record's file that holds it.
        package var file: String
    }

    /// Position in the plan, from 1.
    package var number: Int
    package var id: String
    package var section: PlannedStep.Section
    package var uses: String
    package var result: Result
    /// Why it was skipped, failed or is in doubt.
    package var why: String?
    package var skipped: StepSkipped.Reason?
    package var inputs: [String: JSON] = [:]
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    package var tookMilliseconds: Int64?
    package var attempts: [AttemptRecord] = []
    /// Tries that the runbook allows.
    package var attemptsPlanned: Int
    /// Those of the last check.
    package var preconditions: [ConditionRecord] = []
    /// What stood there before the effect, and what was wanted.
    package var changes: [Change] = []
    package var idempotencyKey: String?
    /// How sure it is that the step's effect is in place; nil when there is none, or none any more.
    package var effect: LeftBehind.Certainty?
    /// When the plugin was told to go ahead.
    package var begunAt: Timestamp?
    package var requests: [Request] = []
    package var readBacks: [ReadBack] = []
    package var postconditions: [ConditionRecord] = []
    package var outputs: [String: JSON] = [:]
    package var undo: JSON?
    /// Decisions about it, in their order; nil where nobody had to decide.
    package var decisions: [DecisionRecord]?
    /// Its undos, in their order; nil where there was none.
    package var undos: [UndoRecord]?
    /// The definition's rollback notes with the real values, where an effect is or may be in place.
    package var rollback: String?
    /// The later steps that have put back all that this one changed, shown by reads of their own.
    package var putBackBy: [String]?
    package var confirmation: Confirmation?
    package var failure: FailureRecord?
    package var evidence: [EvidenceRecord] = []
    /// The last progress message of a step under way.
    package var progress: String?
}

/// A condition's declared text beside what was seen.
package struct ConditionRecord: Hashable, Sendable, Codable {
    package var id: String
    package var verdict: ConditionResult.Verdict
    /// What the definition demands.
    package var demands: String?
    /// What the step saw.
    package var seen: String
    package var at: Timestamp
    /// What mends it, when it is not met.
    package var remedy: String?
    /// The record's files that show it.
    package var evidence: [String]
}

package struct AttemptRecord: Hashable, Sendable, Codable {
    /// From 1.
    package var number: Int
    package var startedAt: Timestamp
    package var failures: [FailureRecord] = []
    package var retryAt: Timestamp?
    /// How often, and when, it was cut off; nil where it was not.
    package var cutOffs: [CutOffRecord]?
}

package struct FailureRecord: Hashable, Sendable, Codable {
    package var kind: StepFailure.Kind
    package var code: String
    package var message: String
    package var at: Timestamp
    /// What the definition says the code means.
    package var means: String?
    package var remedy: String?
}

/// A file of the record that holds what a step showed.
package struct EvidenceRecord: Hashable, Sendable, Codable {
    package var name: String
    /// The call of the step that showed it.
    package var during: String
    package var at: Timestamp
    /// `seq` of the journal's entry.
    package var entry: Int64
    package var file: String
}
