// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import MusterModel
import MusterPlugin
import OracleSteps
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup
@testable import TestFailover

/// A move or a rotation of a key is for every standby too: one that does not reach the key is lost.
struct StandbyKeyTests {
    private static let west = "ocid1.database.oc1.us-phoenix-1.sales"

    private func lab(keyed: Bool, _ change: (inout JSON) -> Void = { _ in }) async throws -> DatabaseLab {
        try await DatabaseLab(keyed: keyed) { cloud in
            cloud[path: "oracle", "database-name"] = "SALES"
            cloud[path: "oracle", "figures-age"] = "0s"
            cloud[path: "oracle", "databases", "SALES_EAST", "alone"] = false
            cloud[path: "oracle", "databases", "SALES_WEST"] = [
                "id": .string(Self.west), "name": "SALES", "role": "STANDBY", "cluster": "west", "home": "home-west",
                "key": keyed ? "tde/sales" : "wallet",
            ]
            let readers = ["west1", "west2"].map { name -> JSON in
                ["principal": .string(name), "role": "Key Vault Reader"]
            }
            cloud[path: "role-assignments"] = .array((cloud["role-assignments"]?.array ?? []) + readers)
            cloud[path: "oracle", "vaults", "tde-west"] = [
                "vault": "tde-keys", "connector": "to-west", "keys": ["sales", "spare"],
            ]
            cloud[path: "oracle", "associations"] = [
                "east-keys": ["vault": "tde", "connector": "to-east"],
                "west-keys": ["vault": "tde-west", "connector": "to-west"],
            ]
            change(&cloud)
        }
    }

    private let move: JSON = [
        "database": .string(DatabaseLab.sales), "registeredKey": .string(DatabaseLab.key), "confirm": "SALES_EAST",
        "settleWithin": "1s", "statusWithin": "1h", "backupKept": true,
    ]
    private let rotation: JSON = [
        "database": .string(DatabaseLab.sales), "vaultUri": "https://tde-keys.vault.azure.net/", "key": "sales",
        "registeredKey": .string(DatabaseLab.key), "vault": .string(DatabaseLab.vault), "olderThan": "1h",
        "settleWithin": "1s", "statusWithin": "1h",
    ]
    private let follow: JSON = [
        "primary": .string(DatabaseLab.sales), "atStart": false, "lagWithin": "30s", "statusWithin": "15m",
        "within": "1s", "members": [], "standbyRequired": false, "healthy": true, "azureKeys": true,
    ]

    @Test func `a standby that reaches the key by its own registration hinders nothing, and follows`() async throws {
        let lab = try await lab(keyed: false)
        let step = try lab.harness(MigrateDatabaseKey.self)
        let checked = try await step.check(move)
        #expect(checked.failing == [], "\(checked)")
        _ = try await step.apply(move)
        #expect(try await lab.harness(VerifyDataGuard.self).verify(follow).failing == [])
        #expect(try await lab.harness(RotateKey.self).check(rotation).failing == [])
    }

    static let lacks: [(String, @Sendable (inout JSON) -> Void)] = [
        (
            "has no identity connector",
            {
                $0[path: "oracle", "connectors"] = ["to-east": ["cluster": "east"]]
                $0[path: "oracle", "vaults"] = [
                    "tde": ["vault": "tde-keys", "connector": "to-east", "keys": ["sales", "spare"]]
                ]
                $0[path: "oracle", "associations"] = [:]
            }
        ),
        ("is DISCONNECTED", { $0[path: "arc-machines", "west2", "status"] = "Disconnected" }),
        (
            "The vault is not associated with to-west",
            {
                $0[path: "oracle", "associations"] = ["east-keys": ["vault": "tde", "connector": "to-east"]]
            }
        ),
        ("No such key is known", { $0[path: "oracle", "vaults", "tde-west", "keys"] = ["spare"] }),
        ("The key store of west", { $0[path: "oracle", "clusters", "west", "key-store"] = false }),
        (
            "get at the vault",
            {
                let officers = ["east1", "east2"].map { name -> JSON in
                    ["principal": .string(name), "role": "Key Vault Crypto Officer"]
                }
                $0[path: "role-assignments"] = .array(officers + [["principal": "client", "role": "Key Vault Reader"]])
            }
        ),
    ]

