// SPDX-License-Identifier: Apache-2.0

import CloudHTTP
import Foundation
import MusterModel
import Testing

@testable import AzureClient

private let groupID = "55555555-5555-5555-5555-555555555555"
private let machine = "66666666-6666-6666-6666-666666666666"
private let officer = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
private let place = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/g/providers/Microsoft.KeyVault"
private let vault = ResourceID("\(place)/vaults/kv1")!
private let hsm = ResourceID("\(place)/managedHSMs/hsm1")!
private let key: JSON = [
    "key": ["kid": "https://kv1.vault.azure.net/keys/k/29497babb0cb4af58a773104a5dd61e5", "kty": "RSA"],
    "attributes": ["enabled": true],
]
private let group: JSON = ["id": .string(groupID), "displayName": "oracle-nodes", "securityEnabled": true]

/// As an HSM's tool writes it, with no key in it.
private func transfer() throws -> KeyTransfer {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("transfer-\(UUID())")
    try Data(
        #"{"schema_version":"1.0.0","header":{"kid":"k","alg":"dir","enc":"CKM_RSA_AES_KEY_WRAP"},"ciphertext":"AAAA"}"#
            .utf8
    )
    .write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }  // What stays behind is no fault of what was tested.
    return try KeyTransfer(file: file.path)
}

/// Vaults, Managed HSMs, their keys, roles and groups: what is sent, and what is made of the answers.
struct KeyAdministrationTests {
    @Test func `every request fits the specifications`() async throws {
        let bench = try Bench(replies)
        let calls = bench.calls()
        try await manage(calls)
        try await useKeys(calls)
        try await grant(calls)
        try await callGraph(calls.graph)
        try checkContract(bench.transport.serviceRequests, atLeast: 30)
    }

    private var replies: [ScriptedTransport.Reply] {
        let vaultJSON: JSON = ["id": .string(vault.text), "name": "kv1", "properties": [:]]
        let hsmJSON: JSON = ["id": .string(hsm.text), "name": "hsm1", "properties": [:]]
        let deleted: JSON = ["name": "kv1", "properties": ["vaultId": .string(vault.text)]]
        let list: JSON = ["value": []]
        return [
            .answer(vaultJSON), .answer(deleted), .answer(vaultJSON), .answer(vaultJSON), .answer([:]),
            .answer(hsmJSON), .answer(deleted), .answer(hsmJSON), .answer(hsmJSON), .answer([:]),
        ] + [key, list, list, key, ["lifetimeActions": []], key, key, key, key].map { .answer($0) }
            + [list, [:], [:], list, [:], [:]].map { .answer($0) }
            + [list, group, group, [:], list, [:], [:]].map { .answer($0) }
    }

    private func manage(_ calls: AzureCalls) async throws {
        let wish = VaultWish(location: "eastus", tenant: tenant, tier: .premium, retentionDays: 90, publicAccess: false)
        _ = try await calls.vaults.vaultIfAny(vault)
        _ = try await calls.vaults.deletedVault(vault, location: "East US")
        try await calls.vaults.create(vault, wish)
        try await calls.vaults.recover(vault, location: "eastus", tenant: tenant, tier: .premium)
        try await calls.vaults.delete(vault)
        let large = ManagedHSMWish(
            location: "eastus", tenant: tenant, sku: "Standard_B1", administrators: [machine], retentionDays: 7,
            publicAccess: false)
        _ = try await calls.managedHSMs.hsmIfAny(hsm)
        _ = try await calls.managedHSMs.deletedHSM(hsm, location: "eastus")
        try await calls.managedHSMs.create(hsm, large)
        try await calls.managedHSMs.recover(hsm, large)
        try await calls.managedHSMs.delete(hsm)
    }

    private func useKeys(_ calls: AzureCalls) async throws {
        let keys = calls.keyVault
        let home = try keys.home("https://kv1.vault.azure.net/")
        _ = try await keys.key("k", in: home)
        _ = try await keys.versions(of: "k", in: home)
        _ = try await keys.keys(in: home)
        _ = try await keys.deletedKey("k", in: home)
        _ = try await keys.rotationPolicy(of: "k", in: home)
        _ = try await keys.create("k", KeyWish(type: .rsa, size: 4096), in: home)
        _ = try await keys.create(
            "k", KeyWish(type: .octHSM, size: 256), in: keys.home("https://hsm1.managedhsm.azure.net/"))
        _ = try await keys.importKey("k", transfer: try transfer(), in: home)
        _ = try await keys.recover("k", in: home)
    }

    private func grant(_ calls: AzureCalls) async throws {
        let grant = RoleGrant(scope: vault, role: officer, principal: groupID, type: .group, mark: "m")
        _ = try await calls.authorization.directAssignments(at: vault, of: groupID)
        try await calls.authorization.assign(grant)
        try await calls.authorization.remove(grant.name, at: vault)
        let home = try calls.keyVault.home("https://hsm1.managedhsm.azure.net/")
        let local = LocalRoleGrant(
            hsm: "hsm1", role: "21dbd100-6940-42c2-9190-5d6cb909625b", principal: groupID, mark: "m")
        _ = try await calls.localRoles.assignments(in: home)
        try await calls.localRoles.assign(local, in: home)
        try await calls.localRoles.remove(local.name, in: home)
    }

