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
    private var stopsAsked = 0

    init(plugins: PluginPool, signals: SignalQueue, person: Person) {
        self.plugins = plugins
        self.signals = signals
        self.person = person
    }

    /// Serves this too whenever the loop wakes up.
    func serve(_ service: any PollService) { services.append(service) }

    var now: Instant { readClocks() }

    func start(_ call: OutgoingCall) { plugins.start(call) }

    func answerBegin(_ task: StepTask, request: Int64, refusal: String?) {
        plugins.answerBegin(task, request: request, refusal: refusal)
    }

    func askPerson(_ step: PlannedStep, inputs: [String: JSON]) { person.ask(step, inputs) }

    func wait(until moment: Timestamp?) -> [EngineInput] {
        var inputs = plugins.takeInputs() + person.takeInputs()
        let ready = waitUntilReady(pollTargets, timeout: inputs.isEmpty ? timeout(moment) : .zero)
        inputs += plugins.handle(ready)
        inputs += person.handle(ready)
        if ready.contains(PollTarget(reading: signals.descriptor)) { inputs += signals.take().compactMap(stop) }
        for service in services { service.service() }
        return inputs
    }

    private var pollTargets: [PollTarget] {
        plugins.pollTargets + person.pollTargets + services.flatMap(\.pollTargets) + [PollTarget(reading: signals.descriptor)]
    }

    private func timeout(_ moment: Timestamp?) -> Duration? {
        let now = readClocks()
        var nanoseconds = ([plugins.nextDeadline] + services.map(\.wakeAt)).compactMap(\.self).map { $0 - now.boot }
        if let moment { nanoseconds.append(moment.duration(since: now.wall).milliseconds * 1_000_000) }
        return nanoseconds.min().map { .nanoseconds(max(0, $0)) }
    }

    /// Once: no further step begins. Twice: the process ends at once, and the journal tells where the run stands.
    private func stop(_ number: Int32) -> EngineInput? {
        stopsAsked += 1
        if stopsAsked > 1 {
            Terminal().error("muster: stopped at once; effects under way are in doubt. The journal holds what is known.")
            exit(ExitStatus.interrupted.rawValue)
        }
        let name = [SIGINT: "Ctrl-C", SIGTERM: "SIGTERM", SIGHUP: "a lost terminal"][number] ?? "signal \(number)"
        return .stop(StopRequested(by: Host.userName, reason: "interrupted by \(name)"))
    }
}
