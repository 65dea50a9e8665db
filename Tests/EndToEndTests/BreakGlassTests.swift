// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// Running without the approvals: for whom the policy allows it, and never quietly.
struct BreakGlassTests {
    private func lab(_ policy: String = FourEyes.policy) throws -> (LedgerDrill, FourEyes) {
        let drill = try LedgerDrill([.init("one"), .init("two", more: "approval: leads")])
        let eyes = try FourEyes(drill.catalog, policy: policy)
        try eyes.plan(["drill", "-e", "lab", "--plugins", drill.catalog.plugins, "--input", "ledger=\(drill.ledger)"])
        return (drill, eyes)
    }

    private func run(_ drill: LedgerDrill, _ eyes: FourEyes, _ more: String..., as person: String = "ada") throws
        -> CommandResult
    {
        try drill.catalog.muster(
            ["run", eyes.planFile, "--plugins", drill.catalog.plugins, "--yes", "--key", eyes.key(person)] + more)
    }

    @Test func `it is loud in the plan, at the end, in status, in the list, and first in the record`() throws {
        let (drill, eyes) = try lab()
        let result = try run(drill, eyes, "--break-glass", "--reason", "The primary is on fire")
        #expect(result.status == 0, "\(result)")
        let said = result.output.components(separatedBy: "BREAK-GLASS").count - 1
        #expect(said >= 3, "the plan, the run and its end say it: \(result)")
        #expect(try drill.effects() == ["apply one": 1, "apply two": 1])
        let record = try drill.catalog.onlyRun
        let page = try record.file("README.md").split(separator: "\n").prefix(2).joined()
        #expect(page.contains("**BREAK-GLASS.**") && page.contains("The primary is on fire"), "\(page)")
        #expect(try record.record["breakGlass"]?["person"] == "ada")
        #expect(try record.record["deviations"]?.array?.first?["kind"] == "break-glass")
        #expect(try record.result(of: "two.approval") == "declared")
        for command in [["status", record.run], ["list"], ["show", record.run]] {
            let told = try drill.catalog.muster(command)
            #expect(told.output.uppercased().contains("BREAK-GLASS"), "\(told)")
        }
        let verified = try drill.verify()
        #expect(verified.status == 0, "\(verified)")
    }

    @Test func `only whom the policy names may, and only with a reason`() throws {
        let (drill, eyes) = try lab()
        let unreasoned = try run(drill, eyes, "--break-glass")
        #expect(unreasoned.status == 2 && unreasoned.errors.contains("--reason"), "\(unreasoned)")
        try drill.catalog.git("config", "--global", "user.email", "cy@example.org")
        let refused = try run(drill, eyes, "--break-glass", "--reason", "I want to", as: "cy")
        #expect(refused.status == 3 && refused.errors.contains("[approval.no-break-glass]"), "\(refused)")
        #expect(try drill.effects().isEmpty)
    }

    @Test func `where no rule is for the environment, its gates are passed by nobody without approvals`() throws {
        let (drill, eyes) = try lab(FourEyes.policy.replacing("  lab:\n", with: "  elsewhere:\n"))
        let refused = try run(drill, eyes, "--break-glass", "--reason", "It burns")
        #expect(refused.status == 3 && refused.errors.contains("[approval.no-break-glass]"), "\(refused)")
        #expect(refused.errors.contains("No rule is for this environment"), "\(refused)")
        #expect(try drill.effects().isEmpty)
    }

    @Test func `where the policy allows it to nobody, nobody may`() throws {
        let (drill, eyes) = try lab(FourEyes.policy.replacing("    break-glass: [on-call]\n", with: ""))
        let refused = try run(drill, eyes, "--break-glass", "--reason", "It burns")
        #expect(refused.status == 3 && refused.errors.contains("[approval.no-break-glass]"), "\(refused)")
        #expect(try drill.effects().isEmpty)
    }
}
