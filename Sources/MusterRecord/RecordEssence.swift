// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// What a record tells of its run whichever version of Muster wrote it: another version may word it otherwise, and add to it, but
/// tells no other story.
struct RecordEssence: Hashable {
    private struct Step: Hashable {
        let id: String
        let result: StepRecord.Result
    }

    private struct Approval: Hashable {
        let id: String
        let approver: String
        let decision: ApprovalStatement.Decision
        let step: String?
    }

    private let run: RunID
    private let plan: Digest
    private let outcome: RunRecord.Outcome
    private let kind: RunKind
    private let runbook: Plan.Runbook
    private let environment: String
    private let change: String?
    private let operatorName: String
    private let times: [Timestamp?]
    private let steps: [Step]
    private let approvals: [Approval]
    private let breakGlass: BreakGlassRecord?
    private let rollbacks: Int
    private let journal: RunRecord.Journal

    init(_ record: RunRecord) {
        run = record.run
        plan = record.plan
        outcome = record.outcome
        kind = record.kind
        runbook = record.runbook
        environment = record.environment.name
        change = record.change
        operatorName = record.operatorName
        times = [record.createdAt, record.startedAt, record.finishedAt]
        steps = record.steps.map { Step(id: $0.id, result: $0.result) }
        approvals = (record.approvals ?? []).map {
            Approval(id: $0.id, approver: $0.approver, decision: $0.decision, step: $0.step)
        }
        breakGlass = record.breakGlass
        rollbacks = record.rollbacks?.count ?? 0
        journal = record.journal
    }

    /// - Returns: nil for what is no record.
    init?(_ bytes: [UInt8]) {
        // That it cannot be read is what the caller tells.
        guard let record = try? JSON.parse(bytes).decode(RunRecord.self) else { return nil }
        self.init(record)
    }
}
