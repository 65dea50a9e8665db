// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import Foundation
import MusterModel
import Synchronization
import Testing

@testable import AzureClient

/// Answers with recorded exchanges of the real service, each in its turn and only for the request that was recorded.
final class ReplayTransport: HTTPTransport {
    private let state: Mutex<[JSON]>

    init(_ files: String...) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Recordings")
        state = Mutex(
            try files.flatMap { name in
                try JSON.parse(Data(contentsOf: folder.appendingPathComponent(name)))["exchanges"]?.array ?? []
            })
    }

    var remaining: Int { state.withLock(\.count) }

    func send(_ request: HTTPRequest, timeout: Duration) async throws(TransportError) -> HTTPResponse {
        if request.url.path.hasSuffix("/token") { return .json(["access_token": "t", "expires_in": 3599]) }
        let next = state.withLock { (exchanges) -> JSON? in exchanges.isEmpty ? Optional.none : exchanges.removeFirst()
        }
        guard let recorded = next?["request"], let url = recorded["url"]?.string.flatMap({ WebAddress($0) }),
            recorded["method"]?.string == request.method.rawValue, url.path == request.url.path
        else { throw TransportError(.tls, "not recorded: \(request.method.rawValue) \(request.url)") }
        let sent = try? request.body.map { try JSON.parse($0) }  // A body of ours is always JSON.
        if let body = recorded["body"], body != sent {
            throw TransportError(.tls, "another body was recorded: \(body)")
        }
        let response = next?["response"]
        var headers = HeaderFields()
        for (name, value) in response?["headers"]?.object ?? [:] { headers.add(name, value.text) }
        return HTTPResponse(
            status: Int(response?["status"]?.int ?? 0), headers: headers,
            body: response?["body"]?.canonicalBytes() ?? [])
    }
}

private let recordedGroup = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/"
private let recordedServer = ResourceID(
    "\(recordedGroup)clitest.rg000001/providers/Microsoft.Sql/servers/clitestserver000002")!
private let recordedKey = "sqltdebyok000003_sqltdebyok000005_567906ea928d4e5891c66ded44ad056f"

struct RecordedTests {
    private let time = ManualTime()

    private func calls(_ transport: ReplayTransport) throws -> AzureCalls {
        AzureClient(try AzureConnection(azureSection()), transport: transport, time: time.source)
            .calls(RequestContext(deadline: Deadline(boot: .max)))
    }

    @Test func `a key is registered, its operation followed and the key read`() async throws {
        let transport = try ReplayTransport("server-key-create.json")
        let uri = "https://sqltdebyok000003.vault.azure.net/keys/sqltdebyok000005/567906ea928d4e5891c66ded44ad056f"
        #expect(KeyIdentifier(uri)?.serverKeyName == recordedKey)
        let made = try await calls(transport).sql.createKey(recordedServer, name: recordedKey, uri: uri)
        let key = made.key
        #expect(made.origin == .ours)
        #expect(key.properties.thumbprint == "4736F42C43686F92B09AF11A54357DBB96D2059E")
        #expect(transport.remaining == 0)
        #expect(time.slept == [.milliseconds(500), .seconds(1)])
    }

    @Test func `a protector is set and read back`() async throws {
        let transport = try ReplayTransport("protector-set.json")
        let protector = try await calls(transport).sql
            .setProtector(recordedServer, keyName: recordedKey, type: "AzureKeyVault", autoRotation: true)
        #expect(protector.keyName == recordedKey)
        #expect(transport.remaining == 0)
    }

    @Test func `a key is unlinked`() async throws {
        let transport = try ReplayTransport("server-key-delete.json")
        try await calls(transport).sql.deleteKey(recordedServer, name: recordedKey)
        #expect(transport.remaining == 0)
    }

    @Test func `a failover is followed to its result`() async throws {
        let transport = try ReplayTransport("planned-failover.json")
        let secondary = ResourceID(
            "\(recordedGroup)clitest.rg000002/providers/Microsoft.Sql/servers/clitestserver000004")!
        try await calls(transport).sql.failOver(to: secondary, group: "fgclitest16578-lulu", .planned)
        #expect(transport.remaining == 0)
    }

