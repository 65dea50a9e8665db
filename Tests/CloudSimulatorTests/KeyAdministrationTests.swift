// SPDX-License-Identifier: Apache-2.0

import MusterModel
import Testing

@testable import CloudSimulator

/// Making and taking away vaults, Managed HSMs, keys, roles and groups, against the API descriptions and by their rules.
@Suite struct KeyAdministrationTests {
    private static let hsms = "\(Rehearsal.group)/providers/Microsoft.KeyVault/managedHSMs"
    private static let subscription = "/subscriptions/22222222-2222-2222-2222-222222222222/providers/Microsoft.KeyVault"
    private static let version = "2026-02-01"
    private static let somebody = "77777777-7777-7777-7777-777777777777"
    private static let user = "21dbd100-6940-42c2-9190-5d6cb909625b"

    private func drill(_ change: (inout JSON) -> Void = { _ in }) throws -> Rehearsal {
        try Rehearsal { document in
            document.set("cloud", "managed-hsms", to: ["hsm1": ["location": "eastus"]])
            document.set("cloud", "groups", to: ["nodes": ["members": [.string(Self.somebody)]]])
            change(&document)
        }
    }

    @Test func `answers of all operations have the shape that the API descriptions give`() throws {
        var drill = try drill()
        manageVaults(&drill)
        manageHSMs(&drill)
        try manageKeys(&drill)
        try grantLocally(&drill)
        try manageGroups(&drill)
        let operations = Set(drill.world.requests.entries.map(\.operation))
        let missing = Set(AzureWorld.keyAdministrationNames).subtracting(operations)
        #expect(missing.isEmpty, "not in the session: \(missing.sorted())")
        for (exchange, verdict) in zip(drill.exchanges, try ContractTests.verdicts(drill.exchanges)) {
            #expect(
                ContractTests.offences(verdict).isEmpty,
                "\(exchange.canonicalText.prefix(600))\n\(verdict.canonicalText)"
            )
        }
    }

    private static func vault(_ more: [String: JSON] = [:]) -> JSON {
        let properties: [String: JSON] = [
            "tenantId": "11111111-1111-1111-1111-111111111111", "sku": ["family": "A", "name": "premium"],
            "enableRbacAuthorization": true, "enablePurgeProtection": true,
        ]
        return ["location": "eastus", "properties": .object(properties.merging(more) { $1 })]
    }

    private func manageVaults(_ drill: inout Rehearsal) {
        let path = "\(Rehearsal.vaults)/made"
        for body in [Self.vault(), Self.vault(["enablePurgeProtection": false])] {
            _ = drill.call("PUT", path, body, version: Self.version)
        }
        for _ in 0..<2 { _ = drill.call("DELETE", path, version: Self.version) }
        _ = drill.call("GET", "\(Self.subscription)/locations/eastus/deletedVaults/made", version: Self.version)
        for body in [Self.vault(), Self.vault(["createMode": "recover"]), Self.vault(["createMode": "recover"])] {
            _ = drill.call("PUT", path, body, version: Self.version)
        }
    }

    private func manageHSMs(_ drill: inout Rehearsal) {
        let body: JSON = [
            "location": "eastus", "sku": ["family": "B", "name": "Standard_B1"],
            "properties": [
                "tenantId": "11111111-1111-1111-1111-111111111111", "initialAdminObjectIds": [.string(Self.somebody)],
                "enablePurgeProtection": true,
            ],
        ]
        let accepted = drill.call("PUT", "\(Self.hsms)/made", body, version: Self.version)
        let url = accepted.headers["location"] ?? ""
        #expect(accepted.status == 202 && drill.poll(url).status == 202)
        drill.pass(.seconds(1500))
        #expect(drill.poll(url).status == 200)
        for path in ["\(Self.hsms)/made", "\(Self.hsms)/none", Self.hsms, "\(Self.subscription)/managedHSMs"] {
            _ = drill.call("GET", path, version: Self.version)
        }
        _ = drill.call("DELETE", "\(Self.hsms)/made", version: Self.version)
        for path in ["locations/eastus/deletedManagedHSMs/made", "deletedManagedHSMs"] {
            _ = drill.call("GET", "\(Self.subscription)/\(path)", version: Self.version)
        }
    }

    private func manageKeys(_ drill: inout Rehearsal) throws {
        let keys = try token(&drill, "https://vault.azure.net/.default")
        let host = "vaulta.vault.localhost:8080"
        let wish: JSON = ["kty": "RSA", "key_size": 3072, "attributes": ["enabled": true]]
        for (method, path, body) in [
            ("POST", "/keys/new/create", wish), ("POST", "/keys/new/create", ["kty": "oct-HSM"]),
            ("PUT", "/keys/own", ["key": ["kty": "RSA-HSM", "key_hsm": "e30"]]),
            ("GET", "/keys/new/rotationpolicy", nil),
            ("PATCH", "/keys/new/", ["attributes": ["enabled": false]]), ("DELETE", "/keys/new", nil),
            ("POST", "/keys/new/create", wish), ("POST", "/deletedkeys/new/recover", nil),
        ] as [(String, String, JSON?)] {
            _ = send(&drill, method, host, path + "?api-version=7.5", keys, body)
        }
    }

    private func grantLocally(_ drill: inout Rehearsal) throws {
        let token = try token(&drill, "https://managedhsm.azure.net/.default")
        let roles = "/providers/Microsoft.Authorization/roleAssignments"
        let one = "\(roles)/88888888-0000-0000-0000-000000000001"
        let definition = "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/\(Self.user)"
        let body: JSON = [
            "properties": ["roleDefinitionId": .string(definition), "principalId": .string(Self.somebody)]
        ]
        for (method, path) in [
            ("PUT", one), ("PUT", one), ("GET", one), ("GET", roles), ("DELETE", one), ("DELETE", one),
        ] {
            _ = send(
                &drill, method, "hsm1.managedhsm.localhost:8080", path + "?api-version=7.5", token,
                method == "PUT" ? body : nil)
        }
    }

    private func manageGroups(_ drill: inout Rehearsal) throws {
        let token = try token(&drill, "https://graph.microsoft.com/.default")
        let wish: JSON = ["displayName": "new", "mailNickname": "new", "mailEnabled": false, "securityEnabled": true]
        let made = send(&drill, "POST", "graph.microsoft.com", "/v1.0/groups", token, wish)
        let group = "/v1.0/groups/\(made.json?["id"]?.string ?? "")"
        let member: JSON = [
            "@odata.id": .string("https://graph.microsoft.com/v1.0/directoryObjects/\(Self.somebody)")
        ]
        for (method, path, body) in [
            ("GET", "/v1.0/groups?$filter=displayName%20eq%20'nodes'", nil), ("GET", group, nil),
            ("POST", "\(group)/members/$ref", member), ("POST", "\(group)/members/$ref", member),
            ("GET", "\(group)/members", nil), ("DELETE", "\(group)/members/\(Self.somebody)/$ref", nil),
            ("DELETE", "\(group)/members/\(Self.somebody)/$ref", nil), ("DELETE", group, nil), ("GET", group, nil),
        ] as [(String, String, JSON?)] { _ = send(&drill, method, "graph.microsoft.com", path, token, body) }
    }

    private func token(_ drill: inout Rehearsal, _ scope: String) throws -> String {
        let token = drill.signIn(scope)
        return try #require(token)
    }

    private func send(
        _ drill: inout Rehearsal, _ method: String, _ host: String, _ target: String, _ token: String, _ body: JSON?
    ) -> SimulatedResponse {
        drill.send(
            SimulatedRequest(
                method, host: host, target: target, headers: ["Authorization": "Bearer \(token)"],
                body: body?.canonicalBytes() ?? [], scheme: "https"))
    }

    // MARK: Rules

    @Test func `purge protection stays on, and a deleted vault keeps its name`() throws {
        var drill = try drill()
        let path = "\(Rehearsal.vaults)/vaulta"
        let off = drill.call("PUT", path, Self.vault(["enablePurgeProtection": false]), version: Self.version)
        #expect(off.status == 400)
        _ = drill.call("DELETE", path, version: Self.version)
        #expect(drill.call("PUT", path, Self.vault(), version: Self.version).status == 409)
        #expect(drill.call("PUT", path, Self.vault(["createMode": "recover"]), version: Self.version).status == 200)
        #expect(drill.effects == ["vault.deleted", "vault.recovered"])
    }

    @Test func `a token for one service is refused by the others`() throws {
        var drill = try drill()
        let vault = try token(&drill, "https://vault.azure.net/.default")
        for (host, path) in [
            ("hsm1.managedhsm.localhost:8080", "/keys?api-version=7.5"), ("graph.microsoft.com", "/v1.0/groups"),
        ] { #expect(send(&drill, "GET", host, path, vault, nil).status == 401) }
    }

    @Test func `a member that was added counts for the group at once or later, as the scenario says`() throws {
        for (delay, counts) in [("0s", true), ("2h", false)] {
            var drill = try drill { $0.set("cloud", "group-propagation", to: .string(delay)) }
            let token = try token(&drill, "https://graph.microsoft.com/.default")
            let group = try #require(drill.world.state.directory.groups.first?.id)
            let principal = try #require(drill.world.state.servers[CaselessName("first")]?.principal)
            let member: JSON = [
                "@odata.id": .string("https://graph.microsoft.com/v1.0/directoryObjects/\(principal)")
            ]
            let added = send(
                &drill, "POST", "graph.microsoft.com", "/v1.0/groups/\(group)/members/$ref", token, member)
            #expect(added.status == 204)
            #expect(drill.world.grantees(of: principal, at: drill.now).contains(group) == counts)
        }
    }
}
