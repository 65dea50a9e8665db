// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import MusterModel
import Testing

@testable import AzureClient

private let readServer: JSON = [
    "id": .string(server.text), "name": "tdeprimarytest", "properties": ["state": "Ready"],
]

struct RetryTests {
    @Test(arguments: [408, 429, 500, 502, 503, 504])
    func `a read is sent again after a status that says not now`(status: Int) async throws {
        let bench = try Bench([.answer([:], status: status), .answer(readServer)])
        #expect(try await bench.calls().sql.server(server).properties.state == "Ready")
        #expect(bench.time.slept == [.milliseconds(500)])
        #expect(bench.exchanges.all.last?.attempts == 2)
    }

    @Test(arguments: [
        ("7", Duration.seconds(7)), ("Tue, 10 Mar 2026 12:00:05 GMT", .seconds(5)),
        ("Mon, 09 Mar 2026 12:00:05 GMT", .zero),
        ("soon", .milliseconds(500)),
    ])
    func `Retry-After is seconds or a date`(text: String, expected: Duration) async throws {
        let bench = try Bench([.answer([:], status: 429, headers: ["Retry-After": text]), .answer(readServer)])
        _ = try await bench.calls().sql.server(server)
        #expect(bench.time.slept == [expected])
    }

    @Test func `a wait that would outlast the deadline is not begun`() async throws {
        let bench = try Bench([.answer([:], status: 429, headers: ["Retry-After": "60"])])
        let error = await azureError { try await bench.calls(within: .seconds(30)).sql.server(server) }
        #expect(error?.status == 429)
        #expect(error?.advice == .retryable)
        #expect(bench.time.slept.isEmpty)
    }

    @Test func `waits double with jitter and end after six sends`() async throws {
        let bench = try Bench(
            Array(repeating: .answer(["error": ["code": "Busy", "message": "later"]], status: 503), count: 6))
        let error = await azureError { try await bench.calls().sql.server(server) }
        #expect(error?.code == "Busy")
        #expect(error?.advice == .retryable)
        #expect(bench.time.slept == [0.5, 1, 2, 4, 8].map { .seconds($0) })
    }

    private static let busy: ScriptedTransport.Reply = .answer(
        ["error": ["code": "ConflictingServerOperation", "message": "busy"]], status: 409)
    private static let lost: ScriptedTransport.Reply = .failure(TransportError(.connectionLost, "gone"))
    private static let unreachable: ScriptedTransport.Reply = .failure(TransportError(.cannotConnect, "refused"))
    private static let closed: ScriptedTransport.Reply = .answer([:], status: 503, headers: ["Retry-After": "5"])

    private static let changes: [@Sendable (SQLOperations) async throws -> Void] = [
        { _ = try await $0.createKey(server, name: "k", uri: keyB.text) },
        { _ = try await $0.setProtector(server, keyName: "a", type: "AzureKeyVault", autoRotation: false) },
        { try await $0.deleteKey(server, name: "k") }, { try await $0.revalidateProtector(server) },
        { try await $0.failOver(to: server, group: "fg1", .planned) },
        { try await $0.failOver(to: server, group: "fg1", .forced) },
    ]

    @Test(
        arguments: 0..<changes.count,
        [
            lost, .failure(TransportError(.timeout, "late")), .failure(TransportError(.tooLarge, "huge")),
            .answer([:], status: 408), .answer([:], status: 500), .answer([:], status: 502), .answer([:], status: 503),
            .answer([:], status: 504),
        ] as [ScriptedTransport.Reply])
    func `a change whose answer is lost is sent once, and its outcome is unknown`(
        change: Int, end: ScriptedTransport.Reply
    ) async throws {
        let bench = try Bench([end, .answer([:])])
        let error = await azureError { try await Self.changes[change](bench.calls().sql) }
        #expect(error?.advice == .unknownOutcome)
        #expect(bench.transport.serviceRequests.count == 1)
        #expect(bench.exchanges.all.last?.attempts == 1)
    }

    @Test(
        arguments: 0..<changes.count,
        [unreachable, .answer([:], status: 429), closed, .answer([:], status: 401)] as [ScriptedTransport.Reply])
    func `a change that began nothing is sent again, and a refusal is then only a refusal`(
        change: Int, before: ScriptedTransport.Reply
    ) async throws {
        let bench = try Bench([before, Self.busy])
        let error = await azureError { try await Self.changes[change](bench.calls().sql) }
        #expect(error?.code == "ConflictingServerOperation" && error?.advice == .retryable)
        #expect(bench.transport.serviceRequests.count == 2)
    }