    @Test func `servers, keys and failover groups read as recorded`() async throws {
        let calls = try calls(
            ReplayTransport("server-with-identity.json", "server-keys-list.json", "failover-group-secondary.json"))
        let server = try await calls.sql.server(recordedServer)
        #expect(server.vaultPrincipal == "f5541e89-5095-4cae-b0e8-7cf8ff880bb4")
        #expect(server.properties.state == "Ready")
        let keys = try await calls.sql.keys(recordedServer)
        #expect(keys.map(\.name) == [recordedKey, "ServiceManaged"])
        let other = ResourceID("\(recordedGroup)clitest.rg000002/providers/Microsoft.Sql/servers/clitestserver000004")!
        let group = try await calls.sql.failoverGroup(other, "fgclitest16578-lulu")
        #expect(group.properties.replicationRole == "Secondary")
        #expect(group.properties.partnerServers.count == 1)
    }
}

private final class StoredOperation: Sendable {
    private let state = Mutex<LongRunningOperation?>(nil)
    var value: LongRunningOperation? { state.withLock { $0 } }
    func set(_ operation: LongRunningOperation) { state.withLock { $0 = operation } }
}

private final class Recorded: Sendable {
    private let list = Mutex([[SQLServerOperation.Progress]]())
    var all: [[SQLServerOperation.Progress]] { list.withLock { $0 } }
    func add(_ progress: [SQLServerOperation.Progress]) { list.withLock { $0.append(progress) } }
}

struct LongRunningOperationTests {
    private let status =
        "https://management.azure.com/subscriptions/s/providers/Microsoft.Sql/locations/l/x/1?api-version=2023-08-01&t=1&c=\(String(repeating: "A", count: 4000))"

    private func accepted(_ headers: HeaderFields) -> ScriptedTransport.Reply {
        .answer([:], status: 202, headers: headers)
    }

    @Test func `a failure inside an answer with status 200 is the operation's error`() async throws {
        let failed: JSON = [
            "name": "1", "status": "Failed",
            "error": ["code": "SameKeyMaterialNotFoundOnRemoteServer", "message": "add it"],
        ]
        let bench = try Bench([
            accepted(["Azure-AsyncOperation": status]), .answer(["status": "InProgress"]), .answer(failed),
        ])
        let error = await azureError {
            try await bench.calls().sql.setProtector(server, keyName: "k", type: "AzureKeyVault", autoRotation: false)
        }
        #expect(error?.code == "SameKeyMaterialNotFoundOnRemoteServer")
        #expect(error?.advice == .permanent)
        #expect(bench.transport.requests.last?.url.text == status)
    }

