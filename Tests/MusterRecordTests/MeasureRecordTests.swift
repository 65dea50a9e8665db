// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import Testing

@testable import MusterRecord

@Suite struct MeasureRecordTests {
    @Test func `a clock tells its marks, the whole time, and that without waiting for people`() throws {
        let record = try RunScript.succeeded().files().record
        let swap = try #require(record.measures.first)
        #expect(swap.kind == .clock && swap.met == true)
        #expect(swap.fromAt?.description == "2026-11-21T14:03:06.711Z")
        #expect(swap.toAt?.description == "2026-11-21T14:15:09.311Z")
        #expect(swap.measuredMilliseconds == 722_600 && swap.waitedForPeopleMilliseconds == 552_000)
        #expect(swap.withoutPeopleMilliseconds == 170_600)
    }

    @Test func `the objective is held against the whole time, waiting for people included`() throws {
        let whole = try RunScript.succeeded().files().record.measures[1]
        #expect(whole.from == PlannedMeasure.Mark(step: nil, edge: .started))
        #expect(whole.met == false && whole.verdict == .missed)
        #expect(whole.withoutPeopleMilliseconds.map { $0 < 600_000 } == true)
    }

    @Test func `outputs are measures, and of a step that was not done they are not known`() throws {
        let done = try RunScript.succeeded().files().record
        #expect(done.measures[2].value == "F3A1C0DE" && done.measures[2].met == true)
        #expect(done.measures[3].verdict == .noObjective && done.measures[3].measuredText == "2E0A91D7")
        #expect(done.objectives?.met == 2 && done.objectives?.all == 3)
        let failed = try RunScript.failedAfterRetry().files().record
        #expect(failed.measures[2].unknown == "protector-on-secondary was not done")
        #expect(failed.measures[2].verdict == .unknown && failed.measures[2].value == nil)
        #expect(failed.objectives?.met == 0)
        #expect(failed.objectives?.text == "0 of 3 met, 3 not known")
    }

