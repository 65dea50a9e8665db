// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// The shipped move of a database's key from its wallet to Azure, which nothing takes back.
struct OracleMigrateTests {
    private static let runbook = "oracle-migrate-database-key"

    @Test func `a key is moved, each node is started anew, and what was written before is read`() throws {
        let rehearsal = try OracleRehearsal(Self.runbook)
        #expect(try rehearsal.run.outcome == "succeeded")
        #expect(try rehearsal.run.result(of: "migrate") == "verified")
        for node in 0...1 { #expect(try rehearsal.run.result(of: "reset-nodes[\(node)]") == "verified") }
        #expect(try rehearsal.run.result(of: "key-was-used") == "shown")
        #expect(rehearsal.result.output.contains("Points of no return: migrate, reset-nodes"))
        try rehearsal.expectPage(says: [
            "in a wallet", "STOCK is READ\\_WRITE.", "The instance on fra-2 was started since the key came into use.",
            "drill.rows is in USERS, which is encrypted.", "The newest row of",
        ])
    }

    @Test func `a database on which another operation works is asked again, and its key moved once`() throws {
        let rehearsal = try OracleRehearsal(Self.runbook, faults: ["busy:operation=changeEncryptionKeyLocation"])
        #expect(try rehearsal.run.outcome == "succeeded")
        #expect(try rehearsal.run.result(of: "migrate") == "verified")
        try rehearsal.expectPage(says: ["3 attempts of 3 allowed"])
    }

    @Test func `a key that is in the vault is left there`() throws {
        let rehearsal = try OracleRehearsal(Self.runbook, "already-migrated")
        #expect(try rehearsal.run.outcome == "succeeded")
        for step in ["nodes", "register-key", "migrate", "reset-nodes[0]", "reset-nodes[1]"] {
            #expect(try rehearsal.run.result(of: step) == "already-so", "\(step)")
        }
        #expect(try rehearsal.run.result(of: "key-was-used") == "skipped")
        #expect(try rehearsal.keyChanges() == [])
    }

    @Test func `a standby that reaches the key hinders nothing, and is seen to go on`() throws {
        let rehearsal = try OracleRehearsal(Self.runbook, "with-standby")
        #expect(try rehearsal.run.outcome == "succeeded")
        #expect(try rehearsal.run.result(of: "standbys-follow") == "shown")
        #expect(!rehearsal.result.output.contains("Points of no return: migrate, reset-nodes"))
        try rehearsal.expectPage(says: ["(eu-amsterdam-1) is HEALTHY for a switchover."])
    }

    @Test(arguments: [
        (
            "standby-not-ready", "failed", "migrate",
            ["(eu-amsterdam-1): the cluster exa-ams (eu-amsterdam-1) has no identity connector"]
        ),
        ("key-disabled", "failed", "migrate", ["KeyDisabled", "still has its key in a wallet"]),
        (
            "pluggable-database-closed", "failed", "migrate",
            ["STOCK is MOUNTED on fra-1", "OPEN READ WRITE INSTANCES=ALL"]
        ),
        (
            "keystore-closed-after-reset", "stuck", "reset-nodes[0]",
            ["No instance is OPEN on fra-1", "start no other node"]
        ),
    ])
    func `a fault ends in a truthful record`(
        scenario: String, outcome: String, step: String, says: [String]
    ) throws {
        let rehearsal = try OracleRehearsal(Self.runbook, scenario)
        #expect(try rehearsal.run.outcome == outcome)
        #expect(try rehearsal.run.result(of: step) == (outcome == "stuck" ? "in-doubt" : "failed"))
        try rehearsal.expectPage(says: says)
        let changes = try rehearsal.keyChanges()
        let refused = ["pluggable-database-closed", "standby-not-ready"].contains(scenario)
        #expect(changes.contains { $0.contains("changeEncryptionKeyLocation") } == !refused)
        #expect(changes.filter { $0.contains("/dbNodes/") }.count == (outcome == "stuck" ? 1 : 0))
    }

    @Test(arguments: [
        ("pluggable-database-closed:name=STOCK", "STOCK is MOUNTED on fra-1"),
        ("key-disabled:key=tde-keys/sales", "sales"),
    ])
    func `what is wrong at the start never begins a move`(fault: String, says: String) throws {
        let catalog = try Catalog(.shipped)
        let result = try catalog.muster(
            "rehearse", Self.runbook, "--fault", fault, "--speed", "400", "--input", "patience=2s")
        #expect(result.status == 3 || result.status == 1, "\(result)")
        #expect((result.errors + result.output).contains(says), "\(result)")
        for run in catalog.runFolders { #expect(try catalog.record(of: run).result(of: "migrate") != "verified") }
    }

    // MARK: At a cloud that stays

    private func run(_ lab: OracleLab, _ accepted: [String], _ more: [String] = []) throws -> CommandResult {
        let file = "\(lab.catalog.root)/inputs.yaml"
        try lab.catalog.inputs(of: Self.runbook).write(toFile: file, atomically: false, encoding: .utf8)
        let words = ["run", Self.runbook, "-e", "lab", "--inputs", file, "--kind", "drill", "--yes", "--unattended"]
        return try lab.catalog.muster(words + more + accepted.flatMap { ["--confirm-irreversible", $0] })
    }

    @Test func `what the inputs leave out wants no word`() throws {
        let lab = try OracleLab(Self.runbook)
        let result = try run(lab, ["migrate"], ["--input", "resetNodes=[]"])
        #expect(result.status == 0, "\(result)")
        #expect(try lab.oracleEffects() == ["row.written", "key.moved"])
    }

    @Test func `it wants a word for each point of no return, and moves the key once`() throws {
        let lab = try OracleLab(Self.runbook)
        let silent = try run(lab, ["migrate"])
        #expect(silent.status == 4 && silent.errors.contains("--confirm-irreversible reset-nodes"), "\(silent)")
        #expect(try lab.oracleEffects() == [])
        let unsaid = try run(lab, ["migrate"], ["--input", "backupKept=false"])
        #expect(unsaid.status == 3 && (unsaid.output + unsaid.errors).contains("way-back-kept"), "\(unsaid)")
        let first = try run(lab, ["migrate", "reset-nodes"])
        #expect(first.status == 0, "\(first)")
        let moved = ["row.written", "key.moved", "node.reset", "node.reset"]
        #expect(try lab.oracleEffects() == moved)
        let second = try run(lab, ["migrate", "reset-nodes"])
        #expect(second.status == 0, "\(second)")
        #expect(try lab.oracleEffects() == moved + ["row.written"])
    }
}
