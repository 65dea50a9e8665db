// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import MusterModel
import Testing

@testable import OracleCloudClient

struct SendingTests {
    private static let lost = ScriptedTransport.Reply.failure(TransportError(.connectionLost, "gone"))

    @Test(arguments: [408, 429, 500, 502, 503, 504])
    func `a read is sent again after a status that says not now`(status: Int) async throws {
        let bench = try Bench([.answer([:], status: status), .answer(databaseJSON(frankfurt))])
        #expect(try await bench.calls().databases.database(frankfurt).value.dbName == "SALES")
        #expect(bench.time.slept == [.milliseconds(500)])
        #expect(bench.exchanges.all.last?.attempts == 2)
    }

    @Test func `a change whose answer is lost is sent again with the same token and a new signature`() async throws {
        let bench = try Bench([Self.lost, Self.lost, .answer([:], headers: ["opc-work-request-id": "w1"])])
        let operation = try await bench.calls().databases.begin(.switchover, on: try bench.database)
        #expect(operation.workRequest == "w1")
        let sent = bench.transport.requests
        #expect(sent.count == 3)
        #expect(sent[0].headers["opc-retry-token"] == sent[2].headers["opc-retry-token"])
        #expect(sent[0].headers["opc-request-id"] == sent[2].headers["opc-request-id"])
        #expect(sent.map { $0.headers["if-match"] } == ["etag-1", "etag-1", "etag-1"])
        #expect(sent[0].headers["date"] != sent[2].headers["date"])
        #expect(sent[0].url.host == "database.us-ashburn-1.oraclecloud.com")
    }

    @Test func `a change that stays unanswered has an unknown outcome`() async throws {
        let bench = try Bench(Array(repeating: Self.lost, count: 6))
        let error = await oracleError {
            try await bench.calls().databases.begin(.switchover, on: try bench.database).action
        }
        #expect(error?.advice == .unknownOutcome)
        #expect(bench.transport.requests.count == 5)
    }

    private static let later = ScriptedTransport.Reply.answer([:], status: 429, headers: ["retry-after": "45"])

    /// Each of them restarts something or cannot be taken back, and rests on a look that was made just before.
    private static let prompt:
        [@Sendable (DatabaseOperations, Tagged<OracleDatabase>) async throws -> OracleOperation] = [
            { try await $0.begin(.switchover, on: $1) }, { try await $0.begin(.failover, on: $1) },
            { try await $0.begin(.convertToSnapshot(days: 3), on: $1) },
            { try await $0.begin(.convertToPhysical, on: $1) },
            { try await $0.begin(.reinstate(primary: frankfurt), on: $1) },
            { try await $0.moveKey(of: $1, to: registeredKey) }, { try await $0.rotateKey(of: $1) },
            { databases, _ in
                let read = DatabaseNode(id: node, hostname: nil, lifecycleState: "AVAILABLE", availableActions: nil)
                return try await databases.begin(.softReset, on: Tagged(value: read, etag: "etag-1"))
            },
        ]

    @Test(arguments: prompt.indices)
    func `a change that rests on a look is not sent when the look is long over`(index: Int) async throws {
        let bench = try Bench([Self.later, .answer([:])])
        let database = try bench.database
        let error = await oracleError {
            try await Self.prompt[index](bench.calls().databases, database).action
        }
        #expect(error?.advice == .retryable && error?.status == 429)
        #expect(bench.transport.requests.count == 1 && bench.time.slept.isEmpty)
    }

    @Test func `where such a change may have arrived, giving it up leaves it unknown`() async throws {
        let bench = try Bench([Self.lost, Self.later, .answer([:])])
        let error = await oracleError {
            try await bench.calls().databases.begin(.switchover, on: try bench.database).action
        }
        #expect(error?.advice == .unknownOutcome && bench.transport.requests.count == 2)
    }

    @Test func `a read, and what makes something new, wait as long as they are told to`() async throws {
        let made = ScriptedTransport.Reply.answer(databaseJSON(frankfurt))
        let bench = try Bench([Self.later, made, Self.later, made])
        _ = try await bench.calls().databases.database(frankfurt)
        _ = try await bench.calls().databases.create(newDatabase)
        #expect(bench.time.slept == [.seconds(45), .seconds(45)])
    }

    @Test func `a refusal after a lost answer does not settle what became of the first try`() async throws {
        let bench = try Bench([
            Self.lost, .answer(["code": "IncorrectState", "message": "is UPDATING"], status: 409),
        ])
        let error = await oracleError {
            try await bench.calls().databases.begin(.failover, on: try bench.database).action
        }
        #expect(error?.code == "IncorrectState")
        #expect(error?.advice == .unknownOutcome)
    }

    @Test func `a change without a token is never sent twice`() async throws {
        let bench = try Bench([Self.lost])
        let sender = bench.calls().sender
        let url = try #require(WebAddress("https://database.eu-frankfurt-1.oraclecloud.com/20160918/x"))
        let error = await oracleError { try await sender.send(OracleRequest(.post, url)) }
        #expect(error?.advice == .unknownOutcome)
        #expect(bench.transport.requests.count == 1)
    }

    @Test(arguments: [
        (409, "IncorrectState", OracleError.Advice.retryable), (409, "Conflict", .permanent),
        (412, "NoEtagMatch", .retryable), (404, "NotAuthorizedOrNotFound", .permanent),
        (400, "InvalidParameter", .permanent), (401, "NotAuthenticated", .permanent),
    ])
    func `a refusal keeps its code and says whether it passes`(
        status: Int, code: String, advice: OracleError.Advice
    ) async throws {
        let bench = try Bench([
            .answer(
                ["code": .string(code), "message": "no"], status: status, headers: ["opc-request-id": "a/b/c"])
        ])
        let error = await oracleError {
            try await bench.calls().databases.begin(.switchover, on: try bench.database).action
        }
        #expect(error?.code == code)
        #expect(error?.advice == advice)
        #expect(error?.requestID == "a/b/c")
        #expect(bench.exchanges.all.last?.requestID == "a/b/c")
        #expect(bench.transport.requests.count == 1)
    }

