// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import Testing

/// Where tickets are needed, and what is asked for them.
struct ChangeTicketTests {
    private func environment(_ section: String) -> Parsed<Environment> {
        Environment.parse(
            Array("environment: lab\ntls: { ca-file: ca.pem }\nchange-ticket:\n\(section)\n".utf8), file: "lab.yaml")
    }

    @Test func `ServiceNow has defaults for its table and its window`() throws {
        let source = try #require(
            try environment(
                "  { type: service-now, url: \"https://x.service-now.com\", states: [Implement, \"-2\"], token: { env: SNOW } }"
            ).get().changeTicket)
        #expect(
            source.kind
                == .serviceNow(
                    table: "change_request", states: ["Implement", "-2"], opensField: "start_date",
                    closesField: "end_date"))
        #expect(source.signIn == .token(.env("SNOW")) && source.url == "https://x.service-now.com")
        #expect(source.caFile == "ca.pem")
    }

    @Test func `ServiceNow may have others, and a user with a password`() throws {
        let source = try #require(
            try environment(
                "  { type: service-now, url: \"http://localhost:8080/snow\", table: u_change, states: [go], opens-field: u_from, closes-field: u_to, user: muster, password: { file: /run/secret } }"
            ).get().changeTicket)
        #expect(
            source.kind == .serviceNow(table: "u_change", states: ["go"], opensField: "u_from", closesField: "u_to"))
        #expect(source.signIn == .password(user: "muster", .file("/run/secret")))
    }

    @Test func `a webhook needs an address, and may have a token`() throws {
        let open = try #require(
            try environment("  { type: webhook, url: \"https://hooks.example.org/muster\" }").get().changeTicket)
        #expect(open.kind == .webhook && open.signIn == .none)
        let signed = environment(
            "  { type: webhook, url: \"https://hooks.example.org/muster\", token: { command: [pass, hook] } }")
        #expect(try signed.get().changeTicket?.signIn == .token(.command(["pass", "hook"])))
    }

    @Test func `an environment without the section asks nobody`() throws {
        #expect(try Environment.parse(Array("environment: lab\n".utf8), file: "lab.yaml").get().changeTicket == nil)
    }

    @Test(arguments: [
        ("  { type: service-now, url: \"https://x\", states: [go] }", "environment.change-ticket"),
        ("  { type: service-now, url: \"https://x\", states: [go], user: me }", "environment.change-ticket"),
        (
            "  { type: service-now, url: \"https://x\", states: [go], password: { env: X } }",
            "environment.change-ticket"
        ),
        (
            "  { type: service-now, url: \"https://x\", states: [go], user: me, password: { env: X }, token: { env: Z } }",
            "environment.change-ticket"
        ),
        ("  { type: service-now, url: \"https://x\", token: { env: X } }", "document.missing-key"),
        ("  { type: service-now, url: \"https://x\", states: [], token: { env: X } }", "document.bad-value"),
        (
            "  { type: service-now, url: \"http://snow.example.org\", states: [go], token: { env: X } }",
            "document.bad-value"
        ),
        ("  { type: service-now, url: \"https://x\", states: [go], token: abcdefgh }", "document.wrong-type"),
        (
            "  { type: service-now, url: \"https://x\", states: [go], token: { env: X }, table: \"a^b\" }",
            "document.bad-value"
        ),
        (
            "  { type: service-now, url: \"https://x\", states: [go], user: \"a:b\", password: { env: X } }",
            "document.bad-value"
        ),
        ("  { type: webhook, url: \"https://x\", states: [go] }", "document.unknown-key"),
        ("  { type: webhook }", "document.missing-key"), ("  { type: jira, url: \"https://x\" }", "document.bad-value"),
    ])
    func `what cannot be meant is refused`(section: String, code: String) {
        let codes = environment(section).diagnostics.map(\.code)
        #expect(codes == [code], "\(codes)")
    }

    @Test func `muster yaml names environments, each once`() throws {
        func parse(_ list: String) -> Parsed<Configuration> {
            Configuration.parse(Array("catalog: test\nchange-tickets: \(list)\n".utf8), file: "muster.yaml")
        }
        #expect(try parse("[production, lab]").get().changeTickets.map(\.value) == ["production", "lab"])
        #expect(parse("[lab, lab]").diagnostics.map(\.code) == ["catalog.doubled-environment"])
        #expect(parse("[\"La b\"]").diagnostics.map(\.code) == ["document.bad-value"])
        #expect(try Configuration.parse(Array("catalog: test\n".utf8), file: "muster.yaml").get().changeTickets.isEmpty)
    }
}
