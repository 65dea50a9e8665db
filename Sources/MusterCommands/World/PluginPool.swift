// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterEngine
internal import MusterMachine
internal import MusterModel
internal import MusterPluginHost
internal import MusterPluginProtocol
internal import MusterSystem

/// The plugin processes of one run, one for each plugin, started when first called and again after one died.
///
/// Resolves secrets when a step is called, and hands each plugin only the sections of the environment that the step's
/// definition names.
final class PluginPool {
    /// What a run may start.
    struct Entry {
        let executable: PluginExecutable
        /// Blob ids of the definitions that the run uses, by step.
        let definitions: [String: ObjectID]
    }

    /// Gives a section of the environment with its secrets resolved; says each secret to the function before.
    typealias Connections = (
        _ name: String, _ hide: (_ value: String, _ name: String) -> Void
    ) throws(MusterError) -> JSON

    private final class Slot {
        let entry: Entry
        var process: PluginProcess?
        /// Calls that wait for the handshake.
        var waiting: [OutgoingCall] = []
        var open: [Int64: StepTask] = [:]
        /// Whether the process has been of use: then a new one may be, too.
        var wasReady = false
        init(_ entry: Entry) { self.entry = entry }
    }

    private let slots: [String: Slot]
    private let connections: Connections
    private let secrets: (SecretReference) throws(MusterError) -> String
    private let environment: [String: String]
    /// Of the secrets that plugins were handed so far.
    private(set) var redactor = Redactor()
    private var begins: [StepTask: String] = [:]
    private var inputs: [EngineInput] = []

    init(
        _ entries: [String: Entry], environment: [String: String],
        secrets: @escaping (SecretReference) throws(MusterError) -> String, connections: @escaping Connections
    ) {
        slots = entries.mapValues { Slot($0) }
        self.environment = environment
        self.secrets = secrets
        self.connections = connections
    }

    // MARK: Calls

    /// Makes the call, starting the plugin where needed. Its answer comes out of ``takeInputs()``.
    func start(_ call: OutgoingCall) {
        guard let slot = slots[call.plugin] else {
            return fail(call.task, "plugin.missing", "there is no plugin \(call.plugin)")
        }
        do throws(MusterError) {
            if let process = slot.process, process.isReady { return try send(call, slot, process) }
            if slot.process == nil { slot.process = try launch(call.plugin, slot.entry) }
            slot.waiting.append(call)
        } catch {
            fail(call.task, error.code, error.summary, error.help)
        }
    }

    private func launch(_ plugin: String, _ entry: Entry) throws(MusterError) -> PluginProcess {
        var launch = PluginProcess.Launch(
            executable: entry.executable, plugin: plugin, definitions: entry.definitions, environment: environment,
            engine: "muster \(musterVersion)")
        launch.redactor = redactor
        return try PluginProcess(launch, now: readClocks().boot)
    }

    private func send(_ outgoing: OutgoingCall, _ slot: Slot, _ process: PluginProcess) throws(MusterError) {
        var call = outgoing.call
        for name in outgoing.connections { call.connections[name] = try connections(name, hide) }
        for name in outgoing.optionalConnections {
            do throws(MusterError) {
                call.connections[name] = try connections(name, hide)
            } catch  where error.code == "environment.missing-section" {
                // The step goes without it, and says what it could not look at.
            }
        }
        for name in outgoing.secretInputs {
            guard let written = call.inputs[name], written != .null else { continue }
            guard let reference = SecretReference(written) else {
                throw MusterError(
                    code: "secret.not-a-reference", "The input \"\(name)\" is a secret and not its reference.")
            }
            let value = try secrets(reference)
            hide(value, name: reference.description)
            call.inputs[name] = .string(value)
        }
        let id = try process.send(outgoing.verb, call, now: readClocks().boot)
        slot.open[id] = outgoing.task
    }

    /// From now on no plugin can say the secret: it is hidden where its bytes come in.
    func hide(_ value: String, name: String) {
        redactor.add(value, name: name)
        for slot in slots.values { slot.process?.hide(value, name: name) }
    }

    /// Asks the plugin to give the call up, or does not make it where it still waits for the handshake.
    ///
    /// A plugin that does not listen is left alone until the call's own time is over: an effect of another step may be
    /// under way in the same process.
    func cancel(_ task: StepTask) {
        for slot in slots.values {
            if slot.waiting.contains(where: { $0.task == task }) {
                slot.waiting.removeAll { $0.task == task }
                fail(task, "plugin.cancelled", "The call was given up before it was made.")
            }
            for (id, other) in slot.open where other == task { slot.process?.cancel(id) }
        }
    }

