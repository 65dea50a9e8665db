// SPDX-License-Identifier: Apache-2.0

import AzureClient
import AzureSteps
import CloudHTTP
import MusterModel
import MusterSQL
import SQLSteps
import Testing

struct SimulatorSessionTests {
    private func session(_ transport: AnsweringTransport) -> SimulatorSession {
        SimulatorSession(
            base: WebAddress("http://127.0.0.1:8080")!,
            target: SQLTarget(server: "s", host: "s.localhost", database: "d", intent: .readOnly), transport: transport)
    }

    private func answer(_ status: Int, _ body: JSON) -> AnsweringTransport {
        AnsweringTransport { _ in HTTPResponse(status: status, body: body.canonicalBytes()) }
    }

    @Test func `a statement and its rows go as cells, and the source says that no database answered`() async throws {
        let cells: JSON = [
            nil, ["boolean": true], ["integer": -9], ["number": .double(1.5)], ["number": 2], ["text": "ü"],
            ["bytes": "0AfF"], ["bytes": ""],
        ]
        let transport = answer(200, ["columns": ["a", "b", "c", "d", "e", "f", "g", "h"], "rows": [cells]])
        let session = session(transport)
        let values: [SQLValue] = [
            .null, .boolean(true), .integer(-9), .number(1.5), .number(2), .text("ü"), .bytes([10, 255]), .bytes([]),
        ]
        let rows = try await session.run("SELECT 1", values, timeout: .seconds(1))
        #expect(rows == SQLRows(columns: ["a", "b", "c", "d", "e", "f", "g", "h"], rows: [values]))
        let request = try #require(transport.requests.first)
        #expect(request.method == .post && request.url.text == "http://127.0.0.1:8080/simulator/sql")
        let body = try JSON.parse(try #require(request.body))
        #expect(body["server"] == "s" && body["database"] == "d" && body["intent"] == "ReadOnly")
        #expect(body["statement"] == "SELECT 1")
        #expect(body["parameters"]?.array?[6] == ["bytes": "0AFF"] && body["parameters"]?.array?[0] == .null)
        #expect(session.source == SQLSource(kind: .simulator, driver: nil, product: "the cloud simulator"))
        await session.close()
    }

    static let refusals: [(JSON, SQLError.Kind)] = [
        (["sqlstate": "HY000", "native": 40613, "message": "Database 'd' is not currently available."], .unavailable),
        (["sqlstate": "08S01", "native": 40613, "message": "x"], .unavailable),
        (["sqlstate": "HY000", "native": 40981, "message": "x"], .unavailable),
        (["sqlstate": "08S01", "native": 0, "message": "x"], .connectionLost),
        (["sqlstate": "42000", "native": 262, "message": "x"], .denied),
        (["sqlstate": "28000", "native": 18456, "message": "x"], .refused),
        (["sqlstate": "42000", "native": 102, "message": "x"], .statement), ([:], .statement),
    ]

    @Test(arguments: refusals)
    func `a refusal means what it means from the service`(body: JSON, kind: SQLError.Kind) async {
        let error = await #expect(throws: SQLError.self) {
            try await session(answer(503, body)).run("SELECT 1", [], timeout: .seconds(1))
        }
        #expect(error?.kind == kind && error?.native == Int(body["native"]?.int ?? 0))
    }

    static let causes: [(TransportError.Cause, SQLError.Kind)] = [
        (.cannotConnect, .unreachable), (.timeout, .timedOut), (.connectionLost, .connectionLost),
        (.cancelled, .cancelled),
    ]

    @Test(arguments: causes)
    func `a connection that drops is a connection that drops`(cause: TransportError.Cause, kind: SQLError.Kind) async {
        let transport = AnsweringTransport { _ throws(TransportError) in throw TransportError(cause, "x") }
        let error = await #expect(throws: SQLError.self) {
            try await session(transport).run("SELECT 1", [], timeout: .seconds(1))
        }
        #expect(error?.kind == kind)
    }

    @Test(
        arguments: [
            ["columns": ["a"], "rows": [[["integer": "x"]]]], ["columns": ["a"], "rows": [[nil, nil]]], ["rows": []],
            ["columns": ["a"], "rows": [[["bytes": "0x1"]]]],
            ["columns": ["a"], "rows": [[["text": "a", "integer": 1]]]],
        ] as [JSON])
    func `what is no answer is no answer`(body: JSON) async {
        let error = await #expect(throws: SQLError.self) {
            try await session(answer(200, body)).run("SELECT 1", [], timeout: .seconds(1))
        }
        #expect(error?.message == "The simulator's answer has no columns and rows.")
    }
}
