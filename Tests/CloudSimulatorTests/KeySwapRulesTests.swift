// SPDX-License-Identifier: Apache-2.0

import CloudSimulator
import MusterModel
import Testing

@Suite struct KeySwapRulesTests {
    @Test func `the proven order gives each server its own key, once each`() throws {
        var drill = try Rehearsal()
        #expect(drill.register(Rehearsal.keyB, as: Rehearsal.nameB, on: "first") == "Succeeded")
        #expect(drill.register(Rehearsal.keyB, as: Rehearsal.nameB, on: "second") == "Succeeded")
        #expect(drill.protect("second", with: Rehearsal.nameB) == "Succeeded")
        #expect(drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "second") == "Succeeded")
        #expect(drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "first") == "Succeeded")
        #expect(drill.protect("first", with: Rehearsal.nameA) == "Succeeded")
        let protectors = ["first", "second"].map { server in
            drill.get("\(Rehearsal.servers)/\(server)/encryptionProtector/current")["properties"]?["serverKeyName"]?
                .string
        }
        #expect(protectors == [Rehearsal.nameA, Rehearsal.nameB])
        #expect(drill.effects.filter { $0 == "server-key.registered" }.count == 4)
        #expect(drill.effects.filter { $0 == "protector.changed" }.count == 2)
    }

    @Test func `a protector that the partner does not know fails inside HTTP 200 and changes nothing`() throws {
        var drill = try Rehearsal()
        #expect(drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "first") == "Succeeded")
        #expect(drill.protect("first", with: Rehearsal.nameA) == "SameKeyMaterialNotFoundOnRemoteServer")
        #expect(drill.register(Rehearsal.keyB, as: Rehearsal.nameB, on: "second") == "Succeeded")
        #expect(drill.protect("second", with: Rehearsal.nameB) == "KeyMaterialNotFoundOnRemoteServer")
        #expect(drill.effects == ["server-key.registered", "server-key.registered"])
        let status = drill.exchanges.last { $0["response"]?["error"]?["code"] == "KeyMaterialNotFoundOnRemoteServer" }
        #expect(status?["status"] == 200 && status?["response"]?["status"] == "Failed")
    }

    @Test func `equal material in another vault satisfies the partner`() throws {
        var drill = try Rehearsal { document in
            document.set(
                "cloud", "vaults", "vaultb", "keys", "b", "versions", "0000000000000000000000000000000b",
                to: ["material": "0000000000000000000000000000000a"])
        }
        #expect(drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "first") == "Succeeded")
        #expect(drill.register(Rehearsal.keyB, as: Rehearsal.nameB, on: "second") == "Succeeded")
        #expect(drill.protect("first", with: Rehearsal.nameA) == "Succeeded")
        let thumbprints = [("first", Rehearsal.nameA), ("second", Rehearsal.nameB)].map { server, name in
            drill.get("\(Rehearsal.servers)/\(server)/keys/\(name)")["properties"]?["thumbprint"]?.string
        }
        #expect(thumbprints[0] == thumbprints[1] && thumbprints[0]?.wholeMatch(of: /[0-9A-F]{40}/) != nil)
    }

    @Test(
        arguments: [
            (["enabled": false], "AzureKeyVaultKeyDisabled"),
            (["expires": "2020-01-01T00:00:00Z"], "AzureKeyVaultInvalidExpirationDate"),
            (["not-before": "2090-01-01T00:00:00Z"], "AzureKeyVaultInvalidExpirationDate"),
            (["bits": 4096], "AzureKeyVaultRsaKeyNotSupported"),
            (["type": "EC"], "AzureKeyVaultRsaKeyNotSupported"),
        ] as [(JSON, String)])
    func `a key that Azure SQL can't use is refused`(key: JSON, code: String) throws {
        var drill = try Rehearsal { document in
            document.set(
                "cloud", "vaults", "vaulta", "keys", "a", "versions", "0000000000000000000000000000000a", to: key)
        }
        #expect(drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "first") == code)
        #expect(drill.effects.isEmpty)
    }

    @Test(
        arguments: [
            (["cloud", "vaults", "vaulta", "purge-protection"], false, "SecurityInvalidAzureKeyVaultRecoveryLevel"),
            (["cloud", "vaults", "vaulta", "soft-delete"], false, "SecurityInvalidAzureKeyVaultRecoveryLevel"),
            (["cloud", "vaults", "vaulta", "deleted"], true, "AkvHostNotResolvingFromNode"),
            (["cloud", "vaults", "vaulta", "keys", "a", "deleted"], true, "AzureKeyVaultKeyNameNotFound"),
            (["cloud", "vaults", "vaulta", "permissions"], "access-policies", "AzureKeyVaultMissingPermissions"),
            (["cloud", "servers", "first", "identity"], "none", "AzureKeyVaultNoServerIdentity"),
            (["cloud", "role-assignments"], [], "AzureKeyVaultMissingPermissions"),
        ] as [([String], JSON, String)])
    func `a vault or an identity that does not serve is refused`(path: [String], value: JSON, code: String) throws {
        var drill = try Rehearsal { document in
            switch path.count {
            case 2: document.set(path[0], path[1], to: value)
            case 4: document.set(path[0], path[1], path[2], path[3], to: value)
            default: document.set(path[0], path[1], path[2], path[3], path[4], path[5], to: value)
            }
        }
        #expect(drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "first") == code)
        #expect(drill.effects.isEmpty)
    }

