// SPDX-License-Identifier: Apache-2.0

import MusterPlugin
import Synchronization

/// Goes through every verb without touching anything: for benchmarks and whole runs in tests.
struct Nothing: ReversibleStep {
    static let name = "nothing"
    static let definition = PackageResources.nothing_yaml

    struct Inputs: Decodable {
        var sleepMilliseconds: Int?
        var says: String?
        var waitsIn: String?
    }
    struct Undo: Codable { var step: String }

    /// The only target there is: which steps of which runs this process has applied.
    private static let applied = Mutex<Set<String>>([])

    private func target(_ context: StepContext) -> String { "\(context.run ?? "plan")/\(context.stepID)" }

    /// In a run, not in a plan, and until it is cancelled.
    private func wait(in verb: String, _ inputs: Inputs, _ context: StepContext) async throws {
        guard inputs.waitsIn == verb, context.run != nil else { return }
        context.progress("waits in \(verb)")
        try await Task.sleep(for: .seconds(86_400))
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await wait(in: "check", inputs, context)
        return [.met("ready", "Nothing is needed.")]
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<NoOutputs> {
        try await wait(in: "observe", inputs, context)
        return Self.applied.withLock { $0.contains(target(context)) }
            ? .satisfied : .needed([Change(target(context), from: "pending", to: "passed")])
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> NoOutputs {
        if let says = inputs.says { print(says) }
        try await wait(in: "apply", inputs, context)
        try await gate.begin(undo: Undo(step: context.stepID))
        if let pause = inputs.sleepMilliseconds, pause > 0 { try await Task.sleep(for: .milliseconds(pause)) }
        _ = Self.applied.withLock { $0.insert(target(context)) }
        return NoOutputs()
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        [.met("still-nothing", "Nothing was changed.")]
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await gate.begin(undo: undo)
        _ = Self.applied.withLock { $0.remove(target(context)) }
    }
}

@main struct Main {
    static func main() async { await PluginMain.run("noop", [Nothing.self]) }
}
