// SPDX-License-Identifier: Apache-2.0

import MusterEngine
import MusterMachine
import MusterModel
import MusterPluginProtocol
import MusterTestSupport

/// Everything outside one engine: clocks that only waiting moves, plugins, clouds and people, all by one generator.
final class DrillWorld: EngineWorld, RunFollower {
    /// A deliberate fault, with which the campaign shows that it would find one.
    enum Sabotage: CaseIterable {
        /// The journal says that it is synced, and is not.
        case unsynced
        /// A plugin goes ahead before the engine has answered.
        case early
        /// The engine is told that there is something to do without a look.
        case blind
        /// The end of a failed effect is told as a success, and so is its proof.
        case falseEnd
        /// A skipped step never reaches the journal.
        case forgetful
    }

    struct OpenCall {
        let call: OutgoingCall
        var hasProceeded = false
        var isCancelled = false
        /// How it ends, once that is known.
        var end: Result<PluginAnswer, StepFailure>?
    }

    enum Action {
        case answer(StepTask)
        case begin(StepTask, Int64)
        /// The request to the cloud.
        case perform(StepTask)
        case say(EngineInput)
        case jump(Int64)
        case lease(LeaseStanding, LeaseChanged)
    }

    let plan: Plan
    let sabotage: Sabotage?
    var faults: Faults
    var random: SeededRandom
    var cloud = SimulatedCloud()
    var findings = Findings()
    var killer = Killer()
    var journal: CheckedJournal!
    var open: [StepTask: OpenCall] = [:]
    private(set) var boot: Int64 = 1_000_000_000_000
    private var wallAhead: Int64 = 1_795_000_000_000
    private var queue: [(at: Int64, order: Int, action: Action)] = []
    private var order = 0
    private var waits = 0
    private var hasAskedToRest = false
    private(set) var lease = LeaseStanding.held(epoch: 1)
    var mayEnd: Bool { lease != .late }
    private var epoch: Int64 = 1
    /// What is still decided about steps at random; after that, people give up.
    var patience = 12
    /// Words of people that come by themselves, in all lives together.
    var wordsLeft = 6
    var tickets: [EngineInput] = []
    private var answeredTickets: Set<Int> = []

    init(_ plan: Plan, _ faults: Faults, _ random: SeededRandom, sabotage: Sabotage?) {
        self.plan = plan
        self.faults = faults
        self.random = random
        self.sabotage = sabotage
        for step in plan.steps where plan.definitions[step.uses]!.effect != .none {
            cloud.add(step.id, self.random.chance(8) ? .new : .old)
        }
    }

    var now: Instant { Instant(wall: Timestamp(milliseconds: wallAhead + boot / 1_000_000), boot: boot) }

    // MARK: Lives of engines

    /// Another engine, some time later; nothing of the one before is left but what is on the disk and in the clouds.
    func begin(_ killer: Killer, _ journal: CheckedJournal) {
        self.killer = killer
        self.journal = journal
        (open, queue, hasAskedToRest) = ([:], [], false)
        boot += Int64(random.number(3...900)) * 1_000_000_000
        epoch += 1
        lease = .held(epoch: epoch)
        cloud.forgetLooks()
        for _ in 0..<faults.jumps where roll(50) {
            let size = random.pick([3000, 90_000, 3_600_000, 86_400_000])
            schedule(within: 120_000, .jump(Int64(random.chance(50) ? size : -size)))
        }
        for _ in 0..<faults.leaseChanges where roll(60) { scheduleLease() }
        for _ in 0..<faults.interventions where wordsLeft > 0 && random.chance(60) {
            wordsLeft -= 1
            findings.points += 1
            schedule(within: 90_000, .say(randomWord()))
        }
    }

    /// The engine is gone. Requests that its plugins were about to send may be on their way.
    func lose() {
        for (at, _, action) in queue.sorted(by: { $0.order < $1.order }) {
            guard case .perform(let task) = action, let call = open[task], call.hasProceeded, random.chance(50) else {
                continue
            }
            _ = at
            send(call, random.chance(70) ? .done : .delayed(nanoseconds: 1_000_000_000))
        }
        (open, queue) = ([:], [])
    }

    private func scheduleLease() {
        epoch += 1
        let start = random.number(0...60_000)
        let late = LeaseChanged(what: .late, lock: "lab", epoch: epoch, says: "its time is over")
        let isLost = random.chance(40)
        let next = LeaseChanged(what: isLost ? .lost : .renewed, lock: "lab", epoch: epoch, says: "seen again")
        schedule(in: start, .lease(.late, late))
        schedule(
            in: start + random.number(0...30_000),
            .lease(isLost ? .lost("another run has it") : .held(epoch: epoch), next))
    }

    // MARK: Time

    func schedule(in milliseconds: Int, _ action: Action) {
        order += 1
        queue.append((boot + Int64(milliseconds) * 1_000_000, order, action))
    }

    func schedule(within milliseconds: Int, _ action: Action) {
        schedule(in: random.number(1...milliseconds), action)
    }

    /// Whether a fault happens that does so in this many of a hundred cases.
    func roll(_ percent: Int) -> Bool {
        guard faults.budget > 0, random.chance(percent) else { return false }
        faults.budget -= 1
        findings.points += 1
        return true
    }

