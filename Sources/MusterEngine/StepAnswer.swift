// SPDX-License-Identifier: Apache-2.0

internal import MusterExpressions
internal import MusterMachine
internal import MusterModel
internal import MusterPluginProtocol

/// What a plugin answered, held against the step's definition before any of it counts.
struct StepAnswer {
    let events: [Event]

    /// - Throws: ``StepFailure`` when the answer is not one that the definition allows.
    init(definition: PlannedDefinition, task: StepTask, answer: PluginAnswer) throws(StepFailure) {
        let (step, attempt) = (task.step, task.attempt)
        switch (task.verb, answer) {
        case (.check, .checked(let results)):
            // Those of an undo are asked for by themselves, before it.
            let declared = definition.preconditions.filter { $0.at != .undo }.map(\.id)
            let all = try Self.complete(results, declared, task)
            events = [.stepChecked(StepChecked(step: step, attempt: attempt, preconditions: all))]
        case (.undoCheck, .checked(let results)):
            let all = try Self.complete(results, definition.preconditions.filter { $0.at == .undo }.map(\.id), task)
            events = [.undoChecked(UndoChecked(step: step, attempt: attempt, preconditions: all))]
        case (.undo, .undone): events = [.undoClaimed(UndoClaimed(step: step, attempt: attempt))]
        case (_, .observed(var observation)):
            guard let purpose = Self.purpose(task.verb) else { throw Self.misplaced(task) }
            let (outputs, log) = try Self.declared(observation.outputs, definition)
            observation.outputs = outputs
            let observed = StepObserved(step: step, attempt: attempt, purpose: purpose, observation: observation)
            events = log + [.stepObserved(observed)]
        case (.apply, .applied(let claimed)):
            let (outputs, log) = try Self.declared(claimed, definition)
            events = log + [.stepApplied(StepApplied(step: step, attempt: attempt, outputs: outputs))]
        case (.verify, .verified(let results, let found)):
            let all = try Self.complete(results, definition.postconditions.map(\.id), task)
            // A step with an effect has given its outputs already; these would be others.
            let claimed = definition.effect == .none ? found : nil
            let (outputs, log) = try Self.declared(claimed ?? [:], definition)
            let verified = StepVerified(
                step: step, attempt: attempt, postconditions: all, outputs: claimed == nil ? nil : outputs)
            events = log + [.stepVerified(verified)]
        default: throw Self.misplaced(task)
        }
    }

    private static func misplaced(_ task: StepTask) -> StepFailure {
        broken("the answer to \(task.verb.rawValue) is that of another verb")
    }

    private static func purpose(_ verb: StepTask.Verb) -> StepObserved.Purpose? {
        switch verb {
        case .observe: .beforeEffect
        case .readBack: .readBack
        case .undoObserve: .beforeUndo
        case .undoProof: .undoProof
        default: nil
        }
    }

    /// One result for each declared condition, in its order; one that the plugin left out is unverifiable.
    static func complete(
        _ results: [ConditionResult], _ declared: [String], _ task: StepTask
    ) throws(StepFailure) -> [ConditionResult] {
        var byID: [String: ConditionResult] = [:]
        for result in results {
            guard byID.updateValue(result, forKey: result.id) == nil else {
                throw broken("the answer to \(task.verb.rawValue) holds condition \"\(result.id)\" twice")
            }
        }
        let names = Set(declared)
        if let stranger = results.first(where: { !names.contains($0.id) }) {
            throw broken(
                "the answer to \(task.verb.rawValue) holds condition \"\(stranger.id)\", which is not declared")
        }
        return declared.map { id in
            byID[id] ?? ConditionResult(id: id, verdict: .unverifiable, says: "The plugin gave no result for it.")
        }
    }

    /// Only what the definition declares is kept: nothing else may reach the journal as an output. What it declares is
    /// of the declared type, for later steps and objectives stand on it; null stands for one that there is none of.
    private static func declared(
        _ outputs: [String: JSON], _ definition: PlannedDefinition
    ) throws(StepFailure) -> (kept: [String: JSON], log: [Event]) {
        for (name, value) in outputs.sorted(by: { $0.key < $1.key }) where value != .null {
            if let why = definition.type(ofOutput: name)?.mismatch(of: value) {
                // Trying again would give the same; after an effect has begun the target is read back all the same.
                throw StepFailure(
                    kind: .permanent, code: "plugin.output-type",
                    message: "The output \"\(name)\" of \(definition.reference) is not as declared: \(why)",
                    remedy: "Correct the plugin, or the output's type in the step's definition.")
            }
        }
        let strangers = outputs.keys.filter { !definition.outputs.contains($0) }.sorted()
        guard !strangers.isEmpty else { return (outputs, []) }
        let text = "dropped outputs that \(definition.reference) does not declare: \(strangers.joined(separator: ", "))"
        let log = PluginLog(plugin: definition.reference.plugin, stream: "engine", text: text)
        return (outputs.filter { definition.outputs.contains($0.key) }, [.pluginLog(log)])
    }

    private static func broken(_ what: String) -> StepFailure {
        StepFailure(kind: .unknownOutcome, code: "plugin.protocol-error", message: what)
    }
}

extension PlannedDefinition {
    /// Nil for an output that is not declared, or whose type the plan does not hold.
    fileprivate func type(ofOutput name: String) -> ValueType? {
        outputTypes?[name].flatMap { ValueType(name: $0.type, resource: $0.resource, values: $0.values ?? []) }
    }
}
