// SPDX-License-Identifier: Apache-2.0

internal import MusterModel
internal import MusterPluginProtocol

/// Calls the step's verb: decodes what it needs, encodes what it returns.
func perform<S: Step>(_ verb: PluginMethod, of type: S.Type, for call: Call) async throws -> JSON {
    let context = StepContext(call: call)
    let step = type.init()
    let inputs = try decodedInputs(of: type, for: call)
    switch verb {
    case .check where call.parameters.undo != nil:
        if let reversible = type as? any ReversibleStep.Type { return try await checkUndo(reversible, for: call) }
    case .check:
        let conditions = try await step.check(inputs, context)
        return try JSON(encoding: CheckResult(preconditions: conditions.map(\.wire)))
    case .observe:
        return try JSON(encoding: try await step.observe(inputs, context).wire())
    case .verify:
        if let report = type as? any ReportStep.Type { return try await perform(report, for: call) }
        let conditions = try await step.verify(inputs, context)
        return try JSON(encoding: VerifyResult(postconditions: conditions.map(\.wire)))
    case .apply:
        if let effect = type as? any EffectStep.Type { return try await apply(effect, for: call) }
    case .undo:
        if let reversible = type as? any ReversibleStep.Type { return try await undo(reversible, for: call) }
    default: break
    }
    throw StepError.permanent("plugin.no-such-verb", "Step \(type.name) has no \(verb.rawValue).")
}

private func perform<S: ReportStep>(_ type: S.Type, for call: Call) async throws -> JSON {
    let report = try await type.init().report(try decodedInputs(of: type, for: call), StepContext(call: call))
    return try JSON(
        encoding: VerifyResult(
            postconditions: report.postconditions.map(\.wire), outputs: try report.outputs.map(objectMembers)))
}

private func apply<S: EffectStep>(_ type: S.Type, for call: Call) async throws -> JSON {
    let inputs = try decodedInputs(of: type, for: call)
    let outputs = try await type.init().apply(inputs, StepContext(call: call), EffectGate(call: call))
    return try JSON(encoding: ApplyResult(outputs: try objectMembers(of: outputs)))
}

private func checkUndo<S: ReversibleStep>(_ type: S.Type, for call: Call) async throws -> JSON {
    let inputs = try decodedInputs(of: type, for: call)
    let conditions = try await type.init().checkUndo(inputs, try undoData(of: type, for: call), StepContext(call: call))
    return try JSON(encoding: CheckResult(preconditions: conditions.map(\.wire)))
}

private func undo<S: ReversibleStep>(_ type: S.Type, for call: Call) async throws -> JSON {
    let inputs = try decodedInputs(of: type, for: call)
    let undo = try undoData(of: type, for: call)
    try await type.init().undo(inputs, undo, StepContext(call: call), EffectGate(call: call))
    return .object([:])
}

private func undoData<S: ReversibleStep>(of type: S.Type, for call: Call) throws -> S.Undo {
    if let undo = try StepContext(call: call).recordedUndo(as: S.Undo.self) { return undo }
    throw StepError.permanent("plugin.no-undo-data", "Step \(type.name) was asked to undo without undo data.")
}

private func decodedInputs<S: Step>(of type: S.Type, for call: Call) throws -> S.Inputs {
    do {
        return try JSON.object(call.parameters.inputs).decode(S.Inputs.self)
    } catch {
        throw StepError.permanent(
            "plugin.invalid-inputs", "The inputs of \(type.name) do not fit: \(describeDecodingError(error))",
            remedy: "Compare the definition's inputs with the plugin's type \(S.Inputs.self).")
    }
}
