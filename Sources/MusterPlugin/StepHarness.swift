// SPDX-License-Identifier: Apache-2.0

internal import MusterModel
internal import MusterPluginProtocol
internal import Synchronization

/// Runs one step's verbs in a test, by the same code that serves the engine, without a process.
///
/// ```swift
/// let step = StepHarness(SetProtector.self, connections: ["azure": server.connection])
/// let inputs = ["server": "server-a", "key": "key-2"]
/// #expect(try await step.observe(inputs) == .needed([Change("server-a/protector", from: "key-1", to: "key-2")]))
/// #expect(try await step.apply(inputs) == .init(thumbprint: "AA"))
/// #expect(try step.begun() == [.init(previousKey: "key-1")])
/// ```
///
/// Inputs are given as anything that encodes to the JSON that a runbook would give, so their decoding is tested too.
/// What the step reports is kept: ``progress``, ``log``, ``evidence(_:as:)``. Cancelling the caller's task cancels
/// the call.
public final class StepHarness<S: Step>: Sendable {
    /// What the calls are told, and how `begin` is answered.
    public struct Options: Sendable {
        /// The run's id; nil as in a plan.
        public var run: String? = "20260101-000000-test-000000"
        /// The step's id in the runbook.
        public var stepID = "step"
        /// Counts from 1.
        public var attempt = 1
        /// The same over all attempts.
        public var idempotencyKey = "00000000-0000-4000-8000-000000000000"
        /// What ``StepContext/timeout`` says; nothing is ended when it is over.
        public var timeout: Duration = .seconds(60)
        /// Called at each `begin`, before it is answered: look at the target here, or throw ``StepError`` to refuse.
        public var onBegin: @Sendable () async throws -> Void = {}
        /// Where the step's calls run with all their child tasks; nil: wherever there is room.
        package var executor: (any TaskExecutor)?

        /// The defaults.
        public init() {}
    }

    private let connections: [String: JSON]
    private let options: Options
    private let engine: RecordingEngine

    /// A harness for one step; it remembers over its calls what the step reported and began.
    ///
    /// - Parameters:
    ///   - connections: by name, what ``StepContext/connection(_:as:)`` returns.
    ///   - options: what the calls are told.
    /// - Throws: `EncodingError` when a connection has no JSON form.
    public init(
        _ step: S.Type, connections: [String: any Encodable & Sendable] = [:], options: Options = Options()
    ) throws {
        self.connections = try connections.mapValues { try JSON(encoding: $0) }
        self.options = options
        engine = RecordingEngine(onBegin: options.onBegin)
        engine.connect(
            PluginRuntime(name: "test", steps: [step], executor: options.executor) { [engine] in
                engine.receive(line: $0)
            })
    }

    /// Calls ``Step/check(_:_:)``.
    public func check(_ inputs: some Encodable & Sendable) async throws -> [Condition] {
        let result: CheckResult = try await call(.check, inputs)
        return result.preconditions.map { Condition($0) }
    }

    /// Calls ``Step/observe(_:_:)``, with the undo data of the last `begin` when there was one.
    public func observe(_ inputs: some Encodable & Sendable) async throws -> Observed<S.Outputs> {
        try Observed(try await call(.observe, inputs, undo: engine.recorded.begun.last) as Observation)
    }

    /// Calls ``Step/verify(_:_:)``, with the undo data of the last `begin` when there was one.
    public func verify(_ inputs: some Encodable & Sendable) async throws -> [Condition] {
        let result: VerifyResult = try await call(.verify, inputs, undo: engine.recorded.begun.last)
        return result.postconditions.map { Condition($0) }
    }

    private func call<Result: Decodable>(
        _ verb: PluginMethod, _ inputs: some Encodable, undo: JSON? = nil
    ) async throws -> Result {
        guard case .object(let members) = try JSON(encoding: inputs) else {
            throw StepError.permanent("harness.inputs", "The inputs must encode as an object.")
        }
        let parameters = StepCall(
            step: S.name, run: options.run, id: options.stepID, attempt: options.attempt,
            idempotencyKey: options.idempotencyKey, timeoutMilliseconds: options.timeout.milliseconds, inputs: members,
            connections: connections, undo: undo)
        return try await engine.call(verb, parameters).decode()
    }

    /// What was said by ``StepContext/progress(_:fraction:)``, in order.
    public var progress: [String] { engine.recorded.progress }

    /// What was said by ``StepContext/log(_:)``, in order.
    public var log: [String] { engine.recorded.log }

    /// The names of all evidence, in order.
    public var evidenceNames: [String] { engine.recorded.evidence.map(\.name) }

    /// All evidence of this name, in order.
    ///
    /// - Throws: `DecodingError` when one does not fit.
    public func evidence<Value: Decodable>(_ name: String, as type: Value.Type) throws -> [Value] {
        try engine.recorded.evidence.filter { $0.name == name }.map { try $0.data.decode(type) }
    }
}

extension StepHarness where S: ReportStep {
    /// Calls ``ReportStep/report(_:_:)``.
    public func report(_ inputs: some Encodable & Sendable) async throws -> Report<S.Outputs> {
        let result: VerifyResult = try await call(.verify, inputs)
        return Report(
            result.postconditions.map { Condition($0) }, try result.outputs.map { try JSON.object($0).decode() })
    }
}