    @Test func `a wrong clock is named as the cause of a refused signature`() async throws {
        let bench = try Bench([
            .answer(
                ["code": "NotAuthenticated", "message": "no"], status: 401,
                headers: ["date": "Thu, 05 Jan 2034 21:41:40 GMT"])
        ])
        let error = await oracleError { try await bench.calls().databases.database(frankfurt).value.id }
        #expect(error?.remedy?.contains("10 min") == true, "\(error?.remedy ?? "")")
    }

    @Test func `a refused signature is told by what it was signed as`() async throws {
        let refusal: JSON = ["code": "NotAuthenticated", "message": "no"]
        let user = try Bench([.answer(refusal, status: 401)])
        let error = await oracleError { try await user.calls().databases.database(frankfurt).value.id }
        #expect(error?.remedy?.contains("the API key is still listed") == true)
        let pem = keyText("pkcs8Pem")
        let session = try SigningIdentity(sessionToken: "a.b.c", pem: pem, origin: "k")
        let instance = try SigningIdentity(federationOf: "t", certificate: [1], pem: pem, origin: "k")
        for (identity, words) in [(session, "oci session authenticate"), (instance, "certificate of this instance")] {
            let refused = OracleError(
                answer: HTTPResponse(status: 401, headers: [:], body: refusal.canonicalBytes()), request: "GET x",
                as: identity, now: testStart)
            #expect(refused.remedy?.contains(words) == true && refused.remedy?.contains("API key") == false)
        }
    }

    @Test func `pages follow each other, an empty one included`() async throws {
        let problem: JSON = ["code": "C", "message": "m"]
        let bench = try Bench([
            .answer([problem], headers: ["opc-next-page": "p2/="]), .answer([], headers: ["opc-next-page": "p3"]),
            .answer([problem]),
        ])
        let found = try await bench.calls().workRequests.problems("w", of: frankfurt)
        #expect(found.map(\.code) == ["C", "C"])
        #expect(bench.transport.requests[1].url.query.hasSuffix("page=p2%2F%3D"))
    }

    @Test func `no signature travels over plain HTTP to another machine, and none is redirected`() async throws {
        let plain = try Bench([], section: ociSection(["endpoints": ["database": "http://example.com"]]))
        let refused = await oracleError { try await plain.calls().databases.database(frankfurt).value.id }
        #expect(refused?.code == "oracle.plain-http")
        #expect(plain.transport.requests.isEmpty)
        let moved = try Bench([.answer([:], status: 307, headers: ["location": "https://evil.example/"])])
        let error = await oracleError { try await moved.calls().databases.database(frankfurt).value.id }
        #expect(error?.code == "oracle.redirect")
        #expect(moved.transport.requests.count == 1)
    }

    @Test func `evidence and errors hold neither password nor signature`() async throws {
        let bench = try Bench([.answer(["code": "X", "message": "no"], status: 400)])
        let error = await oracleError {
            try await bench.calls().databases.begin(.switchover, on: try bench.database).action
        }
        let texts = ["\(error as Any)", try JSON(encoding: bench.exchanges.all).canonicalText]
        #expect(texts.allSatisfy { !$0.contains("s3cr3t") && !$0.contains("Signature") })
    }

    @Test func `where no etag tells the states apart, each attempt of a step has a token of its own`() async throws {
        let bench = try Bench([.answer([:]), .answer([:]), .answer([:])])
        var database = try bench.database
        database.etag = nil
        for attempt in [1, 1, 2] {
            let context = OracleContext(deadline: Deadline(boot: .max), idempotencyKey: "run/step", attempt: attempt)
            _ = try await bench.client.calls(context).databases.begin(.switchover, on: database)
        }
        let tokens = bench.transport.requests.map { $0.headers["opc-retry-token"] }
        #expect(tokens[0] != nil && tokens[0] == tokens[1] && tokens[0] != tokens[2])
    }

    @Test func `changes of another kind or with other values have tokens of their own`() async throws {
        let actions: [DataGuardAction] = [
            .convertToSnapshot(days: 3), .convertToSnapshot(days: 4), .convertToPhysical, .reinstate(primary: ashburn),
            .reinstate(primary: frankfurt), .switchover, .failover,
        ]
        let bench = try Bench(Array(repeating: .answer([:]), count: actions.count))
        var database = try bench.database
        database.etag = nil
        for action in actions {
            let context = OracleContext(deadline: Deadline(boot: .max), idempotencyKey: "run/step", attempt: 1)
            _ = try await bench.client.calls(context).databases.begin(action, on: database)
        }
        #expect(Set(bench.transport.requests.map { $0.headers["opc-retry-token"] }).count == actions.count)
    }

    @Test func `the token is another one once the state has changed`() async throws {
        let accepted = ScriptedTransport.Reply.answer([:])
        let bench = try Bench([accepted, accepted, accepted])
        var database = try bench.database
        for etag in ["etag-1", "etag-1", "etag-2"] {
            database.etag = etag
            _ = try await bench.calls().databases.begin(.switchover, on: database)
        }
        let tokens = bench.transport.requests.map { $0.headers["opc-retry-token"] }
        #expect(tokens[0] == tokens[1])
        #expect(tokens[0] != tokens[2])
    }
}
