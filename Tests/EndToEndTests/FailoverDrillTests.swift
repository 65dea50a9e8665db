// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import PostgreSQLFixture
import Testing

/// The test failover, whole: against a simulated cloud and a database that is real.
struct FailoverDrillTests {
    static let runbook = "failover-group-drill"
    private static let bothWays: [String: Int64] = [
        "failover-group.failed-over \(Lab.secondary)": 1, "failover-group.failed-over \(Lab.primary)": 1,
    ]

    /// Each of the two keys is registered on each of the two servers, and each protector is set, once.
    private static let swap: [String: Int64] = [
        "server-key.registered testanu2_tey_29497babb0cb4af58a773104a5dd61e5": 2,
        "server-key.registered testprimarysubham_subham_e0637ed7e3734f989b928101c79ca565": 2,
        "protector.changed current to testanu2_tey_29497babb0cb4af58a773104a5dd61e5": 1,
        "protector.changed current to testprimarysubham_subham_e0637ed7e3734f989b928101c79ca565": 1,
    ]

    @Test(arguments: [(runbook, [:]), (KeySwap.runbook, swap)])
    func `a drill shows the encryption by a real database, comes back, and its record answers for the objectives`(
        runbook: String, swap: [String: Int64]
    ) throws {
        let lab = try Lab(runbook)
        let result = try lab.run(patience: "1m")
        #expect(result.status == 0, "\(result)")
        let run = try lab.catalog.onlyRun
        #expect(try run.outcome == "succeeded")
        #expect(try run.record["deviations"]?.array?.isEmpty == true)
        #expect(try lab.cloud.effects() == Self.bothWays.merging(swap) { $0 + $1 })
        #expect(try lab.cloud.primary() == Lab.primary)
        try expectRealDatabase(run)
        #expect(result.output.components(separatedBy: "write-markers: effect begun").count == 2, "\(result)")
        try expectThumbprints(run, lab)
        try expectObjectives(run, result)
        #expect(try lab.catalog.muster("verify", "last").status == 0)
        try expectPasswordNowhere(lab, [result])
        #expect(try lab.database.run("SELECT count(DISTINCT run), count(*) FROM muster_markers") == "2|6\n")
    }

    private func expectRealDatabase(_ run: RecordedRun) throws {
        let statements = try run.statements()
        #expect(statements.count > 20)
        for statement in statements {
            #expect(statement["source"]?["kind"] == "odbc")
            #expect(statement["source"]?["driver"]?.string?.hasPrefix("psqlodbcw") == true, "\(statement)")
            #expect(statement["source"]?["product"]?.string?.hasPrefix("PostgreSQL 1") == true, "\(statement)")
        }
        try expectSource(run, " over psqlodbcw")
    }

    private func expectSource(_ run: RecordedRun, _ says: String) throws {
        let rows = try run.file("README.md").split(separator: "\n").filter { $0.hasPrefix("| SQL answered by |") }
        #expect(rows.count == 1 && rows.first?.contains(says) == true, "\(rows)")
    }

    /// Each side shows the key of the server that is primary at that time, and the drill ends where it began.
    private func expectThumbprints(_ run: RecordedRun, _ lab: Lab) throws {
        func thumbprint(_ step: String) throws -> String? { try run.output("thumbprint", of: step)?.string }
        let first = try #require(try thumbprint("encryption-before"))
        let second = try #require(try thumbprint("encryption-after"))
        #expect(first != second && first.count == 40 && second.count == 40)
        #expect(try thumbprint("encryption-on-secondary") == first)
        #expect(try thumbprint("encryption-restored") == first)
        #expect(try run.output("server", of: "encryption-after")?.string == Lab.secondary)
        let shown = try lab.cloud.look(at: "state")["servers"]?[Lab.primary]?["databases"]?["tdedatabase"]
        #expect(shown?["encryptor-thumbprint"]?.string?.uppercased() == first)
        let page = try run.file("README.md")
        #expect(page.contains("shows \(first)") && page.contains("shows \(second)"))
    }

