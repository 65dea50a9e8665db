// SPDX-License-Identifier: Apache-2.0

import MusterPlugin

/// Has an effect in a ledger that no program can take back.
struct OneWay: EffectStep {
    static let name = "one-way"
    static let definition = PackageResources.one_way_yaml

    struct Inputs: Decodable { var ledger: String }
    struct Undo: Codable { var was: String? }

    private func ledger(_ inputs: Inputs, _ context: StepContext) -> Ledger {
        Ledger(path: inputs.ledger, step: context.stepID, run: context.run ?? "plan")
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] { [] }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<NoOutputs> {
        let now = try ledger(inputs, context).value()
        return now == "gone" ? .satisfied : .needed([Change(context.stepID, from: now, to: "gone")])
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> NoOutputs {
        let ledger = ledger(inputs, context)
        try await gate.begin(undo: Undo(was: try ledger.value()))
        try ledger.append(.apply, value: "gone")
        return NoOutputs()
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        [
            try ledger(inputs, context).value() == "gone"
                ? .met("gone", "It is gone.") : .unmet("gone", "It is still there.")
        ]
    }
}
