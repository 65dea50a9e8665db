// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import MusterModel
import Testing

/// The shipped runbook that lets a standby use the primary's key, and makes it only then.
struct OracleStandbyConnectorTests {
    private static let runbook = "oracle-standby-connector"

    @Test(arguments: [
        ("default", ["`tde-keys/replicas/eu-amsterdam-1`", "data-guard/SALES\\_AMS"]),
        ("same-region", ["data-guard/SALES\\_TWO"]),
    ])
    func `a standby is made once its nodes reach the key, and follows`(scenario: String, says: [String]) throws {
        let rehearsal = try OracleRehearsal(Self.runbook, scenario)
        #expect(try rehearsal.run.outcome == "succeeded")
        #expect(try rehearsal.run.result(of: "prove-group") == "shown")
        #expect(try rehearsal.run.result(of: "replicate-vault") == (scenario == "default" ? "verified" : "skipped"))
        try rehearsal.expectPage(says: says.map { $0.replacing("\\", with: "") })
        let proof = try #require(rehearsal.result.output.firstRange(of: "✓ prove-reach"))
        let making = try #require(rehearsal.result.output.firstRange(of: "standby: making the standby"))
        #expect(proof.upperBound < making.lowerBound)
    }

    @Test func `a standby that is there already is left as it is`() throws {
        let rehearsal = try OracleRehearsal(Self.runbook, "already-a-standby")
        #expect(try Set(rehearsal.results()) == ["already-so", "shown"])
    }

    @Test(arguments: [
        (
            "vault-unreachable", "failed",
            ["Not all of the identities of tde-keys-standby (ams-1, ams-2) get at the vault"]
        ),
        ("arc-disconnected", "failed", ["ams-2 is DISCONNECTED"]),
        (
            "work-request-fails-late", "stuck",
            ["The operation was given up after a while.", "Deletes the standby SALES\\_AMS"]
        ),
    ])
    func `a fault ends in a truthful record`(scenario: String, outcome: String, says: [String]) throws {
        let rehearsal = try OracleRehearsal(Self.runbook, scenario)
        #expect(try rehearsal.run.outcome == outcome)
        try rehearsal.expectPage(says: says.map { $0.replacing("\\", with: "") })
        if outcome == "failed" { #expect(try rehearsal.run.result(of: "standby") == "not-reached") }
    }

    @Test func `a second run changes nothing`() throws {
        let lab = try OracleLab(Self.runbook)
        let first = try lab.run()
        #expect(first.status == 0, "\(first)")
        let effects = (try lab.cloud.effects(), try lab.oracleEffects())
        #expect(effects.1.filter { $0 == "standby.created" }.count == 1)
        let second = try lab.run()
        #expect(second.status == 0, "\(second)")
        #expect(try (lab.cloud.effects(), lab.oracleEffects()) == effects)
    }
}
