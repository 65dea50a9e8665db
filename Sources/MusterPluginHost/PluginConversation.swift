// SPDX-License-Identifier: Apache-2.0

internal import MusterModel
internal import MusterPluginProtocol

/// What was said between engine and plugin, and whether the next line of the plugin may follow it. Knows no process.
struct PluginConversation {
    private struct OpenCall {
        let verb: PluginVerb
        let step: String
        var begun = false
        var wasRefused = false
        var messages = 0
        var bytes = 0
    }

    private static let handshakeID: Int64 = 1

    let plugin: String
    /// The definitions that a run uses, by step; the plugin must have been built with the very same.
    let definitions: [String: ObjectID]
    private let limits: PluginLimits
    var redactor: Redactor
    private(set) var isReady = false
    private var lastID = handshakeID
    private var calls: [Int64: OpenCall] = [:]
    /// Unanswered `begin` requests and the calls that they belong to.
    private var begins: [Int64: Int64] = [:]
    /// Messages that belong to no call, since the last call began.
    private var stray = OpenCall(verb: .check, step: "")

    init(plugin: String, definitions: [String: ObjectID], limits: PluginLimits, redactor: Redactor) {
        self.plugin = plugin
        self.definitions = definitions
        self.limits = limits
        self.redactor = redactor
    }

    // MARK: What the engine says

    func handshake(engine: String) -> [UInt8] {
        let parameters: JSON = [
            "protocolVersion": .int(Int64(PluginProtocol.version)), "plugin": .string(plugin),
            "engine": .string(engine),
        ]
        return Envelope.request(id: Self.handshakeID, method: "initialize", parameters: parameters).line()
    }

    /// The call's id and its line, or an error when it does not fit into one.
    mutating func call(_ verb: PluginVerb, _ parameters: StepCall) throws(MusterError) -> (id: Int64, line: [UInt8]) {
        precondition(isReady, "calls are sent after the handshake")
        lastID += 1
        let line: [UInt8]
        do {
            line = Envelope.request(id: lastID, method: verb.rawValue, parameters: try JSON(encoding: parameters))
                .line()
        } catch {
            throw MusterError(
                code: "plugin.call-not-encodable",
                "The call of \(plugin)/\(parameters.step) has no JSON form: \(error).")
        }
        guard line.count <= PluginProtocol.lineBytesMax else {
            throw MusterError(
                code: "plugin.call-too-large",
                "The call of \(plugin)/\(parameters.step) takes \(line.count) bytes, more than 4 MiB."
            )
        }
        calls[lastID] = OpenCall(verb: verb, step: parameters.step)
        stray = OpenCall(verb: .check, step: "")
        return (lastID, line)
    }

    /// The answer's line, or nil when the call that asked has ended meanwhile.
    mutating func answerBegin(_ request: Int64, _ refusal: StepFailure?) -> [UInt8]? {
        guard let call = begins.removeValue(forKey: request) else { return nil }
        if let refusal {
            calls[call]?.wasRefused = true
            return Envelope.failure(id: request, refusal).line()
        }
        calls[call]?.begun = true
        return Envelope.result(id: request, ["proceed": true]).line()
    }

    func isOpen(_ call: Int64) -> Bool { calls[call] != nil }

    var hasOpenCalls: Bool { !calls.isEmpty }

    /// The process is gone: what that means for each open call.
    mutating func abandon(because end: MusterError, mayHelpAgain: Bool) -> [PluginEvent] {
        defer {
            calls = [:]
            begins = [:]
        }
        return calls.sorted { $0.key < $1.key }.map { id, call in
            let kind: StepFailure.Kind = call.begun ? .unknownOutcome : mayHelpAgain ? .retryable : .permanent
            let when =
                call.begun
                ? "It had been allowed to begin its effect." : call.verb.hasEffect ? "It had not begun its effect." : ""
            let message = "\(end.summary) This was during \(call.verb.rawValue) of \(plugin)/\(call.step). \(when)"
            return .failed(
                call: id,
                StepFailure(kind: kind, code: end.code, message: String(message.trimmingSpaces), remedy: end.help))
        }
    }

    // MARK: What the plugin says

