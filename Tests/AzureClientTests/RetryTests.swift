// SPDX-License-Identifier: Apache-2.0

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

    @Test func `a POST whose answer is lost is not repeated and leaves the outcome unknown`() async throws {
        let bench = try Bench([.failure(TransportError(.connectionLost, "gone"))])
        let error = await azureError { try await bench.calls().sql.failOver(to: server, group: "fg1", .planned) }
        #expect(error?.advice == .unknownOutcome)
        #expect(bench.transport.serviceRequests.count == 1)
    }

    @Test func `a POST that never reached the server is sent again`() async throws {
        let bench = try Bench([.failure(TransportError(.cannotConnect, "refused")), .answer([:])])
        try await bench.calls().sql.failOver(to: server, group: "fg1", .planned)
        #expect(bench.transport.serviceRequests.count == 2)
    }

    @Test func `a PUT that stays unanswered leaves the outcome unknown`() async throws {
        let bench = try Bench(Array(repeating: .failure(TransportError(.timeout, "late")), count: 6))
        let error = await azureError {
            try await bench.calls().sql.setProtector(server, keyName: "a", type: "AzureKeyVault", autoRotation: false)
        }
        #expect(error?.advice == .unknownOutcome)
    }

    private static let busy: ScriptedTransport.Reply = .answer(
        ["error": ["code": "ConflictingServerOperation", "message": "busy"]], status: 409)
    private static let lost: ScriptedTransport.Reply = .failure(TransportError(.connectionLost, "gone"))
    private static let unreachable: ScriptedTransport.Reply = .failure(TransportError(.cannotConnect, "refused"))

    @Test(
        arguments: [
            [lost, busy], [.failure(TransportError(.timeout, "late")), busy], [.answer([:], status: 502), busy],
            [lost, .answer([:], status: 401), busy], [lost] + Array(repeating: unreachable, count: 5),
            [lost, .answer(["error": ["code": "AuthorizationFailed", "message": "no"]], status: 403)],
        ] as [[ScriptedTransport.Reply]])
    func `a refusal after a try that may have arrived leaves the outcome unknown`(
        replies: [ScriptedTransport.Reply]
    ) async throws {
        let bench = try Bench(replies)
        let error = await azureError {
            try await bench.calls().sql.setProtector(server, keyName: "a", type: "AzureKeyVault", autoRotation: false)
        }
        #expect(error?.advice == .unknownOutcome)
        #expect(bench.transport.serviceRequests.count == replies.count)
    }

    @Test(
        arguments: [[unreachable, busy], [.answer([:], status: 429), busy], [.answer([:], status: 401), busy]]
            as [[ScriptedTransport.Reply]])
    func `a refusal after tries that did not arrive is only a refusal`(replies: [ScriptedTransport.Reply]) async throws
    {
        let bench = try Bench(replies)
        let error = await azureError { try await bench.calls().sql.deleteKey(server, name: "k") }
        #expect(error?.code == "ConflictingServerOperation")
        #expect(error?.advice == .retryable)
    }

    @Test func `success clears up a lost try`() async throws {
        let bench = try Bench([Self.lost, .answer([:])])
        try await bench.calls().sql.deleteKey(server, name: "k")
        #expect(bench.transport.serviceRequests.count == 2)
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
        let bench = try Bench([.answer([:], status: 503), .answer([:]), .answer([:], status: 503), .answer(readServer)])
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

    @Test func `an id is the same for the same text and a UUID stays itself`() {
        let id = RequestID.derived(from: "run-1/step-2")
        #expect(id == RequestID.derived(from: "run-1/step-2"))
        #expect(id != RequestID.derived(from: "run-1/step-3"))
        #expect(RequestID.isUUID(id))
        #expect(
            RequestID.derived(from: "AAAAAAAA-9999-4999-8999-999999999999") == "aaaaaaaa-9999-4999-8999-999999999999")
    }
}
