// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// Measures of whole runs: in the plan, at the end, in `show` and in `list`.
struct ObjectiveTests {
    private static let runbook = WholeRunTests.runbook(
        """
        measures:
          - { id: whole, summary: All of it, from: run.started, to: steps.one.finished, objective: 1h }
          - { id: too-fast, summary: Nothing is so fast, from: steps.one.started, to: steps.one.finished, objective: 1ms }
        steps:
          - { id: one, uses: noop/nothing@1.0.0, with: { sleepMilliseconds: 20 } }
          - { id: two, uses: noop/nothing@1.0.0, when: "${{ inputs.extra }}" }
        """)

    @Test func `objectives stand in plan, end, page and list, and are compared with the run before`() throws {
        let catalog = try Catalog(.noop(runbook: Self.runbook))
        let plan = try catalog.muster("plan", "drill", "-e", "lab", "--plugins", catalog.plugins)
        #expect(plan.output.contains("whole: at most 1 h  from the run started to one finished"), "\(plan)")
        let first = try catalog.drill()
        #expect(first.status == 0, "\(first)")
        #expect(first.output.contains("Objectives: 1 of 2 met") && first.output.contains("NOT MET"), "\(first)")
        #expect(try catalog.muster("show", "last").output.contains("No earlier run of this runbook"))
        #expect(try catalog.drill().status == 0)
        let page = try catalog.muster("show", "last")
        #expect(page.output.contains("## Objectives: 1 of 2 met"), "\(page)")
        #expect(page.output.contains("## Compared with earlier runs"), "\(page)")
        let json = try catalog.muster("show", "last", "--json").json
        let trend = try #require(json["comparison"]?.array?.first)
        #expect(trend["id"] == "whole" && trend["earlier"]?.array?.count == 1 && trend["change"]?.number != nil)
        let list = try catalog.muster("list", "--runbook", "drill", "--limit", "1")
        #expect(list.output.split(separator: "\n").count == 1 && list.output.contains("objectives 1/2"), "\(list)")
        #expect(try catalog.muster("list", "--runbook", "dril").output.contains("No run of dril"))
        #expect(try catalog.muster("verify", "--all").status == 0)
    }
}
