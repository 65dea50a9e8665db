// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// The shipped Data Guard drill against the simulated Oracle cloud, over signed requests, with the command lines that a
/// user has.
struct DataGuardDrillTests {
    private static let runbook = "data-guard-drill"

    @Test func `the drill switches over, proves it and comes back`() throws {
        let catalog = try Catalog(.shipped)
        let result = try catalog.muster("rehearse", Self.runbook, "--speed", "400")
        #expect(result.status == 0, "\(result)")
        let run = try catalog.onlyRun
        #expect(try run.outcome == "succeeded")
        let record = try run.record.canonicalText
        #expect(record.contains("apply lag 2 seconds, transport lag 0 seconds"))
        let page = try run.file("README.md")
        #expect(page.contains("switchover-time") && page.contains("met"))
        #expect(try catalog.muster("verify", "last").status == 0)
        try expectNoSecrets(catalog, run)
    }

    /// Neither the simulated user's key nor the password of SYS stands in anything that was kept.
    private func expectNoSecrets(_ catalog: Catalog, _ run: RecordedRun) throws {
        for secret in ["PRIVATE KEY", "databaseAdminPassword", "Signature algorithm"] {
            let found = try catalog.tryGit(["grep", "-I", "-i", "-l", "-e", secret, RecordedRun.branch, "--", run.path])
            #expect(found.status == 1 && found.output.isEmpty, "\(secret): \(found)")
        }
    }

    @Test(arguments: [
        ("lag-over-limit", "failed", ["20 min, over 30 s"]),
        // Made in part: the page says how a person goes on.
        (
            "switchover-half-completes", "stuck",
            ["could not be opened as primary", "dgmgrl sys@SALES_FRA: show configuration verbose"]
        ),
        ("work-request-fails-late", "failed", ["Nothing was changed by the switchover"]),
    ])
    func `a fault ends in a truthful record`(scenario: String, outcome: String, says: [String]) throws {
        let catalog = try Catalog(.shipped)
        let result = try catalog.muster("rehearse", Self.runbook, "--scenario", scenario, "--speed", "400")
        #expect(result.status == 0, "not as the scenario expects: \(result)")
        let run = try catalog.onlyRun
        #expect(try run.outcome == outcome)
        let page = try run.file("README.md")
        for words in says { #expect(page.contains(words), "\(words) is not said: \(page)") }
        #expect(try catalog.muster("verify", "last").status == 0)
    }
}
