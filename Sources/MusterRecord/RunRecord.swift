// SPDX-License-Identifier: Apache-2.0

package import MusterMachine
package import MusterModel

/// All that a record says of a run, made of its plan and its journal: `record.json`, and what the page for people
/// shows.
///
/// Times are UTC; durations are whole milliseconds of the boot clock, so a wall clock that jumps makes none negative.
/// `docs/formats/record-v1.md` is its norm.
package struct RunRecord: Hashable, Sendable, Codable {
    package enum Outcome: String, Sendable, Codable, CaseIterable {
        /// Under way, or cut off: the journal has no end yet.
        case running
        /// At rest, until somebody resumes it.
        case paused
        /// Nothing happens before a person has decided about a step.
        case waiting
        case succeeded
        case failed
        case cancelled
        case stuck
        /// All that it did is undone, and shown to be.
        case rolledBack = "rolled-back"

        /// Whether the run has ended.
        package var isOver: Bool {
            switch self {
            case .running, .paused, .waiting: false
            case .succeeded, .failed, .cancelled, .stuck, .rolledBack: true
            }
        }
    }

    package struct Environment: Hashable, Sendable, Codable {
        package var name: String
        package var digest: Digest
        package var document: Plan.Document?
    }

    package struct Journal: Hashable, Sendable, Codable {
        package var entries: Int
        /// SHA-256 in hex of the last line without its newline.
        package var lastLine: String

        package init(entries: Int, lastLine: String) {
            self.entries = entries
            self.lastLine = lastLine
        }
    }

    package var format = 1
    package var run: RunID
    package var outcome: Outcome
    /// Why it did not succeed, in one sentence.
    package var why: String?
    package var kind: RunKind
    package var runbook: Plan.Runbook
    package var environment: Environment
    package var change: String?
    package var operatorName: String
    package var host: String
    package var bootID: String
    package var processID: Int32
    /// Version of the engine that began it.
    package var engine: String
    /// Which rules the run follows; nil for those of Muster 0.1 and 0.2.
    package var rules: Int?
    /// How the go-ahead was given; nil when none was.
    package var confirmation: String?
    /// Who accepted which point of no return; nil where there was none to accept.
    package var accepted: [Acceptance]?
    /// The catalog's commit that everything was read from; nil for uncommitted work.
    package var commit: ObjectID?
    package var plan: Digest
    package var inputs: [String: JSON]
    package var createdAt: Timestamp
    /// From here on effects were possible.
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    /// Of the last entry: what the record is up to.
    package var asOf: Timestamp
    package var tookMilliseconds: Int64
    package var waitedForPeopleMilliseconds: Int64
    package var deviations: [Deviation]
    package var measures: [MeasureRecord]
    /// How the change window stood at the start, else when the plan was made; nil in a rehearsal.
    package var window: WindowAssessment?
    /// How the change ticket stood at the start; nil where nobody was asked for one.
    package var ticket: TicketAssessment?
    package var steps: [StepRecord]
    /// Steps that wait for a person's decision, in plan order; nil where none does.
    package var waiting: [WaitingRecord]?
    /// What was done with the run from outside. Nil where nothing was, and for runs of Muster 0.1 and 0.2.
    package var interventions: [Intervention]?
    /// Engines that took the run up again.
    package var resumes: [ResumeRecord]?
    package var rollbacks: [RollbackRecord]?
    /// What became of the run's hold on its targets; nil without leases.
    package var leases: [LeaseRecord]?
    /// Signed statements that the run took up; nil where there was none.
    package var approvals: [ApprovalRecord]?
    /// The rules that it was held against, whenever it began or was taken up; nil where the catalog has none.
    package var policies: [PolicyRecord]?
    /// Set where it went on without the approvals that its policy asks for.
    package var breakGlass: BreakGlassRecord?
    package var leftBehind: [LeftBehind]
    /// Who answered what was asked by SQL, in the order of their first answers; nil where nobody was asked.
    package var sqlSources: [SQLSourceRecord]?
    package var definitions: [UsedDefinition]
    package var plugins: [Plan.Plugin]
    package var journal: Journal
}

/// Something that was not as planned.
package struct Deviation: Hashable, Sendable, Codable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// The run went on without the approvals that its policy asks for.
        case breakGlass = "break-glass"
        /// It began, or went on, without the consent of its change ticket.
        case withoutTicket = "without-ticket"
        /// Somebody or something stopped the run.
        case stopped
        /// Steps that were not carried out because the run stopped or a step that they need was not done.
        case notDone = "not-done"
        case failureIgnored = "failure-ignored"
        case unverified
        case inDoubt = "in-doubt"
        case retried
        case uncommitted
        case clockJumped = "clock-jumped"
        /// The run ended after its change window had closed.
        case outsideWindow = "outside-window"
        /// What was to be undone is still in place, or may be.
        case undoFailed = "undo-failed"
        case leaseLost = "lease-lost"
        case leaseLate = "lease-late"
        case withoutLease = "without-lease"
        /// A lease that another run had not given back was taken.
        case leaseTakenOver = "lease-taken-over"
        /// Another machine's run went on here.
        case takenOver = "taken-over"
        case rolledBack = "rolled-back"
        /// A person gave the run up at this step.
        case abandoned
        /// A person went on without the step.
        case skipped
        /// A person vouches for the step.
        case declared
        /// A person vouches that the step's effect is put back.
        case putBackByHand = "put-back-by-hand"
        /// A person had the step undone.
        case undone
        /// An engine ended in the middle of it.
        case cutOff = "cut-off"
        /// A person had the step tried again.
        case retryDecided = "retry-decided"
    }

    package var kind: Kind
    package var steps: [String]
    /// One sentence.
    package var says: String
    /// Who decided it, where a person did.
    package var person: String?
    /// Why they did.
    package var reason: String?
}

/// A value that the run put in place and that is still there, as far as the run knows.
package struct LeftBehind: Hashable, Sendable, Codable {
    package enum Certainty: String, Sendable, Codable, CaseIterable {
        /// Shown by a read of its own.
        case verified
        /// Reported by the step, not shown.
        case claimed
        case inDoubt = "in-doubt"
    }

    package var step: String
    /// What was changed; nil when the step named no changes.
    package var path: String?
    /// The value there; nil when it was taken away.
    package var value: String?
    package var certainty: Certainty
}

/// A step definition that was used, and where it came from.
package struct UsedDefinition: Hashable, Sendable, Codable {
    /// `plugin/step@version`
    package var uses: String
    package var summary: String
    package var effect: PlannedDefinition.Effect
    package var document: Plan.Document?
    package var commit: ObjectID?
    /// The record's file with the very blob; nil for a built-in step.
    package var file: String?
}
