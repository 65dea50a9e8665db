// SPDX-License-Identifier: Apache-2.0

internal import MusterModel
internal import MusterPluginProtocol
internal import Synchronization

/// The plugin's side of the protocol, without pipes: lines go in by ``receive(line:)`` and out by `send`.
final class PluginRuntime: Sendable {
    let name: String
    let send: @Sendable ([UInt8]) -> Void
    private let steps: [String: any Step.Type]
    private let executor: (any TaskExecutor)?
    private let state = Mutex(State())

    private struct State {
        var calls: [Int64: Task<Void, Never>] = [:]
        /// Answers to `begin` that are waited for, by the id of our request.
        var waiting: [Int64: (call: Call, continuation: CheckedContinuation<Void, any Error>)] = [:]
        var lastRequest: Int64 = 0
        var idle: [@Sendable () -> Void] = []
    }

    /// - Parameter executor: where calls run; nil: wherever there is room.
    init(
        name: String, steps: [any Step.Type], executor: (any TaskExecutor)? = nil,
        send: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.name = name
        self.send = send
        self.executor = executor
        self.steps = Dictionary(steps.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    enum Reaction: Equatable { case goOn, shutDown }

    /// Takes one line of the engine, without its newline.
    ///
    /// - Throws: `EnvelopeError` for a line that only a broken engine sends; the plugin should end.
    func receive(line: some Sequence<UInt8>) throws(EnvelopeError) -> Reaction {
        switch try Envelope(line: line) {
        case .request(let id, let method, let parameters): try start(id, method, parameters)
        case .notification("cancel", let parameters): try cancel(parameters)
        case .notification("shutdown", _): return .shutDown
        case .notification(let method, _): throw EnvelopeError(reason: "unknown notification \"\(method)\"")
        case .result(let id, let value): try answered(id, value["proceed"]?.bool == true ? nil : Self.refusal)
        case .failure(let id?, let failure): try answered(id, StepError(failure))
        case .failure(nil, let failure): throw EnvelopeError(reason: "the engine reports: \(failure.message)")
        }
        return .goOn
    }

    private static let refusal = StepError.permanent("engine.refused", "The engine did not allow the effect to begin.")

    /// Cancels all calls; `then` is called once they have been answered.
    func cancelAll(then: @escaping @Sendable () -> Void) {
        let tasks = state.withLock { state in
            if !state.calls.isEmpty { state.idle.append(then) }
            return Array(state.calls.values)
        }
        if tasks.isEmpty { then() }
        for task in tasks { task.cancel() }
    }

    // MARK: Calls

    private func start(_ id: Int64, _ method: String, _ parameters: JSON) throws(EnvelopeError) {
        switch PluginMethod(rawValue: method) {
        case .initialize: send(initialize(id, parameters))
        case .check, .observe, .apply, .verify, .undo:
            try start(id, PluginMethod(rawValue: method)!, decode(parameters, for: method))
        default: throw EnvelopeError(reason: "unknown method \"\(method)\"")
        }
    }

    private func start(_ id: Int64, _ verb: PluginMethod, _ parameters: StepCall) throws(EnvelopeError) {
        let call = Call(id: id, parameters: parameters, runtime: self)
        let known = state.withLock { state in
            guard state.calls[id] == nil else { return false }
            // The task can end only after it is in the table: its end waits for this lock.
            state.calls[id] = Task(executorPreference: executor) { await self.serve(call, verb) }
            return true
        }
        guard known else { throw EnvelopeError(reason: "id \(id) is of a call that is still served") }
    }

    private func serve(_ call: Call, _ verb: PluginMethod) async {
        let outcome: Result<JSON, any Error>
        do {
            guard let step = steps[call.parameters.step] else {
                throw StepError.permanent(
                    "plugin.unknown-step", "Plugin \(name) has no step \"\(call.parameters.step)\".")
            }
            outcome = .success(try await perform(verb, of: step, for: call))
        } catch {
            outcome = .failure(error)
        }
        // Out of the table first, so that the engine may use the id again as soon as it has the answer.
        let idle = state.withLock { state in
            state.calls[call.id] = nil
            defer { if state.calls.isEmpty { state.idle = [] } }
            return state.calls.isEmpty ? state.idle : []
        }
        call.end(outcome)
        for action in idle { action() }
    }

    private func cancel(_ parameters: JSON) throws(EnvelopeError) {
        let call: CancelParameters = try decode(parameters, for: "cancel")
        // A call that was just answered is no longer there: the two messages crossed.
        state.withLock { $0.calls[call.call] }?.cancel()
    }

    // MARK: Handshake

    private func initialize(_ id: Int64, _ parameters: JSON) -> [UInt8] {
        do {
            let engine: InitializeParameters = try decode(parameters, for: "initialize")
            guard engine.protocolVersion == PluginProtocol.version else {
                throw StepError.permanent(
                    "plugin.wrong-version",
                    "Plugin \(name) speaks protocol \(PluginProtocol.version), the engine \(engine.protocolVersion)."
                )
            }
            guard engine.plugin == name else {
                throw StepError.permanent("plugin.wrong-name", "This is plugin \(name), not \(engine.plugin).")
            }
            let result = InitializeResult(
                protocolVersion: PluginProtocol.version, plugin: name,
                steps: steps.values.map { .init(step: $0.name, definition: ObjectID(blob: $0.definition)) }
                    .sorted { $0.step < $1.step })
            return Envelope.result(id: id, try JSON(encoding: result)).line()
        } catch {
            return Envelope.failure(id: id, StepError(meaningOf: error, begun: false).wire).line()
        }
    }

    // MARK: Begin

    func ask(begin parameters: BeginParameters, for call: Call) async throws {
        let json = try JSON(encoding: parameters)
        let id = state.withLock { state in
            state.lastRequest += 1
            return state.lastRequest
        }
        let line = Envelope.request(id: id, method: "begin", parameters: json).line()
        guard line.count <= PluginProtocol.lineBytesMax else {
            throw StepError.permanent(
                "plugin.undo-too-large", "The undo data takes \(line.count) bytes of at most 4 MiB.")
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { $0.waiting[id] = (call, continuation) }
                call.emit(line)
                // The handler below may have run before there was anything to resume.
                if Task.isCancelled { giveUp(id) }
            }
        } onCancel: {
            giveUp(id)
        }
    }

    private func giveUp(_ id: Int64) {
        state.withLock { $0.waiting.removeValue(forKey: id) }?.continuation.resume(throwing: CancellationError())
    }

    private func answered(_ id: Int64, _ refusal: StepError?) throws(EnvelopeError) {
        let (waiting, asked) = state.withLock { ($0.waiting.removeValue(forKey: id), id >= 1 && id <= $0.lastRequest) }
        guard asked else { throw EnvelopeError(reason: "an answer came to request \(id), which was never sent") }
        // Nobody waits any more when the call was cancelled meanwhile.
        guard let waiting else { return }
        if let refusal {
            waiting.continuation.resume(throwing: refusal)
        } else {
            waiting.call.proceed()
            waiting.continuation.resume()
        }
    }

    private func decode<Value: Decodable>(_ parameters: JSON, for method: String) throws(EnvelopeError) -> Value {
        do { return try parameters.decode() } catch {
            throw EnvelopeError(reason: "the parameters of \(method) do not fit: \(describeDecodingError(error))")
        }
    }
}
