// SPDX-License-Identifier: Apache-2.0

import MusterEngine
import MusterMachine
import MusterModel
import MusterPluginProtocol

/// Everything outside the engine, in memory: a clock that only waiting moves, a journal, and plugins as a table of answers.
/// What happens is written to one trace, so that a test can see its order.
final class SimulatedWorld: EngineWorld, RunJournal, RunFollower {
    /// Answers by `step verb`; what is not there goes well. A list is used up one by one, its last answer stays.
    var answers: [String: [Result<PluginAnswer, StepFailure>]] = [:]
    /// Steps whose `apply` asks to begin twice.
    var beginsTwice: Set<String> = []
    /// Steps that claim an effect without having asked.
    var neverBegins: Set<String> = []
    /// Calls, by `step verb`, that answer only once they are cancelled, and then as if nothing had come between.
    var hanging: Set<String> = []
    /// What comes in before the n-th wait returns.
    var interruptions: [Int: EngineInput] = [:]
    /// Whether such a thing comes before what else the wait returns.
    var bringsInterruptionsFirst = false
    /// How the run's hold on its targets stands, from the n-th wait on.
    var leases: [Int: LeaseStanding] = [:]
    /// How it stands once the first beginning is on the disk, until something comes in again.
    var leaseOnceBegun: LeaseStanding?
    private var begunAtWait: Int?
    /// What people decide about a step that waits, one after the other, with tickets from 1 on.
    var choices: [String: [StepDecided.Choice]] = [:]
    /// What comes in right after the first such call is given up.
    var onCancel: [String: [EngineInput]] = [:]
    /// The n-th append, and the n-th sync, that fails.
    var failingAppend: Int?
    var failingSync: Int?

    private(set) var trace: [String] = []
    private(set) var entries: [JournalEntry] = []
    private(set) var syncedCount = 0
    private(set) var refusals: [String] = []
    private(set) var replies: [EngineInput.Ticket: String?] = [:]
    private var tickets = 0
    private var clock = Timestamp("2026-11-21T14:03:02Z")!
    /// What the wall clock shows more than the other one.
    private var wallOffset = Duration.zero
    /// How long calls take, and by how much the wall clock is set while they are under way, by `step verb`.
    var takes: [String: Duration] = [:]
    var setsWall: [String: Duration] = [:]
    /// How long the first sync with a beginning takes.
    var beginningTakes: Duration?
    private var inbox: [EngineInput] = []
    /// Answers of calls that were given up: they come a turn later.
    private var late: [EngineInput] = []
    private var appends = 0
    private var syncs = 0
    private var waits = 0

    var now: Instant { Instant(wall: clock.advanced(by: wallOffset), boot: clock.milliseconds * 1_000_000) }

    // MARK: Journal

    func append(_ events: [Event], at now: Instant) throws(MusterError) -> [JournalEntry] {
        appends += 1
        if appends == failingAppend { throw MusterError(code: "journal.failed", "disk full", status: .runFailed) }
        var new: [JournalEntry] = []
        for event in events {
            let entry = JournalEntry(
                sequence: Int64(entries.count), at: now.wall, boot: now.boot, previous: "", event: event)
            entries.append(entry)
            new.append(entry)
        }
        return new
    }

    func sync() throws(MusterError) {
        syncs += 1
        if syncs == failingSync { throw MusterError(code: "journal.failed", "fsync failed", status: .runFailed) }
        syncedCount = entries.count
        if begunAtWait == nil, entries.contains(where: { $0.event.kind == "step-begun" }) {
            begunAtWait = waits
            if let time = beginningTakes { clock = clock.advanced(by: time) }
        }
        trace.append("sync")
    }

    // MARK: Plugins and people

    func start(_ call: OutgoingCall) {
        let name = "\(call.task.step) \(call.task.verb.rawValue)"
        trace.append("call \(name)")
        if let time = takes.removeValue(forKey: name) { clock = clock.advanced(by: time) }
        if let jump = setsWall.removeValue(forKey: name) { wallOffset += jump }
        precondition(
            call.task.verb != .apply || isSynced("step-applying", call.task.step), "intent must be on disk first")
        if hanging.contains(name) { return }
        precondition(
            call.task.verb != .undo || isSynced("undo-applying", call.task.step), "intent must be on disk first")
        if call.task.verb.hasEffect, !neverBegins.contains(call.task.step), answers[name]?.first?.isRefusal != true {
            inbox.append(.begin(call.task, request: 1, undo: ["was": "old"]))
        } else {
            inbox.append(.answered(call.task, answer(name, call)))
        }
    }

    /// Steps whose question was withdrawn, since its answer came or nobody needs it any more.
    private(set) var withdrawn: [String] = []

    func cancel(_ task: StepTask) {
        if task.verb == .askDecision || task.verb == .askApproval {
            let isAnswered = ["step-decided", "approval-recorded"].contains { isSynced($0, task.step) }
            let isNeedless = ["stop-requested", "pause-requested", "rollback-requested"].contains { isSynced($0, nil) }
            precondition(isAnswered || isNeedless, "why it is withdrawn must be on disk first")
            return withdrawn.append(task.step)
        }
        let name = "\(task.step) \(task.verb.rawValue)"
        precondition(
            ["stop-requested", "pause-requested", "rollback-requested"].contains { isSynced($0, nil) },
            "why it is given up must be on disk first")
        trace.append("cancel \(name)")
        inbox += onCancel.removeValue(forKey: name) ?? []
        if hanging.remove(name) != nil { late.append(.answered(task, answer(name, nil))) }
    }

