// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Glibc
import MusterModel
import Testing

/// Runs under a change ticket that a system on loopback knows, or does not.
struct ChangeTicketTests {
    private static let password = "a-password-of-the-test"

    private let server: TicketServer
    private let drill: LedgerDrill
    private var catalog: Catalog { drill.catalog }

    init() throws {
        server = try TicketServer()
        drill = try LedgerDrill([.init("one"), .init("two")])
        drill.catalog.variables["SNOW_PASSWORD"] = Self.password
        try declare(
            """
            type: service-now
              url: "\(server.url)"
              states: [Implement]
              user: muster
              password: { env: SNOW_PASSWORD }
            """)
        try show()
    }

    private func declare(_ section: String) throws {
        try catalog.write("environments/lab.yaml", "environment: lab\nchange-ticket:\n  \(section)\n")
        try catalog.commit("Where change tickets are")
    }

    /// The ticket CHG0001 in that state, in a window around now.
    private func show(
        _ state: String = "Implement", opens: Duration = .seconds(-3600), closes: Duration = .seconds(3600),
        fault: JSON? = nil
    ) throws {
        let now = Timestamp(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1000))
        func text(_ offset: Duration) -> JSON {
            let moment = now.advanced(by: offset)
            return .string("\(moment.date) \(moment.timeOfDay)")
        }
        var world: [String: JSON] = [
            "signIn": .string("Basic " + Data("muster:\(Self.password)".utf8).base64EncodedString()),
            "tickets": [
                [
                    "number": "CHG0001", "state": ["-1", .string(state)], "start_date": text(opens),
                    "end_date": text(closes),
                ]
            ],
        ]
        world["fault"] = fault
        try server.show(.object(world))
    }

    private func plan(_ more: String...) throws -> CommandResult {
        try catalog.muster(["plan"] + drill.arguments.dropFirst() + more)
    }

    private func refused(_ result: CommandResult, _ says: String) throws {
        try refused(result, "run.change-ticket", says)
    }

    private func refused(_ result: CommandResult, _ code: String, _ says: String) throws {
        #expect(result.status == 3 && result.errors.contains("[\(code)]"), "\(result)")
        #expect(result.everything.contains(says), "\(result)")
        #expect(try catalog.runFolders.isEmpty && drill.effects().isEmpty)
    }

    // MARK: With the ticket's consent

    @Test func `a ticket in its state and window lets the run begin, and the record and its report tell`() throws {
        let planned = try plan("--change", "CHG0001")
        #expect(
            planned.status == 0 && planned.output.contains("Change ticket\n  ✓ The change ticket CHG0001"), "\(planned)"
        )
        let json = try plan("--change", "CHG0001", "--json").lastJSON
        #expect(json["ticket"]?["verdict"] == "met" && json["ticket"]?["address"] == .string(server.url))
        let result = try drill.run("--change", "CHG0001")
        #expect(result.status == 0, "\(result)")
        let record = try catalog.onlyRun
        let ticket = try #require(try record.record["ticket"])
        #expect(ticket["verdict"] == "met" && ticket["state"] == "Implement (-1)" && ticket["system"] == "service-now")
        #expect(try record.record["deviations"] == [])
        #expect(try record.file("README.md").contains("| Change ticket | The change ticket CHG0001 is in state"))
        for format in ["md", "html", "json"] {
            let report = try catalog.muster("report", record.run, "--format", format)
            #expect(report.output.contains("The change ticket CHG0001 is in state"), "\(format)")
        }
        #expect(try catalog.muster("show", record.run).output.contains("Change ticket"))
        #expect(try drill.verify().status == 0)
        // When each plan was made, and once more before the run began.
        #expect(try server.requests.count == 4)
    }

    @Test func `a webhook is told of the run, by the digest of its plan`() throws {
        catalog.variables["HOOK_TOKEN"] = "a-token-of-the-hook"
        try declare("{ type: webhook, url: \"\(server.url)/hook\", token: { env: HOOK_TOKEN } }")
        try server.show(["signIn": "Bearer a-token-of-the-hook", "hook": ["allowed": true, "state": "Approved"]])
        #expect(try drill.run("--change", "OPS-7").status == 0)
        let body = try JSON.parse(try server.requests.last?.body ?? "")
        #expect(try body["plan"] == catalog.onlyRun.record["plan"] && body["ticket"] == "OPS-7")
        #expect(body["operator"] == "Ada Operator <ada@example.org>" && body["kind"] == "drill")
        #expect(try catalog.onlyRun.record["ticket"]?["system"] == "webhook")
    }

    @Test func `a catalog may want a ticket and ask nobody for it`() throws {
        try catalog.write("environments/lab.yaml", "environment: lab\n")
        try catalog.write("muster.yaml", "catalog: test\nchange-tickets: [lab]\n")
        try catalog.commit("A name is enough")
        try refused(try plan(), "run.no-change-ticket", "A run in lab needs a change ticket, and none is named.")
        try refused(try drill.run(), "run.no-change-ticket", "Name it with --change")
        let named = try drill.run("--change", "what we said on the phone")
        #expect(named.status == 0, "\(named)")
        #expect(try catalog.onlyRun.record["ticket"] == nil && server.requests.isEmpty)
    }

    @Test func `a rehearsal asks nobody`() throws {
        try catalog.write("muster.yaml", "catalog: test\nchange-tickets: [lab, rehearsal]\n")
        try catalog.write(
            "runbooks/tests/drill/default.yaml",
            "scenario: default\nsummary: Nothing goes wrong\ninputs: { ledger: \"\(drill.ledger)\" }\n")
        try catalog.commit("A rehearsal")
        let result = try catalog.muster("rehearse", "drill", "--plugins", catalog.plugins)
        #expect(result.status == 0 && !result.output.contains("Change ticket"), "\(result)")
        #expect(try catalog.onlyRun.record["ticket"] == nil && server.requests.isEmpty)
    }

    // MARK: Without it

    @Test func `no ticket, another state, another time, and no such ticket are refused with nothing changed`() throws {
        try refused(try drill.run(), "run.no-change-ticket", "none is named")
        #expect(try server.requests.isEmpty, "nobody is asked for nothing")
        try refused(try drill.run("--change", "CHG0002"), "There is no change ticket CHG0002")
        try show("Closed")
        try refused(try drill.run("--change", "CHG0001"), #"in state "Closed (-1)", not in "Implement""#)
        try refused(try plan("--change", "CHG0001"), "✗ unmet: The change ticket CHG0001")
        try show(opens: .seconds(3600), closes: .seconds(7200))
        try refused(try drill.run("--change", "CHG0001"), "has a window that opens only at")
        try show(opens: .seconds(-7200), closes: .seconds(-3600))
        try refused(try drill.run("--change", "CHG0001"), "has a window that closed at")
    }

    @Test func `a system that does not answer, refuses the sign-in or has no secret is no consent`() throws {
        try show(fault: "html")
        try refused(try drill.run("--change", "CHG0001"), "cannot be verified at \(server.url): its answer is no JSON")
        try show()
        catalog.variables["SNOW_PASSWORD"] = "another-password"
        try refused(try drill.run("--change", "CHG0001"), "it refuses the sign-in (HTTP 401)")
        catalog.variables["SNOW_PASSWORD"] = nil
        try refused(try plan("--change", "CHG0001"), "The variable SNOW_PASSWORD, which holds a secret, is not set")
        catalog.variables["SNOW_PASSWORD"] = Self.password
        try declare(
            "{ type: service-now, url: \"http://127.0.0.1:1\", states: [Implement], token: { env: SNOW_PASSWORD } }")
        try refused(try drill.run("--change", "CHG0001"), "No connection to http://127.0.0.1:1")
    }

    @Test func `an id that would be more than one in a query is refused, and not sent`() throws {
        try show("Closed")
        try refused(try drill.run("--change", "CHG0002^NQstate=-1"), "is no ticket's id")
        #expect(try server.requests.isEmpty)
    }

    @Test func `a commit from before the rule does not get round it`() throws {
        let old = try catalog.git("rev-parse", "HEAD~1").trimmingCharacters(in: .whitespacesAndNewlines)
        try refused(try drill.run("--at", old), "run.no-change-ticket", "none is named")
        try show("Closed")
        try refused(try drill.run("--at", old, "--change", "CHG0001"), #"in state "Closed (-1)""#)
    }

    @Test func `a ticket that is closed between the plan and the go-ahead is seen`() throws {
        let (world, secret) = ("\(server.folder)/world.json", "\(server.folder)/password")
        try Self.password.write(toFile: secret, atomically: true, encoding: .utf8)
        try catalog.replace("{ env: SNOW_PASSWORD }", by: "{ file: \"\(secret)\" }", in: "environments/lab.yaml")
        try catalog.commit("The password is in a file")
        // Typed only once the plan has asked, with the ticket closed meanwhile.
        let answer =
            "until [ -s '\(server.folder)/log.jsonl' ]; do :; done; sed -i s/Implement/Closed/ '\(world)'; echo yes"
        let late = try catalog.muster(drill.arguments + ["--change", "CHG0001"], typingFrom: answer)
        #expect(late.status == 3 && late.everything.contains("[run.change-ticket]"), "\(late)")
        #expect(try catalog.runFolders.isEmpty && server.requests.count == 2)
    }

    @Test func `Ctrl-C ends the question`() throws {
        try show(fault: "silent")
        let command = try drill.start("--change", "CHG0001")
        try eventually("the ticket is asked for") { try !server.requests.isEmpty }
        command.signal(SIGINT)
        let result = try command.finish()
        #expect(result.status == 130 && result.errors.contains("[change-ticket.interrupted]"), "\(result)")
        #expect(catalog.runFolders.isEmpty)
        try eventually("its plugins have ended, too") { catalog.pluginProcesses.isEmpty }
    }

    // MARK: All the same

    @Test func `break-glass begins without the ticket's consent, and the record says so first`() throws {
        try show("Closed")
        let result = try drill.run("--change", "CHG0001", "--break-glass", "--reason", "The primary is on fire")
        #expect(result.status == 0 && result.output.contains("BREAK-GLASS"), "\(result)")
        let record = try catalog.onlyRun
        #expect(try record.record["ticket"]?["override"]?["reason"] == "The primary is on fire")
        let deviation = try #require(try record.record["deviations"]?.array?.first)
        #expect(deviation["kind"] == "without-ticket" && deviation["reason"] == "The primary is on fire")
        #expect(try record.file("README.md").contains("without the consent of its change ticket"))
        let verified = try drill.verify()
        #expect(verified.status == 0 && verified.errors.contains("[record.without-ticket]"), "\(verified)")
    }

    @Test func `break-glass begins where no ticket is named, and where the system is down`() throws {
        let glass = ["--break-glass", "--reason", "It burns"]
        #expect(try catalog.muster(drill.arguments + ["--yes"] + glass).status == 0)
        #expect(try catalog.onlyRun.record["ticket"]?["ticket"] == nil)
        try show(fault: 500)
        // Two runs of one second are in no order.
        let before = Set(catalog.runFolders)
        let down = try catalog.muster(drill.arguments + ["--yes", "--change", "CHG0001"] + glass)
        #expect(down.status == 0, "\(down)")
        let run = try #require(catalog.runFolders.first { !before.contains($0) })
        let ticket = try #require(try catalog.record(of: run).record["ticket"])
        #expect(ticket["verdict"] == "unverifiable" && ticket["override"]?["by"] != nil)
    }

    @Test func `under a policy only those whom it names may`() throws {
        let policy = FourEyes.policy.replacing("    require: [ { group: leads, count: 2 } ]\n", with: "")
        let eyes = try FourEyes(catalog, policy: policy)
        try show("Closed")
        let glass = ["--yes", "--change", "CHG0001", "--break-glass", "--reason", "It burns", "--key"]
        try catalog.git("config", "--global", "user.email", "cy@example.org")
        let refused = try catalog.muster(drill.arguments + glass + [eyes.key("cy")])
        #expect(refused.status == 3 && refused.errors.contains("[approval.no-break-glass]"), "\(refused)")
        try catalog.git("config", "--global", "user.email", "ada@example.org")
        let broken = try catalog.muster(drill.arguments + glass + [eyes.key("ada")])
        #expect(broken.status == 0, "\(broken)")
        let kinds = try catalog.onlyRun.record["deviations"]?.array?.map { $0["kind"]?.string }
        #expect(kinds == ["break-glass", "without-ticket"])
    }

    @Test func `a run at rest is resumed with its ticket alone, and rolled back without`() throws {
        let drill = try LedgerDrill([.init("one"), .init("two", "failsIn: apply")])
        drill.catalog.variables["SNOW_PASSWORD"] = Self.password
        let environment = try catalog.read("environments/lab.yaml")
        try drill.catalog.write("environments/lab.yaml", environment)
        try drill.catalog.commit("Where change tickets are")
        #expect(try drill.run("--change", "CHG0001").status == 4)
        try show("Closed")
        let refused = try drill.resume()
        #expect(refused.errors.contains("keeps the ticket") && !refused.errors.contains("--change"), "\(refused)")
        #expect(refused.status == 3 && refused.errors.contains("[run.change-ticket]"), "\(refused)")
        let broken = try drill.resume("--break-glass", "--reason", "Half of it is done")
        #expect(broken.status == 4, "\(broken)")
        // Once somebody has answered for it, it need not be said again.
        #expect(try drill.resume().status == 4)
        let asked = try server.requests.count
        let back = try drill.rollBack()
        #expect(back.status == 0, "\(back)")
        #expect(try server.requests.count == asked)
        let record = try drill.catalog.record(of: drill.runID).record
        #expect(record["ticket"]?["verdict"] == "met")
        #expect(record["resumes"]?.array?.first?["ticket"]?["override"]?["reason"] == "Half of it is done")
        #expect(record["deviations"]?.array?.contains { $0["kind"] == "without-ticket" } == true)
        #expect(try drill.verify().status == 0)
    }

    // MARK: Secrets

    @Test func `the sign-in is found nowhere, though the system says it back`() throws {
        try declare("{ type: webhook, url: \"\(server.url)/hook\", token: { env: SNOW_PASSWORD } }")
        let encoded = Data(Self.password.utf8).base64EncodedString()
        try server.show([
            "hook": [
                "allowed": true, "state": .string("as \(Self.password)"), "says": .string("Basic \(encoded)"),
            ]
        ])
        var said = try plan("--change", "CHG0001").everything + plan("--change", "CHG0001", "--json").everything
        let result = try drill.run("--change", "CHG0001")
        #expect(result.status == 0, "\(result)")
        said += try result.everything + catalog.muster("show", drill.runID, "--json").everything
        said += try catalog.git("cat-file", "--batch-all-objects", "--batch", "--buffer")
        said += try drill.journalLines(of: drill.runID).joined()
        said += try catalog.program("/bin/grep", ["-rah", "", catalog.state]).output
        #expect(said.contains("as [secret:the variable SNOW_PASSWORD]"))
        #expect(!said.contains(Self.password) && !said.contains(encoded))
    }

    // MARK: Documents

    @Test func `lint finds an environment that is not there`() throws {
        try catalog.write("muster.yaml", "catalog: test\nchange-tickets: [lab, labb]\n")
        let result = try catalog.muster("lint")
        #expect(result.status == 2 && result.everything.contains("muster.yaml:2:23: error"), "\(result)")
        #expect(result.everything.contains("[lint.no-environment]"), "\(result)")
    }
}