    @Test(arguments: ["Canceled", "Cancelled", "CANCELED"])
    func `both spellings of cancelled end the wait`(text: String) async throws {
        let bench = try Bench([accepted(["Azure-AsyncOperation": status]), .answer(["status": .string(text)])])
        #expect(
            await azureError { try await bench.calls().sql.deleteKey(server, name: "k") }?.code == "OperationCancelled")
    }

    @Test func `an operation is told before the first poll and can be taken up from what was stored`() async throws {
        let first = try Bench([accepted(["Azure-AsyncOperation": status])])
        let stored = StoredOperation()
        let stop = AzureError(code: "test.crash", "the process dies here")
        let error = await azureError {
            try await first.calls().sql.deleteKey(server, name: "k") { operation in
                stored.set(operation)
                throw stop
            }
        }
        #expect(error == stop)
        #expect(first.transport.serviceRequests.count == 1)
        let text = try JSON(encoding: try #require(stored.value)).canonicalText
        let operation = try JSON.parse(text).decode(LongRunningOperation.self)
        let second = try Bench([.answer(["status": "Running"]), .answer(["status": "Succeeded"])])
        try await second.calls().sql.wait(for: operation)
        #expect(second.transport.serviceRequests.map(\.url.text) == [status, status])
    }

    @Test func `Location alone is polled until it no longer answers 202`() async throws {
        let location = "https://management.azure.com/subscriptions/s/operationResults/7?api-version=1"
        let bench = try Bench([
            accepted(["Location": location]), accepted(["Retry-After": "3"]), .answer([:], status: 204),
        ])
        try await bench.calls().sql.deleteKey(server, name: "k")
        #expect(bench.time.slept == [.milliseconds(500), .seconds(3)])
    }

    @Test func `a wait that reaches the deadline leaves the outcome unknown`() async throws {
        let bench = try Bench(
            [accepted(["Azure-AsyncOperation": status])]
                + Array(repeating: .answer(["status": "InProgress"]), count: 20))
        let error = await azureError { try await bench.calls(within: .seconds(30)).sql.deleteKey(server, name: "k") }
        #expect(error?.code == "azure.deadline")
        #expect(error?.advice == .unknownOutcome)
        #expect(bench.time.slept == [0.5, 1, 2, 4, 8, 10].map { .seconds($0) })
    }

    @Test func `a poll that cannot be made is not the operation's failure`() async throws {
        let bench = try Bench([
            accepted(["Azure-AsyncOperation": status]),
            .answer(["error": ["code": "Gone", "message": "x"]], status: 404),
        ])
        let error = await azureError { try await bench.calls().sql.deleteKey(server, name: "k") }
        #expect(error?.code == "Gone")
        #expect(error?.advice == .unknownOutcome)
    }

    @Test(arguments: ["<html>Sign in</html>", "", "{\"id\": ", "[]"])
    func `an answer of somebody in between is never taken for a state`(page: String) async throws {
        let foreign: ScriptedTransport.Reply = .success(HTTPResponse(status: 200, body: Array(page.utf8)))
        let once = try Bench([foreign, .answer(["id": .string(server.text), "name": "s", "properties": [:]])])
        #expect(try await once.calls().sql.server(server).name == "s")
        let always = try Bench(Array(repeating: foreign, count: 6))
        #expect(await azureError { try await always.calls().sql.server(server) }?.code == "azure.answer")
        let change = try Bench([foreign])
        let error = await azureError { try await change.calls().sql.createKey(server, name: "k", uri: keyB.text) }
        #expect(error?.advice == .unknownOutcome)
        #expect(change.transport.serviceRequests.count == 1)
    }

    @Test func `a result that cannot be read after success leaves the change in doubt`() async throws {
        let missing = Array(repeating: ScriptedTransport.Reply.answer([:], status: 404), count: 60)
        let bench = try Bench(
            [accepted(["Azure-AsyncOperation": status]), .answer(["status": "Succeeded"])] + missing)
        let error = await azureError { try await bench.calls().sql.createKey(server, name: "k", uri: keyB.text) }
        #expect(error?.status == 404)
        #expect(error?.advice == .unknownOutcome)
    }

    @Test func `a read that still shows what was before the change is read again`() async throws {
        let path = "\(server.text)/encryptionProtector/current"
        let shown = { (name: String) in
            ScriptedTransport.Reply.answer([
                "id": .string(path), "name": "current",
                "properties": ["serverKeyName": .string(name), "serverKeyType": "AzureKeyVault"],
            ])
        }
        let bench = try Bench([
            accepted(["Azure-AsyncOperation": status]), .answer(["status": "Succeeded"]), shown("old"), shown("old"),
            shown("new"),
        ])
        let protector = try await bench.calls().sql.setProtector(
            server, keyName: "new", type: "AzureKeyVault", autoRotation: false)
        #expect(protector.keyName == "new")
        #expect(bench.transport.serviceRequests.count == 5)
    }

    @Test func `an answer without a list is not an empty list`() async throws {
        let bench = try Bench([.answer(["status": "ok"])])
        #expect(await azureError { try await bench.calls().sql.inaccessibleDatabases(server) }?.code == "azure.answer")
    }

    @Test func `a key that another try has registered counts only when it is the same key`() async throws {
        let conflict: ScriptedTransport.Reply = .answer(
            ["error": ["code": "ServerKeyNameAlreadyExists", "message": "there"]], status: 409)
        func found(_ uri: String) -> ScriptedTransport.Reply {
            .answer(["name": "k", "properties": ["serverKeyType": "AzureKeyVault", "uri": .string(uri)]])
        }
        let same = try Bench([conflict, found(keyB.text)])
        let made = try await same.calls().sql.createKey(server, name: "k", uri: keyB.text)
        #expect(made.key.properties.uri == keyB.text)
        #expect(made.origin == .earlier)
        let updated = try Bench([found(keyB.text)])
        #expect(try await updated.calls().sql.createKey(server, name: "k", uri: keyB.text).origin == .earlier)
        let other = try Bench([conflict, found("https://x.vault.azure.net/keys/k/1")])
        let error = await azureError { try await other.calls().sql.createKey(server, name: "k", uri: keyB.text) }
        #expect(error?.code == "ServerKeyNameAlreadyExists")
    }

    @Test(
        arguments: [
            ("Pending", .running), ("InProgress", .running), ("CancelInProgress", .running), ("Succeeded", .ended),
            ("Failed", .ended), ("Cancelled", .ended), (nil, .unknown), ("Paused", .unknown),
        ] as [(String?, SQLServerOperation.Progress)])
    func `an operation has ended only when it says so`(state: String?, expected: SQLServerOperation.Progress)
        async throws
    {
        let operation: JSON = ["name": "1", "properties": ["state": state.map { .string($0) } ?? .null]]
        let bench = try Bench([.answer(["value": [operation]]), .answer(["value": []])])
        let waited = Recorded()
        #expect(try await bench.calls().sql.waitUntilIdle(server) { waited.add($0.map(\.progress)) }.isEmpty)
        #expect(waited.all == (expected == .ended ? [] : [[expected]]))
    }

    @Test func `the wait for an idle server ends with the time and tells what goes on`() async throws {
        let list: JSON = ["value": [["name": "7", "properties": ["operation": "Upsert", "state": "InProgress"]]]]
        let bench = try Bench(Array(repeating: .answer(list), count: 20))
        let going = try await bench.calls(within: .seconds(30)).sql.waitUntilIdle(server)
        #expect(going.map(\.label) == ["Upsert"])
        #expect(bench.time.slept == [0.5, 1, 2, 4, 8, 10].map { .seconds($0) })
    }

    @Test func `a list goes over its pages, an empty one too`() async throws {
        let page = "https://management.azure.com/next?p="
        let key: JSON = ["name": "k", "properties": ["serverKeyType": "AzureKeyVault"]]
        let bench = try Bench([
            .answer(["value": [key], "nextLink": .string(page + "2")]),
            .answer(["value": [], "nextLink": .string(page + "3")]),
            .answer(["value": [key]]),
        ])
        #expect(try await bench.calls().sql.keys(server).count == 2)
        #expect(bench.transport.serviceRequests.map(\.url.text).suffix(2) == ["\(page)2", "\(page)3"])
    }

    @Test(
        arguments: [
            (["error": ["code": "A", "message": "m"]], "A", "m"), (["code": 400, "message": "m"], "400", "m"),
            (
                ["error": ["code": "Forbidden", "message": "m", "innererror": ["code": "ForbiddenByRbac"]]],
                "ForbiddenByRbac", "m"
            ),
            (["error": "invalid_grant", "error_description": "m"], "invalid_grant", "m"),
            ("plain", "HTTP400", "\"plain\""),
        ] as [(JSON, String, String)])
    func `an error is read whatever its envelope`(body: JSON, code: String, message: String) {
        let error = AzureError(answer: .json(body, status: 400, headers: ["x-ms-request-id": "r"]), request: "GET x")
        #expect(error.code == code)
        #expect(error.message == message)
        #expect(error.requestID == "r")
    }
}