extension StepHarness where S: EffectStep {
    /// Calls ``EffectStep/apply(_:_:_:)``.
    ///
    /// - Parameter undo: the undo data that an attempt before it stored; nil for a first attempt.
    public func apply(_ inputs: some Encodable & Sendable, after undo: S.Undo? = nil) async throws -> S.Outputs {
        let result: ApplyResult = try await call(.apply, inputs, undo: try undo.map { try JSON(encoding: $0) })
        return try JSON.object(result.outputs).decode()
    }

    /// The undo data of every `begin`, in order, those that were refused too.
    ///
    /// - Throws: `DecodingError` when one does not fit.
    public func begun() throws -> [S.Undo] { try engine.recorded.begun.map { try $0.decode() } }
}

extension StepHarness where S: ReversibleStep {
    /// Calls ``ReversibleStep/checkUndo(_:_:_:)``.
    ///
    /// - Parameter undo: the data to give; nil gives that of the last `begin`.
    /// - Throws: ``StepError`` `plugin.no-undo-data` when there is none of either.
    public func checkUndo(
        _ inputs: some Encodable & Sendable, with undo: S.Undo? = nil
    ) async throws -> [Condition] {
        guard let data = try undo.map({ try JSON(encoding: $0) }) ?? engine.recorded.begun.last else {
            throw StepError.permanent("plugin.no-undo-data", "There is no undo data: nothing has begun, none is given.")
        }
        let result: CheckResult = try await call(.check, inputs, undo: data)
        return result.preconditions.map { Condition($0) }
    }

    /// Calls ``ReversibleStep/undo(_:_:_:_:)``.
    ///
    /// - Parameter undo: the data to give; nil gives that of the last `begin`.
    public func undo(_ inputs: some Encodable & Sendable, with undo: S.Undo? = nil) async throws {
        let data = try undo.map { try JSON(encoding: $0) } ?? engine.recorded.begun.last
        let _: JSON = try await call(.undo, inputs, undo: data)
    }
}

/// The engine's side for the harness: answers `begin`, keeps what is reported, hands over results.
private final class RecordingEngine: Sendable {
    struct Recorded {
        var progress: [String] = []
        var log: [String] = []
        var evidence: [EvidenceParameters] = []
        var begun: [JSON] = []
    }

    private struct State {
        var recorded = Recorded()
        var calls: [Int64: CheckedContinuation<JSON, any Error>] = [:]
        var lastCall: Int64 = 0
        var runtime: PluginRuntime?
    }

    private let state = Mutex(State())
    private let onBegin: @Sendable () async throws -> Void

    init(onBegin: @escaping @Sendable () async throws -> Void) { self.onBegin = onBegin }

    var recorded: Recorded { state.withLock { $0.recorded } }

    func connect(_ runtime: PluginRuntime) { state.withLock { $0.runtime = runtime } }

    func call(_ verb: PluginMethod, _ parameters: StepCall) async throws -> JSON {
        let json = try JSON(encoding: parameters)
        let id = state.withLock { state in
            state.lastCall += 1
            return state.lastCall
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { $0.calls[id] = continuation }
                tell(.request(id: id, method: verb.rawValue, parameters: json))
                // The handler below may have run before there was a call to cancel.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func cancel(_ id: Int64) { tell(.notification(method: "cancel", parameters: ["call": .int(id)])) }

    private func tell(_ message: Envelope) {
        let runtime = state.withLock { $0.runtime }
        do {
            _ = try runtime?.receive(line: message.line().dropLast())
        } catch {
            preconditionFailure("the kit refused a message of its own harness: \(error)")
        }
    }

    /// What the plugin's side sends.
    func receive(line: [UInt8]) {
        do {
            switch try Envelope(line: line.dropLast()) {
            case .result(let id, let value): answered(id, .success(value))
            case .failure(let id?, let failure): answered(id, .failure(StepError(failure)))
            case .request(let id, _, let parameters): try answerBegin(id, parameters.decode())
            case .notification(let method, let parameters): try keep(PluginMethod(rawValue: method), parameters)
            case .failure(nil, let failure): preconditionFailure("\(failure)")
            }
        } catch {
            preconditionFailure("the kit sent a line that cannot be read: \(error)")
        }
    }

    private func answered(_ id: Int64, _ result: Result<JSON, any Error>) {
        state.withLock { $0.calls.removeValue(forKey: id) }?.resume(with: result)
    }

    private func answerBegin(_ id: Int64, _ parameters: BeginParameters) {
        state.withLock { $0.recorded.begun.append(parameters.undo) }
        Task {
            do {
                try await onBegin()
                tell(.result(id: id, ["proceed": true]))
            } catch {
                tell(.failure(id: id, StepError(meaningOf: error, begun: false).wire))
            }
        }
    }

    private func keep(_ method: PluginMethod?, _ parameters: JSON) throws {
        switch method {
        case .progress:
            let progress: ProgressParameters = try parameters.decode()
            state.withLock { $0.recorded.progress.append(progress.message) }
        case .log:
            let log: LogParameters = try parameters.decode()
            state.withLock { $0.recorded.log.append(log.message) }
        case .evidence:
            let evidence: EvidenceParameters = try parameters.decode()
            state.withLock { $0.recorded.evidence.append(evidence) }
        default: preconditionFailure("the kit sent a notification of no known kind")
        }
    }
}
