// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

@Suite struct PointsOfNoReturnTests {
    private func plan(_ kind: RunKind) -> Plan {
        let group = { PlannedStep.Group(id: "each", parallel: 1, item: .string($0)) }
        var plan = PlanFixture.plan([
            PlanFixture.step("back"), PlanFixture.step("gone", uses: "test/gone"),
            PlanFixture.step("each[0]", uses: "test/gone", group: group("a")),
            PlanFixture.step("each[1]", uses: "test/gone", group: group("b")),
        ])
        plan.definitions["test/gone@1.0.0"] = PlanFixture.definition("test/gone", effect: .irreversible)
        plan.kind = kind
        return plan
    }

    @Test func `every irreversible step of the runbook stands once`() {
        #expect(plan(.drill).pointsOfNoReturn == ["gone", "each"])
    }

    @Test func `each needs a word of its own, except in a rehearsal`() {
        #expect(plan(.drill).pointsOfNoReturn(without: []) == ["gone", "each"])
        #expect(plan(.change).pointsOfNoReturn(without: ["each"]) == ["gone"])
        #expect(plan(.drill).pointsOfNoReturn(without: ["each", "gone"]) == [])
        #expect(plan(.rehearsal).pointsOfNoReturn(without: []) == [])
    }

    @Test(arguments: [
        ("inputs.each", true), ("not inputs.each", false), ("environment.group == 'lab'", true),
        ("environment.group != 'lab'", false), ("steps.back.outputs.value", true), ("run.kind != 'drill'", true),
        ("steps.back.outputs.value and inputs.each", true), ("steps.back.outputs.value and not inputs.each", false),
    ])
    func `a step that inputs or environment leave out is none, and what is found later rules nothing out`(
        condition: String, counts: Bool
    ) {
        var plan = plan(.drill)
        plan.inputs = ["each": true]
        plan.steps[1].condition = condition
        #expect(plan.pointsOfNoReturn == (counts ? ["gone", "each"] : ["each"]))
        #expect(plan.leavesOut(plan.steps[1]) == !counts)
        #expect(plan.irreversibleSteps == ["gone", "each"])
    }

    @Test func `an early journal's go-ahead is read, and a new one is read as it was written`() throws {
        let early: RunStarted = try JSON.parse(#"{"confirmation":"--yes"}"#).decode()
        #expect(early == RunStarted(confirmation: "--yes"))
        let accepted = Acceptance(step: "gone", person: "ada", how: "typed")
        let started = RunStarted(
            confirmation: "confirmed", accepted: [accepted],
            window: WindowAssessment([], earlier: [], at: Timestamp(milliseconds: 0)))
        #expect(try JSON(encoding: started).decode() == started)
    }
}
