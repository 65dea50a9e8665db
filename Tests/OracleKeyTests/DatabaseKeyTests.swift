// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import MusterModel
import MusterPlugin
import OracleSteps
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup

struct MigrateDatabaseKeyTests {
    private func wish(_ more: [String: JSON] = [:]) -> JSON {
        given(
            [
                "database": .string(DatabaseLab.sales), "registeredKey": .string(DatabaseLab.key),
                "confirm": "SALES_EAST", "settleWithin": "1s", "statusWithin": "1h", "backupKept": true,
            ], more)
    }

    @Test func `a key is moved from the wallet to Azure, once`() async throws {
        let lab = try await DatabaseLab(keyed: false)
        let step = try lab.harness(MigrateDatabaseKey.self)
        #expect(try await step.check(wish()).failing == [])
        guard case .needed(let changes) = try await step.observe(wish()) else { Issue.record("not needed"); return }
        #expect(changes.first?.from == "in a wallet")
        let outputs = try await step.apply(wish())
        #expect(outputs.previousLocation == "in a wallet" && outputs.isMoved)
        #expect(try await step.verify(wish()).failing == [])
        #expect(try await step.check(wish()).failing == [])
        _ = try await lab.harness(MigrateDatabaseKey.self).apply(wish())
        guard case .satisfied = try await step.observe(wish()) else { Issue.record("not satisfied"); return }
        #expect(lab.effects == ["key.moved SALES_EAST"])
    }

    static let lacks: [(String, [String: JSON], [String], @Sendable (inout JSON) -> Void)] = [
        ("move-confirmed", ["confirm": "SALES"], [], { _ in }),
        ("key-store-enabled", [:], [], { $0[path: "oracle", "clusters", "east", "key-store"] = false }),
        (
            "key-dedicated", [:], [],
            {
                // By another registration of the same key.
                $0[path: "oracle", "vaults", "twin"] = [
                    "vault": "tde-keys", "connector": "to-east", "keys": ["sales"],
                ]
                $0[path: "oracle", "databases", "HR_EAST"] = [
                    "id": "ocid1.database.oc1.us-ashburn-1.hr", "name": "HR", "role": "PRIMARY", "cluster": "east",
                    "home": "home-east", "alone": true, "key": "twin/sales",
                ]
            }
        ),
        ("key-registered", ["registeredKey": "ocid1.oracledbazurekey.oc1.us-ashburn-1.none"], [], { _ in }),
        ("key-movable", [:], [], { $0[path: "oracle", "databases", "SALES_EAST", "key"] = "tde/spare" }),
        ("way-back-kept", ["backupKept": false], [], { _ in }),
        ("database-available", [:], [], { $0[path: "oracle", "databases", "SALES_EAST", "state"] = "UPDATING" }),
        ("pluggables-open", [:], ["pluggable-database-closed:name=STOCK"], { _ in }),
        (
            "database-primary", [:], [],
            {
                $0[path: "oracle", "databases", "SALES_EAST", "alone"] = false
                $0[path: "oracle", "databases", "SALES_EAST", "role"] = "STANDBY"
            }
        ),
        (
            "standbys-ready", [:], [],
            {
                $0[path: "oracle", "databases", "SALES_EAST", "alone"] = false
                $0[path: "oracle", "clusters", "west", "key-store"] = false
                $0[path: "oracle", "databases", "SALES_WEST"] = [
                    "id": "ocid1.database.oc1.us-phoenix-1.sales", "name": "SALES", "role": "STANDBY",
                    "cluster": "west",
                ]
                $0[path: "oracle", "database-name"] = "SALES"
            }
        ),
    ]

    @Test(arguments: lacks)
    func `a missing condition is named before any effect`(
        id: String, more: [String: JSON], faults: [String], change: @Sendable (inout JSON) -> Void
    ) async throws {
        let lab = try await DatabaseLab(keyed: false, faults: faults) { change(&$0) }
        let found = try await lab.harness(MigrateDatabaseKey.self).check(wish(more))
        #expect(found.one(id)?.verdict == (id == "way-back-kept" ? .unverifiable : .unmet), "\(found)")
        #expect(lab.effects.isEmpty)
    }

    @Test(arguments: [
        "connection-lost-after-effect:operation=changeEncryptionKeyLocation",
        "connection-lost-before-effect:operation=changeEncryptionKeyLocation", "throttle", "unavailable",
    ])
    func `one move is made whatever is lost on the way`(fault: String) async throws {
        let lab = try await DatabaseLab(keyed: false, faults: [fault])
        _ = try await lab.harness(MigrateDatabaseKey.self).apply(wish())
        #expect(lab.effects == ["key.moved SALES_EAST"])
    }

    @Test func `a move that the nodes cannot follow is given up, and said so`() async throws {
        let lab = try await DatabaseLab(keyed: false)
        lab.takeRoles(from: ["east2"])
        let step = try lab.harness(MigrateDatabaseKey.self)
        let error = await thrown { try await step.apply(wish()) }
        #expect(error?.code == "oracle-dr-setup.key-not-moved" && error?.kind == .permanent)
        #expect(error?.message.contains("ORA-28407") == true)
        guard case .needed = try await step.observe(wish()) else { Issue.record("not needed"); return }
        #expect(lab.effects.isEmpty)
    }

