// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import Testing

/// `measures:` of a runbook: what is read, and what is refused.
struct MeasureTests {
    private static let definition = """
        step: drill/compare
        version: 1.0.0
        summary: Compare
        effect: none
        timeout: 1m
        outputs:
          dataLoss: { type: duration }
          lost: { type: integer }
          state: { type: enum, values: [CATCH_UP, SEEDING] }
          isWhole: { type: boolean }
          all: { type: list of string }
          anything: { type: any }
        postconditions: [{ id: is-so, says: It is so }]
        """

    private static func runbook(_ measure: String) -> String {
        """
        runbook: drill
        version: 1.0.0
        summary: Drill
        measures:
          - { id: m, summary: M, \(measure) }
        steps:
          - { id: compare, uses: drill/compare@1.0.0 }
          - { id: each, uses: drill/compare@1.0.0, for-each: [1, 2] }
        """
    }

    private func lint(_ measure: String) throws -> [String] {
        let definition = try StepDefinition.parse(Array(Self.definition.utf8), file: "compare.yaml").get()
        let parsed = Runbook.parse(Array(Self.runbook(measure).utf8), file: "runbooks/drill.yaml")
        let runbook = try #require(parsed.partial)
        return (parsed.diagnostics + lintRunbook(runbook) { _, _ in .found(definition) }).map {
            "\($0.location?.column ?? 0) \($0.code): \($0.summary)\($0.help.map { " | " + $0 } ?? "")"
        }
    }

    @Test(arguments: [
        "from: run.started, to: steps.compare.finished, objective: 5m",
        "from: steps.each.started, to: steps.each.finished",
        "value: steps.compare.outputs.dataLoss, objective: 0s", "value: steps.compare.outputs.lost, objective: 0",
        "value: steps.compare.outputs.state, objective: CATCH_UP",
        "value: steps.compare.outputs.isWhole, objective: true", "value: steps.compare.outputs.state",
    ])
    func `clocks and outputs with objectives of their kind are sound`(measure: String) throws {
        #expect(try lint(measure) == [])
    }

    static let mistakes: [(String, [String])] = [
        (
            "objective: 5m",
            ["5 runbook.measure-source: The measure 'm' says nothing to measure | Give 'from' and 'to', or 'value'."]
        ),
        ("from: run.started", ["5 runbook.measure-source: The measure 'm' has no 'to' | Name where the clock stops."]),
        (
            "to: steps.compare.started",
            ["5 runbook.measure-source: The measure 'm' has no 'from' | Name where the clock starts."]
        ),
        (
            "from: run.started, value: steps.compare.outputs.lost",
            ["52 runbook.measure-source: The measure 'm' has a clock and a value | Give 'from' and 'to', or 'value'."]
        ),
        (
            "from: steps.compare.started, to: run.started",
            [
                "59 runbook.measure-source: The measure 'm' stops its clock where the run starts | Name a step's start or end."
            ]
        ),
        (
            "value: steps.compaer.outputs.lost",
            [
                "33 runbook.unknown-mark: The measure 'm' names the step 'compaer', which does not exist | Did you mean 'compare'?"
            ]
        ),
        (
            "value: steps.compare.outputs.dataLos",
            ["33 runbook.unknown-output: 'drill/compare' has no output 'dataLos' | Did you mean 'dataLoss'?"]
        ),
        (
            "value: steps.each.outputs.lost",
            [
                "33 runbook.for-each-outputs: 'each' is done once for each element and has no outputs of its own | Measure an output of a later step that looks at all of them."
            ]
        ),
        (
            "value: steps.compare.outputs.anything",
            [
                "33 runbook.measure-type: The measure 'm' reads 'anything', which is of type any | A measure is one text, number, boolean or duration; declare the output as one of them."
            ]
        ),
        (
            "value: steps.compare.outputs.all",
            [
                "33 runbook.measure-type: The measure 'm' reads 'all', which is of type list of string | A measure is one text, number, boolean or duration; declare the output as one of them."
            ]
        ),
        (
            "value: steps.compare.outputs.state, objective: CATCHUP",
            ["73 runbook.measure-objective: The objective of 'm': 'CATCHUP' is not one of CATCH_UP, SEEDING"]
        ),
        (
            "value: steps.compare.outputs.lost, objective: none",
            ["72 runbook.measure-objective: The objective of 'm': integer is needed, this is string"]
        ),
        (
            "from: run.started, to: steps.compare.finished, objective: 0s",
            ["84 runbook.measure-objective: The objective of 'm': a clock always takes longer than nothing"]
        ),
        (
            "from: run.started, to: steps.compare.finished, objective: 15",
            ["84 runbook.measure-objective: The objective of 'm': duration is needed, this is integer"]
        ),
        (
            "from: run.ended, to: steps.compare.finished",
            [
                "32 document.bad-value: 'from' needs run.started, steps.<id>.started or steps.<id>.finished, not 'run.ended'"
            ]
        ),
    ]

    @Test(arguments: mistakes)
    func `a mistake is reported where it stands, with what to do`(measure: String, expected: [String]) throws {
        #expect(try lint(measure) == expected)
    }
}