    private func expectObjectives(_ run: RecordedRun, _ result: CommandResult) throws {
        let measures = try run.measures()
        for id in ["recovery-time", "return-time", "data-loss", "replication-before", "replication-after"] {
            #expect(measures[id]?["met"]?.bool == true, "\(id): \(String(describing: measures[id]))")
        }
        #expect(measures["data-loss"]?["value"]?.string == "0s")
        let page = try run.file("README.md")
        let firstPage = try #require(page.components(until: "## Inputs"))
        #expect(
            firstPage.contains(" objectives met") && !firstPage.contains("not known")
                && firstPage.contains("recovery-time"))
        #expect(result.output.contains("Objectives: 5 of 5 met") || result.output.contains("Objectives: 7 of 7 met"))
    }

    private func expectPasswordNowhere(_ lab: Lab, _ results: [CommandResult]) throws {
        let objects = try lab.catalog.git("cat-file", "--batch-all-objects", "--batch")
        let files = try lab.catalog.program("/usr/bin/grep", ["-rlF", PostgreSQLFixture.password, lab.catalog.root])
        #expect(objects.contains("step-begun"))
        #expect(files.status == 1, "\(files)")
        for text in [objects] + results.map(\.everything) { #expect(!text.contains(PostgreSQLFixture.password)) }
    }

    @Test func `in a rehearsal the simulator answers, and the record never says that a database did`() throws {
        let catalog = try Catalog(.shipped)
        let result = try catalog.muster("rehearse", Self.runbook, "--speed", "200")
        #expect(result.status == 0, "\(result)")
        let run = try catalog.onlyRun
        let statements = try run.statements()
        #expect(statements.count > 20)
        for statement in statements {
            #expect(statement["source"] == ["kind": "simulator", "product": "the cloud simulator"])
        }
        try expectSource(run, "| **the cloud simulator**, no database |")
        #expect(result.output.contains("A rehearsal: its clouds were simulated"), "\(result)")
        #expect(try run.record["environment"]?.canonicalText.contains("simulated: default") == true)
        #expect(try catalog.muster("verify", "last").status == 0)
    }

    /// How a fault of the cloud shows.
    struct Fault: Sendable, CustomTestStringConvertible {
        let fault: String
        var testDescription: String { fault }
        /// The step that fails; nil when the drill gets through.
        var fails: String?
        /// What the reason says.
        var says = ""
        var effects = FailoverDrillTests.bothWays
        var isBack = true
        /// Whether clients were not served for a while.
        var missesReads = false
        /// Steps that wait for what cannot come.
        var inVain: [String] = []
    }

    static let faults: [Fault] = [
        Fault(fault: "failover-drops-connections", missesReads: true),
        Fault(fault: "dns-delay:delay=10m", missesReads: true),
        Fault(fault: "left-suspended:duration=10m"),
        Fault(fault: "planned-failover-timeout", fails: "fail-over", says: "timed out", effects: [:]),
        Fault(fault: "secondary-without-key", fails: "fail-over", says: "\(Lab.secondary) has lost its key"),
        Fault(
            fault: "key-disabled-mid-drill:at-once=true", fails: "fail-over", says: "\(Lab.secondary) has lost its key"),
        Fault(
            fault: "key-disabled-mid-drill:at-once=when-asked", fails: "encryption-after",
            says: "is not currently available", inVain: ["encryption-after"]),
        Fault(
            fault: "left-suspended", fails: "fail-over", says: "SUSPENDED",
            effects: ["failover-group.failed-over \(Lab.secondary)": 1], isBack: false,
            inVain: ["fail-over", "fail-back", "probe-old-primary", "replication-restored"]),
    ]

    @Test(arguments: faults)
    func `a fault of the cloud ends in a truthful record, and the group comes back where it can`(fault: Fault) throws {
        let lab = try Lab(Self.runbook, faults: [fault.fault])
        try lab.hurry(fault.inVain)
        let result = try lab.run(patience: "1m")
        let run = try lab.catalog.onlyRun
        #expect(try lab.cloud.effects() == fault.effects, "\(result)")
        #expect(try lab.cloud.primary() == (fault.isBack ? Lab.primary : Lab.secondary), "\(result)")
        #expect(try lab.catalog.muster("verify", "last").status == 0)
        if let failed = fault.fails {
            #expect(result.status == 1, "\(result)")
            #expect(try run.outcome == "failed")
            #expect(try run.result(of: failed) == "failed")
            #expect(try run.record["why"]?.string?.contains(fault.says) == true, "\(result)")
            #expect(try run.result(of: "roles-restored") == (fault.isBack ? "shown" : "failed"), "\(result)")
            #expect(!result.output.contains("✓ succeeded"))
            let namesBack = result.output.contains("and what brings things back failed as well (fail-back")
            #expect(namesBack != fault.isBack, "\(result)")
            let page = try run.file("README.md")
            let isPutBack = page.contains("What it changed was put back by [fail-back]")
            #expect(isPutBack == (fault.isBack && !fault.effects.isEmpty), "\(page)")
            if fault.effects.isEmpty {
                #expect(try run.measures()["return-time"]?["unknown"]?.string == "fail-back had nothing to do")
            }
        } else {
            #expect(result.status == 0, "\(result)")
            let missed = try #require(try run.output("failedReads", of: "probe-new-primary")?.int)
            #expect((missed > 0) == fault.missesReads, "\(missed)")
        }
    }
}

extension String {
    /// What stands before the words; nil when they do not come.
    fileprivate func components(until words: String) -> String? {
        range(of: words).map { String(self[..<$0.lowerBound]) }
    }
}
