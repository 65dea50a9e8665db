// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterEngine
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// The engine's world on a real machine: one `poll` over plugins, signals, the person at the terminal, and what works
/// beside the run.
final class RunWorld: EngineWorld {
    private let plugins: PluginPool
    private let signals: SignalQueue
    private let person: Person
    private var services: [any PollService] = []
    private var interrupts = 0
    /// Where other commands of this user reach the run; nil while only a plan is made.
    var control: RunControl?
    /// Takes up approvals; nil where the plan has no gates and nobody's approval is asked for.
    private var gates: GateKeeper?
    /// Told of statements that do not count.
    var noticeFollowers: [any NoticeFollower] = []
    /// The run's hold on its targets between machines; nil without.
    private var leases: (any LeaseKeeper)?
    /// A signal ends a run whose clouds end with it; every other comes to rest.
    var signalsCancel = false
    private(set) var wasInterrupted = false

    init(plugins: PluginPool, signals: SignalQueue, person: Person) {
        self.plugins = plugins
        self.signals = signals
        self.person = person
    }

    /// Serves this too whenever the loop wakes up.
    func serve(_ service: any PollService) { services.append(service) }

    /// Keeps these leases while the run lives.
    func hold(_ leases: (any LeaseKeeper)?) {
        guard let leases else { return }
        self.leases = leases
        serve(leases)
    }

    /// Values of the secrets that plugins were handed so far.
    var knownSecrets: Redactor { plugins.redactor }

    /// From now on no plugin can say the secret, and no record holds it.
    func hide(_ value: String, name: String) { plugins.hide(value, name: name) }

    /// Waits for these alone, before the run begins; nil when a signal came instead.
    func wait(for targets: [PollTarget], timeout: Duration) -> Set<PollTarget>? {
        let signal = PollTarget(reading: signals.descriptor)
        let ready = waitUntilReady(targets + [signal], timeout: timeout)
        return ready.contains(signal) && !signals.take().isEmpty ? nil : ready
    }

    /// Takes up approvals while the run lives.
    func take(approvalsBy keeper: GateKeeper?) {
        guard let keeper else { return }
        gates = keeper
        keeper.tell = { [unowned self] notice in for follower in noticeFollowers { follower.notice(notice) } }
        serve(keeper)
    }

    var now: Instant { readClocks() }

    func start(_ call: OutgoingCall) { plugins.start(call) }

    func cancel(_ task: StepTask) {
        switch task.verb {
        case .askPerson, .askDecision: person.withdraw(task.step)
        case .askApproval: gates?.close(task.step)
        default: plugins.cancel(task)
        }
    }

    var mayEnd: Bool { leases?.mayEnd(now: readClocks().boot) ?? true }
    var lease: LeaseStanding { leases?.standing(now: readClocks().boot) ?? .held(epoch: nil) }

    func reply(_ ticket: EngineInput.Ticket, refusal: String?) { control?.reply(ticket, refusal: refusal) }

    func askDecision(
        _ step: PlannedStep, trouble: Trouble, why: String, remedy: String?, choices: [StepDecided.Choice]
    ) {
        person.decide(step, why, remedy: remedy, choices)
    }

    func askApproval(_ step: PlannedStep, group: String, count: Int, question: String?) {
        gates?.open(step.id)
        person.approve(step, count)
    }

    func answerBegin(_ task: StepTask, request: Int64, refusal: String?) {
        plugins.answerBegin(task, request: request, refusal: refusal)
    }

    /// A line that the person types; nil at the end of standard input, or when a signal came instead.
    func readLine() -> String? {
        var line: [UInt8] = []
        while true {
            let ready = waitUntilReady(
                [PollTarget(reading: STDIN_FILENO), PollTarget(reading: signals.descriptor)], timeout: nil)
            if ready.contains(PollTarget(reading: signals.descriptor)), !signals.take().isEmpty { return nil }
            guard ready.contains(PollTarget(reading: STDIN_FILENO)) else { continue }
            var byte: UInt8 = 0
            guard read(STDIN_FILENO, &byte, 1) == 1 else { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
    }

    func askPerson(_ step: PlannedStep, inputs: [String: JSON]) { person.ask(step, inputs) }

    func wait(until moment: Timestamp?) -> [EngineInput] {
        var inputs = plugins.takeInputs() + person.takeInputs()
        let ready = waitUntilReady(pollTargets, timeout: inputs.isEmpty ? timeout(moment) : .zero)
        inputs += plugins.handle(ready)
        inputs += person.handle(ready)
        inputs += control?.takeInputs(gates) ?? []
        if ready.contains(PollTarget(reading: signals.descriptor)) { inputs += signals.take().compactMap(stop) }
        for service in services {
            service.service()
            inputs += service.takeInputs()
        }
        return inputs
    }

    private var pollTargets: [PollTarget] {
        plugins.pollTargets + person.pollTargets + services.flatMap(\.pollTargets)
            + (control?.pollTargets ?? []) + [PollTarget(reading: signals.descriptor)]
    }

    private func timeout(_ moment: Timestamp?) -> Duration? {
        let now = readClocks()
        var nanoseconds = ([plugins.nextDeadline] + services.map(\.wakeAt)).compactMap(\.self).map { $0 - now.boot }
        // A look at the clock once a day does no harm, and no sum can overflow.
        if let moment { nanoseconds.append(min(moment.duration(since: now.wall).milliseconds, 86_400_000) * 1_000_000) }
        return nanoseconds.min().map { .nanoseconds(max(0, $0)) }
    }

    /// Once: the run comes to rest at the next safe point. Ctrl-C twice: the process ends at once, and the journal tells where
    /// the run stands.
    private func stop(_ number: Int32) -> EngineInput? {
        if number == SIGINT { interrupts += 1 }
        if interrupts > 1 {
            plugins.kill()
            Terminal().error(
                "muster: stopped at once; effects under way are in doubt. \"muster resume\" reads them back and goes on."
            )
            exit(ExitStatus.interrupted.rawValue)
        }
        let name = [SIGINT: "Ctrl-C", SIGTERM: "SIGTERM", SIGHUP: "a lost terminal"][number] ?? "signal \(number)"
        wasInterrupted = true
        let reason = "interrupted by \(name)"
        return signalsCancel
            ? .stop(StopRequested(by: person.name, reason: reason))
            : .pause(PauseRequested(by: person.name, reason: reason))
    }
}
