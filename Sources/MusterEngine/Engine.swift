// SPDX-License-Identifier: Apache-2.0

package import MusterMachine
package import MusterModel
internal import MusterPluginProtocol

/// The loop around the interpreter: inputs become events, events are journaled and folded, and what the new state asks for
/// is done. One thread; each turn writes and syncs the journal at most once, before anything is sent or shown.
package struct Engine {
    package private(set) var state: RunState
    private let journal: any RunJournal
    private let world: any EngineWorld
    private let followers: [any RunFollower]
    /// Where nobody can be asked: a run in which everything else is done comes to rest instead of waiting for a decision.
    private let restsWhenWaiting: Bool

    private var underWay: Set<StepTask> = []
    /// Calls that were given up and have not ended: the same is not asked again before, or one's answer would be taken for
    /// the other's.
    private var leaving: Set<StepTask> = []
    private var unshown: [JournalEntry] = []
    private var needsSync = false
    /// A plugin's request to begin its effect.
    private struct Begin {
        let task: StepTask
        let request: Int64
        let undo: JSON
        /// Of an effect that had begun before: it goes on whatever the lease says.
        var isRepeated = false
        var isJournaled = false
    }

    /// Those whose undo data is journaled in this turn, answered after its sync.
    private var granted: [Begin] = []
    /// Those that wait until the run holds its targets again. Of some the beginning is journaled, and they were not told.
    private var held: [Begin] = []
    /// Inputs that were taken in this turn, told to their senders after its sync.
    private var taken: [EngineInput.Ticket] = []
    private var lastNow: Instant?
    /// When this engine wrote first.
    private var firstNow: Instant?

    package init(
        state: RunState, journal: any RunJournal, world: any EngineWorld, followers: [any RunFollower],
        restsWhenWaiting: Bool = false
    ) {
        self.restsWhenWaiting = restsWhenWaiting
        self.state = state
        self.journal = journal
        self.world = world
        self.followers = followers
    }

    /// Journals the first events and shows them to the followers, before the run begins.
    ///
    /// - Throws: what ``run(opening:)`` throws, and what a follower that cannot follow throws: the run must not begin then.
    package mutating func open(_ events: [Event]) throws(MusterError) {
        try commit(events)
        try flush()
    }

    /// Runs to the end, or until the run is at rest.
    ///
    /// - Parameter opening: events to begin with: `runCreated` and `runStarted` of a new run, `runResumed` of one that is taken
    ///   up again.
    /// - Returns: the final state, finished or paused.
    /// - Throws: a journal error (nothing was sent since the last sync), or `engine.illegal-transition`, a bug. Either way
    ///   no further effect begins, and the journal tells where the run stands.
    package mutating func run(opening: [Event]) throws(MusterError) -> RunState {
        try commit(opening)
        while true {
            try decide()
            let (new, abandoned) = changedCalls()
            try flush()
            for task in abandoned { world.cancel(task) }
            answerGranted()
            perform(new)
            if state.isFinished || state.phase == .paused { return state }
            let inputs = world.wait(until: state.nextDue)
            try noteClockJump()
            for input in inputs { try take(input) }
            try takeHeld()
        }
    }

    // MARK: Events

    /// - Parameter moment: what the events were decided by; nil: now.
    private mutating func commit(_ events: [Event], at moment: Instant? = nil) throws(MusterError) {
        guard !events.isEmpty else { return }
        let now = moment ?? world.now
        if firstNow == nil { firstNow = now }
        for event in events {
            do { try state.apply(event, at: now.wall) } catch {
                throw MusterError(
                    code: "engine.illegal-transition", "The run cannot go on: \(error).",
                    help:
                        "This is a fault in Muster. Nothing was sent for it; the journal holds everything up to here.",
                    status: .stuck)
            }
        }
        unshown += try journal.append(events, at: now)
        needsSync = needsSync || events.contains(where: \.mustBeDurable)
    }

    private mutating func decide() throws(MusterError) {
        while true {
            var events = state.decisions(now: world.now.wall)
            if events.isEmpty, restsWhenWaiting, state.pause == nil, state.waitsOnlyForDecisions {
                let reason = state.waitingForDecision.isEmpty ? "it waits for approvals" : "nobody is here to decide"
                events = [.pauseRequested(PauseRequested(by: "engine", reason: reason))]
            }
            if events.isEmpty { return }
            if case .runFinished = events[0], !world.mayEnd { return }
            try commit(events)
        }
    }

    private mutating func flush() throws(MusterError) {
        if needsSync {
            try journal.sync()
            needsSync = false
        }
        guard !unshown.isEmpty else { return }
        for follower in followers { try follower.follow(unshown, state) }
        unshown.removeAll(keepingCapacity: true)
    }

    private mutating func noteClockJump() throws(MusterError) {
        let now = world.now
        defer { lastNow = now }
        guard let lastNow else { return }
        let wall = now.wall.milliseconds - lastNow.wall.milliseconds
        let jump = wall - (now.boot - lastNow.boot) / 1_000_000
        if abs(jump) > 2000 { try commit([.clockJumped(ClockJumped(milliseconds: jump))]) }
    }

    /// The later of what the two clocks say since this engine began: a wall clock that is set back opens no window again.
    private func latest(_ now: Instant) -> Timestamp {
        guard let firstNow else { return now.wall }
        return max(now.wall, firstNow.wall.advanced(by: .nanoseconds(now.boot - firstNow.boot)))
    }

    // MARK: Calls

    /// What the state asks for that is not under way, and what is under way without being asked for any more.
    private mutating func changedCalls() -> (new: [StepTask], abandoned: Set<StepTask>) {
        let wanted = leaving.isEmpty ? state.tasks : state.tasks.filter { !leaving.contains($0) }
        let new = wanted.filter { !underWay.contains($0) }
        underWay.formUnion(new)
        // All that is wanted is under way: no more than that, no need to look for the rest.
        guard underWay.count > wanted.count else { return (new, []) }
        let abandoned = underWay.subtracting(wanted)
        underWay.subtract(abandoned)
        leaving.formUnion(abandoned.filter { $0.verb.isCall })
        return (new, abandoned)
    }

    private mutating func perform(_ calls: [StepTask]) {
        for ticket in taken { world.reply(ticket, refusal: nil) }
        taken.removeAll()
        for task in calls {
            let at = state.positions[task.step]!
            switch task.verb {
            case .askPerson: world.askPerson(state.plan.steps[at], inputs: state.steps[at].inputs)
            case .askDecision: askDecision(at)
            case .askApproval: askApproval(at)
            default: world.start(outgoing(task, at))
            }
        }
    }

    /// The journal's disk may be slow, and the machine may have slept while it wrote: the lease is looked at again, last of
    /// all. The window is not: what is journaled as begun in time has begun in time, and a refusal would make the step fail.
    private mutating func answerGranted() {
        let begins = granted
        granted.removeAll()
        for begin in begins {
            if begin.isRepeated {
                world.answerBegin(begin.task, request: begin.request, refusal: nil)
            } else if !world.lease.isHeld {
                held.append(begin)
            } else {
                world.answerBegin(begin.task, request: begin.request, refusal: nil)
            }
        }
    }

    private func askDecision(_ at: Int) {
        guard case .waitingForDecision(let trouble) = state.steps[at].phase else { return }
        let step = state.plan.steps[at]
        world.askDecision(
            step, trouble: trouble, why: state.troubleText(step.id), remedy: state.troubleRemedy(step.id),
            choices: state.choices(for: step.id))
    }

    private func askApproval(_ at: Int) {
        guard let gate = state.gate(at: at) else { return }
        world.askApproval(state.plan.steps[at], group: gate.group, count: gate.count, question: gate.question)
    }

    private func outgoing(_ task: StepTask, _ at: Int) -> OutgoingCall {
        let definition = state.definition(at: at)
        let step = state.steps[at]
        let verb: PluginVerb =
            switch task.verb {
            case .check: .check
            case .apply: .apply
            case .verify: .verify
            case .undoCheck: .check
            case .undo: .undo
            case .observe, .readBack, .undoObserve, .undoProof, .askPerson, .askDecision, .askApproval: .observe
            }
        let isUndo = task.verb.isOfUndo
        return OutgoingCall(
            task: task, verb: verb, definition: definition,
            call: StepCall(
                step: definition.reference.step, run: state.created?.run.text, id: task.step, attempt: task.attempt,
                idempotencyKey: isUndo ? state.undoIdempotencyKey(task.step) : state.idempotencyKey(task.step),
                timeoutMilliseconds: state.plan.steps[at].timeoutMilliseconds, inputs: step.inputs, connections: [:],
                // A check that carries it is one of what must hold before an undo.
                undo: task.verb == .check ? nil : step.undo))
    }

    // MARK: Inputs

    private mutating func take(_ input: EngineInput) throws(MusterError) {
        switch input {
        case .answered(let task, let result):
            // An answer to a call that nobody waits for any more decides nothing.
            guard leaving.remove(task) == nil, underWay.remove(task) != nil else { return }
            try takeAnswer(task, result)
        case .begin(let task, let request, let undo):
            try takeBegin(task, request, undo)
        case .progress(let task, let message, let fraction):
            guard underWay.contains(task) else { return }
            try commit([.progress(Progress(step: task.step, message: message, fraction: fraction))])
        case .evidence(let task, let name, let data):
            guard underWay.contains(task) else { return }
            try commit([.evidence(Evidence(step: task.step, name: name, during: task.verb.rawValue, data: data))])
        case .pluginLog(let log): try commit([.pluginLog(log)])
        case .confirmed(let step, let person, let note):
            guard underWay.remove(StepTask(step: step, attempt: 1, verb: .askPerson)) != nil else { return }
            try commit([.manualConfirmed(ManualConfirmed(step: step, person: person, note: note))])
        case .stop(let request, let ticket): try take(request, ticket)
        case .pause(let request, let ticket): try take(request, ticket)
        case .decided(let decision, let ticket): try take(decision, ticket)
        case .rollBack(let request, let ticket): try take(request, ticket)
        case .approved(let approval, let ticket): try take(approval, ticket)
        case .lease(let change): try commit([.leaseChanged(change)])
        }
    }

    private mutating func take(_ request: StopRequested, _ ticket: EngineInput.Ticket?) throws(MusterError) {
        guard state.stop == nil, state.phase == .running || state.phase == .created else {
            return refuse(ticket, state.stop == nil ? "the run does not run" : "the run is being ended already")
        }
        try commit([.stopRequested(request)])
        if let ticket { taken.append(ticket) }
    }

    private mutating func take(_ request: PauseRequested, _ ticket: EngineInput.Ticket?) throws(MusterError) {
        // A stop without `finally` ends the run soon; what brings things back may take long, and may rest.
        let endsSoon = state.stop.map { $0.runsFinally != true } ?? false
        guard !endsSoon, state.phase == .running else { return refuse(ticket, "the run is coming to its end") }
        // Asked for twice it is as good as once.
        if state.pause == nil { try commit([.pauseRequested(request)]) }
        if let ticket { taken.append(ticket) }
    }

    private mutating func take(_ decision: StepDecided, _ ticket: EngineInput.Ticket?) throws(MusterError) {
        guard state.phase == .running, state.choices(for: decision.step).contains(decision.choice) else {
            return refuse(ticket, state.whyNot(decision))
        }
        try commit([.stepDecided(decision)])
        if let ticket { taken.append(ticket) }
    }

    private mutating func take(_ request: RollbackRequested, _ ticket: EngineInput.Ticket?) throws(MusterError) {
        if let other = state.rollback {
            return refuse(ticket, "it is being rolled back already, as \(other.by) asked: \(other.reason)")
        }
        guard state.phase == .running else { return refuse(ticket, "the run does not run") }
        if let why = state.whyNot(request) { return refuse(ticket, why) }
        try commit([.rollbackRequested(request)])
        if let ticket { taken.append(ticket) }
    }

    private mutating func take(_ approval: ApprovalRecorded, _ ticket: EngineInput.Ticket?) throws(MusterError) {
        let isTaken = !approval.id.isEmpty && state.approvals.contains { $0.id == approval.id }
        if isTaken { return refuse(ticket, "the run has this statement already") }
        if let step = approval.step {
            let at = state.positions[step]
            guard let at, state.phase == .running, state.waitingForApproval.contains(at) else {
                return refuse(ticket, "the run does not wait for approvals at \"\(step)\"")
            }
        }
        try commit([.approvalRecorded(approval)])
        if let ticket { taken.append(ticket) }
    }

    private func refuse(_ ticket: EngineInput.Ticket?, _ why: String) {
        if let ticket { world.reply(ticket, refusal: why) }
    }

    /// The gate before an effect: the call still counts, nobody asked the run to end or to rest, the change window is open, and
    /// the run holds its targets.
    private mutating func takeBegin(_ task: StepTask, _ request: Int64, _ undo: JSON) throws(MusterError) {
        guard underWay.contains(task), task.verb.hasEffect else {
            return world.answerBegin(task, request: request, refusal: "no effect of this step may begin now")
        }
        let begin = Begin(task: task, request: request, undo: undo)
        // What has begun may go on, and tells what it needs to be undone now.
        if hasBegun(task) { return try grant(begin, epoch: nil, at: world.now, isRepeated: true) }
        if let why = state.refusal(ofBegin: task) { return world.answerBegin(task, request: request, refusal: why) }
        let now = world.now
        if let why = state.windowRefusal(ofBegin: task, at: latest(now)) { return try refuseForGood(begin, why) }
        switch world.lease {
        case .held(let epoch): try grant(begin, epoch: epoch, at: now)
        case .late: held.append(begin)
        case .lost(let why): try refuseForGood(begin, why)
        }
    }

    private mutating func refuseForGood(_ begin: Begin, _ why: String) throws(MusterError) {
        world.answerBegin(begin.task, request: begin.request, refusal: why)
        if state.pause == nil { try commit([.pauseRequested(PauseRequested(by: "engine", reason: why))]) }
    }

    private func hasBegun(_ task: StepTask) -> Bool {
        let step = state.state(of: task.step)
        return task.verb == .apply ? step?.phase == .applying(begun: true) : step?.undoing == .calling(begun: true)
    }

    private mutating func grant(
        _ begin: Begin, epoch: Int64?, at now: Instant, isRepeated: Bool = false
    ) throws(MusterError) {
        var begin = begin
        (begin.isRepeated, begin.isJournaled) = (isRepeated, true)
        let (step, attempt) = (begin.task.step, begin.task.attempt)
        let event: Event =
            begin.task.verb == .undo
            ? .undoBegun(UndoBegun(step: step, attempt: attempt, undo: begin.undo, lease: epoch))
            : .stepBegun(StepBegun(step: step, attempt: attempt, undo: begin.undo, lease: epoch))
        try commit([event], at: now)
        granted.append(begin)
    }

    /// Begins that waited for the lease are looked at anew; of calls that ended meanwhile nothing is left to answer.
    private mutating func takeHeld() throws(MusterError) {
        guard !held.isEmpty, world.lease != .late else { return }
        let again = held
        held.removeAll()
        for begin in again where underWay.contains(begin.task) {
            if begin.isJournaled { try takeAgain(begin) } else { try takeBegin(begin.task, begin.request, begin.undo) }
        }
    }

    /// What was journaled as begun and has not begun yet. A refusal is safe: the step is read back, and found as it was.
    private mutating func takeAgain(_ begin: Begin) throws(MusterError) {
        if case .lost(let why) = world.lease { return try refuseForGood(begin, why) }
        if let why = state.refusal(ofBegin: begin.task) {
            return world.answerBegin(begin.task, request: begin.request, refusal: why)
        }
        granted.append(begin)
    }

    private mutating func takeAnswer(_ task: StepTask, _ result: Result<PluginAnswer, StepFailure>) throws(MusterError)
    {
        switch result {
        case .failure(let failure): try fail(task, failure)
        case .success(let answer):
            let definition = state.definition(at: state.positions[task.step]!)
            do {
                try commit(try StepAnswer(definition: definition, task: task, answer: answer).events)
            } catch let failure as StepFailure {
                try fail(task, failure)
            } catch let error as MusterError {
                throw error
            } catch {
                preconditionFailure("an answer fails as a step or as the journal: \(error)")
            }
        }
    }

    private mutating func fail(_ task: StepTask, _ failure: StepFailure) throws(MusterError) {
        if let event = state.attemptFailed(task, failure, now: world.now.wall) { try commit([event]) }
    }
}
