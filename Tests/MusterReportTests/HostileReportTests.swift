// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterModel
import Testing

@testable import MusterReport

/// Whatever stands in a record, a report only shows it.
@Suite(
    .serialized, .enabled(if: Browser.path != nil, "Chromium reads the pages; scripts/set-up.sh installs it on Debian"))
struct HostileReportTests {
    private static let pages = 3

    /// A page with a share of the payloads in every field.
    private func page(_ number: Int, _ payloads: [String], _ fields: Set<String>) throws -> String {
        let share = payloads.enumerated().filter { $0.offset % Self.pages == number }.map(\.element)
        return HTMLReport(try HostileRun(share.joined(separator: " "), in: fields).report).text
    }

    @Test func `five hundred payloads in every field do nothing, and ask nobody`() throws {
        let browser = try Browser()
        let payloads = HostilePayloads.all(server: browser.server)
        let fields = try HostileRun.fields()
        #expect(payloads.count == 500 && fields.count >= 100)
        var executions = 0
        for number in 0..<Self.pages {
            let html = try page(number, payloads, fields)
            // Escaping has to hold alone: the page's own policy is taken away.
            let bare = html.replacing(#/<meta http-equiv="Content-Security-Policy"[^>]*>/#, with: "")
            #expect(bare != html)
            let seen = try browser.read(bare)
            #expect(seen.contains("</footer>"))
            for element in HostilePayloads.foreignElements where seen.contains(element) {
                Issue.record("page \(number) has \(element)")
                executions += 1
            }
        }
        #expect(executions == 0 && browser.requests == 0)
        print(
            "hostile reports: \(payloads.count) payloads in \(fields.count) fields, \(executions) executions, "
                + "\(browser.requests) requests")
    }

    @Test func `the page's own policy holds where escaping would not`() throws {
        let browser = try Browser()
        let payloads = HostilePayloads.all(server: browser.server).joined(separator: " ")
        let html = HTMLReport(try StoredRun.report("rollback-stuck")).text
        let (head, rest) = (html.split(separator: "<body>")[0], html.split(separator: "<body>")[1])
        // No policy of a page holds a refresh; to a frame's server the browser connects before it asks, and sends nothing.
        let raw = payloads.replacing("http-equiv=refresh", with: "").replacing("<iframe", with: "<x-frame")
        let seen = try browser.read("\(head)<body>\(raw)\(rest)")
        #expect(!seen.contains("TAKEN</title>"))
        #expect(browser.requests == 0)
        let style = try browser.read(html)
        #expect(style.contains("<svg class=\"timeline\""))
    }

    @Test func `the browser of these tests would tell`() throws {
        let browser = try Browser()
        let payload = HostilePayloads.all(server: browser.server)[0]
        let seen = try browser.read("<!doctype html><html><head><title>x</title></head><body>\(payload)</body></html>")
        #expect(seen.contains("TAKEN</title>"))
        #expect(browser.requests > 0)
    }
}
