// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// Reports and comparisons of runs, from a catalog by the real command line.
struct ReportTests {
    private func drilled(_ steps: String = "  - { id: one, uses: noop/nothing@1.0.0 }") throws -> Catalog {
        let catalog = try Catalog(.noop(runbook: WholeRunTests.runbook("steps:\n" + steps)))
        let result = try catalog.drill()
        #expect(result.status == 0, "\(result)")
        return catalog
    }

    @Test func `a report is printed or written, and is the same each time`() throws {
        let catalog = try drilled()
        let printed = try catalog.muster("report", "last")
        #expect(printed.status == 0 && printed.output.hasPrefix("<!doctype html>"), "\(printed)")
        let file = "\(catalog.root)/report.html"
        let written = try catalog.muster("report", "last", "--out", file)
        #expect(written.status == 0 && written.output.isEmpty, "\(written)")
        #expect(try String(contentsOfFile: file, encoding: .utf8) == printed.output)
        let other = try Catalog(copyOf: catalog)
        #expect(try other.muster("report", "last").output == printed.output)
    }

    @Test func `each format is what it says`() throws {
        let catalog = try drilled()
        let json = try catalog.muster("report", "last", "--format", "json").json
        #expect(json["format"] == 1 && json["record"]?["outcome"] == "succeeded")
        #expect(try catalog.muster("report", "last", "--json").json == json)
        let page = try catalog.muster("report", "last", "--format", "md").output
        #expect(page.hasPrefix(try catalog.onlyRun.file("README.md")) && page.contains("## Evidence for auditors"))
        let junit = try catalog.muster("report", "last", "--format", "junit", "--out", "\(catalog.root)/junit.xml")
        #expect(junit.status == 0)
        let script = "import sys, xml.etree.ElementTree as e; print(e.parse(sys.argv[1]).getroot().get('tests'))"
        let parsed = try catalog.program("/usr/bin/python3", ["-c", script, "\(catalog.root)/junit.xml"])
        #expect(parsed.output == "1\n", "\(parsed)")
    }

    @Test func `a report that cannot be written says so`() throws {
        let result = try drilled().muster("report", "last", "--out", "/nowhere/at/all.html")
        #expect(result.status == 2 && result.errors.contains("[report.not-written]"), "\(result)")
    }

    @Test func `two runs are compared, and a run with itself is the same`() throws {
        let catalog = try drilled()
        let first = try catalog.onlyRun.run
        let same = try catalog.muster("diff", first, "last")
        #expect(same.status == 0 && same.output.contains("are the same in all that is compared"), "\(same)")
        try catalog.replace("version: 1.0.0", by: "version: 1.1.0", in: "runbooks/drill.yaml")
        try catalog.commit("Another version")
        #expect(try catalog.drill("--change", "CHG7").status == 0)
        // Ids of runs of one second are in no order.
        let runs = try catalog.muster("list", "--json").json.array?.compactMap { $0["run"]?.string } ?? []
        let second = try #require(runs.first { $0 != first })
        let result = try catalog.muster("diff", first, second)
        #expect(result.output.contains("A  drill 1.0.0") && result.output.contains("B  drill 1.1.0"), "\(result)")
        #expect(result.output.contains("A  none named") && result.output.contains("B  CHG7"), "\(result)")
        #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
        let json = try catalog.muster("diff", first, second, "--json").json
        let run = json["sections"]?.array?.first { $0["title"] == "run" }
        #expect(run?["rows"]?.array?.contains { $0["what"] == "change" && $0["second"] == "CHG7" } == true)
    }
}