    func answerBegin(_ task: StepTask, request: Int64, refusal: String?) {
        guard let plugin = begins[task], let process = slots[plugin]?.process else { return }
        let failure = refusal.map { StepFailure(kind: .permanent, code: "engine.begin-refused", message: $0) }
        // False: the call has ended meanwhile, and its end is an input of its own.
        _ = process.answerBegin(request, refusal: failure)
    }

    private func fail(_ task: StepTask, _ code: String, _ message: String, _ remedy: String? = nil) {
        let failure = StepFailure(kind: .permanent, code: code, message: message, remedy: remedy)
        inputs.append(.answered(task, .failure(failure)))
    }

    // MARK: The loop

    var pollTargets: [PollTarget] { slots.values.flatMap { $0.process?.pollTargets ?? [] } }

    /// In nanoseconds of the boot clock.
    var nextDeadline: Int64? { slots.values.compactMap { $0.process?.nextDeadline }.min() }

    /// Handles what was ready and what is overdue, and returns everything that came of it.
    func handle(_ ready: Set<PollTarget>) -> [EngineInput] {
        for (plugin, slot) in slots {
            guard let process = slot.process else { continue }
            let now = readClocks().boot
            for event in process.handleReady(ready, now: now) + process.handleDeadlines(now: now) {
                take(event, plugin, slot)
            }
        }
        return takeInputs()
    }

    func takeInputs() -> [EngineInput] {
        defer { inputs = [] }
        return inputs
    }

    private func take(_ event: PluginEvent, _ plugin: String, _ slot: Slot) {
        switch event {
        case .ready:
            slot.wasReady = true
            sendWaiting(slot)
        case .answered(let id, let answer):
            if let task = close(id, slot) { inputs.append(.answered(task, .success(answer))) }
        case .failed(let id, let failure):
            if let task = close(id, slot) { inputs.append(.answered(task, .failure(failure))) }
        case .begin(let request, let id, let undo):
            guard let task = slot.open[id] else { return }
            begins[task] = plugin
            inputs.append(.begin(task, request: request, undo: undo))
        case .progress(let body):
            guard let task = slot.open[body.call] else { return }
            inputs.append(.progress(task, message: body.message, fraction: body.fraction))
        case .evidence(let body):
            guard let task = slot.open[body.call] else { return }
            inputs.append(.evidence(task, name: body.name, data: body.data))
        case .log(let body): log(plugin, "log", body.message)
        case .standardError(let line): log(plugin, "stderr", line)
        case .standardErrorDropped(let bytes, let digest):
            log(plugin, "stderr", "(truncated: \(bytes) more bytes, \(digest))")
        case .ended(let error): ended(error, slot)
        }
    }

    private func close(_ id: Int64, _ slot: Slot) -> StepTask? {
        guard let task = slot.open.removeValue(forKey: id) else { return nil }
        begins[task] = nil
        return task
    }

    private func log(_ plugin: String, _ stream: String, _ text: String) {
        inputs.append(.pluginLog(PluginLog(plugin: plugin, stream: stream, text: text)))
    }

    private func sendWaiting(_ slot: Slot) {
        let calls = slot.waiting
        slot.waiting = []
        for call in calls { start(call) }
    }

    /// A plugin that could not be used is not started over and over by itself: the calls that waited for it fail.
    private func ended(_ error: MusterError?, _ slot: Slot) {
        slot.process = nil
        // The host answers every open call before it says that the process ended; none may be left without an end.
        for task in slot.open.values {
            let failure = StepFailure(
                kind: .unknownOutcome, code: "plugin.exited", message: "The plugin ended without an answer.")
            inputs.append(.answered(task, .failure(failure)))
        }
        slot.open = [:]
        let calls = slot.waiting
        slot.waiting = []
        if slot.wasReady {
            slot.wasReady = false
            return calls.forEach(start)
        }
        for call in calls {
            fail(
                call.task, error?.code ?? "plugin.exited", error?.summary ?? "The plugin ended before it was ready.",
                error?.help)
        }
    }

    // MARK: The end

    /// Ends all plugins at once, whatever they do.
    func kill() {
        for slot in slots.values { slot.process = nil }
    }

    /// Asks all plugins to end and waits until they are gone, some seconds at most.
    func shutdown() {
        for slot in slots.values { slot.process?.shutdown(now: readClocks().boot) }
        while slots.values.contains(where: { $0.process != nil }) {
            let left = max(0, (nextDeadline ?? 0) - readClocks().boot)
            _ = handle(waitUntilReady(pollTargets, timeout: .nanoseconds(left)))
        }
    }
}
