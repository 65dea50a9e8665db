// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// The shipped rotation of a database's key, from Oracle's side.
struct OracleRotateTests {
    private static let runbook = "oracle-rotate-key"

    @Test func `a new version is seen in vault and database, and the old one is kept`() throws {
        let rehearsal = try OracleRehearsal(Self.runbook)
        #expect(try rehearsal.run.outcome == "succeeded")
        let outputs = try rehearsal.run.step("rotate")?["outputs"]
        let version = try #require(outputs?["version"]?.string)
        #expect(version != "0000000000000000000000000000000a" && outputs?["versions"] == 2)
        let kept = try rehearsal.run.step("old-versions-kept")?["outputs"]?["versions"]?.array?.compactMap(\.string)
        #expect(kept.map(Set.init) == ["sales/0000000000000000000000000000000a", "sales/\(version)"])
        try rehearsal.expectPage(says: ["All 2 versions of the key are enabled.", "rotation-time"])
        #expect(try rehearsal.keyChanges().filter { $0.contains("rotateKey") }.count == 1)
    }

    @Test func `a key that is young enough is not rotated again`() throws {
        let rehearsal = try OracleRehearsal(Self.runbook, "already-rotated")
        #expect(try rehearsal.run.outcome == "succeeded")
        #expect(try rehearsal.run.result(of: "rotate") == "already-so")
        #expect(try rehearsal.keyChanges() == [])
    }

    @Test(arguments: [
        ("rotation-policy", ["tde-keys rotates sales by itself"], 0),
        ("key-disabled", ["ORA-28407", "KeyDisabled: the key sales of tde-keys is disabled"], 1),
    ])
    func `a fault ends in a truthful record`(scenario: String, says: [String], requests: Int) throws {
        let rehearsal = try OracleRehearsal(Self.runbook, scenario)
        #expect(try rehearsal.run.outcome == "failed")
        #expect(try rehearsal.run.result(of: "old-versions-kept") != "shown")
        try rehearsal.expectPage(says: says)
        #expect(try rehearsal.keyChanges().filter { $0.contains("rotateKey") }.count == requests)
    }

    @Test func `a database on which another operation works is asked again, and rotated once`() throws {
        let rehearsal = try OracleRehearsal(Self.runbook, faults: ["busy:operation=rotateKey"])
        #expect(try rehearsal.run.outcome == "succeeded")
        try rehearsal.expectPage(says: ["3 attempts of 3 allowed"])
        #expect(try rehearsal.run.step("rotate")?["outputs"]?["versions"] == 2)
    }

    @Test(arguments: [
        "vault=/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/drill/providers/Microsoft.KeyVault/managedHSMs/tde-keys",
        "vaultUri=https://other.vault.azure.net/",
        "registeredKey=ocid1.oracledbazurekey.oc1.eu-frankfurt-1.tde-keys-hr",
    ])
    func `a vault or a key that is not the database's is told by the plan`(input: String) throws {
        let catalog = try Catalog(.shipped)
        let result = try catalog.muster("rehearse", Self.runbook, "--speed", "400", "--input", input)
        #expect(result.status == 3, "\(result)")
        #expect(catalog.runFolders.isEmpty)
    }

    @Test func `a second run at the same clouds rotates nothing`() throws {
        let lab = try OracleLab(Self.runbook)
        let file = "\(lab.catalog.root)/inputs.yaml"
        try lab.catalog.inputs(of: Self.runbook).write(toFile: file, atomically: false, encoding: .utf8)
        for _ in 0..<2 {
            let result = try lab.catalog.muster([
                "run", Self.runbook, "-e", "lab", "--inputs", file, "--kind", "drill", "--yes", "--unattended",
                "--confirm-irreversible", "rotate",
            ])
            #expect(result.status == 0, "\(result)")
            #expect(try lab.oracleEffects() == ["key.rotated"])
        }
    }
}