    /// Takes a line of the plugin without its newline.
    ///
    /// - Parameter offset: where the line begins in the plugin's output, for the error.
    mutating func receive(line: [UInt8], at offset: Int) throws(MusterError) -> PluginEvent {
        let envelope: Envelope
        do {
            envelope = try Envelope(line: line)
        } catch {
            throw breach(
                "\(brief(error.reason)), in the line that begins at byte \(offset) of its output: \(excerpt(of: line))")
        }
        do throws(Rejection) {
            return try isReady ? interpret(envelope, bytes: line.count) : finishHandshake(envelope)
        } catch {
            switch error {
            case .breach(let what):
                throw breach("\(brief(what)), in the line that begins at byte \(offset) of its output")
            case .refused(var error):
                error.summary = brief(error.summary)
                error.help = error.help.map(brief)
                throw error
            }
        }
    }

    /// The error for a plugin that does not keep to the protocol.
    func breach(_ what: String) -> MusterError {
        MusterError(
            code: "plugin.protocol-error", "Plugin \(plugin) breaks the protocol: \(what).",
            help: "The plugin is at fault: docs/formats/plugin-protocol-v1.md says what it may send.",
            status: .runFailed)
    }

    private func excerpt(of line: [UInt8]) -> String {
        // A cut may go through a secret: redact before it.
        let text = redactor.redact(String(decoding: line.prefix(4096), as: UTF8.self))
        return JSON.string(String(text.prefix(80))).canonicalText + (text.count > 80 ? " …" : "")
    }

    /// A plugin's words in an error of ours: redacted, and no longer than a person reads.
    private func brief(_ text: String) -> String {
        let text = redactor.redact(text)
        return text.count > 600 ? text.prefix(600) + " …" : text
    }

    private enum Rejection: Error {
        case breach(String)
        case refused(MusterError)
    }

    private mutating func finishHandshake(_ envelope: Envelope) throws(Rejection) -> PluginEvent {
        switch envelope {
        case .result(Self.handshakeID, let value):
            let result: InitializeResult = try decode(value, of: "the answer to initialize")
            if let error = HandshakeTerms(plugin: plugin, definitions: definitions).refusal(of: result) {
                throw .refused(error)
            }
            isReady = true
            return .ready(result)
        case .failure(Self.handshakeID, let failure):
            let failure = redacted(failure)
            throw .refused(MusterError(code: failure.code, failure.message, help: failure.remedy, status: .runFailed))
        default: throw .breach("the first message is not the answer to initialize")
        }
    }

    private mutating func interpret(_ envelope: Envelope, bytes: Int) throws(Rejection) -> PluginEvent {
        switch envelope {
        case .result(let id, let value):
            // The call stays open until its answer is found good: after a breach it still has to be given up.
            let call = try openCall(id)
            guard !begins.values.contains(id) else {
                // It claims an effect that it was not allowed to begin: then nobody knows whether it happened.
                calls[id]?.begun = true
                throw .breach("call \(id) returned without waiting for the answer to begin")
            }
            let answer = try answer(to: call.verb, redactor.redact(value))
            calls[id] = nil
            return call.wasRefused ? .failed(call: id, wentOn(call)) : .answered(call: id, answer)
        case .failure(let id?, let failure):
            _ = try openCall(id)
            calls[id] = nil
            // The step gave up while it waited, for instance because the call was cancelled.
            for (request, call) in begins where call == id { begins[request] = nil }
            return .failed(call: id, redacted(failure))
        case .failure(nil, let failure):
            throw .breach("the plugin could not read a message: \(redacted(failure).message)")
        case .request(let id, "begin", let parameters): return try begin(id, redactor.redact(parameters), bytes)
        case .request(_, let method, _):
            throw .breach("the plugin asks for \"\(redactor.redact(method))\", which the engine does not offer")
        case .notification(let method, let parameters):
            return try notification(method, redactor.redact(parameters), bytes)
        }
    }

    /// It claims an effect that it was forbidden: then nobody knows whether it happened. The process goes on, since an
    /// effect of another step may be under way in it.
    private func wentOn(_ call: OpenCall) -> StepFailure {
        StepFailure(
            kind: .unknownOutcome, code: "plugin.went-on-unasked",
            message: "\(plugin)/\(call.step) returned a result of \(call.verb.rawValue) although its effect was not "
                + "allowed to begin.",
            remedy: "Look at the target; the plugin is at fault.")
    }

