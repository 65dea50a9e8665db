// SPDX-License-Identifier: Apache-2.0

import CloudHTTP
import CloudSteps
import MusterModel
import Testing

@testable import AzureClient
@testable import AzureSteps
@testable import FailoverGroupKeySwap

private let principal = "9e89513c-c521-5f55-af88-21a329b1fe43"
private let vaultID =
    "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv1"
private let encryptionUser = "/providers/Microsoft.Authorization/roleDefinitions/e147488a-f6f5-4113-8e2d-b22465e65bf6"
private let now = Timestamp("2026-03-10T12:00:00Z")!

/// Tokens, a list of role assignments, and one custom role.
private struct RoleTransport: HTTPTransport {
    var assignments: JSON
    var dataActions: JSON = []

    func send(_ request: HTTPRequest, timeout: Duration) async throws(TransportError) -> HTTPResponse {
        let body: JSON =
            if request.url.path.hasSuffix("/token") {
                ["access_token": "t", "expires_in": 3599]
            } else if request.url.path.hasSuffix("/roleAssignments") {
                ["value": assignments]
            } else {
                ["properties": ["permissions": [["dataActions": dataActions]]]]
            }
        return HTTPResponse(status: 200, body: body.canonicalBytes())
    }
}

/// A grant as the service lists it; what a case gives replaces the plain one.
private func grant(_ change: [String: JSON] = [:]) -> JSON {
    let plain: [String: JSON] = [
        "roleDefinitionId": .string(encryptionUser), "principalId": .string(principal), "scope": .string(vaultID),
        "createdOn": "2026-03-10T11:00:00.1234567Z",
    ]
    return ["id": "a", "properties": .object(plain.merging(change) { $1 })]
}

struct KeyAccessTests {
    private func finding(
        _ transport: RoleTransport, vault: JSON? = ["enableRbacAuthorization": true], kind: VaultHosts.Kind = .vault
    ) async throws -> Finding {
        let section: JSON = ["tenant": "t", "credential": ["type": "client-secret", "client-id": "c", "secret": "s"]]
        let time = TimeSource(read: { Instant(wall: now, boot: 0) }, sleep: { _ in }, random: { 0 })
        let client = AzureClient(try AzureConnection(section), transport: transport, time: time)
        let missing = AzureError(status: 403, code: "AuthorizationFailed", "no")
        let id = try #require(ResourceID("/subscriptions/s/resourceGroups/g/providers/Microsoft.Sql/servers/server-a"))
        let json: JSON = [
            "id": .string(id.text), "name": "server-a", "properties": [:],
            "identity": ["principalId": .string(principal)],
        ]
        let server = ServerView(
            id: id, server: .success(try json.decode()), keys: .success([]), protector: .failure(missing),
            operations: .success([]), inaccessible: .success([]), groups: .success([]))
        let key = try #require(KeyIdentifier("https://kv1.vault.azure.net/keys/k1/29497babb0cb4af58a773104a5dd61e5"))
        let found = try vault.map { properties -> Vault in
            try (["id": .string(vaultID), "name": "kv1", "properties": properties] as JSON).decode()
        }
        let view = KeyView(id: key, key: .failure(missing), vault: .success(found), kind: kind, now: now)
        return try await KeyAccess(
            view: view, server: server, azure: client.calls(RequestContext(deadline: Deadline(boot: .max)))
        ).finding()
    }

    @Test(arguments: [
        grant(), grant(["scope": "/subscriptions/22222222-2222-2222-2222-222222222222"]),
        grant(["scope": .string(vaultID + "/keys/K1")]),
    ])
    func `an old grant to the identity itself is effective`(assignment: JSON) async throws {
        guard case .met = try await finding(RoleTransport(assignments: [assignment])) else {
            Issue.record("not met")
            return
        }
    }

    @Test(arguments: [
        (grant(["principalId": "77777777-7777-7777-7777-777777777777"]), "through a group"),
        (grant(["condition": "x"]), "condition"),
        (grant(["createdOn": .null]), "since when"),
    ])
    func `a grant whose effect cannot be known is unverifiable`(assignment: JSON, says: String) async throws {
        guard case .unverifiable(let text) = try await finding(RoleTransport(assignments: [assignment])) else {
            Issue.record("not unverifiable")
            return
        }
        #expect(text.contains(says))
    }

    @Test(arguments: [
        grant(["scope": .string(vaultID + "/keys/other")]), grant(["scope": .string(vaultID + "2")]),
        grant(["roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/custom"]),
        grant(["createdOn": "2026-03-10T11:55:00Z"]),
    ])
    func `a grant elsewhere, of another role or too young is no grant`(assignment: JSON) async throws {
        let transport = RoleTransport(assignments: [assignment], dataActions: ["Microsoft.KeyVault/vaults/keys/read"])
        guard case .unmet = try await finding(transport) else {
            Issue.record("not unmet")
            return
        }
    }

    @Test func `a custom role counts by its data actions`() async throws {
        let custom = grant(["roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/custom"])
        guard
            case .met = try await finding(
                RoleTransport(assignments: [custom], dataActions: ["Microsoft.KeyVault/vaults/keys/*"]))
        else {
            Issue.record("not met")
            return
        }
    }

    @Test func `a Managed HSM, an unknown vault and a closed one are told apart`() async throws {
        let transport = RoleTransport(assignments: [grant()])
        guard case .unverifiable(let hsm) = try await finding(transport, vault: nil, kind: .managedHSM),
            case .unverifiable(let unknown) = try await finding(transport, vault: nil),
            case .unmet(let closed) = try await finding(
                transport, vault: ["publicNetworkAccess": "Disabled", "networkAcls": ["bypass": "None"]])
        else {
            Issue.record("a verdict is wrong")
            return
        }
        #expect(hsm.contains("Managed HSM"))
        #expect(unknown.contains("no subscription that is known"))
        #expect(closed.contains("firewall"))
    }
}