    func wait(until moment: Timestamp?) -> [EngineInput] {
        killer.point()
        waits += 1
        if waits > 20_000 {
            findings.notResumable.append("the run never ends")
            killer.die()
        }
        // Whatever a dead engine does next ends at its journal.
        let nothing = EngineInput.pluginLog(PluginLog(plugin: "test", stream: "log", text: "x"))
        if killer.isDead { return [nothing] }
        let due = moment.map { boot + max(0, $0.milliseconds - now.wall.milliseconds) * 1_000_000 }
        guard let next = [queue.map(\.at).min(), due].compactMap(\.self).min() else { return rest() }
        boot = max(boot, next) + 1_000_000
        var inputs: [EngineInput] = []
        let ready = queue.filter { $0.at <= boot }.sorted { ($0.at, $0.order) < ($1.at, $1.order) }
        queue.removeAll { $0.at <= boot }
        for (_, _, action) in ready { if let input = take(action) { inputs.append(input) } }
        return inputs
    }

    /// Nothing will happen any more by itself: whoever waits for a person that does not come lets the run rest.
    private func rest() -> [EngineInput] {
        if hasAskedToRest {
            findings.notResumable.append("the engine waits for nothing")
            killer.die()
        }
        hasAskedToRest = true
        return [.pause(PauseRequested(by: "engine", reason: "nobody answers"))]
    }

    private func take(_ action: Action) -> EngineInput? {
        switch action {
        case .answer(let task): return open.removeValue(forKey: task).map { .answered(task, answer($0)) }
        case .begin(let task, let request): return begin(task, request)
        case .perform(let task):
            if let call = open[task], call.end == nil { perform(call) }
            return nil
        case .say(let input): return input
        case .jump(let milliseconds):
            wallAhead += milliseconds
            return nil
        case .lease(let standing, let change):
            lease = standing
            return .lease(change)
        }
    }

    // MARK: What the engine does

    func start(_ call: OutgoingCall) {
        killer.point()
        if killer.isDead { return }
        let task = call.task
        if open[task] != nil { findings.doubled.append("\(task) is asked twice at once") }
        if task.verb.hasEffect, !journal.isAnnounced(task.verb == .undo ? "undo-applying" : "step-applying", task) {
            findings.lost.append("\(task) is called before its intent is on the disk")
        }
        open[task] = OpenCall(call: call)
        beginCall(call)
    }

    func cancel(_ task: StepTask) {
        killer.point()
        guard !killer.isDead, var call = open[task] else { return }
        if call.hasProceeded, call.end == nil { findings.wrongEnd.append("\(task) is given up after it had begun") }
        call.isCancelled = true
        if task.verb.hasEffect {
            call.end = .failure(StepFailure(kind: .retryable, code: "plugin.cancelled", message: "given up"))
            schedule(within: 3000, .answer(task))
        }
        open[task] = call
    }

    func answerBegin(_ task: StepTask, request: Int64, refusal: String?) {
        killer.point()
        guard !killer.isDead, var call = open[task], call.end == nil else { return }
        if let refusal {
            call.end = .failure(StepFailure(kind: .permanent, code: "plugin.begin-refused", message: refusal))
            open[task] = call
            return schedule(within: 100, .answer(task))
        }
        if case .held = lease {
        } else if !call.hasProceeded {
            findings.doubled.append("\(task) begins while the lease is \(lease)")
        }
        call.hasProceeded = true
        open[task] = call
        if sabotage != .early { proceed(task, request) }
    }

    /// Asks to begin once more, as plugins do that learn on the way what an undo needs, or goes ahead.
    func proceed(_ task: StepTask, _ request: Int64) {
        let again = request == 1 && sabotage != .early && random.chance(10)
        schedule(within: 300, again ? .begin(task, 2) : .perform(task))
    }

    /// No plan of these tests has gates.
    func askApproval(_ step: PlannedStep, group: String, count: Int, question: String?) {}

    func askPerson(_ step: PlannedStep, inputs: [String: JSON]) {
        killer.point()
        guard !killer.isDead, !roll(faults.noAnswer) else { return }
        schedule(within: 90_000, .say(.confirmed(step: step.id, person: "op", note: "looked")))
    }

    func askDecision(
        _ step: PlannedStep, trouble: Trouble, why: String, remedy: String?, choices: [StepDecided.Choice]
    ) {
        killer.point()
        if killer.isDead { return }
        if choices.isEmpty || why.isEmpty {
            findings.notResumable.append("\(step.id) waits for nothing that has a name")
        }
        if roll(faults.noAnswer) {
            return schedule(within: 5000, .say(.pause(PauseRequested(by: "engine", reason: "nobody to ask"))))
        }
        let decision = decide(step.id, trouble, choices)
        schedule(within: 60_000, .say(ticketed { .decided(decision, $0) }))
    }

    func reply(_ ticket: EngineInput.Ticket, refusal: String?) {
        killer.point()
        if killer.isDead { return }
        if !answeredTickets.insert(ticket).inserted { findings.wrongEnd.append("a person was answered twice") }
        guard refusal == nil else { return }
        let events = journal.entries.suffix(40).map(\.event)
        let isThere =
            switch tickets[ticket] {
            case .decided(let body, _): events.contains(.stepDecided(body))
            case .rollBack(let body, _): events.contains(.rollbackRequested(body))
            default: false
            }
        if !isThere || journal.syncedCount < journal.entries.count {
            findings.lost.append("a person was told of a word that is not on the disk")
        }
    }

    func follow(_ new: [JournalEntry], _ state: RunState) {
        killer.point()
        if killer.isDead { return }
        for entry in new where entry.event.mustBeDurable && entry.sequence >= journal.syncedCount {
            findings.lost.append("\(entry.event.kind) is shown before it is on the disk")
        }
    }
}
