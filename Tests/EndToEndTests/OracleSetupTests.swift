// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import MusterModel
import Testing

/// The shipped setup of a cluster for keys of Azure, against both simulated clouds.
struct OracleSetupTests {
    private static let runbook = "oracle-key-vault-setup"

    @Test(arguments: [
        ("default", ["RSA-HSM 2048", "premium in germanywestcentral"]),
        ("managed-hsm", ["oct-HSM 256", "Managed HSM Crypto User"]),
        ("new-managed-hsm", ["`managedHSMs/tde-hsm`", "tde-hsm is activated.", "oct-HSM 256"]),
    ])
    func `a cluster is set up and its nodes are proven to reach the key`(scenario: String, says: [String]) throws {
        let rehearsal = try OracleRehearsal(Self.runbook, scenario)
        #expect(try rehearsal.run.outcome == "succeeded")
        try rehearsal.expectPage(
            says: says
                + ["`oracle-keys/members/fra-1`", "`tde-keys/registration`", "The vault lets in the identities"]
                .map { scenario == "default" ? $0 : $0.replacing("`tde-keys/", with: "`tde-hsm/") })
        #expect(try !rehearsal.changes().isEmpty)
        let lines = rehearsal.result.output.split(separator: "\n").map { $0.dropFirst("11:50:03  ".count) }
        #expect(lines.count { $0.contains("connector: create of ") } == 1, "a wait is told once: \(rehearsal.result)")
    }

    @Test func `a cluster that is set up already is left as it is`() throws {
        let rehearsal = try OracleRehearsal(Self.runbook, "already-set-up")
        #expect(try Set(rehearsal.results()) == ["already-so", "shown"])
        #expect(try rehearsal.changes() == [])
    }

    @Test(arguments: [
        ("connector-token-expired", "failed", ["The access token has expired.", "fresh token"]),
        ("node-not-enrolled", "failed", ["Of 2 nodes only 1 have an Arc agent by tde-keys: fra-1.", "azcmagent show"]),
        (
            "outside-the-network", "failed",
            ["ForbiddenByConnection", "Run from a machine that the vault's network rules let in."]
        ),
        ("missing-role", "failed", ["Microsoft.Authorization/roleAssignments/write", "Grant the permission"]),
        ("roles-without-effect", "failed", ["The nodes do not see the vault tde-keys", "A resume searches again"]),
        (
            "membership-without-effect", "failed",
            ["The nodes do not see the vault tde-keys", "a member that is missing in the group"]
        ),
        ("work-request-needs-attention", "stuck", ["waits for somebody", "Do what the work request"]),
        ("answers-lost", "succeeded", ["2 attempts of 3 allowed"]),
    ])
    func `a fault ends in a truthful record`(scenario: String, outcome: String, says: [String]) throws {
        let rehearsal = try OracleRehearsal(Self.runbook, scenario)
        #expect(try rehearsal.run.outcome == outcome)
        try rehearsal.expectPage(says: says)
    }

    @Test func `without a word on what the nodes will resolve nothing is made`() throws {
        let catalog = try Catalog(.shipped)
        let result = try catalog.muster("rehearse", Self.runbook, "--speed", "400", "--input", "nodesResolve=false")
        #expect(result.status == 3, "\(result)")
        let says = "Whether the cluster's nodes will resolve tde-keys.vault.azure.net cannot be seen from here."
        #expect((result.errors + result.output).contains(says), "\(result)")
        #expect(catalog.runFolders.isEmpty)
    }

    @Test func `an account that owns everything and may touch no key is found by the plan`() throws {
        let catalog = try Catalog(.shipped)
        let result = try catalog.muster("rehearse", Self.runbook, "--scenario", "missing-data-role", "--speed", "400")
        #expect(result.status == 0, "\(result)")
        #expect(result.errors.contains("Microsoft.KeyVault/vaults/keys/create/action"), "\(result)")
        #expect(result.errors.contains("The plan is refused, as the scenario expects."), "\(result)")
        #expect(catalog.runFolders.isEmpty)
        let path = "runbooks/tests/\(Self.runbook)/missing-data-role.yaml"
        let other = try catalog.muster([
            "rehearse", Self.runbook, "--scenario", "missing-data-role", "--speed", "400", "--input",
            "nodesResolve=false",
        ])
        #expect(other.status == 1 && other.errors.contains("by rights-to-make-key, and nothing else"), "\(other)")
        try catalog.replace("role: Owner", by: "role: Key Vault Crypto Officer", in: path)
        let wrong = try catalog.muster("rehearse", Self.runbook, "--scenario", "missing-data-role", "--speed", "400")
        #expect(wrong.status == 1 && wrong.errors.contains("though the scenario expects refused"), "\(wrong)")
        #expect(catalog.runFolders.isEmpty)
    }

