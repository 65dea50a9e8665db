// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterExpressions
internal import MusterMachine
internal import MusterModel

extension PlanMaterial {
    /// The runbook's measures, each objective read as the type of what it is held against.
    var plannedMeasures: [PlannedMeasure] {
        runbook.measures.map { measure in
            switch measure.source {
            case .clock(let from, let to):
                PlannedMeasure(
                    id: measure.id.value, summary: measure.summary,
                    source: .clock(from: .init(from.value), to: .init(to.value)),
                    objective: Objective(measure.objective?.value, of: .duration))
            case .output(let output):
                plannedMeasure(measure, output.value, type(of: output.value))
            }
        }
    }

    private func plannedMeasure(
        _ measure: Runbook.Measure, _ output: MeasuredOutput, _ type: ValueType
    ) -> PlannedMeasure {
        PlannedMeasure(
            id: measure.id.value, summary: measure.summary,
            source: .output(.init(step: output.step, output: output.output, type: type.written.name)),
            objective: Objective(measure.objective?.value, of: type))
    }

    private func type(of output: MeasuredOutput) -> ValueType {
        let use = runbook.allSteps.first { $0.id.value == output.step }?.uses?.value
        let declared = use.flatMap { definitions[$0] }?.definition.outputs.first { $0.name.value == output.output }
        return declared?.type ?? .any
    }
}

extension PlannedMeasure.Mark {
    fileprivate init(_ mark: MeasureMark) {
        self.init(step: mark.step, edge: mark.edge == .started ? .started : .finished)
    }
}

extension Objective {
    /// Nil without one, and for one that does not fit the type, which lint refuses.
    fileprivate init?(_ written: JSON?, of type: ValueType) {
        guard let written, type.accepts(written) else { return nil }
        switch type {
        case .duration:
            guard let longest = written.string.flatMap(Duration.init(durationText:)) else { return nil }
            self = .longest(milliseconds: longest.milliseconds)
        case .integer, .number: self = .atMost(written)
        default: self = .equal(written)
        }
    }
}
