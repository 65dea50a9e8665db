// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import MusterModel
import Testing

/// The shipped audit, as a run and as what `muster doctor` looks at.
struct OracleAuditTests {
    private static let runbook = "oracle-key-vault-audit"

    /// All that is wrong on the bad day, by step and condition.
    private static let wrong = [
        "surroundings way-out", "vault-kept-well tier-for-production", "vault-kept-well audit-log-kept",
        "vault-kept-well no-rotation-policy", "vault-kept-well versions-kept", "vault-kept-well machines-connected",
        "nodes-reach-key nodes-connected", "nodes-reach-key vault-accessible", "database-on-key keystores-open",
    ]

    @Test func `where all stands as it should the audit succeeds and changes nothing`() throws {
        let rehearsal = try OracleRehearsal(Self.runbook)
        #expect(try rehearsal.run.outcome == "succeeded")
        #expect(try rehearsal.results() == ["shown", "shown", "shown", "shown", "shown"])
        #expect(try rehearsal.run.record["outputs"] == nil)
        try rehearsal.expectPage(says: ["sales/0000000000000000000000000000000a", "No deviations"])
    }

    @Test func `on a bad day one run tells all that is wrong, and fails`() throws {
        let rehearsal = try OracleRehearsal(Self.runbook, "bad-day")
        #expect(try rehearsal.run.outcome == "failed")
        for text in Self.wrong {
            let words = text.split(separator: " ").map(String.init)
            let step = try #require(try rehearsal.run.step(words[0]))
            let conditions = (step["preconditions"]?.array ?? []) + (step["postconditions"]?.array ?? [])
            let verdict = conditions.first { $0["id"]?.string == words[1] }?["verdict"]?.string
            #expect(verdict == "unmet", "\(text) is \(verdict ?? "not told"): \(step)")
        }
        try rehearsal.expectPage(says: ["sales/00000000000000000000000000000009", "az network nat gateway create"])
    }

    @Test func `a standby that has lost its way to the key is found though its database shows nothing`() throws {
        let rehearsal = try OracleRehearsal(Self.runbook, "standby-cut-off")
        #expect(try rehearsal.run.outcome == "failed")
        for step in ["nodes-reach-key", "database-on-key", "vault-kept-well"] {
            #expect(try rehearsal.run.result(of: step) == "shown", "\(step)")
        }
        #expect(try rehearsal.run.result(of: "standby-reaches-key") == "failed")
        #expect(try rehearsal.run.result(of: "verdict") == "failed")
        try rehearsal.expectPage(says: ["ams-2 is DISCONNECTED", "azcmagent show"])
    }

    private func doctor(_ scenario: String, _ more: String...) throws -> CommandResult {
        let lab = try OracleLab(Self.runbook, scenario: scenario)
        let values = try lab.catalog.inputs(of: Self.runbook, scenario: scenario).split(separator: "\n")
        try lab.catalog.write(
            "environments/lab.yaml",
            lab.cloud.oracleEnvironment() + "values:\n" + values.map { "  \($0)\n" }.joined())
        try lab.catalog.commit("The values")
        let result = try lab.catalog.muster(["doctor", "-e", "lab"] + more)
        #expect(try lab.cloud.effects().isEmpty && lab.oracleEffects().isEmpty)
        #expect(try !lab.catalog.git("branch", "--list", "muster/*").contains("muster"))
        return result
    }

    @Test func `the doctor finds a healthy day well`() throws {
        let result = try doctor("default", "--verbose")
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains("✓ verdict vault-kept-well"), "\(result)")
    }

    @Test func `the doctor tells all of a bad day, with what to do`() throws {
        let result = try doctor("bad-day")
        #expect(result.status == 3, "\(result)")
        for text in Self.wrong { #expect(result.output.contains("✗ unmet: \(text)"), "\(text): \(result.output)") }
        #expect(result.output.contains("→ az network nat gateway create"))
    }
}