    func answerBegin(_ task: StepTask, request: Int64, refusal: String?) {
        if let refusal {
            refusals.append(refusal)
            let failure = StepFailure(kind: .permanent, code: "plugin.begin-refused", message: refusal)
            inbox.append(.answered(task, .failure(failure)))
            return
        }
        precondition(
            isSynced(task.verb == .undo ? "undo-begun" : "step-begun", task.step), "undo data must be on disk first")
        trace.append("proceed \(task.step)")
        if request == 1, beginsTwice.contains(task.step) {
            inbox.append(.begin(task, request: 2, undo: ["was": "old", "made": "new"]))
        } else {
            inbox.append(.answered(task, answer("\(task.step) \(task.verb.rawValue)", nil)))
        }
    }

    /// By gate: who approves it, one after the other.
    var approvers: [String: [String]] = [:]
    func askApproval(_ step: PlannedStep, group: String, count: Int, question: String?) {
        trace.append("ask \(count) of \(group) at \(step.id)")
        for person in approvers.removeValue(forKey: step.id) ?? [] {
            let decision: ApprovalStatement.Decision = person.hasPrefix("not ") ? .reject : .approve
            let approval = ApprovalRecorded(
                step: step.id, approver: person, decision: decision, id: "id of \(person)", statement: "", signature: ""
            )
            inbox.append(.approved(approval, nil))
        }
    }

    func askPerson(_ step: PlannedStep, inputs: [String: JSON]) {
        trace.append("ask \(step.id)")
        inbox.append(.confirmed(step: step.id, person: "op", note: "looked"))
    }

    var mayEnd: Bool { lease != .late }
    var lease: LeaseStanding {
        if let leaseOnceBegun, begunAtWait == waits { return leaseOnceBegun }
        return leases.filter { $0.key <= waits }.max { $0.key < $1.key }?.value ?? .held(epoch: nil)
    }

    func reply(_ ticket: EngineInput.Ticket, refusal: String?) {
        precondition(refusal != nil || syncedCount == entries.count, "what is told as taken is on disk")
        trace.append("reply \(refusal ?? "taken")")
        replies.updateValue(refusal, forKey: ticket)
    }

    func askDecision(
        _ step: PlannedStep, trouble: Trouble, why: String, remedy: String?, choices: [StepDecided.Choice]
    ) {
        trace.append("ask about \(step.id): \(trouble.rawValue)")
        guard var left = self.choices[step.id], !left.isEmpty else { return }
        let choice = left.removeFirst()
        self.choices[step.id] = left
        tickets += 1
        inbox.append(
            .decided(StepDecided(step: step.id, choice: choice, person: "op", reason: "looked"), tickets))
    }

    func wait(until moment: Timestamp?) -> [EngineInput] {
        waits += 1
        if let interruption = interruptions[waits] {
            inbox.insert(interruption, at: bringsInterruptionsFirst ? 0 : inbox.count)
        }
        if inbox.isEmpty { swap(&inbox, &late) }
        if inbox.isEmpty, let moment { clock = max(clock, moment.advanced(by: .zero - wallOffset)) }
        clock = clock.advanced(by: .milliseconds(10))
        precondition(!inbox.isEmpty || moment != nil, "the engine waits for nothing")
        defer { (inbox, late) = (late, []) }
        return inbox
    }

    func follow(_ new: [JournalEntry], _ state: RunState) {
        for entry in new where entry.event.mustBeDurable {
            precondition(entry.sequence < syncedCount, "nothing is shown before it is on disk")
        }
    }

    private func isSynced(_ kind: String, _ step: String?) -> Bool {
        entries.prefix(syncedCount).contains { $0.event.kind == kind && $0.event.step == step }
    }

    private func answer(_ name: String, _ call: OutgoingCall?) -> Result<PluginAnswer, StepFailure> {
        if var list = answers[name], let first = list.first {
            if list.count > 1 { list.removeFirst() }
            answers[name] = list
            return first
        }
        return .success(Self.good(String(name.split(separator: " ")[1])))
    }

    static func good(_ verb: String) -> PluginAnswer {
        switch verb {
        case "check": .checked([ConditionResult(id: "target-ready", verdict: .met, says: "ready")])
        case "verify": .verified([ConditionResult(id: "is-so", verdict: .met, says: "so")])
        case "apply": .applied(outputs: ["value": "new"])
        case "undo": .undone
        case "undo-observe": satisfied()
        default: .observed(Observation(standing: .needed, changes: [Change(path: "p", from: "old", to: "new")]))
        }
    }

    static func satisfied() -> PluginAnswer { .observed(Observation(standing: .satisfied, outputs: ["value": "new"])) }
}

extension Result where Success == PluginAnswer, Failure == StepFailure {
    /// A failure that comes before the plugin asked to begin.
    var isRefusal: Bool { if case .failure(let failure) = self { failure.code == "BeforeBegin" } else { false } }

    static func failed(_ code: String, _ kind: StepFailure.Kind = .retryable) -> Self {
        .failure(StepFailure(kind: kind, code: code, message: code))
    }
}
