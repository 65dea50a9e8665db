// SPDX-License-Identifier: Apache-2.0

package import MusterModel
internal import MusterPluginProtocol

/// What a verb is told about the call that it serves, and its way to talk to the operator and the record.
///
/// Valid until the verb returns; what is said later, by a task left behind, is dropped.
public struct StepContext: Sendable {
    let call: Call

    /// The run's id, or nil in a plan.
    public var run: String? { call.parameters.run }
    /// The step's id in the runbook.
    public var stepID: String { call.parameters.id }
    /// Counts from 1.
    public var attempt: Int { call.parameters.attempt }
    /// The same over all attempts of this step in this run. Send it to the cloud as the request's id where it has one.
    public var idempotencyKey: String { call.parameters.idempotencyKey }
    /// How long this call may take. After it the call is cancelled, and soon after that the process is ended.
    public var timeout: Duration { .milliseconds(call.parameters.timeoutMilliseconds) }

    /// Whether the environment gives the section, which the definition names under `optional-connections`.
    public func hasConnection(_ name: String) -> Bool { call.parameters.connections[name] != nil }

    /// What the runbook gives under `with:`, secret inputs resolved; for the templates of connection strings.
    ///
    /// Never log it, never put it into evidence or an error.
    package var inputs: JSON { .object(call.parameters.inputs) }

    /// A connection that the definition names, such as `azure`: the environment's section with secrets resolved.
    ///
    /// Never log it, never put it into evidence or an error.
    ///
    /// - Throws: ``StepError`` `plugin.no-connection` when the environment has none of that name, and
    ///   `plugin.invalid-connection` with the member that does not fit.
    public func connection<Connection: Decodable>(_ name: String, as type: Connection.Type) throws(StepError)
        -> Connection
    {
        guard let section = call.parameters.connections[name] else {
            throw .permanent(
                "plugin.no-connection", "The environment gave no connection \"\(name)\" to this step.",
                remedy: "Name it under \"connections\" in the step's definition and give it in the environment.")
        }
        do {
            return try section.decode(type)
        } catch {
            throw .permanent(
                "plugin.invalid-connection",
                "The environment's \"\(name)\" does not fit: \(describeDecodingError(error))")
        }
    }

    /// After this step's effect was allowed to begin, in `observe`, in `verify`, in an `apply` that is made again, and whenever it
    /// is undone: the undo data stored last. Otherwise nil.
    ///
    /// - Throws: ``StepError`` `plugin.invalid-undo` when it does not decode.
    public func recordedUndo<Undo: Decodable>(as type: Undo.Type) throws(StepError) -> Undo? {
        guard let undo = call.parameters.undo else { return nil }
        do {
            return try undo.decode(type)
        } catch {
            throw .permanent(
                "plugin.invalid-undo", "The recorded undo data does not fit: \(describeDecodingError(error))")
        }
    }

    /// Tells the operator what happens now, in one short line.
    ///
    /// - Parameter fraction: how much is done, 0 to 1, where that is known.
    public func progress(_ message: String, fraction: Double? = nil) {
        // Infinity and the like have no JSON form.
        let fraction = fraction.flatMap { $0.isFinite ? min(max($0, 0), 1) : nil }
        call.notify(.progress, ProgressParameters(call: call.id, message: message, fraction: fraction))
    }

    /// Writes a line into the run's log, for the person who looks for a cause.
    public func log(_ message: String) {
        call.notify(.log, LogParameters(call: call.id, message: message))
    }

    /// Keeps something that shows what was found or done, such as a cloud's answer with its request id.
    ///
    /// It becomes a file of the record in git. No secrets.
    ///
    /// - Parameters:
    ///   - name: kebab case. Given twice for one step, the later one gets a number.
    ///   - value: at most 4 MiB of JSON.
    /// - Throws: ``StepError`` `plugin.invalid-evidence` when the name is not kebab case or the value has no JSON form
    ///   or is too large.
    public func evidence(_ name: String, _ value: some Encodable) throws(StepError) {
        func failure(_ why: String) -> StepError {
            .permanent("plugin.invalid-evidence", "Evidence \"\(name)\": \(why)")
        }
        guard isKebabCase(name) else { throw failure("the name must be kebab case, such as server-state.") }
        let line: [UInt8]
        do {
            let parameters = EvidenceParameters(call: call.id, name: name, data: try JSON(encoding: value))
            line = Envelope.notification(method: "evidence", parameters: try JSON(encoding: parameters)).line()
        } catch {
            throw failure("it has no JSON form: \(error)")
        }
        guard line.count <= PluginProtocol.lineBytesMax else {
            throw failure("it takes \(line.count) bytes of at most 4 MiB.")
        }
        call.emit(line)
    }
}

/// The way to an effect: nothing may change before ``begin(undo:)`` has returned.
public struct EffectGate<Undo: Codable & Sendable>: Sendable {
    let call: Call

    /// Asks whether the effect may begin, and stores what is needed to undo it.
    ///
    /// Returns once the data is on disk and nobody has asked the run to stop; it may take as long as the engine's disk. Called again in mid-step, the new data replaces the old, so always give all of it.
    ///
    /// - Throws: ``StepError`` when the engine refuses, `CancellationError` when the call is cancelled: then nothing
    ///   may be changed and the error should be passed on. A result returned in spite of a refusal is reported as
    ///   unknown outcome.
    public func begin(undo: Undo) async throws {
        try await call.begin(undo: try JSON(encoding: undo))
    }
}

extension EffectGate where Undo == NoUndo {
    /// Asks whether the effect may begin, for a step without undo data.
    public func begin() async throws { try await begin(undo: NoUndo()) }
}
