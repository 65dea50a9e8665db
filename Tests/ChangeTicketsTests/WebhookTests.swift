// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import MusterMachine
import MusterModel
import Testing

@testable import ChangeTickets

/// The webhook's contract, of which nothing is guessed.
struct WebhookTests {
    private var asking: Asking {
        var asking = Asking()
        asking.kind = .webhook
        asking.path = "/hook"
        return asking
    }

    @Test func `it is told what the run is, and its word is taken`() async throws {
        let server = try TicketServer()
        try server.show([
            "hook": [
                "allowed": true, "state": "Approved", "opens": "2026-11-22T21:00:00+01:00", "closes": .null,
                "says": "Have a good drill",
            ]
        ])
        let standing = try #require(try await asking.answer(of: server).standing)
        #expect(standing.isAllowed && standing.state == "Approved" && standing.says == "Have a good drill")
        #expect(standing.opens?.description == "2026-11-22T20:00:00.000Z" && standing.closes == nil)
        let request = try #require(try server.requests.first)
        #expect(request.method == "POST" && request.authorization == "Bearer \(Asking.token)")
        let body: JSON = [
            "format": 1, "ticket": "CHG0001", "runbook": "drill", "environment": "lab", "kind": "drill",
            "plan": .string(Digest(of: []).description), "operator": "Ada Operator <ada@example.org>",
        ]
        #expect(try JSON.parse(request.body ?? "") == body)
    }

    @Test(arguments: [
        (#"{"state":"x"}"#, "no \"allowed\""), (#"{"allowed":"true","state":"x"}"#, "no \"allowed\""),
        (#"{"allowed":1,"state":"x"}"#, "no \"allowed\""), (#"{"allowed":null,"state":"x"}"#, "no \"allowed\""),
        (#"{"allowed":true}"#, "no \"state\""), (#"{"allowed":true,"state":""}"#, "\"state\" is no text"),
        (#"{"allowed":true,"state":7}"#, "\"state\" is no text"),
        (#"{"allowed":true,"state":"x","opens":"2026-11-22 20:00:00"}"#, "\"opens\" is no time with a zone"),
        (#"{"allowed":true,"state":"x","closes":1796000000}"#, "\"closes\" is no text"),
        (#"{"allowed":true,"state":"x","Allowed":false}"#, "a member \"Allowed\""),
        (#"{"allowed":true,"allowed":false,"state":"x"}"#, "no JSON"), (#"{"allowed":true,"state":"x"} {}"#, "no JSON"),
        (#"[{"allowed":true,"state":"x"}]"#, "no object"), (#"true"#, "no object"), ("", "no JSON"),
        (#"{"allowed":true,"state":"x","says":["y"]}"#, "\"says\" is no text"),
    ])
    func `an answer that is not by the contract is none`(answer: String, why: String) async throws {
        let server = try TicketServer()
        try server.show(["hook": .string(answer)])
        #expect(try await asking.answer(of: server).why?.contains(why) == true)
    }

    @Test(arguments: [201, 202, 204, 400, 404, 409, 500, 503] as [Int64])
    func `only 200 is an answer`(status: Int64) async throws {
        let server = try TicketServer()
        try server.show(["hook": ["allowed": true, "state": "x"], "hookStatus": .int(status)])
        #expect(try await asking.answer(of: server).why?.contains("HTTP \(status)") == true)
    }

    @Test func `a question that may have arrived is not put again, and one that was turned away is`() async throws {
        let server = try TicketServer()
        var asking = asking
        asking.attemptsMax = 3
        for fault: JSON in ["reset", "cut", 500, 503] {
            let before = try server.requests.count
            try server.show(["hook": ["allowed": true, "state": "x"], "fault": fault])
            #expect(try await asking.answer(of: server).why != nil, "\(fault)")
            #expect(try server.requests.count == before + 1, "\(fault)")
        }
        try server.show(["hook": ["allowed": true, "state": "x"], "fault": 429, "retryAfter": "0", "faults": 5])
        #expect(try await asking.answer(of: server).standing != nil)
    }

    @Test func `what a foreign system says is cut to a length that a record can keep`() async throws {
        let server = try TicketServer()
        let long = String(repeating: "é", count: 5000)
        try server.show(["hook": ["allowed": false, "state": .string(long), "says": .string(long)]])
        let standing = try #require(try await asking.answer(of: server).standing)
        #expect(standing.state.count == 80 && standing.says?.count == TicketClient.textMax)
    }
}
