// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel
internal import MusterPluginProtocol

/// What a plugin answered, held against the step's definition before any of it counts.
struct StepAnswer {
    let events: [Event]

    /// - Throws: ``StepFailure`` when the answer is not one that the protocol and the definition allow.
    init(definition: PlannedDefinition, task: StepTask, result: JSON) throws(StepFailure) {
        switch task.verb {
        case .check:
            let results = try Self.decode(CheckResult.self, result, task).preconditions
            let checked = StepChecked(
                step: task.step, attempt: task.attempt,
                preconditions: try Self.complete(results, definition.preconditions.map { ($0.id, $0.says) }, task))
            events = [.stepChecked(checked)]
        case .observe, .readBack:
            var observation = try Self.decode(Observation.self, result, task)
            let (outputs, log) = Self.declared(observation.outputs, definition)
            observation.outputs = outputs
            let observed = StepObserved(
                step: task.step, attempt: task.attempt, purpose: task.verb == .observe ? .beforeEffect : .readBack,
                observation: observation)
            events = log + [.stepObserved(observed)]
        case .apply:
            let (outputs, log) = Self.declared(try Self.decode(ApplyResult.self, result, task).outputs, definition)
            events = log + [.stepApplied(StepApplied(step: task.step, attempt: task.attempt, outputs: outputs))]
        case .verify:
            let results = try Self.decode(VerifyResult.self, result, task).postconditions
            let verified = StepVerified(
                step: task.step, attempt: task.attempt,
                postconditions: try Self.complete(results, definition.postconditions.map { ($0.id, $0.says) }, task))
            events = [.stepVerified(verified)]
        case .askPerson: preconditionFailure("no plugin is asked for a person's word")
        }
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, _ result: JSON, _ task: StepTask
    ) throws(StepFailure) -> Value {
        do { return try result.decode(type) } catch {
            throw broken("the answer to \(task.verb.rawValue) does not fit: \(describeDecodingError(error))")
        }
    }

    /// One result for each declared condition, in its order; one that the plugin left out is unverifiable.
    static func complete(
        _ results: [ConditionResult], _ declared: [(id: String, says: String)], _ task: StepTask
    ) throws(StepFailure) -> [ConditionResult] {
        var byID: [String: ConditionResult] = [:]
        for result in results {
            guard byID.updateValue(result, forKey: result.id) == nil else {
                throw broken("the answer to \(task.verb.rawValue) holds condition \"\(result.id)\" twice")
            }
        }
        let names = Set(declared.map(\.id))
        if let stranger = results.first(where: { !names.contains($0.id) }) {
            throw broken("the answer to \(task.verb.rawValue) holds condition \"\(stranger.id)\", which is not declared")
        }
        return declared.map { condition in
            byID[condition.id]
                ?? ConditionResult(
                    id: condition.id, verdict: .unverifiable, says: "The plugin gave no result for it.", evidence: [])
        }
    }

    /// Only what the definition declares is kept: nothing else may reach the journal as an output.
    private static func declared(
        _ outputs: [String: JSON], _ definition: PlannedDefinition
    ) -> (kept: [String: JSON], log: [Event]) {
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
