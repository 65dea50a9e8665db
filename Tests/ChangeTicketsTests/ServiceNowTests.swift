// SPDX-License-Identifier: Apache-2.0

import CloudHTTP
import CommandFixture
import MusterMachine
import MusterModel
import Testing

@testable import ChangeTickets

/// The table API's contract, held by an independent server on loopback.
struct ServiceNowTests {
    @Test func `a ticket is found with its state and its window in UTC`() async throws {
        let server = try TicketServer()
        // Shown times are in the zone of the user who asks; the values are not.
        try server.show(["tickets": [changeRequest(opens: ["2026-11-22 20:00:00", "22.11.2026 21:00:00"])]])
        let standing = try #require(try await Asking().answer(of: server).standing)
        #expect(standing.state == "Implement (-1)" && standing.isAllowed)
        #expect(standing.opens?.description == "2026-11-22T20:00:00.000Z")
        #expect(standing.closes?.description == "2026-11-23T02:00:00.000Z")
        let request = try #require(try server.requests.first)
        #expect(request.method == "GET" && request.authorization == "Bearer \(Asking.token)")
        #expect(request.path.hasPrefix("/api/now/table/change_request?sysparm_query=number%3DCHG0001&"))
    }

    @Test(
        arguments: [
            (["-2", "Scheduled"], true), (["-1", "Implement"], true), (["-5", "New"], false),
            (["-10", "Scheduled later"], false),
            (["", ""], false), (["-2", "scheduled"], false),
        ] as [(JSON, Bool)])
    func `a state counts by its value or as it is shown, and by nothing like it`(state: JSON, isAllowed: Bool)
        async throws
    {
        let server = try TicketServer()
        try server.show(["tickets": [changeRequest(state: state)]])
        #expect(try await Asking().answer(of: server).standing?.isAllowed == isAllowed)
    }

    @Test func `a ticket without planned times has no window`() async throws {
        let server = try TicketServer()
        try server.show(["tickets": [changeRequest(opens: "", closes: "")]])
        let standing = try #require(try await Asking().answer(of: server).standing)
        #expect(standing.opens == nil && standing.closes == nil)
    }

    @Test func `no ticket is no ticket, and two are none either`() async throws {
        let server = try TicketServer()
        try server.show(["tickets": [changeRequest("CHG0002")]])
        #expect(try await Asking().answer(of: server) == .notFound)
        try server.show(["tickets": [changeRequest(), changeRequest()]])
        #expect(try await Asking().answer(of: server).why == "it has more than one ticket of that number")
    }

    @Test func `an instance that leaves the condition out and answers with another ticket is not believed`()
        async throws
    {
        let server = try TicketServer()
        // Without a column "number" the condition is not understood, and every record fits.
        try server.show([
            "tickets": [["state": ["-1", "Implement"], "start_date": "", "end_date": "", "sys_id": "1"]]
        ])
        #expect(try await Asking().answer(of: server).why?.contains("no number") == true)
        var asking = Asking()
        asking.ticket = "chg0001"
        try server.show(["tickets": [changeRequest("CHG0001")]])
        #expect(try await asking.answer(of: server) == .notFound)
        let other = JSON.object(["result": [["number": ["value": "CHG0009", "display_value": "CHG0009"]]]])
        let reader = ServiceNowReader(table: Asking.table)
        #expect(throws: TicketTrouble("it answers with the ticket CHG0009, which is another one")) {
            try reader.read(other, Asking().question(at: server.url))
        }
    }

    @Test(arguments: ["state", "start_date", "end_date"])
    func `a column that may not be read is not taken for an empty one`(column: String) async throws {
        let server = try TicketServer()
        var record = try #require(changeRequest().object)
        record[column] = nil
        try server.show(["tickets": [.object(record)]])
        #expect(try await Asking().answer(of: server).why?.contains("no \(column)") == true)
    }

    @Test(arguments: [
        "2026-11-22", "22.11.2026 20:00", "2026-11-22T20:00:00", "2026-11-22 25:00:00", "2026-02-30 20:00:00", "soon",
        "2026-11-22 20:00:00 ",
    ])
    func `a time in another form is none`(text: String) async throws {
        let server = try TicketServer()
        try server.show(["tickets": [changeRequest(closes: .string(text))]])
        #expect(try await Asking().answer(of: server).why?.contains("its end_date is no time") == true)
    }

    @Test(arguments: [
        "CHG0001^ORstate=-5", "CHG0001^NQnumber=CHG0002", "CHG0001&sysparm_query=", "CHG0001%5EORx=1", "CHG 1", "",
        "javascript:gs.now()", "CHG0001\n", "../CHG", "CHG\u{202E}1", "ＣＨＧ1", String(repeating: "1", count: 65),
    ])
    func `an id that would say more than itself in a query is never sent`(ticket: String) async throws {
        let server = try TicketServer()
        try server.show(["tickets": [changeRequest("CHG0002")]])
        var asking = Asking()
        asking.ticket = ticket
        #expect(!TicketAssessment.isID(ticket))
        #expect(try await asking.answer(of: server).why == "the id cannot stand in a query")
        #expect(try server.requests.isEmpty)
    }

    @Test(arguments: [("state", 70), ("start_date", 30)])
    func `a secret that stands where a text is cut is taken out whole`(column: String, before: Int) async throws {
        let secret = "Tr0ub4dor&3-xyzzy"
        let server = try TicketServer()
        var record = try #require(changeRequest().object)
        let text = String(repeating: ".", count: before) + secret
        record[column] = column == "state" ? ["-1", .string(text)] : .string(text)
        try server.show(["tickets": [.object(record)]])
        var asking = Asking()
        asking.credential = .password(user: "muster", password: secret)
        let answer = try await asking.answer(of: server)
        let said = answer.why ?? answer.standing?.state ?? ""
        #expect(!said.contains("Tr0ub") && said.contains("[secret:"), "\(answer)")
    }

    @Test func `a user and a password sign in, below the instance's own path too`() async throws {
        let server = try TicketServer()
        try server.show(["signIn": "Basic bXVzdGVyOsOkLTpzZWNyZXQ=", "tickets": [changeRequest()]])
        var asking = Asking()
        asking.credential = .password(user: "muster", password: "ä-:secret")
        for path in ["", "/", "/snow", "/snow/"] {
            asking.path = path
            #expect(try await asking.answer(of: server).standing != nil, "\(path)")
        }
        asking.credential = .password(user: "muster", password: "another")
        #expect(try await asking.answer(of: server).why == "it refuses the sign-in (HTTP 401)")
    }
}