    private func callGraph(_ graph: GraphOperations) async throws {
        _ = try await graph.groups(named: "Oracle's nodes")
        _ = try await graph.createGroup(named: "oracle-nodes", description: "made by a run")
        _ = try await graph.group(groupID)
        try await graph.add(machine, to: groupID)
        _ = try await graph.members(of: groupID)
        try await graph.remove(machine, from: groupID)
        try await graph.deleteGroup(groupID)
    }
}

struct KeyAdministrationSafetyTests {
    @Test func `a quote in a group's name cannot change the question`() async throws {
        let bench = try Bench([.answer(["value": []])])
        _ = try await bench.calls().graph.groups(named: "x' or displayName ne 'x")
        let url = try #require(bench.transport.serviceRequests.first?.url.text)
        #expect(url.contains("displayName%20eq%20%27x%27%27%20or%20displayName%20ne%20%27%27x%27"))
    }

    @Test func `a lost answer to a key's creation or import is not sent again`() async throws {
        for import_ in [false, true] {
            let lost = TransportError(.connectionLost, "lost")
            let bench = try Bench([.failure(lost), .answer(key)])
            let keys = bench.calls().keyVault
            let home = try keys.home("https://kv1.vault.azure.net/")
            let error = await azureError {
                import_
                    ? try await keys.importKey("k", transfer: try transfer(), in: home)
                    : try await keys.create("k", KeyWish(type: .rsa, size: 2048), in: home)
            }
            #expect(error?.advice == .unknownOutcome && bench.transport.serviceRequests.count == 1)
        }
    }

    @Test func `a member that is one already is no error, any other refusal is`() async throws {
        let known: JSON = [
            "error": [
                "code": "Request_BadRequest",
                "message":
                    "One or more added object references already exist for the following modified properties: 'members'.",
            ]
        ]
        let other: JSON = ["error": ["code": "Request_BadRequest", "message": "Invalid object identifier."]]
        let bench = try Bench([.answer(known, status: 400), .answer(other, status: 400)])
        try await bench.calls().graph.add(machine, to: groupID)
        #expect(await azureError { try await bench.calls().graph.add(machine, to: groupID) }?.status == 400)
    }

    @Test func `a role that is granted already under another name is no error`() async throws {
        let conflict: JSON = ["error": ["code": "RoleAssignmentExists", "message": "It already exists."]]
        let bench = try Bench([.answer(conflict, status: 409)])
        let grant = RoleGrant(scope: vault, role: officer, principal: groupID, type: .group, mark: "m")
        try await bench.calls().authorization.assign(grant)
        #expect(bench.transport.serviceRequests.count == 1)
    }

    @Test func `a grant's name is the same for the same grant, and differs with each part`() {
        let one = RoleGrant(scope: vault, role: officer, principal: groupID, type: .group, mark: "m")
        let same = RoleGrant(
            scope: ResourceID(vault.text.uppercased())!, role: officer.uppercased(), principal: groupID, type: .group,
            mark: "m")
        #expect(one.name == same.name && RequestID.isUUID(one.name))
        let others = [
            RoleGrant(scope: hsm, role: officer, principal: groupID, type: .group, mark: "m"),
            RoleGrant(scope: vault, role: machine, principal: groupID, type: .group, mark: "m"),
            RoleGrant(scope: vault, role: officer, principal: machine, type: .group, mark: "m"),
            RoleGrant(scope: vault, role: officer, principal: groupID, type: .group, mark: "n"),
        ]
        #expect(Set(others.map(\.name)).union([one.name]).count == 5)
    }

    @Test func `what is absent is nil, a missing resource group is an error`() async throws {
        let absent: JSON = ["error": ["code": "ResourceNotFound", "message": "not found"]]
        let noGroup: JSON = ["error": ["code": "ResourceGroupNotFound", "message": "not found"]]
        let bench = try Bench([
            .answer(absent, status: 404), .success(HTTPResponse(status: 204)), .answer(noGroup, status: 404),
        ])
        let calls = bench.calls()
        #expect(try await calls.vaults.vaultIfAny(vault) == nil)
        #expect(try await calls.managedHSMs.hsmIfAny(hsm) == nil)
        #expect(await azureError { try await calls.vaults.vaultIfAny(vault) }?.code == "ResourceGroupNotFound")
    }

    @Test func `no token goes to a vault outside of the cloud`() async throws {
        let bench = try Bench([])
        let error = await azureError { try bench.calls().keyVault.home("https://kv1.vault.example.com/") }
        #expect(error?.code == "azure.foreign-key-host" && bench.transport.requests.isEmpty)
    }
}
