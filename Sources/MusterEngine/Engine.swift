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

    private var underWay: Set<StepTask> = []
    private var unshown: [JournalEntry] = []
    private var needsSync = false
    /// Begin requests whose undo data is journaled in this turn and answered after its sync.
    private var granted: [(task: StepTask, request: Int64)] = []
    private var lastNow: Instant?

    package init(state: RunState, journal: any RunJournal, world: any EngineWorld, followers: [any RunFollower]) {
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

    /// Runs to the end.
    ///
    /// - Parameter opening: events to begin with: `runCreated` and `runStarted` of a new run.
    /// - Returns: the final state.
    /// - Throws: a journal error (nothing was sent since the last sync), or `engine.illegal-transition`, a bug. Either way
    ///   no further effect begins, and the journal tells where the run stands.
    package mutating func run(opening: [Event]) throws(MusterError) -> RunState {
        try commit(opening)
        while true {
            try decide()
            let (new, abandoned) = changedCalls()
            try flush()
            for task in abandoned { world.cancel(task) }
            perform(new)
            if state.isFinished { return state }
            let inputs = world.wait(until: state.nextDue)
            try noteClockJump()
            for input in inputs { try take(input) }
        }
    }

    // MARK: Events

    private mutating func commit(_ events: [Event]) throws(MusterError) {
        guard !events.isEmpty else { return }
        let now = world.now
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
            let events = state.decisions(now: world.now.wall)
            if events.isEmpty { return }
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

    // MARK: Calls

    /// What the state asks for that is not under way, and what is under way without being asked for any more.
    private mutating func changedCalls() -> (new: [StepTask], abandoned: Set<StepTask>) {
        let wanted = state.tasks
        let new = wanted.filter { !underWay.contains($0) }
        underWay.formUnion(new)
        // All that is wanted is under way: no more than that, no need to look for the rest.
        guard underWay.count > wanted.count else { return (new, []) }
        let abandoned = underWay.subtracting(wanted)
        underWay.subtract(abandoned)
        return (new, abandoned)
    }

    private mutating func perform(_ calls: [StepTask]) {
        for (task, request) in granted { world.answerBegin(task, request: request, refusal: nil) }
        granted.removeAll()
        for task in calls {
            let at = state.positions[task.step]!
            if task.verb == .askPerson {
                world.askPerson(state.plan.steps[at], inputs: state.steps[at].inputs)
            } else {
                world.start(outgoing(task, at))
            }
        }
    }

    private func outgoing(_ task: StepTask, _ at: Int) -> OutgoingCall {
        let definition = state.definition(at: at)
        let step = state.steps[at]
        let verb: PluginVerb =
            switch task.verb {
            case .check: .check
            case .apply: .apply
            case .verify: .verify
            case .observe, .readBack, .askPerson: .observe
            }
        return OutgoingCall(
            task: task, verb: verb, definition: definition,
            call: StepCall(
                step: definition.reference.step, run: state.created?.run.text, id: task.step, attempt: task.attempt,
                idempotencyKey: state.idempotencyKey(task.step),
                timeoutMilliseconds: state.plan.steps[at].timeoutMilliseconds, inputs: step.inputs, connections: [:],
                undo: step.undo))
    }

    // MARK: Inputs

    private mutating func take(_ input: EngineInput) throws(MusterError) {
        switch input {
        case .answered(let task, let result):
            // An answer to a call that nobody waits for any more decides nothing.
            guard underWay.remove(task) != nil else { return }
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
        case .stop(let request):
            if state.stop == nil, !state.isFinished { try commit([.stopRequested(request)]) }
        }
    }

    private mutating func takeBegin(_ task: StepTask, _ request: Int64, _ undo: JSON) throws(MusterError) {
        guard underWay.contains(task), task.verb == .apply else {
            return world.answerBegin(task, request: request, refusal: "no effect of this step may begin now")
        }
        if let stop = state.stop, state.state(of: task.step)?.phase == .applying(begun: false) {
            return world.answerBegin(task, request: request, refusal: "the run is stopping: \(stop.reason)")
        }
        try commit([.stepBegun(StepBegun(step: task.step, attempt: task.attempt, undo: undo))])
        granted.append((task, request))
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
        if let event = state.attemptFailed(task.step, failure, now: world.now.wall) { try commit([event]) }
    }
}