    @Test(
        arguments: [
            ([:], Rehearsal.nameA, "InvalidKeyUpsertRequest"),
            (["properties": ["uri": "x"]], Rehearsal.nameA, "InvalidKeyType"),
            (["properties": ["serverKeyType": "ServiceManaged"]], Rehearsal.nameA, "InvalidUpsertKeyType"),
            (
                ["properties": ["serverKeyType": "AzureKeyVault"]], Rehearsal.nameA,
                "SecurityAzureKeyVaultUrlNullOrEmpty"
            ),
            (
                ["properties": ["serverKeyType": "AzureKeyVault", "uri": "https://example.com/x"]], Rehearsal.nameA,
                "AzureKeyVaultMalformedVaultUri"
            ),
            (
                ["properties": ["serverKeyType": "AzureKeyVault", "uri": .string(Rehearsal.keyA)]], Rehearsal.nameB,
                "InvalidKeyName"
            ),
        ] as [(JSON, String, String)])
    func `a malformed registration is refused at once`(body: JSON, name: String, code: String) throws {
        var drill = try Rehearsal()
        #expect(drill.follow("PUT", "\(Rehearsal.servers)/first/keys/\(name)", body) == code)
    }

    @Test func `a repeated registration is a conflict, or is accepted where the scenario says so`() throws {
        for (setting, expected) in [("conflict", "ServerKeyNameAlreadyExists"), ("accept", "200")] {
            var drill = try Rehearsal { $0.set("cloud", "repeated-key-put", to: .string(setting)) }
            #expect(drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "first") == "Succeeded")
            #expect(drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "first") == expected)
            #expect(drill.effects == ["server-key.registered"])
        }
    }

    @Test func `a key in use can't be removed, an unused one can, and an absent one is no error`() throws {
        var drill = try Rehearsal()
        let keys = "\(Rehearsal.servers)/first/keys"
        #expect(drill.follow("DELETE", "\(keys)/\(Rehearsal.oldName)") == "AzureKeyVaultKeyInUse")
        #expect(drill.follow("DELETE", "\(keys)/\(Rehearsal.nameA)") == "204")
        #expect(drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "first") == "Succeeded")
        #expect(drill.follow("DELETE", "\(keys)/\(Rehearsal.nameA.uppercased())") == "Succeeded")
        #expect(drill.effects == ["server-key.registered", "server-key.removed"])
    }

    @Test func `the secondary keeps what the primary is protected with`() throws {
        var drill = try Rehearsal()
        #expect(drill.register(Rehearsal.keyB, as: Rehearsal.nameB, on: "first") == "Succeeded")
        #expect(drill.register(Rehearsal.keyB, as: Rehearsal.nameB, on: "second") == "Succeeded")
        #expect(drill.protect("second", with: Rehearsal.nameB) == "Succeeded")
        let key = "\(Rehearsal.servers)/second/keys/\(Rehearsal.oldName)"
        #expect(drill.follow("DELETE", key) == "AzureKeyVaultKeyUsedOnGeoPrimary")
    }

    @Test func `an unregistered key is no protector, and the same protector again is no effect`() throws {
        var drill = try Rehearsal()
        #expect(drill.protect("first", with: Rehearsal.nameA) == "ServerKeyDoesNotExists")
        #expect(drill.protect("first", with: Rehearsal.oldName) == "Succeeded")
        #expect(drill.effects.isEmpty)
        let serviceManaged: JSON = [
            "properties": ["serverKeyType": "ServiceManaged", "serverKeyName": "ServiceManaged"]
        ]
        let path = "\(Rehearsal.servers)/first/encryptionProtector/current"
        #expect(drill.follow("PUT", path, serviceManaged) == "Succeeded")
        #expect(drill.get(path)["kind"] == "servicemanaged")
    }

    @Test func `a protector's answer has no thumbprint, and the list always holds the service-managed key`() throws {
        var drill = try Rehearsal()
        let properties = drill.get("\(Rehearsal.servers)/first/encryptionProtector/current")["properties"]?.object
        #expect(properties?.keys.sorted() == ["autoRotationEnabled", "serverKeyName", "serverKeyType", "uri"])
        let names = drill.get("\(Rehearsal.servers)/first/keys")["value"]?.array?.compactMap { $0["name"]?.string }
        #expect(names == [Rehearsal.oldName, "ServiceManaged"])
    }
}
