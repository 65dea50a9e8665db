// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import MusterModel
import MusterPlugin
import OracleSteps
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup

/// What counts as a rotation of the database's key, and what does not.
struct RotationProofTests {
    private func wish(_ more: [String: JSON] = [:]) -> JSON {
        given(
            [
                "database": .string(DatabaseLab.sales), "vaultUri": "https://tde-keys.vault.azure.net/", "key": "sales",
                "registeredKey": .string(DatabaseLab.key), "vault": .string(DatabaseLab.vault),
                "olderThan": "1h", "settleWithin": "1s", "statusWithin": "1h",
            ], more)
    }

    /// A pluggable database's own key is rotated, now.
    private func rotatePluggable(_ lab: DatabaseLab) {
        let now = lab.time.now
        lab.clouds.changeOracle { state in
            state.change(DatabaseLab.sales) {
                $0.keys.ofContainers[3] = .init(id: "own", isExternal: true, activated: now)
            }
        }
    }

    /// The vault gets a version that nobody uses.
    private func addVersion(_ lab: DatabaseLab) throws {
        let id = try #require(
            lab.clouds.oracle.flatMap { oracle in oracle.state.multicloud.vaults.first?.azureID(lab.clouds.azure) })
        let now = lab.time.now
        lab.clouds.changeAzure { azure in _ = azure.addKeyVersion(vault: id, key: "sales", at: now) }
    }

    @Test func `a young key of a pluggable database is no rotation of the root's`() async throws {
        let lab = try await DatabaseLab()
        rotatePluggable(lab)
        let step = try lab.harness(RotateKey.self)
        guard case .needed = try await step.observe(wish()) else { Issue.record("not needed"); return }
        #expect(try await step.verify(wish()).failing.contains("new-key-in-use"))
        let outputs = try await step.apply(wish())
        #expect(outputs.versions == 2)
        #expect(try await step.verify(wish()).failing == [])
        #expect(lab.effects == ["key.rotated SALES_EAST"])
    }

    @Test func `a rotation that failed is not shown by another container's new key`() async throws {
        let lab = try await DatabaseLab(faults: ["work-request-fails-late:operation=rotateKey"])
        let step = try lab.harness(RotateKey.self)
        #expect(await thrown { try await step.apply(wish()) }?.kind == .unknownOutcome)
        rotatePluggable(lab)
        try addVersion(lab)
        guard case .partial(_, let why) = try await step.observe(wish()) else { Issue.record("not partial"); return }
        #expect(why == "The vault has a new version, and the database still uses the key of before.")
        #expect(try await step.verify(wish()).failing.contains("new-key-in-use"))
    }

    @Test func `a rotation of long ago is shown by the key of before, one of others by its age`() async throws {
        let lab = try await DatabaseLab()
        let step = try lab.harness(RotateKey.self)
        _ = try await step.apply(wish())
        lab.time.advance(.seconds(3 * 3600))
        #expect(try await step.verify(wish()).failing == [])
        guard case .satisfied(let outputs) = try await step.observe(wish()) else {
            Issue.record("not satisfied")
            return
        }
        #expect(outputs.versions == 2)
        let other = try lab.harness(RotateKey.self)
        #expect(try await other.verify(wish()).failing == ["new-key-in-use"])
        guard case .needed = try await other.observe(wish()) else { Issue.record("not needed"); return }
    }

    static let others: [[String: JSON]] = [
        ["key": "spare"], ["vaultUri": "https://other-keys.vault.azure.net/"],
        ["registeredKey": .string(DatabaseLab.spare)],
        ["vault": .string(DatabaseLab.vault.replacing("tde-keys", with: "other-keys"))],
        ["vault": .string(DatabaseLab.vault.replacing("/vaults/", with: "/managedHSMs/"))],
        ["vault": .string(DatabaseLab.vault.replacing("/drill/", with: "/other/"))],
    ]

    @Test func `a key in a Managed HSM is not rotated by the look at a vault of the same name`() async throws {
        let lab = try await DatabaseLab()
        let step = try lab.harness(RotateKey.self)
        lab.clouds.changeOracle { $0.multicloud.vaults[0].type = "managedHSMs" }
        let found = try await step.check(wish()).one("key-inspected")
        #expect(found?.verdict == .unmet && found?.says.contains("managedHSMs") == true, "\(String(describing: found))")
        #expect(await thrown { try await step.apply(wish()) }?.code == "oracle-dr-setup.other-key")
        #expect(lab.effects.isEmpty)
    }

    @Test(arguments: others)
    func `the vault and the key that are looked at are those of the database`(other: [String: JSON]) async throws {
        let lab = try await DatabaseLab { cloud in
            cloud[path: "vaults", "other-keys"] = cloud["vaults"]?["tde-keys"] ?? [:]
        }
        let step = try lab.harness(RotateKey.self)
        #expect(try await step.check(wish()).failing == [])
        #expect(try await step.check(wish(other)).failing == ["key-inspected"])
        #expect(await thrown { try await step.apply(wish(other)) }?.code == "oracle-dr-setup.other-key")
        #expect(lab.effects.isEmpty)
    }
}

struct KeyElsewhereTests {
    @Test(arguments: ["kmsKeyId", "vaultId", "keyStoreId"])
    func `a key in a service of Oracle's is not in a wallet, and is not moved`(member: String) async throws {
        let lab = try await DatabaseLab(keyed: false)
        lab.clouds.changeOracle { state in
            state.change(DatabaseLab.sales) { $0.keys.elsewhere = [member: "ocid1.key.oc1..own"] }
        }
        let wish: JSON = [
            "database": .string(DatabaseLab.sales), "registeredKey": .string(DatabaseLab.key),
            "confirm": "SALES_EAST", "settleWithin": "1s", "statusWithin": "1h", "backupKept": true,
        ]
        let step = try lab.harness(MigrateDatabaseKey.self)
        let found = try await step.check(wish)
        #expect(found.failing == ["key-movable"])
        #expect(found.one("key-movable")?.says.contains("as ocid1.key.oc1..own") == true)
        #expect(await thrown { try await step.apply(wish) }?.code == "oracle-dr-setup.key-elsewhere")
        #expect(lab.effects.isEmpty)
    }
}