    private func openCall(_ id: Int64) throws(Rejection) -> OpenCall {
        guard let call = calls[id] else {
            throw .breach(
                id >= 1 && id <= lastID
                    ? "call \(id) is answered a second time" : "an answer to call \(id), which was never made")
        }
        return call
    }

    private func answer(to verb: PluginVerb, _ value: JSON) throws(Rejection) -> PluginAnswer {
        let what = "the result of \(verb.rawValue)"
        switch verb {
        case .check: return .checked((try decode(value, of: what) as CheckResult).preconditions)
        case .observe: return .observed(try decode(value, of: what))
        case .apply: return .applied(outputs: (try decode(value, of: what) as ApplyResult).outputs)
        case .verify:
            let result: VerifyResult = try decode(value, of: what)
            return .verified(result.postconditions, outputs: result.outputs)
        case .undo:
            guard value == .object([:]) else { throw .breach("\(what) is not an empty object") }
            return .undone
        }
    }

    private mutating func begin(_ request: Int64, _ parameters: JSON, _ bytes: Int) throws(Rejection) -> PluginEvent {
        let begin: BeginParameters = try decode(parameters, of: "begin")
        let call = try count(bytes, for: begin.call, saying: "begin")
        guard call.verb.hasEffect else { throw .breach("\(call.verb.rawValue) asks to begin an effect") }
        guard begins[request] == nil else { throw .breach("request \(request) is asked a second time") }
        begins[request] = begin.call
        return .begin(request: request, call: begin.call, undo: begin.undo)
    }

    private mutating func notification(
        _ method: String, _ parameters: JSON, _ bytes: Int
    ) throws(Rejection) -> PluginEvent {
        switch PluginMethod(rawValue: method) {
        case .progress:
            let progress: ProgressParameters = try decode(parameters, of: method)
            _ = try count(bytes, for: progress.call, saying: method)
            return .progress(progress)
        case .evidence:
            let evidence: EvidenceParameters = try decode(parameters, of: method)
            guard isKebabCase(evidence.name) else {
                throw .breach("evidence is named \"\(evidence.name)\", which is not kebab case")
            }
            _ = try count(bytes, for: evidence.call, saying: method)
            return .evidence(evidence)
        case .log:
            let log: LogParameters = try decode(parameters, of: method)
            if let call = log.call {
                _ = try count(bytes, for: call, saying: method)
            } else {
                try count(bytes, on: &stray)
            }
            return .log(log)
        default: throw .breach("the plugin notifies of \"\(method)\", which the engine does not know")
        }
    }

    private mutating func count(_ bytes: Int, for id: Int64, saying method: String) throws(Rejection) -> OpenCall {
        guard var call = calls[id] else {
            throw .breach(
                "\(method) for call \(id), which " + (id > 1 && id <= lastID ? "has ended" : "was never made"))
        }
        try count(bytes, on: &call)
        calls[id] = call
        return call
    }

    private func count(_ bytes: Int, on call: inout OpenCall) throws(Rejection) {
        call.messages += 1
        call.bytes += bytes
        guard call.messages <= limits.messagesPerCall, call.bytes <= limits.bytesPerCall else {
            throw .refused(
                MusterError(
                    code: "plugin.flood",
                    "Plugin \(plugin) sent more than \(limits.messagesPerCall) messages "
                        + "or \(limits.bytesPerCall >> 20) MiB in one call.",
                    help:
                        "Report less often; store large evidence elsewhere and give its address.",
                    status: .runFailed))
        }
    }

    private func decode<Value: Decodable>(_ value: JSON, of what: String) throws(Rejection) -> Value {
        do { return try value.decode() } catch {
            throw .breach("\(what) does not fit: \(redactor.redact(describeDecodingError(error)))")
        }
    }

    private func redacted(_ failure: StepFailure) -> StepFailure {
        StepFailure(
            kind: failure.kind, code: redactor.redact(failure.code), message: redactor.redact(failure.message),
            remedy: failure.remedy.map(redactor.redact))
    }
}

extension String {
    fileprivate var trimmingSpaces: Substring {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return text
    }
}