    // MARK: At a cloud that stays

    private static let made: [String: Int64] = [
        "vault.created tde-keys": 1, "group.created oracle-keys": 1, "arc-machine.enrolled fra-1": 1,
        "arc-machine.enrolled fra-2": 1,
    ]

    @Test func `a second run changes nothing, and a rollback leaves both clouds as they were`() throws {
        let lab = try OracleLab(Self.runbook)
        let before = try lab.cloud.look(at: "state")
        let first = try lab.run()
        #expect(first.status == 0, "\(first)")
        let effects = (try lab.cloud.effects(), try lab.oracleEffects())
        for (effect, count) in Self.made { #expect(effects.0[effect] == count, "\(effect): \(effects.0)") }
        #expect(effects.1 == ["connector.connected", "key-store.enabled", "vault.registered"])
        let second = try lab.run()
        #expect(second.status == 0, "\(second)")
        #expect(try (lab.cloud.effects(), lab.oracleEffects()) == effects)
        let runs = lab.catalog.runFolders
        let back = try lab.catalog.muster("rollback", runs[0], "--reason", "Back", "--yes")
        #expect(back.status == 0 && back.output.contains("↺ rolled back"), "\(back)")
        let undone = ["vault.dissociated", "vault.unregistered", "key-store.disabled", "connector.deleted"]
        #expect(try lab.oracleEffects() == effects.1 + undone)
        try expectAsBefore(lab, before)
        let record = try lab.catalog.record(of: runs[0])
        #expect(try record.outcome == "rolled-back")
        try OracleRehearsal.expectNoSecrets(lab.catalog, record, also: Array(lab.cloud.secrets.values))
    }

    @Test(arguments: [
        ("node-not-enrolled", false, ["connector.connected", "connector.deleted"]),
        (
            "new-managed-hsm", true,
            [
                "connector.connected", "key-store.enabled", "vault.registered", "vault.dissociated",
                "vault.unregistered", "key-store.disabled", "connector.deleted",
            ]
        ),
    ])
    func `a rollback takes a half-made connector away, and a Managed HSM that the run made`(
        scenario: String, succeeds: Bool, effects: [String]
    ) throws {
        let lab = try OracleLab(Self.runbook, scenario: scenario)
        let before = try lab.cloud.look(at: "state")
        let first = try lab.run()
        #expect((first.status == 0) == succeeds, "\(first)")
        let back = try lab.catalog.muster("rollback", lab.catalog.runFolders[0], "--reason", "Back", "--yes")
        #expect(back.status == 0 && back.output.contains("↺ rolled back"), "\(back)")
        #expect(try lab.oracleEffects() == effects)
        let after = try lab.cloud.look(at: "state")
        for part in ["groups", "role-assignments", "arc-machines"] { #expect(after[part] == before[part], "\(after)") }
        let vaults = (after["vaults"]?.object ?? [:]).mapValues { $0["state"] }
        #expect(vaults == [succeeds ? "tde-hsm" : "tde-keys": "deleted"])
    }

    /// Vault and key are gone, but neither is purged: they can be recovered.
    private func expectAsBefore(_ lab: OracleLab, _ before: JSON) throws {
        let after = try lab.cloud.look(at: "state")
        for part in ["groups", "role-assignments", "arc-machines"] { #expect(after[part] == before[part], "\(after)") }
        #expect(after["vaults"]?["tde-keys"]?["state"] == "deleted")
        #expect(try lab.cloud.look(at: "effects")["effects"]?.array?.contains { $0["kind"] == "vault.purged" } == false)
        let again = try lab.run()
        #expect(again.status == 0, "\(again)")
        #expect(try lab.cloud.look(at: "state")["vaults"]?["tde-keys"]?["state"] == "there")
    }
}