struct ResourceIDTests {
    @Test func `ids compare without case and know their parts`() {
        let upper = ResourceID(server.text.uppercased())
        #expect(upper == server)
        #expect(Set([upper, server]).count == 1)
        #expect(server.resourceGroup == "harshitha_lab")
        #expect(server.isType("microsoft.sql/servers"))
        let group = server.appending("failoverGroups", "fg1")
        #expect(group?.type == "Microsoft.Sql/servers/failoverGroups")
        #expect(group?.parent == server)
    }

    @Test(arguments: [
        "", "/", "subscriptions/x", "/subscriptions//x", "/a/../b", "/a/b?c", "/a/b#c", "/a/b c", "/a/%2e%2e",
    ])
    func `what cannot stand in a URL's path is no id`(text: String) {
        #expect(ResourceID(text) == nil)
    }

    @Test(arguments: [
        ("*", true), ("Microsoft.KeyVault/vaults/keys/wrap/action", true), ("Microsoft.KeyVault/vaults/*", true),
        ("microsoft.keyvault/vaults/keys/*/action", true), ("Microsoft.KeyVault/vaults/keys/read", false),
        ("*/read", false),
    ])
    func `a role's data actions match with their stars`(pattern: String, expected: Bool) throws {
        let json: JSON = ["properties": ["permissions": [["dataActions": [.string(pattern)]]]]]
        #expect(try json.decode(RoleDefinition.self).allows("Microsoft.KeyVault/vaults/keys/wrap/action") == expected)
    }
}
