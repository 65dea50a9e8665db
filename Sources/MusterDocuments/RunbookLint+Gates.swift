// SPDX-License-Identifier: Apache-2.0

import MusterExpressions
package import MusterModel

extension StepReference {
    /// The step at which a run waits for approvals.
    package static let approve = StepReference(plugin: "muster", step: "approve")
}

extension Runbook.Step {
    /// Whether the run waits for approvals at it.
    package var isGate: Bool { approval != nil || uses?.value.reference == .approve }
}

extension RunbookLint {
    /// Where a gate may not stand, and what would let it be passed without anybody's approval.
    mutating func checkGate(_ step: Runbook.Step) {
        guard step.isGate else { return }
        let place = step.approval?.location ?? step.uses?.location ?? step.location
        if step.section == .finally {
            report(
                "gate-in-finally", "What brings things back does not wait for approvals",
                help: "Put it into 'steps'.", at: place)
        }
        guard step.uses?.value.reference == .approve else { return }
        if let approval = step.approval {
            report(
                "doubled-gate", "A step that uses muster/approve is a gate itself", help: "Remove 'approval'.",
                at: approval.location)
        }
        if step.onFailure.value == .continue {
            report(
                "gate-passed", "With on-failure: continue the run would go on without the approvals",
                help: "Remove on-failure.", at: step.onFailure.location)
        }
    }
}

/// The gates of a runbook against the groups that there are.
package func lintGates(_ runbook: Runbook, _ policy: ApprovalPolicy) -> [Diagnostic] {
    var diagnostics: [Diagnostic] = []
    let known = PolicyNames(policy)
    for step in runbook.allSteps where step.isGate && !step.isMalformed {
        let group = step.with.first { $0.name.value == "group" }
        let name = step.approval?.value ?? group?.value.json.string ?? ""
        let place = step.approval?.location ?? group?.value.location ?? step.location
        guard let members = policy.groups[name] else {
            diagnostics.append(
                Diagnostic(
                    code: "runbook.unknown-group", "There is no group '\(name)' that could approve",
                    help: known.group(near: name)
                        ?? (known.groups.isEmpty
                            ? "muster.yaml has no groups: nobody could pass the gate."
                            : "There are \(listed(known.groups))."),
                    at: place))
            continue
        }
        guard let count = step.with.first(where: { $0.name.value == "count" }) else { continue }
        guard let wanted = count.value.json.int, (1...20).contains(wanted), wanted <= members.count else {
            diagnostics.append(
                Diagnostic(
                    code: "runbook.gate-count",
                    "The gate '\(step.id.value)' needs a number from 1 to \(members.count), as many as '\(name)' has persons",
                    at: count.value.location))
            continue
        }
    }
    return diagnostics
}
