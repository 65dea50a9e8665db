// SPDX-License-Identifier: Apache-2.0

internal import MusterModel
internal import MusterPluginProtocol
internal import Synchronization

/// One call of the engine while it is served: all that leaves the plugin for it goes through here, in order.
final class Call: Sendable {
    let id: Int64
    let parameters: StepCall
    private let runtime: PluginRuntime
    private let state = Mutex(State())

    private struct State {
        var begun = false
        var refused = false
        var ended = false
    }

    init(id: Int64, parameters: StepCall, runtime: PluginRuntime) {
        self.id = id
        self.parameters = parameters
        self.runtime = runtime
    }

    var begun: Bool { state.withLock { $0.begun } }

    func notify(_ method: PluginMethod, _ parameters: some Encodable) {
        // The kit's own message types hold texts and finite numbers, which always have a JSON form.
        guard let json = try? JSON(encoding: parameters) else { return }
        let line = Envelope.notification(method: method.rawValue, parameters: json).line()
        if line.count <= PluginProtocol.lineBytesMax { emit(line) }
    }

    /// Sends the line unless the call was answered: after its answer the engine takes nothing more for it.
    func emit(_ line: [UInt8]) {
        state.withLock { if !$0.ended { runtime.send(line) } }
    }

    func begin(undo: JSON) async throws {
        do {
            try Task.checkCancellation()
            try await runtime.ask(begin: BeginParameters(call: id, undo: undo), for: self)
        } catch {
            state.withLock { $0.refused = true }
            throw error
        }
    }

    /// The engine said *proceed*: from here on nobody knows what happened unless the step says so.
    func proceed() { state.withLock { $0.begun = true } }

    /// Answers the engine.
    func end(_ outcome: Result<JSON, any Error>) {
        state.withLock { state in
            state.ended = true
            runtime.send(answer(outcome, begun: state.begun, refused: state.refused))
        }
    }

    private func answer(_ outcome: Result<JSON, any Error>, begun: Bool, refused: Bool) -> [UInt8] {
        let error: StepError
        switch outcome {
        case .success where refused:
            error = .unknownOutcome(
                "plugin.went-on-unasked",
                "The step returned a result although it had not been allowed to begin its effect.",
                remedy: "Correct the plugin: pass on what begin throws.")
        case .success(let value):
            let line = Envelope.result(id: id, value).line()
            if line.count <= PluginProtocol.lineBytesMax { return line }
            error = StepError(meaningOf: AnswerTooLong(bytes: line.count), begun: begun)
        case .failure(let thrown):
            error = StepError(meaningOf: thrown, begun: begun)
        }
        return Envelope.failure(id: id, error.wire.bounded).line()
    }
}

private struct AnswerTooLong: Error, CustomStringConvertible {
    let bytes: Int
    var description: String { "the answer takes \(bytes) bytes of at most \(PluginProtocol.lineBytesMax)" }
}

extension StepFailure {
    /// The failure with texts short enough for any line; an error's description may hold a whole response body.
    fileprivate var bounded: StepFailure {
        func cut(_ text: String) -> String {
            text.utf8.count <= 65_536 ? text : String(text.prefix(16_384)) + " … (cut)"
        }
        return StepFailure(kind: kind, code: cut(code), message: cut(message), remedy: remedy.map(cut))
    }
}
