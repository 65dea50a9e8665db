// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import Foundation
import MusterModel
import MusterPlugin
import OracleCloudClient
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup
@testable import StandbyConnector

struct KeyTests {
    @Test func `a key is made once, and adopted ever after`() async throws {
        let lab = try await KeyLab(["vaults": KeyLab.premiumVault])
        let step = try lab.harness(SetUpKey.self)
        let inputs = KeyLab.keyInputs()
        #expect(try await step.check(inputs).failing == [])
        #expect(try await step.observe(inputs).isNeeded)
        let outputs = try await step.apply(inputs)
        #expect(outputs.keyId == "https://kv1.vault.azure.net/keys/erp/\(outputs.version)")
        #expect(try await step.verify(inputs).failing == [])
        #expect(try await step.observe(inputs) == .satisfied(outputs))
        #expect(try await lab.harness(SetUpKey.self).apply(inputs) == outputs && lab.kinds == ["key.created"])
    }

    @Test(
        arguments: [
            ("RSA", 3072, KeyLab.vault), ("RSA", 4096, KeyLab.vault), ("RSA-HSM", 2048, KeyLab.vault),
            ("RSA-HSM", 4096, KeyLab.hsm), ("oct-HSM", 256, KeyLab.hsm),
        ] as [(String, Int64, String)])
    func `all kinds and sizes are made where they can be`(type: String, size: Int64, vault: String) async throws {
        let lab = try await KeyLab([
            "vaults": KeyLab.premiumVault, "managed-hsms": ["hsm1": ["location": "eastus"]],
        ])
        let step = try lab.harness(SetUpKey.self)
        let inputs = KeyLab.keyInputs(type, size, in: vault)
        #expect(try await step.check(inputs).failing == [])
        _ = try await step.apply(inputs)
        #expect(try await step.verify(inputs).failing == [])
    }

    @Test(
        arguments: [
            ("oct-HSM", 256, KeyLab.vault), ("RSA", 2048, KeyLab.hsm), ("RSA", 1024, KeyLab.vault),
            ("RSA-HSM", 2048, KeyLab.vault), ("oct-HSM", 2048, KeyLab.hsm),
        ] as [(String, Int64, String)])
    func `what a vault cannot hold is said before any effect`(type: String, size: Int64, vault: String) async throws {
        let lab = try await KeyLab([
            "vaults": ["kv1": ["location": "eastus"]], "managed-hsms": ["hsm1": ["location": "eastus"]],
        ])
        let conditions = try await lab.harness(SetUpKey.self).check(KeyLab.keyInputs(type, size, in: vault))
        #expect(conditions.failing == ["key-type-fits"])
    }

    @Test func `before its vault is there the key is needed, and only the vault is missing`() async throws {
        let lab = try await KeyLab()
        let step = try lab.harness(SetUpKey.self)
        let inputs = KeyLab.keyInputs()
        #expect(try await step.observe(inputs).isNeeded)
        #expect(try await step.check(inputs).failing == ["vault-usable", "key-fits", "no-rotation-policy"])
        #expect(await thrown { try await step.apply(inputs) }?.code == "oracle-dr-setup.vault-not-usable")
    }

    private static func client(_ role: String, _ scope: String?) -> JSON {
        .object(
            ["principal": "client", "role": .string(role)].merging(scope.map { ["scope": .string($0)] } ?? [:]) { $1 })
    }
    private static let labGroup = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/lab"