    @Test(
        arguments: [
            [unreachable, lost], [closed, lost], [.answer([:], status: 401), lost],
            [unreachable, .answer([:], status: 502)],
        ] as [[ScriptedTransport.Reply]])
    func `an answer that is lost after tries that began nothing ends the tries`(
        replies: [ScriptedTransport.Reply]
    ) async throws {
        let bench = try Bench(replies + [.answer([:])])
        let error = await azureError { try await bench.calls().sql.deleteKey(server, name: "k") }
        #expect(error?.advice == .unknownOutcome)
        #expect(bench.transport.serviceRequests.count == replies.count)
    }

    @Test(arguments: [unreachable, .answer([:], status: 429), closed] as [ScriptedTransport.Reply])
    func `a change that never begins is retryable in the end`(every: ScriptedTransport.Reply) async throws {
        let bench = try Bench(Array(repeating: every, count: 6))
        let error = await azureError { try await bench.calls().sql.deleteKey(server, name: "k") }
        #expect(error?.advice == .retryable)
        #expect(bench.transport.serviceRequests.count == 6)
    }

    @Test func `a read that was lost leaves nothing in doubt`() async throws {
        let bench = try Bench([Self.lost, .answer([:], status: 404)])
        #expect(await azureError { try await bench.calls().sql.server(server) }?.advice == .permanent)
    }

    @Test func `a refused certificate is not tried again`() async throws {
        let bench = try Bench([.failure(TransportError(.tls, "unknown authority"))])
        let error = await azureError { try await bench.calls().sql.server(server) }
        #expect(error?.advice == .permanent)
        #expect(bench.transport.serviceRequests.count == 1)
    }

    @Test func `a changing request keeps its id over all tries and reads get new ones`() async throws {
        let key = "99999999-9999-4999-8999-999999999999"
        let bench = try Bench([.answer([:], status: 429), .answer([:]), .answer([:], status: 503), .answer(readServer)])
        _ = try await bench.calls(clientRequestID: key).sql.deleteKey(server, name: "k")
        _ = try await bench.calls(clientRequestID: key).sql.server(server)
        let ids = bench.transport.serviceRequests.map { $0.headers["x-ms-client-request-id"] ?? "" }
        #expect(ids[0] == key && ids[1] == key)
        #expect(Set(ids).count == 3)
    }
}

struct EvidenceTests {
    @Test func `an exchange keeps ids and hides signatures and tokens`() async throws {
        let signed = "https://management.azure.com/subscriptions/s/op?api-version=2023-08-01&t=638&c=MIIH&s=hA8&h=zZ"
        let bench = try Bench([
            .answer([:], status: 202, headers: ["Azure-AsyncOperation": signed]),
            .answer(
                ["status": "Succeeded"], headers: ["x-ms-request-id": "r-1", "x-ms-correlation-request-id": "c-1"]),
        ])
        try await bench.calls().sql.revalidateProtector(server)
        let last = try #require(bench.exchanges.all.last)
        #expect(last.requestID == "r-1")
        #expect(last.correlationID == "c-1")
        #expect(last.url == "https://management.azure.com/subscriptions/s/op?api-version=2023-08-01&t=…&c=…&s=…&h=…")
        #expect(bench.transport.requests.last?.url.text == signed)
        let evidence = try JSON(encoding: bench.exchanges.all).canonicalText
        for secret in ["token-1", "s3cr3t", "MIIH", "hA8"] { #expect(!evidence.contains(secret)) }
    }

    @Test func `an exchange with Microsoft Graph keeps its id, which has a name of its own`() async throws {
        let bench = try Bench([.answer(readServer, headers: ["request-id": "g-1"])])
        _ = try await bench.calls().sql.server(server)
        #expect(bench.exchanges.all.last?.requestID == "g-1")
    }

    @Test func `an id is the same for the same text and a UUID stays itself`() {
        let id = RequestID.derived(from: "run-1/step-2")
        #expect(id == RequestID.derived(from: "run-1/step-2"))
        #expect(id != RequestID.derived(from: "run-1/step-3"))
        #expect(RequestID.isUUID(id))
        #expect(
            RequestID.derived(from: "AAAAAAAA-9999-4999-8999-999999999999") == "aaaaaaaa-9999-4999-8999-999999999999")
    }
}
