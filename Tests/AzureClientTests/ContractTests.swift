// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import Foundation
import MusterModel
import Synchronization
import Testing

@testable import AzureClient

/// Keeps every request and answers each so that the operation goes on to its end.
private final class CollectingTransport: HTTPTransport {
    private let state = Mutex([HTTPRequest]())
    var requests: [HTTPRequest] { state.withLock { $0 } }

    func send(_ request: HTTPRequest, timeout: Duration) async throws(TransportError) -> HTTPResponse {
        state.withLock { $0.append(request) }
        let path = request.url.path
        if path.hasSuffix("/token") {
            return .json(["access_token": "t", "expires_in": 3599, "expires_on": "1773230400"])
        }
        if request.method != .get {
            let base =
                "https://management.azure.com/subscriptions/22222222-2222-2222-2222-222222222222/providers/Microsoft.Sql/locations/westeurope"
            let kind =
                path.contains("/keys/")
                ? "serverKey" : path.contains("encryptionProtector") ? "encryptionProtector" : "failoverGroup"
            let id = "5aa08b50-fe57-44c0-9e06-2a84623f5d45?api-version=2023-08-01"
            return .json(
                [:], status: 202,
                headers: [
                    "Azure-AsyncOperation": "\(base)/\(kind)AzureAsyncOperation/\(id)",
                    "Location": "\(base)/\(kind)OperationResults/\(id)",
                ])
        }
        return .json(Self.answer(path))
    }

    private static func answer(_ path: String) -> JSON {
        let properties: JSON = [
            "serverKeyType": "AzureKeyVault", "partnerServers": [], "state": "Enabled", "permissions": [],
        ]
        let one: [String: JSON] = [
            "id": .string(server.text), "name": "n", "status": "Succeeded", "properties": properties, "value": [],
            "key": ["kid": .string(keyB.text), "kty": "RSA"], "attributes": [:],
        ]
        return .object(one)
    }
}

/// Every request that the client can build, against the vendor's descriptions.
struct ContractTests {
    private let role =
        "/subscriptions/22222222-2222-2222-2222-222222222222/providers/Microsoft.Authorization/roleDefinitions/e147488a-f6f5-4113-8e2d-b22465e65bf6"
    private let vault = ResourceID(
        "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/g/providers/Microsoft.KeyVault/vaults/testanu2"
    )!

    @Test func `all requests fit the specifications`() async throws {
        let requests = try await allRequests([:]).filter { $0.url.path != "/msi/token" }
        try checkContract(requests, atLeast: 30)
    }

    /// The official description of this interface version carries patterns and lengths that the SDK's does not.
    @Test func `the SQL requests fit the official preview specification too`() async throws {
        let version = "2023-08-01-preview"
        let requests = try await allRequests(["api-versions": ["Microsoft.Sql": .string(version)]])
        let covered = requests.filter { request in
            request.url.query.contains("api-version=\(version)")
                && !request.url.path.lowercased().hasSuffix("databases")
                && !request.url.path.hasSuffix("/operations")
        }
        try checkContract(covered, atLeast: 14)
    }

    private func allRequests(_ more: [String: JSON]) async throws -> [HTTPRequest] {
        let transport = CollectingTransport()
        let client = AzureClient(
            try AzureConnection(azureSection(more)), transport: transport, time: ManualTime().source)
        let calls = client.calls(RequestContext(deadline: Deadline(boot: .max)))
        try await callSQL(calls.sql)
        _ = try await calls.keyVault.key(keyB)
        _ = try await calls.keyVault.versions(of: keyB)
        _ = try await calls.vaults.vault(vault)
        _ = try await calls.vaults.find(name: "testanu2", subscription: "22222222-2222-2222-2222-222222222222")
        _ = try await calls.authorization.assignments(at: vault, to: tenant)
        _ = try await calls.authorization.roleDefinition(role)
        for credential in [
            ["identity-endpoint": "http://127.0.0.1:41000/msi/token", "identity-header": "h"],
            [
                "identity-endpoint": "http://localhost:40342/metadata/identity/oauth2/token",
                "imds-endpoint": "http://localhost:40342",
            ], [:],
        ] as [[String: JSON]] {
            let connection = try AzureConnection(
                azureSection(["credential": .object(credential.merging(["type": "managed-identity"]) { $1 })]))
            let client = AzureClient(connection, transport: transport, time: ManualTime().source)
            _ = try await client.calls(RequestContext(deadline: Deadline(boot: .max))).sql.server(server)
        }
        return transport.requests
    }

    private func callSQL(_ sql: SQLOperations) async throws {
        _ = try await sql.server(server)
        _ = try await sql.keys(server)
        _ = try await sql.key(server, keyB.serverKeyName)
        _ = try await sql.protector(server)
        _ = try await sql.failoverGroups(server)
        _ = try await sql.failoverGroup(server, "fg1")
        _ = try await sql.replicationLinks(server)
        _ = try await sql.databases(server)
        _ = try await sql.inaccessibleDatabases(server)
        _ = try await sql.transparentDataEncryption(server, database: "db1")
        _ = try await sql.operations(server)
        _ = try await sql.createKey(server, name: keyB.serverKeyName, uri: keyB.text)
        _ = try await sql.setProtector(server, keyName: keyB.serverKeyName, type: "AzureKeyVault", autoRotation: false)
        try await sql.deleteKey(server, name: keyB.serverKeyName)
        try await sql.revalidateProtector(server)
        try await sql.failOver(to: server, group: "fg1", .planned)
        try await sql.failOver(to: server, group: "fg1", .forced)
    }
}

/// Runs a command with the text as its input and returns what it wrote.
func run(_ arguments: [String], input: String) throws -> String {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("input-\(UUID())")
    try Data(input.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardInput = try FileHandle(forReadingFrom: file)
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: output, as: UTF8.self)
}
