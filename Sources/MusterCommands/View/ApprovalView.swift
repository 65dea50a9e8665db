// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterModel

/// What a plan needs before it may run, as people read it.
struct ApprovalView {
    let style: Style

    func lines(_ rule: ApprovalRule, breakGlass: Bool = false) -> [String] {
        let asked = rule.require.map { "\($0.count) of \($0.group)" }.joined(separator: " and ")
        var lines = ["", style("Approvals", .strong)]
        lines.append(
            "  " + (asked.isEmpty ? "none, but the operator is known by a key" : "needs \(asked), never the operator"))
        if rule.excludesAuthors { lines.append("  nor who wrote the runbook or a definition of it") }
        lines.append("  a statement lives at most \(rule.life.readable)")
        if breakGlass {
            lines.append(
                style("  BREAK-GLASS: it runs without them, and stays open until a reviewer closes it", .bad))
        }
        return lines
    }
}