    @Test(arguments: [
        ("Key Vault Crypto Officer", true), ("Key Vault Administrator", true), ("Key Vault Crypto User", false),
        ("Key Vault Reader", false), ("Owner", false),
    ])
    func `an account that may not make keys is found before the vault is made, and refused by one that is there`(
        role: String, may: Bool
    ) async throws {
        let inputs = KeyLab.keyInputs()
        let before = try await KeyLab(["role-assignments": [Self.client(role, Self.labGroup)]])
        let unmet = try await before.harness(SetUpKey.self).check(inputs).filter { $0.verdict == .unmet }.map(\.id)
        #expect(unmet.contains("rights-to-make-key") == !may)
        let lab = try await KeyLab([
            "vaults": KeyLab.premiumVault, "role-assignments": [Self.client(role, "kv1")],
        ])
        let step = try lab.harness(SetUpKey.self)
        let rights = try await step.check(inputs).first { $0.id == "rights-to-make-key" }
        #expect(rights?.verdict == (may ? .met : .unmet))
        if !may { #expect(rights?.says.contains("Microsoft.KeyVault/vaults/keys/create/action") == true) }
        if may {
            _ = try await step.apply(inputs)
        } else {
            #expect(await thrown { _ = try await step.apply(inputs) }?.code == "ForbiddenByRbac")
        }
        #expect(lab.kinds == (may ? ["key.created"] : []))
    }

    @Test(arguments: [
        (["Managed HSM Crypto User", "Managed HSM Crypto Officer"], true), (["Managed HSM Crypto User"], false),
        (["Managed HSM Crypto Officer"], false), ([], false),
    ])
    func `a Managed HSM whose administrators gave no role for keys is found by a look at one`(
        roles: [String], may: Bool
    ) async throws {
        let hsm: JSON = [
            "location": "eastus", "local-roles": .array(roles.map { Self.client($0, nil) }),
        ]
        let lab = try await KeyLab([
            "managed-hsms": ["hsm1": hsm], "role-assignments": [Self.client("Owner", Self.labGroup)],
        ])
        let step = try lab.harness(SetUpKey.self)
        let inputs = KeyLab.keyInputs("oct-HSM", 256, in: KeyLab.hsm)
        #expect(try await step.check(inputs).failing.contains("rights-to-make-key") == !may)
        if may {
            _ = try await step.apply(inputs)
        } else {
            #expect(await thrown { _ = try await step.apply(inputs) }?.code == "ForbiddenByRbac")
        }
    }

    @Test func `who only reads keys may take one that is there, and not bring back a deleted one`() async throws {
        let reader = Self.client("Key Vault Reader", "kv1")
        let there = try await KeyLab(["vaults": KeyLab.vaultWith([:]), "role-assignments": [reader]])
        #expect(try await there.harness(SetUpKey.self).check(KeyLab.keyInputs()).failing == [])
        var gone = KeyLab.vaultWith([:])
        gone[path: "kv1", "keys", "erp", "deleted"] = true
        let deleted = try await KeyLab(["vaults": gone, "role-assignments": [reader]])
        let rights = try await deleted.harness(SetUpKey.self).check(KeyLab.keyInputs()).first {
            $0.id == "rights-to-make-key"
        }
        #expect(rights?.verdict == .unmet && rights?.says.contains("keys/recover/action") == true)
    }

    @Test func `a vault that goes by access policies tells by a look at its keys`() async throws {
        for (permissions, verdict) in [(["all"], Condition.Verdict.met), (["list"], .unmet)] {
            let lab = try await KeyLab([
                "vaults": [
                    "kv1": [
                        "location": "eastus", "sku": "premium", "permissions": "access-policies",
                        "access-policies": ["client": .array(permissions.map { .string($0) })],
                    ]
                ]
            ])
            let rights = try await lab.harness(SetUpKey.self).check(KeyLab.keyInputs()).first {
                $0.id == "rights-to-make-key"
            }
            #expect(rights?.verdict == verdict)
        }
    }

    /// With what an undo needs to look whether Oracle has registered the key.
    private static let found: JSON = [
        "vault": .string(ConnectionLab.vault), "key": "hr", "type": "RSA", "size": 2048,
        "cluster": .string(ConnectionLab.cluster), "compartment": .string(ConnectionLab.compartment),
    ]

    @Test func `a deleted key is recovered, and deleted again by an undo`() async throws {
        let lab = try await ConnectionLab {
            $0[path: "vaults", "tde-keys", "keys", "hr"] = [
                "deleted": true, "versions": .object([KeyLab.digits: [:]]),
            ]
        }
        let step = try lab.harness(SetUpKey.self)
        #expect(try await step.apply(Self.found).version == KeyLab.digits)
        #expect(try await step.checkUndo(Self.found).failing == [])
        try await step.undo(Self.found)
        try await step.undo(Self.found)
        #expect(lab.clouds.azure.effects.map(\.kind) == ["key.recovered", "key.deleted"])
        let after = try await step.observe(Self.found)
        #expect(after.isNeeded && after.remains == nil, "it lay deleted before")
    }

    @Test func `an undo that can't look whether a database has the key deletes nothing`() async throws {
        let lab = try await KeyLab(["vaults": KeyLab.premiumVault])
        let step = try lab.harness(SetUpKey.self)
        _ = try await step.apply(KeyLab.keyInputs())
        #expect(try await step.checkUndo(KeyLab.keyInputs()).failing == ["undo-key-without-database"])
        let error = await thrown { try await step.undo(KeyLab.keyInputs()) }
        #expect(error?.code == "oracle-dr-setup.key-in-use" && lab.kinds == ["key.created"])
    }

    @Test func `a key that is disabled or rotates by policy is unmet, and is not changed`() async throws {
        let lab = try await KeyLab(["vaults": KeyLab.vaultWith(["enabled": false])])
        let step = try lab.harness(SetUpKey.self)
        #expect(try await step.check(KeyLab.keyInputs()).failing == ["key-fits"])
        #expect(try await step.observe(KeyLab.keyInputs()).isPartial)
        lab.clouds.changeAzure { $0.state[.vault, "kv1"]?.keys[CaselessName("erp")]?.rotatesByPolicy = true }
        #expect(try await step.check(KeyLab.keyInputs()).failing == ["key-fits", "no-rotation-policy"])
        #expect(lab.kinds == [])
    }

    @Test func `a lost answer makes no second version, and the key is known again`() async throws {
        let lab = try await ConnectionLab(faults: ["connection-lost-after-effect:operation=CreateKey,times=9"])
        let step = try lab.harness(SetUpKey.self)
        #expect(await thrown { try await step.apply(Self.found) }?.kind == .unknownOutcome)
        #expect(try await step.observe(Self.found).isSatisfied)
        #expect(lab.clouds.azure.effects.map(\.kind) == ["key.created"])
        try await step.undo(Self.found)
        #expect(lab.clouds.azure.effects.map(\.kind) == ["key.created", "key.deleted"])
        let remains = try await step.observe(Self.found).remains
        #expect(remains?.contains("lies deleted in tde-keys and can be recovered; its name stays taken") == true)
    }

    @Test func `a key that a database has taken into use stays`() async throws {
        let lab = try await KeyLab(["vaults": KeyLab.premiumVault])
        let step = try lab.harness(SetUpKey.self)
        let inputs = KeyLab.keyInputs()
        _ = try await step.apply(inputs)
        lab.clouds.changeAzure { _ = $0.addKeyVersion(vault: "kv1", key: "erp", at: lab.time.now) }
        #expect(try await step.checkUndo(inputs).failing == ["undo-key-unused", "undo-key-without-database"])
        #expect(await thrown { try await step.undo(inputs) }?.code == "oracle-dr-setup.key-in-use")
        #expect(!lab.kinds.contains("key.deleted"))
    }

    @Test func `a key stays while a database has it, and is deleted though Oracle goes on listing it`() async throws {
        let lab = try await ConnectionLab()
        let inputs = Self.found
        let step = try lab.harness(SetUpKey.self)
        _ = try await step.apply(inputs)
        #expect(try await step.checkUndo(inputs).failing == [])
        let registration = ConnectionLab.registration(try await lab.connected(), ["key": "hr"])
        let key = try await lab.harness(RegisterVault.self).apply(registration).registeredKey.text
        lab.holdDatabase(key: key)
        let found = try await step.checkUndo(inputs)
        #expect(found.failing == ["undo-key-without-database"])
        #expect(
            found.one("undo-key-without-database")?.says == "The key hr is that of SALES on exa-fra (eu-frankfurt-1).")
        #expect(await thrown { try await step.undo(inputs) }?.code == "oracle-dr-setup.key-in-use")
        let other = lab.clouds.oracle?.state.multicloud.vaults[0].keys.first { $0.name == "sales" }
        lab.holdDatabase(key: try #require(other).id)
        #expect(try await step.checkUndo(inputs).failing == [])
        try await step.undo(inputs)
        #expect(lab.clouds.azure.effects.map(\.kind).last == "key.deleted")
    }

    @Test func `a database on another cluster keeps the key, whichever region's registration it names`() async throws {
        let lab = try await ConnectionLab()
        let inputs = Self.found
        let step = try lab.harness(SetUpKey.self)
        _ = try await step.apply(inputs)
        let registration = ConnectionLab.registration(try await lab.connected(), ["key": "hr"])
        let first = try await lab.harness(RegisterVault.self).apply(registration)
        let replica = try await lab.harness(ReplicateVault.self).apply(
            [
                "registeredVault": .string(first.registeredVault.text), "region": "eu-amsterdam-1", "key": "hr",
                "compartment": .string(ConnectionLab.compartment), "patience": "30m", "databases": [],
            ] as JSON)
        let standby = try await lab.connected(ConnectionLab.standby)
        _ = try await lab.harness(AssociateVault.self).apply(
            [
                "registeredVault": .string(replica.registeredVault.text), "connector": .string(standby),
                "compartment": .string(ConnectionLab.compartment), "name": "standby", "databases": [],
            ] as JSON)
        for key in [first.registeredKey, replica.registeredKey] {
            lab.holdDatabase(key: key.text, on: ConnectionLab.standby)
            #expect(try await step.checkUndo(inputs).failing == ["undo-key-without-database"], "\(key)")
        }
        lab.clouds.changeOracle { state in state.multicloud.vaults.removeAll { $0.origin != nil } }
        lab.holdDatabase(key: nil)
        #expect(try await step.checkUndo(inputs).one("undo-key-without-database")?.verdict == .unverifiable)
    }

    @Test func `wrapped material is imported, and anything else is refused before any effect`() async throws {
        let lab = try await KeyLab(["vaults": KeyLab.premiumVault])
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("byok-\(UUID())")
        defer { try? FileManager.default.removeItem(at: file) }  // What stays behind is no fault of what was tested.
        var inputs = KeyLab.keyInputs("RSA-HSM").object ?? [:]
        inputs["transferFile"] = .string(file.path)
        let step = try lab.harness(SetUpKey.self)
        #expect(try await step.check(inputs).failing == ["transfer-readable"])
        try Data(#"{"header":{"kid":"k"},"ciphertext":"AAAA"}"#.utf8).write(to: file)
        #expect(try await step.check(inputs).failing == [])
        _ = try await step.apply(inputs)
        #expect(lab.kinds == ["key.imported"])
        inputs["type"] = "RSA"
        #expect(try await step.check(inputs).failing.contains("key-type-fits"))
    }
}
