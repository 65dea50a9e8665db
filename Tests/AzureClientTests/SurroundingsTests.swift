// SPDX-License-Identifier: Apache-2.0

import CloudHTTP
import Foundation
import MusterModel
import Testing

@testable import AzureClient

private let subscriptionID = "22222222-2222-2222-2222-222222222222"
private let group = ResourceID("/subscriptions/\(subscriptionID)/resourceGroups/g")!
private let vault = group.below("Microsoft.KeyVault/vaults/kv1")
private let workspaceID = "55555555-5555-5555-5555-555555555555"
private let start = Timestamp("2026-03-10T11:00:00Z")!
private let end = Timestamp("2026-03-10T12:00:00Z")!

extension ResourceID {
    fileprivate func below(_ path: String) -> ResourceID { ResourceID("\(text)/providers/\(path)")! }
}

struct SurroundingsTests {
    @Test func `all requests fit the specifications`() async throws {
        let network = group.below("Microsoft.Network/virtualNetworks/n")
        let replies: [ScriptedTransport.Reply] = (0..<15).map { _ in .answer(Self.anything) }
        let bench = try Bench(replies)
        let calls = bench.calls()
        _ = try await calls.network.subnet(ResourceID("\(network)/subnets/s")!)
        _ = try await calls.network.natGateway(group.below("Microsoft.Network/natGateways/out"))
        _ = try await calls.network.privateEndpoints(subscription: subscriptionID)
        _ = try await calls.network.dnsZoneGroups(of: group.below("Microsoft.Network/privateEndpoints/e"))
        _ = try await calls.network.links(of: group.below("Microsoft.Network/privateDnsZones/z.example"))
        _ = try await calls.arc.machine(group.below("Microsoft.HybridCompute/machines/node1"))
        _ = try await calls.arc.machines(in: group)
        _ = try await calls.arc.privateLinkScope(group.below("Microsoft.HybridCompute/privateLinkScopes/arc"))
        _ = try await calls.providers.provider("Microsoft.HybridCompute", subscription: subscriptionID)
        _ = try await calls.providers.feature("F", of: "Microsoft.Network", subscription: subscriptionID)
        _ = try await calls.diagnostics.settings(of: vault)
        _ = try await calls.diagnostics.workspace(group.below("Microsoft.OperationalInsights/workspaces/logs"))
        _ = try await calls.vmClusters.cluster(group.below("Oracle.Database/cloudVmClusters/c"))
        _ = try await calls.authorization.permissions(at: group)
        _ = try await calls.logs.query("AZKVAuditLogs | take 1", workspace: workspaceID, from: start, to: end)
        try checkContract(bench.transport.serviceRequests, atLeast: 15)
    }

    /// The checker leaves this operation out, for its path would fit those of many others.
    @Test func `a resource's permissions are asked for where the specification has them`() async throws {
        let bench = try Bench([.answer(Self.anything)])
        _ = try await bench.calls().authorization.permissions(at: vault)
        let specification = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Contract/specs/specification/authorization/resource-manager/Microsoft.Authorization/stable/2022-04-01/"
                + "authorization-RoleDefinitionsCalls.json")
        let paths = try JSON.parse([UInt8](Data(contentsOf: specification)))["paths"]?.object ?? [:]
        let operation = try #require(paths.first { $0.value["get"]?["operationId"] == "Permissions_ListForResource" })
        // A vault has no parent.
        let filled = [
            "{subscriptionId}": subscriptionID, "{resourceGroupName}": "g",
            "{resourceProviderNamespace}": "Microsoft.KeyVault", "{parentResourcePath}/": "",
            "{resourceType}": "vaults", "{resourceName}": "kv1",
        ].reduce(operation.key) { $0.replacing($1.key, with: $1.value) }
        let asked = try #require(bench.transport.serviceRequests.first)
        #expect(asked.method == .get)
        #expect(
            asked.url.text.lowercased()
                == "https://management.azure.com\(filled)?api-version=2022-04-01".lowercased())
    }

    private static let anything: JSON = [
        "id": .string(vault.text), "name": "n", "namespace": "N", "properties": [:], "value": [],
        "tables": [["name": "PrimaryResult", "columns": [], "rows": []]],
    ]

    @Test func `a query is asked again after a lost answer, for it changes nothing`() async throws {
        let table: JSON = ["tables": [["columns": [["name": "Oid"], ["name": "Uses"]], "rows": [["a", 3]]]]]
        let bench = try Bench([.failure(TransportError(.connectionLost, "lost")), .answer(table)])
        let found = try await bench.calls().logs.query("q", workspace: workspaceID, from: start, to: end)
        #expect(bench.transport.serviceRequests.count == 2)
        #expect(found.rows.map { found.value("uses", in: $0) } == [3])
        let body = try JSON.parse(try #require(bench.transport.serviceRequests.first?.body))
        #expect(body["timespan"] == "2026-03-10T11:00:00.000Z/2026-03-10T12:00:00.000Z")
    }

    @Test func `a part of the logs never passes for the whole`() async throws {
        let partial: JSON = [
            "tables": [["columns": [], "rows": []]], "error": ["code": "PartialError", "message": "later"],
        ]
        let bench = try Bench([.answer(partial)])
        let error = await azureError {
            try await bench.calls().logs.query("q", workspace: workspaceID, from: start, to: end)
        }
        #expect(error?.code == "azure.partial-answer")
        #expect(error?.advice == .retryable)
    }

    @Test func `a grant counts without what it excepts`() async throws {
        let bench = try Bench([
            .answer(["value": [["actions": ["*"], "notActions": ["Microsoft.Authorization/*/write"]]]])
        ])
        let grants = try await bench.calls().authorization.permissions(at: group)
        #expect(grants.contains { $0.allows("Microsoft.KeyVault/vaults/write") })
        #expect(!grants.contains { $0.allows("Microsoft.Authorization/roleAssignments/write") })
        #expect(!grants.contains { $0.allowsData("Microsoft.KeyVault/vaults/keys/read") })
    }

    @Test func `a machine says since when it is what it is`() async throws {
        let bench = try Bench([
            .answer([
                "id": .string("\(group)/providers/Microsoft.HybridCompute/machines/node1"), "name": "node1",
                "identity": ["principalId": "p"],
                "properties": ["status": "Disconnected", "lastStatusChange": "2026-03-10T11:00:00.1234567Z"],
            ])
        ])
        let machine = try await bench.calls().arc.machine(group.below("Microsoft.HybridCompute/machines/node1"))
        #expect(!machine.isConnected)
        #expect(machine.changedAt == start)
    }
}