    @Test func `a move that fails late left the key where it was`() async throws {
        let lab = try await DatabaseLab(
            keyed: false, faults: ["work-request-fails-late:operation=changeEncryptionKeyLocation"])
        let error = await thrown { try await lab.harness(MigrateDatabaseKey.self).apply(wish()) }
        #expect(error?.code == "oracle-dr-setup.key-not-moved")
        #expect(lab.effects.isEmpty)
    }
}

struct RotateKeyTests {
    private func wish(_ more: [String: JSON] = [:]) -> JSON {
        given(
            [
                "database": .string(DatabaseLab.sales), "vaultUri": "https://tde-keys.vault.azure.net/", "key": "sales",
                "registeredKey": .string(DatabaseLab.key), "vault": .string(DatabaseLab.vault),
                "olderThan": "1h", "settleWithin": "1s", "statusWithin": "1h",
            ], more)
    }

    @Test func `a key is rotated, the version is shown on both sides, and the old one stays`() async throws {
        let lab = try await DatabaseLab()
        let step = try lab.harness(RotateKey.self)
        #expect(try await step.check(wish()).failing == [])
        guard case .needed = try await step.observe(wish()) else { Issue.record("not needed"); return }
        let outputs = try await step.apply(wish())
        #expect(outputs.versions == 2 && outputs.version != "0000000000000000000000000000000a")
        #expect(outputs.masterKeys.filter { !$0.isExternal }.isEmpty)
        #expect(try await step.verify(wish()).failing == [])
        let second = try lab.harness(RotateKey.self)
        guard case .satisfied = try await second.observe(wish()) else { Issue.record("not satisfied"); return }
        #expect(lab.effects == ["key.rotated SALES_EAST"])
        lab.time.advance(.seconds(7200))
        guard case .needed = try await second.observe(wish()) else { Issue.record("not due"); return }
    }

    @Test(arguments: [
        "connection-lost-after-effect:operation=rotateKey", "connection-lost-before-effect:operation=rotateKey",
        "throttle:operation=rotateKey",
    ])
    func `one rotation is made whatever is lost on the way`(fault: String) async throws {
        let lab = try await DatabaseLab(faults: [fault])
        _ = try await lab.harness(RotateKey.self).apply(wish())
        #expect(lab.effects == ["key.rotated SALES_EAST"])
    }

    @Test func `a rotation whose answer stays lost is found afterwards`() async throws {
        let lab = try await DatabaseLab(faults: ["connection-lost-after-effect:operation=rotateKey,times=9"])
        let step = try lab.harness(RotateKey.self)
        #expect(await thrown { try await step.apply(wish()) }?.kind == .unknownOutcome)
        guard case .satisfied = try await step.observe(wish()) else { Issue.record("not satisfied"); return }
        #expect(lab.effects == ["key.rotated SALES_EAST"])
    }

    @Test func `a vault that makes versions by itself, and a version that is disabled, are refused`() async throws {
        let policy = try await DatabaseLab { $0[path: "vaults", "tde-keys", "keys", "sales", "rotation-policy"] = true }
        #expect(try await policy.harness(RotateKey.self).check(wish()).failing == ["no-rotation-policy"])
        let lab = try await DatabaseLab {
            $0[path: "vaults", "tde-keys", "keys", "sales", "versions", "0000000000000000000000000000000c"] = [
                "enabled": false, "created": "2025-01-01T00:00:00Z",
            ]
        }
        let found = try await lab.harness(RotateKey.self).check(wish())
        #expect(found.one("versions-kept")?.verdict == .unmet, "\(found)")
    }

    @Test func `a database in a wallet, and a keystore that a node does not reach`() async throws {
        let wallet = try await DatabaseLab(keyed: false)
        let found = try await wallet.harness(RotateKey.self).check(wish())
        #expect(found.one("key-in-azure")?.verdict == .unmet)
        #expect(found.one("keystores-open")?.verdict == .unmet)
        let lab = try await DatabaseLab()
        lab.takeRoles(from: ["east2"])
        let seen = try await lab.harness(RotateKey.self).check(wish())
        #expect(seen.failing == ["keystores-open"])
        #expect(seen.one("keystores-open")?.says.contains("On instance 2 no external keystore is open") == true)
    }
}

struct VerifyDatabaseKeyTests {
    private let wish: JSON = [
        "database": .string(DatabaseLab.sales), "registeredKey": .string(DatabaseLab.key), "within": "1m",
    ]

    @Test func `service and database agree on the key`() async throws {
        let lab = try await DatabaseLab()
        let report = try await lab.harness(VerifyDatabaseKey.self).report(wish)
        #expect(report.postconditions.failing == [])
        #expect(report.outputs?.masterKeys.count == 3)
    }

    @Test func `a key in a wallet, and one out of a node's reach, are told`() async throws {
        let wallet = try await DatabaseLab(keyed: false).harness(VerifyDatabaseKey.self).report(wish)
        #expect(wallet.postconditions.failing == ["key-as-named", "keystores-open", "keys-external"])
        #expect(wallet.outputs == nil)
        let lab = try await DatabaseLab()
        lab.takeRoles(from: ["east1"])
        #expect(try await lab.harness(VerifyDatabaseKey.self).report(wish).postconditions.failing == ["keystores-open"])
    }
}