    @Test func `what the run was not to do is no objective of it`() throws {
        let skipped = Event.stepSkipped(
            StepSkipped(step: "verify-protectors", reason: .condition, detail: "mode is other"))
        let sources: [PlannedMeasure.Source] = [
            .output(.init(step: "verify-protectors", output: "loss", type: "duration")),
            .clock(from: .init(step: nil, edge: .started), to: .init(step: "verify-protectors", edge: .finished)),
        ]
        var plan = KeySwap.plan()
        plan.measures = sources.enumerated().map {
            PlannedMeasure(id: "m\($0)", summary: "M", source: $1, objective: .longest(milliseconds: 1))
        }
        var script = try RunScript.begun(plan)
        try script.add(skipped)
        let record = try script.files().record
        #expect(record.measures.map(\.verdict) == [.notApplicable, .notApplicable])
        #expect(
            record.measures.map(\.unknown) == Array(repeating: "verify-protectors is no part of this run", count: 2))
        #expect(record.objectives == nil)
    }

    @Test(arguments: [(RunCreated.rulesOfWindows, MeasureRecord.Verdict.notApplicable), (2, .unknown)])
    func `what the inputs leave out is no objective where the run ended before it came there`(
        rules: Int, verdict: MeasureRecord.Verdict
    ) throws {
        var plan = KeySwap.plan()
        plan.inputs["mode"] = "switchover"
        let at = try #require(plan.steps.firstIndex { $0.id == "verify-protectors" })
        plan.steps[at].condition = "inputs.mode == 'snapshot'"
        let output = PlannedMeasure.Output(step: "verify-protectors", output: "loss", type: "duration")
        plan.measures = [
            PlannedMeasure(id: "m", summary: "M", source: .output(output), objective: .longest(milliseconds: 1))
        ]
        var script = try RunScript(plan: plan, rules: rules)
        try script.add(.runStarted(RunStarted(confirmation: "confirmed")))
        #expect(try script.files().record.measures.map(\.verdict) == [verdict])
    }

    static let outputs: [(PlannedMeasure.Output, Objective?, JSON?, Bool?, Bool)] = [
        (
            .init(step: "verify-protectors", output: "loss", type: "duration"), .longest(milliseconds: 0), "0s", true,
            true
        ),
        (
            .init(step: "verify-protectors", output: "loss", type: "duration"), .longest(milliseconds: 0), "4s", false,
            true
        ),
        (.init(step: "verify-protectors", output: "lost", type: "integer"), .atMost(2), 3, false, true),
        (.init(step: "verify-protectors", output: "lost", type: "integer"), .atMost(2), "many", nil, false),
        (.init(step: "verify-protectors", output: "lost", type: "integer"), .atMost(2), nil, nil, false),
        (.init(step: "verify-protectors", output: "lost", type: "integer"), nil, .null, nil, false),
    ]

    @Test(arguments: outputs)
    func `an output is held against an objective of its kind`(
        output: PlannedMeasure.Output, objective: Objective?, value: JSON?, met: Bool?, isKnown: Bool
    ) throws {
        var plan = KeySwap.plan()
        plan.measures = [PlannedMeasure(id: "m", summary: "M", source: .output(output), objective: objective)]
        var script = try RunScript.begun(plan)
        try script.start("verify-protectors")
        let outputs = value.map { [output.output: $0] } ?? [:]
        try script.add(.stepDone(StepDone(step: "verify-protectors", how: .shown, outputs: outputs)))
        let measure = try #require(try script.files().record.measures.first)
        #expect(measure.met == met)
        #expect((measure.unknown == nil) == isKnown)
    }

    @Test(arguments: [
        (ObjectiveCount(met: 5, missed: 0, unknown: 0), "5 of 5 objectives met"),
        (ObjectiveCount(met: 2, missed: 0, unknown: 3), "2 of 5 objectives met, 3 not known"),
        (ObjectiveCount(met: 2, missed: 1, unknown: 2), "2 of 5 objectives met, 1 not met, 2 not known"),
    ])
    func `objectives that were not met and those not known are told apart`(count: ObjectiveCount, says: String) {
        #expect(count.sentence == says)
        #expect(count.text == says.replacing(" objectives", with: ""))
    }

    @Test(arguments: [PlannedMeasure.Edge.started, .finished])
    func `a clock from a step that had nothing to do measures nothing`(edge: PlannedMeasure.Edge) throws {
        var plan = KeySwap.plan()
        let already = "register-primary-key-on-secondary"
        plan.measures[0].source = .clock(
            from: .init(step: already, edge: edge), to: .init(step: "verify-protectors", edge: .finished))
        plan.measures[1].source = .clock(
            from: .init(step: nil, edge: .started), to: .init(step: already, edge: .finished))
        var script = try RunScript.begun(plan)
        try script.alreadyRegistered()
        try script.prove()
        let measures = try script.files().record.measures
        #expect(measures[0].unknown == "\(already) had nothing to do" && measures[0].verdict == .unknown)
        #expect(measures[0].fromAt != nil && measures[0].toAt != nil && measures[0].measuredMilliseconds == nil)
        #expect(measures[1].verdict == .met)
    }

    @Test func `a clock that ends before it starts measured nothing`() throws {
        var plan = KeySwap.plan()
        let (first, last) = (plan.steps[0].id, "verify-protectors")
        plan.measures[0].source = .clock(
            from: .init(step: last, edge: .started), to: .init(step: first, edge: .started))
        var script = try RunScript.begun(plan)
        try script.start(first)
        script.pass(milliseconds: 1000)
        try script.start(last)
        let measure = try #require(try script.files().record.measures.first)
        #expect(measure.unknown == "The clock's end came before its start" && measure.met == nil)
    }

    /// As Muster 0.1 wrote it.
    @Test func `an early record's measure is read as a clock`() throws {
        let text = """
            {"from":{"edge":"started","step":"a"},"id":"swap-time","measuredMilliseconds":722600,"met":true,
             "objectiveMilliseconds":900000,"summary":"S","to":{"edge":"finished","step":"b"},
             "waitedForPeopleMilliseconds":552000}
            """
        let measure: MeasureRecord = try JSON.parse(text).decode()
        #expect(measure.kind == .clock && measure.verdict == .met && measure.from?.step == "a")
        #expect(measure.objective == .longest(milliseconds: 900_000) && measure.fromAt == nil)
    }

    /// Its plan and journal are sound, and only the page and its twin read otherwise, as another version's may.
    @Test func `a record of Muster 0_1 still verifies`() throws {
        let script = try RunScript.succeeded()
        var files = try script.stored()
        guard case .object(var record) = try JSON.parse(try #require(files["record.json"])) else { throw NoObject() }
        record["measures"] = [
            [
                "from": ["edge": "started", "step": "register-secondary-key-on-primary"], "id": "swap-time",
                "measuredMilliseconds": 722_600, "met": true, "objectiveMilliseconds": 900_000, "summary": "S",
                "to": ["edge": "finished", "step": "verify-protectors"], "waitedForPeopleMilliseconds": 552_000,
            ]
        ]
        files["record.json"] = JSON.object(record).prettyBytes()
        let old: RunRecord = try JSON.object(record).decode()
        #expect(old.objectives?.met == 1)
        let findings = verifyRecord(files, run: RunScript.run, engine: "0.2.0", render: renderTemplate)
        #expect(findings.map(\.severity) == [.warning])
        #expect(findings.first?.location?.file == "record.json")
    }

    @Test func `a rehearsal's times are said to be no real ones`() throws {
        var plan = KeySwap.plan()
        plan.kind = .rehearsal
        let script = try RunScript.begun(plan)
        guard case .bytes(let bytes)? = try script.files().files.first(where: { $0.path == "README.md" })?.content
        else {
            throw NoObject()
        }
        #expect(String(decoding: bytes, as: UTF8.self).contains("A rehearsal: its clouds were simulated"))
        // Nobody was waited for, however long the answers took.
        #expect(try script.files().record.waitedForPeopleMilliseconds == 0)
        #expect(try RunScript.begun().files().record.waitedForPeopleMilliseconds > 0)
    }

    struct NoObject: Error {}
}
