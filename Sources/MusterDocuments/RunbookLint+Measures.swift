// SPDX-License-Identifier: Apache-2.0

import MusterExpressions
import MusterModel

extension RunbookLint {
    mutating func checkMeasures() {
        for measure in runbook.measures {
            switch measure.source {
            case .clock(let from, let to):
                for mark in [from, to] {
                    if let step = mark.value.step { _ = find(step, of: measure, at: mark.location) }
                }
                check(measure.objective, of: measure, is: .duration)
            case .output(let output):
                if let type = type(of: output, in: measure) { check(measure.objective, of: measure, is: type) }
            }
        }
    }

    /// The step's position; nil, with an error given, when there is none of that name.
    private mutating func find(_ step: String, of measure: Runbook.Measure, at location: SourceLocation) -> Int? {
        if let position = context.positions[step] { return position }
        report(
            "unknown-mark", "The measure '\(measure.id.value)' names the step '\(step)', which does not exist",
            help: suggestion(for: step, in: context.candidates(Array(context.positions.keys))), at: location)
        return nil
    }

    /// The type of the output; nil when it is not known or cannot be a measure, which is reported.
    private mutating func type(of output: Located<MeasuredOutput>, in measure: Runbook.Measure) -> ValueType? {
        let (step, name) = (output.value.step, output.value.output)
        guard let position = find(step, of: measure, at: output.location) else { return nil }
        if context.steps[position].forEach != nil {
            report(
                "for-each-outputs", "'\(step)' is done once for each element and has no outputs of its own",
                help: "Measure an output of a later step that looks at all of them.", at: output.location)
            return nil
        }
        guard let definition = context.definitions[position] else { return nil }
        guard let declared = definition.outputs.first(where: { $0.name.value == name }) else {
            let names = definition.outputs.map(\.name.value)
            let known = names.isEmpty ? "It has none." : "It has \(listed(names))."
            report(
                "unknown-output", "'\(definition.reference.value)' has no output '\(name)'",
                help: suggestion(for: name, in: context.candidates(names)) ?? known, at: output.location)
            return nil
        }
        guard declared.type.isMeasurable else {
            report(
                "measure-type", "The measure '\(measure.id.value)' reads '\(name)', which is of type \(declared.type)",
                help: "A measure is one text, number, boolean or duration; declare the output as one of them.",
                at: output.location)
            return nil
        }
        return declared.type
    }

    private mutating func check(_ objective: Located<JSON>?, of measure: Runbook.Measure, is type: ValueType) {
        // A part that has been reported is null.
        guard let objective, objective.value != .null else { return }
        var why = type.mismatch(of: objective.value)
        if case .clock = measure.source, why == nil,
            objective.value.string.flatMap(Duration.init(durationText:)) == .zero
        {
            why = "a clock always takes longer than nothing"
        }
        if let why {
            report("measure-objective", "The objective of '\(measure.id.value)': \(why)", at: objective.location)
        }
    }
}

extension ValueType {
    /// Whether a value of the type can be shown in one cell and held against an objective. What is `any` cannot: nobody
    /// could say beforehand how the two compare.
    var isMeasurable: Bool {
        switch self {
        case .string, .integer, .number, .boolean, .duration, .oneOf, .azureResourceID, .keyVaultKeyID: true
        case .any, .object, .secret, .list, .optional: false
        }
    }
}
