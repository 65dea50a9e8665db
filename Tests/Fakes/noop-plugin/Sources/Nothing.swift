// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterPlugin
import Synchronization

/// Goes through every verb, for benchmarks and whole runs in tests. With a `ledger` it has effects there; without one it
/// touches nothing. The definition says how it can be made to fail.
struct Nothing: ReversibleStep {
    static let name = "nothing"
    static let definition = PackageResources.nothing_yaml

    struct Inputs: Decodable {
        var sleepMilliseconds: Int?
        var says: String?
        var waitsIn: String?
        var waitsOnce: Bool?
        var ledger: String?
        var place: String?
        var value: String?
        var failsIn: String?
        var undoFails: Int?
        var undoFailsAs: String?
        var undoHalves: Int?
        var undoLies: Bool?
        var undoNeeds: String?
        var remains: String?

        /// What apply puts into the ledger.
        var wanted: String { value ?? "done" }
    }
    struct Undo: Codable, Equatable {
        var step: String
        /// What the ledger held before; nil for nothing.
        var was: String?
    }

    /// The only target without a ledger: which steps of which runs this process has applied.
    private static let applied = Mutex<Set<String>>([])
    /// What is before a value that was put in place, or back, by half.
    static let half = "half of "

    private func target(_ context: StepContext) -> String { "\(context.run ?? "plan")/\(context.stepID)" }

    private func ledger(_ inputs: Inputs, _ context: StepContext) -> Ledger? {
        inputs.ledger.map {
            Ledger(path: $0, step: inputs.place ?? context.stepID, run: context.run ?? "plan")
        }
    }

    /// In a run, not in a plan, and until it is cancelled.
    private func wait(in place: String, _ inputs: Inputs, _ context: StepContext) async throws {
        guard inputs.waitsIn == place, context.run != nil else { return }
        if inputs.waitsOnce == true, let ledger = ledger(inputs, context) {
            if try ledger.count(.waited, value: place) > 0 { return }
            try ledger.append(.waited, value: place)
        }
        context.progress("waits in \(place)")
        try await Task.sleep(for: .seconds(86_400))
    }

    private func pause(_ inputs: Inputs) async throws {
        if let pause = inputs.sleepMilliseconds, pause > 0 { try await Task.sleep(for: .milliseconds(pause)) }
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await wait(in: "check", inputs, context)
        return [
            inputs.failsIn == "check" && context.run != nil
                ? .unmet("ready", "Something is needed.") : .met("ready", "Nothing is needed.")
        ]
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<NoOutputs> {
        try await wait(in: "observe", inputs, context)
        guard let ledger = ledger(inputs, context) else {
            return Self.applied.withLock { $0.contains(target(context)) }
                ? .satisfied : .needed([Change(target(context), from: "pending", to: "passed")])
        }
        let now = try ledger.value()
        if now == inputs.wanted { return .satisfied }
        let change = Change(inputs.place ?? context.stepID, from: now, to: inputs.wanted)
        guard let now, now.hasPrefix(Self.half) else {
            guard let remains = inputs.remains, try context.recordedUndo(as: Undo.self) != nil else {
                return .needed([change])
            }
            return .absent([change], remains: remains)
        }
        return .partial([change], why: "It holds \(now).")
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> NoOutputs {
        if let says = inputs.says { print(says) }
        try await wait(in: "apply", inputs, context)
        if inputs.failsIn == "apply" {
            throw StepError.permanent("noop.fails", "It fails before its effect, as asked.")
        }
        let ledger = ledger(inputs, context)
        try await gate.begin(undo: Undo(step: context.stepID, was: try ledger?.value()))
        try await pause(inputs)
        try await wait(in: "apply-begun", inputs, context)
        if inputs.failsIn == "apply-half" {
            try ledger?.append(.apply, value: Self.half + inputs.wanted)
            throw StepError.unknownOutcome("noop.half", "It ended half-way, as asked.")
        }
        try ledger?.append(.apply, value: inputs.wanted)
        _ = Self.applied.withLock { $0.insert(target(context)) }
        try await wait(in: "apply-done", inputs, context)
        if inputs.failsIn == "apply-done" {
            throw StepError.permanent("noop.fails", "It fails after its effect, as asked.")
        }
        return NoOutputs()
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        [
            inputs.failsIn == "verify"
                ? .unmet("still-nothing", "It is not so, as asked.") : .met("still-nothing", "Nothing was changed.")
        ]
    }
}

extension Nothing {
    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await wait(in: "check-undo", inputs, context)
        guard let needed = inputs.undoNeeds else { return [.met("undo-ready", "Nothing is needed.")] }
        return [
            access(needed, F_OK) == 0
                ? .met("undo-ready", "\(needed) is there.") : .unmet("undo-ready", "\(needed) is missing.")
        ]
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await wait(in: "undo", inputs, context)
        guard let ledger = ledger(inputs, context) else {
            try await gate.begin(undo: undo)
            _ = Self.applied.withLock { $0.remove(target(context)) }
            return
        }
        let now = try ledger.value()
        if now == undo.was || inputs.undoLies == true { return }
        guard now == inputs.wanted || now?.hasPrefix(Self.half) == true else {
            throw StepError.permanent("noop.changed", "It holds \(now ?? "nothing"), which this run did not put there.")
        }
        let failures = try ledger.count(.failed)
        let mustFail = failures < inputs.undoFails ?? 0
        if mustFail, inputs.undoFailsAs != "unknown" {
            try ledger.append(.failed)
            let text = "The undo fails, as asked, for the \(failures + 1). time."
            throw inputs.undoFailsAs == "permanent"
                ? StepError.permanent("noop.fails", text) : StepError.retryable("noop.fails", text)
        }
        try await gate.begin(undo: undo)
        try await pause(inputs)
        try await wait(in: "undo-begun", inputs, context)
        try await putBack(undo, inputs, ledger)
        try await wait(in: "undo-done", inputs, context)
        if mustFail {
            try ledger.append(.failed)
            throw StepError.unknownOutcome("noop.lost", "The answer of the undo was lost, as asked.")
        }
    }

    private func putBack(_ undo: Undo, _ inputs: Inputs, _ ledger: Ledger) async throws {
        if try ledger.count(.halved) < inputs.undoHalves ?? 0 {
            try ledger.append(.halved)
            try ledger.append(.undo, value: Self.half + (undo.was ?? "nothing"))
        } else {
            try ledger.append(.undo, value: undo.was ?? "")
        }
    }
}
