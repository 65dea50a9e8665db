// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import MusterModel
package import MusterPluginProtocol
package import MusterSystem

/// A plugin's process, for an engine with one thread and one `poll` loop.
///
/// Nothing here waits. The loop polls ``pollTargets`` until ``nextDeadline``, hands what was ready to
/// ``handleReady(_:now:)`` and the time to ``handleDeadlines(now:)``, and acts on the events. `now` is always a
/// reading of the boot clock in nanoseconds (`Instant.boot`). The process is killed with its whole group when it
/// breaks the protocol, and whatever it leaves behind when it ends; ``PluginEvent/ended(_:)`` comes when all of it is
/// gone, so that an effect which is in doubt can be observed without a race.
package final class PluginProcess {
    package let plugin: String
    private let child: ChildProcess
    private let mark: String
    /// When it was started, in clock ticks of the system.
    private let start: UInt64?
    private let limits: PluginLimits
    private var conversation: PluginConversation
    private var output = LineSplitter(lineBytesMax: PluginProtocol.lineBytesMax)
    private var errors: StandardErrorLog
    private var deadlines: PluginDeadlines
    /// Events that came about while nothing was being handled.
    private var waiting: [PluginEvent] = []

    /// Why the process must end or has to end, the first reason only.
    private var cause: Cause?
    private var wasAskedToShutDown = false
    private var hasEnded = false

    private struct Cause {
        let error: MusterError
        /// Whether a new process may do better.
        let mayHelpAgain: Bool
    }

    /// What a plugin is started with.
    package struct Launch {
        package var executable: PluginExecutable
        /// The plugin's name in kebab case.
        package var plugin: String
        /// Blob ids of the definitions that will be called, by step. The plugin must have been built with the very
        /// same.
        package var definitions: [String: ObjectID]
        /// The engine's own environment; ``PluginEnvironment`` decides what of it is passed on.
        package var environment: [String: String]
        /// Name and version of the engine, told to the plugin.
        package var engine: String
        package var limits = PluginLimits()
        package var redactor = Redactor()

        package init(
            executable: PluginExecutable, plugin: String, definitions: [String: ObjectID],
            environment: [String: String],
            engine: String
        ) {
            self.executable = executable
            self.plugin = plugin
            self.definitions = definitions
            self.environment = environment
            self.engine = engine
        }
    }

    /// Starts the process and sends `initialize`; ``PluginEvent/ready(_:)`` follows.
    ///
    /// - Throws: `system.cannot-start`.
    package init(_ launch: Launch, now: Int64) throws(MusterError) {
        let instance = "\(launch.plugin)-\(String(UInt64.random(in: .min ... .max), radix: 16))"
        mark = "\(PluginEnvironment.instanceName)=\(instance)"
        plugin = launch.plugin
        limits = launch.limits
        conversation = PluginConversation(
            plugin: launch.plugin, definitions: launch.definitions, limits: launch.limits, redactor: launch.redactor)
        errors = StandardErrorLog(limits: launch.limits, redactor: launch.redactor)
        deadlines = PluginDeadlines(limits: launch.limits, startedAt: now)
        child = try ChildProcess(
            path: launch.executable.path, arguments: [],
            environment: PluginEnvironment.scrubbed(launch.environment, instance: instance),
            program: launch.executable.file, isConfined: true)
        start = processStart(child.processID)
        write(conversation.handshake(engine: launch.engine))
    }

    deinit {
        if hasEnded { return }
        child.signalGroup(SIGKILL)
        _ = child.reap(blocking: true)
        _ = killProcesses(markedBy: mark, since: start)
    }

    package var processID: Int32 { child.processID }

    /// Whether the handshake is over, so that ``send(_:_:now:)`` may be called.
    package var isReady: Bool { conversation.isReady && cause == nil && !hasEnded && !wasAskedToShutDown }

    /// Calls that were sent and are not answered.
    package var hasOpenCalls: Bool { conversation.hasOpenCalls }

    // MARK: What the engine says

    /// Calls a verb. Its answer or failure comes as an event with the number that is returned.
    ///
    /// - Throws: `plugin.call-too-large`, `plugin.call-not-encodable`: nothing was sent.
    package func send(_ verb: PluginVerb, _ call: StepCall, now: Int64) throws(MusterError) -> Int64 {
        let (id, line) = try conversation.call(verb, call)
        waiting += errors.renewBudget()
        deadlines.callBegan(id, timeout: .milliseconds(call.timeoutMilliseconds), now: now)
        write(line)
        return id
    }

    /// Answers a ``PluginEvent/begin(request:call:undo:)``: *proceed*, or the refusal.
    ///
    /// - Returns: false when call or process are at their end meanwhile, so that nobody was told.
    package func answerBegin(_ request: Int64, refusal: StepFailure? = nil) -> Bool {
        guard cause == nil, !hasEnded, let line = conversation.answerBegin(request, refusal) else { return false }
        write(line)
        return true
    }

    /// Asks the plugin to give a call up. It still answers, as cancelled or as done.
    package func cancel(_ call: Int64) {
        if conversation.isOpen(call) { notify(.cancel, ["call": .int(call)]) }
    }

    /// Asks the process to end. Calls that are open are cancelled by the plugin.
    package func shutdown(now: Int64) {
        guard !wasAskedToShutDown, !hasEnded else { return }
        wasAskedToShutDown = true
        notify(.shutdown, .object([:]))
        if child.unsentCount == 0 { child.closeInput() }
        deadlines.terminateAt(now, after: limits.grace)
    }

    /// A secret was resolved: from now on it is hidden in whatever the plugin says. Call it before the secret is sent.
    package func hide(_ value: String, name: String) {
        conversation.redactor.add(value, name: name)
        errors.redactor.add(value, name: name)
    }

    private func notify(_ method: PluginMethod, _ parameters: JSON) {
        write(Envelope.notification(method: method.rawValue, parameters: parameters).line())
    }

    private func write(_ line: [UInt8]) {
        // A child that no longer reads is about to end, or will miss its deadline: either tells why better than this.
        if child.input >= 0 { _ = child.send(line) }
    }

    // MARK: The loop

    /// What to wait for.
    package var pollTargets: [PollTarget] {
        if hasEnded { return [] }
        var targets = [PollTarget(reading: child.endDescriptor)]
        if child.input >= 0, child.unsentCount > 0 { targets.append(PollTarget(writing: child.input)) }
        if child.output >= 0, cause == nil { targets.append(PollTarget(reading: child.output)) }
        if child.errors >= 0 { targets.append(PollTarget(reading: child.errors)) }
        return targets
    }

    /// When ``handleDeadlines(now:)`` must be called at the latest.
    package var nextDeadline: Int64? { hasEnded ? nil : deadlines.next }

    /// Takes what was ready. At most 1 MiB of each stream is read at a time, so that one plugin cannot occupy the loop.
    package func handleReady(_ ready: Set<PollTarget>, now: Int64) -> [PluginEvent] {
        var events = takeWaiting()
        if hasEnded { return events }
        if child.input >= 0, ready.contains(PollTarget(writing: child.input)) {
            let listens = child.flush()
            if listens, wasAskedToShutDown, child.unsentCount == 0 { child.closeInput() }
        }
        if child.errors >= 0, ready.contains(PollTarget(reading: child.errors)) { events += readErrors(chunks: 16) }
        if child.output >= 0, ready.contains(PollTarget(reading: child.output)) {
            events += readOutput(chunks: 16, now: now)
        }
        if ready.contains(PollTarget(reading: child.endDescriptor)) { events += finish(now: now) }
        return events
    }

    /// Acts on what is overdue: cancels calls, then ends the process.
    package func handleDeadlines(now: Int64) -> [PluginEvent] {
        if hasEnded { return takeWaiting() }
        for action in deadlines.overdue(now: now) {
            switch action {
            case .cancel(let call): cancel(call)
            case .terminate(let why):
                end(timeout(why), mayHelpAgain: true)
                child.signalGroup(SIGTERM)
            case .kill: child.signalGroup(SIGKILL)
            }
        }
        return takeWaiting()
    }

    private func takeWaiting() -> [PluginEvent] {
        defer { waiting = [] }
        return waiting
    }

    // MARK: Reading

    private func readErrors(chunks: Int) -> [PluginEvent] {
        var events: [PluginEvent] = []
        for _ in 0..<chunks {
            guard case .bytes(let bytes) = child.readErrors() else { break }
            events += errors.append(bytes)
        }
        return events
    }

    private func readOutput(chunks: Int, now: Int64, isLast: Bool = false) -> [PluginEvent] {
        var events: [PluginEvent] = []
        do {
            for _ in 0..<chunks {
                switch child.readOutput() {
                case .bytes(let bytes):
                    try output.append(bytes) { events.append(try receive($0, at: $1)) }
                    // Less than was asked for: the pipe is empty, and the loop tells when it no longer is.
                    if bytes.count < ChildProcess.readBytesMax, !isLast { return events }
                case .nothingYet: return events
                case .endOfFile:
                    // Mostly it is ending. One that lives on can never answer.
                    deadlines.outputClosed(now: now)
                    return events
                }
            }
        } catch let error as MusterError {
            kill(error)
        } catch let line as LineSplitter.LineTooLong {
            kill(conversation.breach("the line that begins at byte \(line.offset) of its output is longer than 4 MiB"))
        } catch {
            preconditionFailure("no other error is thrown here: \(error)")
        }
        return events
    }

    private func receive(_ line: [UInt8], at offset: Int) throws(MusterError) -> PluginEvent {
        let event = try conversation.receive(line: line, at: offset)
        switch event {
        case .ready: deadlines.handshakeDone()
        case .answered(let call, _), .failed(let call, _): deadlines.callEnded(call)
        default: break
        }
        return event
    }

    // MARK: The end

    private func timeout(_ why: PluginDeadlines.Reason) -> MusterError {
        let text =
            switch why {
            case .handshake: "did not answer initialize within \(limits.handshake.readable)"
            case .call(let id):
                "did not end call \(id) within its time-out, nor in the \(limits.grace.readable) after it was cancelled"
            case .outputClosed: "closed its standard output and lives on"
            case .shutdown: "did not end within \(limits.grace.readable) after it was asked to"
            }
        let code = why == .outputClosed ? "plugin.closed-output" : "plugin.timeout"
        return MusterError(
            code: code, "Plugin \(plugin) \(text); it was ended.",
            help: "Its last lines on standard error may say what it was waiting for.", status: .runFailed)
    }

    private func kill(_ error: MusterError) {
        end(error, mayHelpAgain: false)
        child.signalGroup(SIGKILL)
    }

    private func end(_ error: MusterError, mayHelpAgain: Bool) {
        if cause == nil { cause = Cause(error: error, mayHelpAgain: mayHelpAgain) }
    }

    /// The process is dead: takes what it said last, ends what it left behind, and accounts for its calls.
    private func finish(now: Int64) -> [PluginEvent] {
        guard let termination = child.reap(blocking: false) else { return [] }
        _ = killProcesses(markedBy: mark, since: start)
        // What is left in the pipes is at most their capacity, 1 MiB, now that nobody writes any more.
        var events = cause == nil ? readOutput(chunks: 64, now: now, isLast: true) : []
        events += readErrors(chunks: 64) + errors.finish()
        hasEnded = true
        let error = cause?.error ?? exit(termination)
        if let why = error ?? (conversation.hasOpenCalls ? exitWithOpenCalls : nil) {
            events += conversation.abandon(because: why, mayHelpAgain: cause?.mayHelpAgain ?? true)
        }
        return events + [.ended(error)]
    }

    private func exit(_ termination: ChildProcess.Termination) -> MusterError? {
        if wasAskedToShutDown, termination == .exited(0) { return nil }
        let torn = output.hasUnfinishedLine ? " in the middle of a line" : ""
        return MusterError(
            code: "plugin.exited", "Plugin \(plugin) \(termination)\(torn), unasked.",
            help: "Its last lines on standard error say why, where it said anything.", status: .runFailed)
    }

    private var exitWithOpenCalls: MusterError {
        MusterError(
            code: "plugin.exited", "Plugin \(plugin) was shut down before it had answered.", status: .runFailed)
    }
}
