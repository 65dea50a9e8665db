// SPDX-License-Identifier: Apache-2.0

import MusterPlugin
import Synchronization

/// A target that steps change: names and values, and how often it was written to.
final class Cloud: Sendable {
    struct State {
        var values: [String: String] = [:]
        var writes = 0
    }
    static let all = Mutex<[String: Cloud]>([:])
    let state = Mutex(State())

    /// The cloud of one test, reached by its connection.
    static func named(_ name: String) -> Cloud {
        all.withLock { all in
            let cloud = all[name] ?? Cloud()
            all[name] = cloud
            return cloud
        }
    }
}

/// Sets one value of a ``Cloud``; fails as it is told to.
struct SetValue: ReversibleStep {
    static let name = "set-value"
    static let definition = Array("step: sample/set-value\n".utf8)

    struct Inputs: Decodable {
        var key: String
        var value: String
        var fails: String?
    }
    struct Outputs: Codable, Equatable { var previous: String? }
    struct Undo: Codable, Equatable {
        var key: String
        var previous: String?
    }
    struct Connection: Codable { var name: String }
    struct Broken: Error {}

    private func cloud(_ context: StepContext) throws -> Cloud {
        Cloud.named(try context.connection("cloud", as: Connection.self).name)
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try context.evidence("keys", ["count": cloud(context).state.withLock { $0.values.count }])
        return [
            .met("key-allowed", "\(inputs.key) may be set", evidence: ["keys"]),
            .unverifiable("quota", "The quota could not be read."),
        ]
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        let now = try cloud(context).state.withLock { $0.values[inputs.key] }
        if now == inputs.value {
            return .satisfied(Outputs(previous: try context.recordedUndo(as: Undo.self)?.previous))
        }
        return .needed([Change(inputs.key, from: now, to: inputs.value)])
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        let cloud = try cloud(context)
        let before = cloud.state.withLock { $0.values[inputs.key] }
        if inputs.fails == "before" { throw Broken() }
        if inputs.fails == "goes-on" {
            _ = try? await gate.begin(undo: Undo(key: inputs.key, previous: before))
        } else {
            try await gate.begin(undo: Undo(key: inputs.key, previous: before))
        }
        context.progress("writing", fraction: 0.5)
        if inputs.fails == "after" { throw Broken() }
        if inputs.fails == "sleeps" { try await Task.sleep(for: .seconds(3600)) }
        if inputs.fails == "retryable" { throw StepError.retryable("Throttled", "Too many requests.", remedy: "Wait.") }
        cloud.state.withLock { state in
            state.values[inputs.key] = inputs.value
            state.writes += 1
        }
        return Outputs(previous: before)
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        let now = try cloud(context).state.withLock { $0.values[inputs.key] }
        return [now == inputs.value ? .met("is-set", "\(now ?? "")") : .unmet("is-set", "\(now ?? "nothing") is there")]
    }

    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        let now = try cloud(context).state.withLock { $0.values[undo.key] }
        return [
            now == inputs.value || now == undo.previous
                ? .met("untouched-since", "\(undo.key) is \(now ?? "nothing")")
                : .unmet("untouched-since", "Somebody has set \(undo.key) to \(now ?? "nothing")")
        ]
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await gate.begin(undo: undo)
        try cloud(context).state.withLock { $0.values[undo.key] = undo.previous }
    }
}

/// The least that a step which can be undone has to write.
struct Plain: ReversibleStep {
    static let name = "plain"
    static let definition = Array("step: sample/plain\n".utf8)
    struct Inputs: Decodable { var value: String }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<NoOutputs> { .satisfied }
    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<NoUndo>) async throws -> NoOutputs {
        NoOutputs()
    }
    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] { [] }
    func undo(_ inputs: Inputs, _ undo: NoUndo, _ context: StepContext, _ gate: EffectGate<NoUndo>) async throws {}
}

/// A proof that says too much.
struct Boast: ProofStep {
    static let name = "boast"
    static let definition = Array("step: sample/boast\n".utf8)
    struct Inputs: Decodable { var bytes: Int }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        context.log("boasting")
        try context.evidence("words", String(repeating: "x", count: inputs.bytes))
        return [.met("said", "It was said.")]
    }
}

/// A proof with outputs.
struct Measure: ReportStep {
    static let name = "measure"
    static let definition = Array("step: sample/measure\n".utf8)
    struct Inputs: Decodable { var length: Int }
    struct Outputs: Codable, Hashable { var length: Int }

    func report(_ inputs: Inputs, _ context: StepContext) async throws -> Report<Outputs> {
        inputs.length > 0
            ? Report([.met("has-length", "\(inputs.length)")], Outputs(length: inputs.length))
            : Report([.unmet("has-length", "none")], nil)
    }
}
