// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

extension RunState {
    /// Gates that wait for approvals, in plan order.
    package var waitingForApproval: [Int] {
        active.filter { if case .waitingForApproval = steps[$0].phase { true } else { false } }
    }

    /// What a gate asks for, as the plan has it.
    package func gate(at position: Int) -> (group: String, count: Int, question: String?)? {
        guard definitions[position].reference == BuiltInStep.approve else { return nil }
        let inputs = steps[position].inputs.isEmpty ? plan.steps[position].with : steps[position].inputs
        return (
            inputs["group"]?.string ?? "", Int(clamping: max(1, inputs["count"]?.int ?? 1)), inputs["question"]?.string
        )
    }

    /// The step of that name, or the gate in front of it.
    package func gatePosition(_ name: String) -> Int? {
        [name, Self.gateID(before: name)].compactMap { positions[$0] }.first {
            definitions[$0].reference == BuiltInStep.approve
        }
    }

    /// The id of the gate that `approval:` puts in front of a step. No runbook's id has a dot.
    package static func gateID(before step: String) -> String { "\(step).approval" }

    func isGate(_ at: Int) -> Bool { definitions[at].reference == BuiltInStep.approve }

    /// What follows at a gate without anybody's word.
    func gateDecision(_ at: Int, _ isAnnounced: Bool) -> Event? {
        let id = plan.steps[at].id
        guard breakGlass == nil else {
            let passed = ConditionResult(id: "approved", verdict: .unmet, says: "Passed by break-glass")
            return .stepVerified(
                StepVerified(step: id, attempt: steps[at].attempt, postconditions: [passed]))
        }
        guard !isAnnounced, let gate = gate(at: at) else { return nil }
        return .approvalAwaited(
            ApprovalAwaited(step: id, attempt: steps[at].attempt, group: gate.group, count: gate.count))
    }

    mutating func applyApproval(_ event: Event) throws(IllegalTransition) {
        switch event {
        case .approvalRecorded(let body):
            guard let id = body.step else {
                guard phase == .created || phase == .running || phase == .paused else { throw illegal(event) }
                return approvals.append(body)
            }
            guard phase == .running || phase == .paused, let at = positions[id],
                steps[at].phase == .waitingForApproval(isAnnounced: true), body.decision != .operate
            else { throw illegal(event, step: positions[id]) }
            approvals.append(body)
            takeGate(body, at)
        case .breakGlass(let body):
            guard phase == .created || phase == .running else { throw illegal(event) }
            breakGlass = breakGlass ?? body
        case .policyApplied(let body):
            guard phase == .created || phase == .running else { throw illegal(event) }
            policy = body
        case .approvalAwaited(let body):
            guard phase == .running, let at = positions[body.step],
                steps[at].phase == .waitingForApproval(isAnnounced: false), body.attempt == steps[at].attempt
            else { throw illegal(event, step: positions[body.step]) }
            steps[at].phase = .waitingForApproval(isAnnounced: true)
        default: throw illegal(event)
        }
    }

    private mutating func takeGate(_ body: ApprovalRecorded, _ at: Int) {
        if body.decision == .reject {
            let failure = StepFailure(
                kind: .permanent, code: "approval.rejected", message: "\(body.approver) rejected it",
                remedy: "Talk to them. Ask again with retry, or give the run up.")
            steps[at].phase = .deciding(.failed(failure, .none))
            return
        }
        if !steps[at].approvers.contains(body.approver) { steps[at].approvers.append(body.approver) }
        guard let gate = gate(at: at), steps[at].approvers.count >= gate.count else { return }
        steps[at].outputs = ["approvers": .array(steps[at].approvers.map { .string($0) })]
        steps[at].phase = .deciding(.done(.shown))
    }
}

extension Plan {
    /// Whether the run waits for approvals somewhere.
    package var hasGates: Bool { steps.contains { definitions[$0.uses]?.reference == BuiltInStep.approve } }
}
