// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import MusterMachine
import MusterModel
import MusterSystem
import Testing

@testable import ChangeTickets

/// Everything that a ticket system, or what stands before it, can do instead of answering: none of it is a consent.
struct TicketFaultTests {
    @Test(
        arguments: [
            (401, "it refuses the sign-in (HTTP 401)"), (403, "it does not let this sign-in look (HTTP 403)"),
            (404, "there is nothing at /api/now/table/change_request (HTTP 404)"), (500, "it answers HTTP 500"),
            (503, "it answers HTTP 503"), (429, "it was asked too often and says so (HTTP 429)"),
            (400, "it answers HTTP 400"),
            ("html", "its answer is no JSON"), ("garbage", "its answer is no JSON"),
            ("redirect", ", and redirects are not followed"), ("giant", "more than 262144 bytes"),
            ("reset", "was lost"), ("cut", "was lost"), ("silent", "did not answer in time"),
        ] as [(JSON, String)])
    func `no fault is an answer, and each is named`(fault: JSON, why: String) async throws {
        let server = try TicketServer()
        try server.show(["tickets": [changeRequest()], "fault": fault])
        var asking = Asking()
        if fault == "silent" { asking.answerTimeout = .milliseconds(300) }
        let answer = try await asking.answer(of: server)
        #expect(answer.why?.contains(why) == true, "\(answer)")
        #expect(!"\(answer)".contains(Asking.token))
        #expect(try server.requests.count == 1, "nothing was asked again, and no redirect followed")
    }

    @Test(arguments: [500, 502, 503, 429, "reset", "cut"] as [JSON])
    func `a read that was lost is asked again, and not for ever`(fault: JSON) async throws {
        let server = try TicketServer()
        var asking = Asking()
        asking.attemptsMax = 3
        try server.show(["tickets": [changeRequest()], "fault": fault, "faults": 2])
        #expect(try await asking.answer(of: server).standing != nil)
        try server.show(["tickets": [changeRequest()], "fault": fault])
        let before = try server.requests.count
        #expect(try await asking.answer(of: server).why != nil)
        #expect(try server.requests.count == before + 3)
    }

    @Test func `a server that is not there is named`() async throws {
        let url: String
        do { url = try TicketServer().url }
        #expect(try await Asking().answer(at: url).why?.contains("No connection to \(url)") == true)
    }

    @Test func `over TLS the environment's authority is needed, and is enough`() async throws {
        let server = try TicketServer(isSecure: true)
        try server.show(["tickets": [changeRequest()]])
        var asking = Asking()
        #expect(try await asking.answer(of: server).why?.contains("TLS with") == true)
        #expect(try server.requests.isEmpty, "nothing was sent")
        asking.caFile = server.authority
        #expect(try await asking.answer(of: server).standing != nil)
    }

    @Test func `a sign-in is sent to no plain address but this machine's`() async throws {
        for url in ["http://tickets.example.org", "http://127.0.0.1.example.org", "http://10.0.0.1"] {
            #expect(try await Asking().answer(at: url).why?.contains("not https") == true, "\(url)")
        }
        #expect(try await Asking().answer(at: "ftp://127.0.0.1").why == "its address cannot be used")
    }

    @Test func `a token with a line break begins no other header`() async throws {
        let server = try TicketServer()
        var asking = Asking()
        asking.credential = .token("one\r\nX-Admin: true")
        #expect(try await asking.answer(of: server).why?.contains("no token has") == true)
        #expect(try server.requests.isEmpty)
    }

    // MARK: The process that asks

    private let muster = [product("muster"), ticketWorkerArgument]

    private func patiently(_ targets: [PollTarget], _ timeout: Duration) -> Set<PollTarget>? {
        waitUntilReady(targets, timeout: timeout)
    }

    @Test func `the process that asks brings the answer, and nothing of the sign-in is among its arguments`() throws {
        let server = try TicketServer()
        try server.show(["tickets": [changeRequest()]])
        let answer = try TicketWorker(command: muster, patience: .seconds(36_000)).answer(
            to: Asking().question(at: server.url), wait: patiently)
        #expect(answer.standing?.state == "Implement (-1)")
    }

    @Test func `a signal ends the question and the process that asks`() throws {
        let server = try TicketServer()
        try server.show(["fault": "silent"])
        let error = #expect(throws: MusterError.self) {
            try TicketWorker(command: muster, patience: .seconds(36_000)).answer(to: Asking().question(at: server.url))
            { targets, timeout in
                // Once the question is under way; the server then waits for its client's end.
                if let seen = try? server.requests, !seen.isEmpty { return nil }
                return waitUntilReady(targets, timeout: min(timeout, .milliseconds(20)))
            }
        }
        #expect(error?.code == "change-ticket.interrupted" && error?.status == .interrupted)
    }

    @Test(arguments: [
        (["/bin/false"], "ended without an answer"), (["/bin/echo", "{}"], "ended without an answer"),
        (["/nonexistent/muster"], "could not be started"), (["/bin/cat"], "ended without an answer"),
        (["/bin/sh", "-c", "kill -9 $$"], "ended without an answer"),
    ])
    func `a process that ends without an answer gave none`(command: [String], why: String) throws {
        let answer = try TicketWorker(command: command, patience: .seconds(36_000)).answer(
            to: Asking().question(at: "http://127.0.0.1:1"), wait: patiently)
        #expect(answer.why?.contains(why) == true, "\(answer)")
    }

    @Test func `a process that hangs is given up`() throws {
        let worker = TicketWorker(
            command: ["/bin/sh", "-c", "cat >/dev/null; read x </dev/zero"], patience: .milliseconds(200))
        let answer = try worker.answer(to: Asking().question(at: "http://127.0.0.1:1"), wait: patiently)
        #expect(answer.why == "it did not answer within 200 ms")
    }
}