    @Test(arguments: lacks)
    func `a standby whose nodes have no way to the key refuses move and rotation`(
        says: String, change: @Sendable (inout JSON) -> Void
    ) async throws {
        let wallet = try await lab(keyed: false) { change(&$0) }
        let found = try await wallet.harness(MigrateDatabaseKey.self).check(move).one("standbys-ready")
        #expect(found?.verdict == .unmet && found?.says.contains(says) == true, "\(String(describing: found))")
        let keyed = try await lab(keyed: true) { change(&$0) }
        let seen = try await keyed.harness(RotateKey.self).check(rotation).one("standbys-ready")
        #expect(seen?.verdict == .unmet && seen?.says.contains(says) == true, "\(String(describing: seen))")
        #expect(wallet.effects.isEmpty && keyed.effects.isEmpty)
    }

    /// Every node reaches the vault all the while: what counts is the key, in each of its versions.
    @Test func `no role changes while a version of the key is disabled, on the way there or back`() async throws {
        let lab = try await lab(keyed: true) { cloud in
            let readers = ["east1", "east2"].map { name -> JSON in
                ["principal": .string(name), "role": "Key Vault Reader"]
            }
            cloud[path: "role-assignments"] = .array((cloud["role-assignments"]?.array ?? []) + readers)
        }
        func enable(_ isEnabled: Bool) {
            lab.clouds.changeAzure { world in
                guard var vault = world.state[.vault, "tde-keys"] else { return }
                for name in vault.keys.keys where vault.keys[name]?.name == "sales" {
                    vault.keys[name]?.versions[0].enabled = isEnabled
                }
                world.state[.vault, "tde-keys"] = vault
            }
        }
        let step = try lab.harness(DataGuardSwitchover.self)
        let wish: JSON = [
            "to": .string(Self.west), "lagWithin": "30s", "statusWithin": "15m", "settleWithin": "1s",
            "reachWithin": "1h",
        ]
        let held = try await step.check(wish)
        #expect(held.failing == [], "\(held)")
        enable(false)
        let refused = try await step.check(wish)
        #expect(refused.failing == ["keys-reached"])
        #expect(refused.one("keys-reached")?.says.contains("is disabled") == true)
        enable(true)
        _ = try await step.apply(wish)
        enable(false)
        #expect(try await step.checkUndo(wish).failing == ["undo-keys-reached"])
        enable(true)
        let back = try await step.checkUndo(wish)
        #expect(back.failing == [], "\(back)")
    }

    @Test func `apply stops at a standby that does not get at the new key, and goes on when it does`() async throws {
        let lab = try await lab(keyed: false)
        let step = try lab.harness(MigrateDatabaseKey.self)
        let checked = try await step.check(move)
        #expect(checked.failing == [], "\(checked)")
        let before = lab.clouds.azure.state.roleAssignments
        lab.takeRoles(from: ["west1", "west2"])
        _ = try await step.apply(move)
        lab.time.advance(.seconds(120))
        let proof = try lab.harness(VerifyDataGuard.self)
        let found = try await proof.verify(follow)
        #expect(found.failing == ["lags-within", "standbys-healthy"], "\(found)")
        #expect(found.one("standbys-healthy")?.says.contains("ORA-16766") == true)
        lab.clouds.changeAzure { $0.state.roleAssignments = before }
        #expect(try await proof.verify(follow).failing == [])
    }

    @Test func `a database without a standby is good only where none is required`() async throws {
        let lab = try await DatabaseLab()
        let proof = try lab.harness(VerifyDataGuard.self)
        #expect(try await proof.check(follow).failing == [])
        #expect(try await proof.verify(follow).failing == [])
        let strict = given(follow.object ?? [:], ["standbyRequired": true])
        #expect(try await proof.check(strict).failing == ["in-group"])
        let wallets = given(follow.object ?? [:], ["azureKeys": false])
        #expect(try await proof.check(wallets).failing == ["keys-at-hand"])
    }

    @Test func `a rotation of the root leaves the keys of pluggable databases as they are`() async throws {
        let lab = try await DatabaseLab()
        let step = try lab.harness(RotateKey.self)
        let keys = try await step.apply(rotation).masterKeys
        let ages = keys.filter { $0.container != 1 }.compactMap(\.ageSeconds)
        #expect(keys.count == 3 && ages.count == 2 && ages.allSatisfy { $0 > 3600 })
        #expect(keys.first { $0.container == 1 }?.ageSeconds.map { $0 < 3600 } == true)
    }
}
