// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import Foundation
import MusterModel
import Synchronization
import Testing

@testable import OracleCloudClient

/// Keeps every request and answers with as little as the client accepts.
private final class CollectingTransport: HTTPTransport {
    private let state = Mutex([HTTPRequest]())
    var requests: [HTTPRequest] { state.withLock { $0 } }

    func send(_ request: HTTPRequest, timeout: Duration) async throws(TransportError) -> HTTPResponse {
        state.withLock { $0.append(request) }
        let path = request.url.path
        let lists = ["/databases", "/dataGuardAssociations", "/errors", "/dbHomes", "/dbNodes", "/pluggableDatabases"]
        let isList = request.method == .get && lists.contains { path.hasSuffix($0) }
        let answer: JSON =
            isList
            ? []
            : path.contains("workRequests")
                ? ["id": "w", "status": "FAILED"]
                : path.contains("dbNodes")
                    ? ["id": .string(node.text), "lifecycleState": "AVAILABLE"] : databaseJSON(frankfurt)
        return HTTPResponse(
            status: 200, headers: ["opc-work-request-id": "ocid1.coreservicesworkrequest.oc1.fra.w", "etag": "e"],
            body: answer.canonicalBytes())
    }
}

/// Every request that the client can build, against the vendor's description.
struct ContractTests {
    @Test func `all requests fit the description`() async throws {
        let transport = CollectingTransport()
        let client = OracleClient(
            try OracleConnection(ociSection()), transport: transport, time: ManualTime(testStart).source)
        let calls = client.calls(OracleContext(deadline: Deadline(boot: .max), idempotencyKey: "run/step"))
        let database = try await calls.databases.database(frankfurt)
        let actions: [DataGuardAction] = [
            .switchover, .failover, .reinstate(primary: ashburn), .convertToSnapshot(days: 7), .convertToPhysical,
        ]
        for action in actions {
            let operation = try await calls.databases.begin(action, on: database)
            _ = try await calls.workRequests.wait(for: operation)
        }
        #expect(transport.requests.count == 1 + actions.count * 3)
        try checkContract(transport.requests)
    }

    @Test func `requests for databases, keys and nodes fit the description`() async throws {
        let transport = CollectingTransport()
        let client = OracleClient(
            try OracleConnection(ociSection()), transport: transport, time: ManualTime(testStart).source)
        let calls = client.calls(OracleContext(deadline: Deadline(boot: .max), idempotencyKey: "run/step"))
        let databases = calls.databases
        let database = try await databases.database(frankfurt)
        _ = try await databases.databases(on: cluster, in: compartment)
        _ = try await databases.homes(on: cluster, in: compartment)
        try await databases.validate(newDatabase)
        _ = try await databases.create(newDatabase)
        try await databases.validate(newStandby)
        _ = try await databases.create(newStandby)
        _ = try await databases.moveKey(of: database, to: registeredKey)
        _ = try await databases.rotateKey(of: database)
        _ = try await databases.delete(database)
        _ = try await databases.pluggableDatabases(of: frankfurt)
        _ = try await databases.nodes(of: cluster, in: compartment)
        let node = try await databases.node(node)
        _ = try await databases.begin(.softReset, on: node)
        #expect(transport.requests.count == 14)
        try checkContract(transport.requests)
    }
}

/// Holds requests against the vendor's description.
func checkContract(_ requests: [HTTPRequest]) throws {
    let lines = requests.map { request -> String in
        var line: [String: JSON] = ["method": .string(request.method.rawValue), "url": .string(request.url.text)]
        line["body"] = .string(String(decoding: request.body ?? [], as: UTF8.self))
        line["headers"] = .object(Dictionary(request.headers.fields.map { ($0.name, .string($0.value)) }) { $1 })
        return JSON.object(line).canonicalText
    }
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("requests-\(UUID())")
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }  // It lies in the system's temporary folder.
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", contractFile("check_request.py").path, "--jsonl", file.path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(output == "\(requests.count) requests, \(requests.count) fine, 0 with errors, 0 not covered\n")
    #expect(process.terminationStatus == 0)
}
