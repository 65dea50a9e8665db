// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel

@testable import MusterRecord

/// Carries a run out as an engine would, event by event by the rules of its machine, on a test's clocks and against a world
/// that answers well unless a fault is planned for it.
struct RunDriver {
    /// What goes wrong once, with the first call that it is for.
    struct Fault {
        enum What {
            /// Before the effect began.
            case refused(StepFailure)
            /// After it did.
            case failed(StepFailure)
            case sees(Observation.Standing, String)
            /// Nothing of the effect is there, and something remains all the same.
            case leaves(String)
            /// A condition does not hold.
            case unmet(String)
            case unverifiable(String)
        }

        var step: String
        var verb: StepTask.Verb
        var what: What
    }

    private(set) var script: RunScript
    private(set) var state: RunState
    var faults: [Fault] = []
    private var pending: (task: StepTask, events: [Event])?

    init(_ plan: Plan = KeySwap.ordered(), rules: Int? = RunCreated.currentRules) throws {
        script = try RunScript(plan: plan, rules: rules)
        state = RunState(plan: plan)
        for entry in try JournalReading(script.journal).entries { try state.apply(entry.event, at: entry.at) }
        pass(4200)
        let accepted = plan.pointsOfNoReturn.map { Acceptance(step: $0, person: "Subham Roy", how: "typed") }
        try add(.runStarted(RunStarted(confirmation: "confirmed", accepted: accepted.isEmpty ? nil : accepted)))
    }

    mutating func leapBootClock() { script.leapBootClock() }

    // MARK: Going on

    mutating func add(_ event: Event) throws {
        try state.apply(event, at: script.wall)
        try script.add(event)
    }

    mutating func pass(_ milliseconds: Int64) { script.pass(milliseconds: milliseconds) }

    /// Until nothing follows without a person, or until the event comes next.
    mutating func go(before: (Event) -> Bool = { _ in false }) throws {
        while let event = next() {
            if before(event) { return }
            if pending?.events.isEmpty == false { pending!.events.removeFirst() }
            pass(Self.duration(event))
            // Decisions are made anew with the clock as it stands.
            try add(event.isDecision ? state.decisions(now: script.wall).first ?? event : event)
        }
    }

    mutating func go(before kind: String, of step: String) throws {
        try go { $0.kind == kind && $0.step == step }
    }

    private mutating func next() -> Event? {
        while true {
            if let pending, !pending.events.isEmpty, state.tasks.contains(pending.task) { return pending.events[0] }
            pending = nil
            if let decided = state.decisions(now: script.wall).first { return decided }
            if let task = state.tasks.first(where: { $0.verb != .askDecision }) {
                pending = (task, answer(task))
                continue
            }
            guard let due = state.nextDue, due > script.wall else { return nil }
            pass(due.milliseconds - script.wall.milliseconds)
        }
    }

    /// What the engine's clock shows between the event before and this one.
    private static func duration(_ event: Event) -> Int64 {
        switch event {
        case .stepChecked, .undoChecked: 640
        case .stepObserved: 400
        case .stepBegun, .undoBegun: 120
        case .stepApplied: 41_000
        case .undoClaimed: 23_000
        case .stepVerified: 350
        case .manualConfirmed: 552_000
        case .attemptFailed, .undoAttemptFailed: 1800
        default: 3
        }
    }

    // MARK: The world

    private mutating func answer(_ task: StepTask) -> [Event] {
        let index = faults.firstIndex { $0.step == task.step && $0.verb == task.verb }
        let fault = index.map { faults.remove(at: $0).what }
        let (step, attempt) = (task.step, task.attempt)
        let planned = state.plan.steps[state.positions[step]!]
        let definition = state.definition(at: state.positions[step]!)
        switch task.verb {
        case .check:
            return checked(task, definition.preconditions.filter { $0.at != .undo }.map(\.id), fault) {
                .stepChecked(StepChecked(step: step, attempt: attempt, preconditions: $0))
            }
        case .undoCheck:
            return checked(task, definition.preconditions.filter { $0.at == .undo }.map(\.id), fault) {
                .undoChecked(UndoChecked(step: step, attempt: attempt, preconditions: $0))
            }
        case .verify:
            return checked(task, definition.postconditions.map(\.id), fault) {
                .stepVerified(StepVerified(step: step, attempt: attempt, postconditions: $0))
            }
        case .observe: return look(task, .beforeEffect, .needed, fault, KeySwap.change(planned).changes)
        case .readBack: return look(task, .readBack, .needed, fault)
        case .undoObserve: return look(task, .beforeUndo, .satisfied, fault)
        case .undoProof: return look(task, .undoProof, .needed, fault)
        case .apply:
            let begun = Event.stepBegun(
                StepBegun(step: step, attempt: attempt, undo: KeySwap.change(planned).undo, lease: nil))
            return effect(task, begun, .stepApplied(StepApplied(step: step, attempt: attempt, outputs: outputs)), fault)
        case .undo:
            let begun = Event.undoBegun(UndoBegun(step: step, attempt: attempt, undo: KeySwap.change(planned).undo))
            return effect(task, begun, .undoClaimed(UndoClaimed(step: step, attempt: attempt)), fault)
        case .askPerson:
            return [.manualConfirmed(ManualConfirmed(step: step, person: "Anu K", note: "On-call told"))]
        case .askDecision, .askApproval: return []
        }
    }

    private var outputs: [String: JSON] { ["thumbprint": "F3A1C0DE"] }

    private func failed(_ task: StepTask, _ failure: StepFailure) -> [Event] {
        // When the next attempt is due follows from the clock as it will stand then.
        let then = script.wall.advanced(by: .milliseconds(1800))
        return [state.attemptFailed(task, failure, now: then)].compactMap(\.self)
    }

    private func checked(
        _ task: StepTask, _ ids: [String], _ fault: Fault.What?, _ event: ([ConditionResult]) -> Event
    ) -> [Event] {
        switch fault {
        case .refused(let failure), .failed(let failure): return failed(task, failure)
        case .unmet(let says): return [event(results(ids, .unmet, says))]
        case .unverifiable(let says): return [event(results(ids, .unverifiable, says))]
        case .sees, .leaves, nil: return [event(results(ids, .met, "It is so"))]
        }
    }

    private func results(_ ids: [String], _ last: ConditionResult.Verdict, _ says: String) -> [ConditionResult] {
        ids.enumerated().map { index, id in
            let isLast = index == ids.count - 1
            return ConditionResult(id: id, verdict: isLast ? last : .met, says: isLast ? says : "It is so")
        }
    }

    private func look(
        _ task: StepTask, _ purpose: StepObserved.Purpose, _ standing: Observation.Standing, _ fault: Fault.What?,
        _ changes: [Change] = []
    ) -> [Event] {
        var observation = Observation(
            standing: standing, changes: changes, outputs: standing == .satisfied ? outputs : [:])
        switch fault {
        case .refused(let failure), .failed(let failure): return failed(task, failure)
        case .sees(let other, let why):
            observation = Observation(
                standing: other, changes: other == .satisfied ? [] : changes, why: why.isEmpty ? nil : why,
                outputs: other == .satisfied ? outputs : [:])
        case .leaves(let remains): observation = Observation(standing: .needed, changes: changes, remains: remains)
        case .unmet, .unverifiable, nil: break
        }
        return [
            .stepObserved(
                StepObserved(step: task.step, attempt: task.attempt, purpose: purpose, observation: observation))
        ]
    }

    private func effect(_ task: StepTask, _ begun: Event, _ claimed: Event, _ fault: Fault.What?) -> [Event] {
        let isUndo = task.verb == .undo
        let shown = Event.evidence(
            Evidence(
                step: task.step, name: "request", during: isUndo ? "undo" : "apply",
                data: [
                    "method": isUndo ? "DELETE" : "PUT", "status": 202,
                    "url": .string("https://management.example/\(task.step)"),
                    "x-ms-request-id": .string(isUndo ? "b1d7-undo" : "4be1-apply"),
                ]))
        switch fault {
        case .refused(let failure): return failed(task, failure)
        case .failed(let failure): return [begun, shown] + failed(task, failure)
        case .sees, .leaves, .unmet, .unverifiable, nil: return [begun, shown, claimed]
        }
    }
}

// MARK: People

extension RunDriver {
    static let ada = "Ada Byron <ada@example.com>"
    static let first = "Subham Roy <subham@example.com>"

    mutating func decide(_ step: String, _ choice: StepDecided.Choice, _ reason: String) throws {
        pass(95_000)
        try add(.stepDecided(StepDecided(step: step, choice: choice, person: Self.ada, reason: reason)))
        try go()
    }

    mutating func pause(_ reason: String) throws {
        try add(.pauseRequested(PauseRequested(by: Self.ada, reason: reason)))
        try go()
    }

    /// The engine ends without a word, and another one goes on.
    mutating func resume(
        after milliseconds: Int64 = 240_000, host: String = "bastion-2", boot: String? = nil, takeOver: TakeOver? = nil,
        by: String = first, isClockHigher: Bool = false
    ) throws {
        pending = nil
        pass(milliseconds)
        if boot != nil, !isClockHigher { script.reboot() }
        try add(
            .runResumed(
                RunResumed(
                    by: by, host: host, bootID: boot ?? "6f0d5a52-6a4e-4c4e-9f5e-1d5f0a8c9b11", processID: 5120,
                    engine: "0.3.0", takeOver: takeOver)))
    }

    mutating func rollBack(to step: String? = nil, _ reason: String) throws {
        pass(61_000)
        try add(.rollbackRequested(RollbackRequested(by: Self.ada, reason: reason, to: step)))
        try go()
    }

    mutating func cancel(_ reason: String, runsFinally: Bool? = nil) throws {
        try add(.stopRequested(StopRequested(by: Self.ada, reason: reason, runsFinally: runsFinally)))
        try go()
    }
}

extension Event {
    /// Whether it follows from the state alone.
    fileprivate var isDecision: Bool {
        switch self {
        case .stepChecked, .stepObserved, .stepBegun, .stepApplied, .stepVerified, .manualConfirmed, .evidence,
            .undoChecked,
            .undoBegun, .undoClaimed, .attemptFailed, .undoAttemptFailed:
            false
        default: true
        }
    }
}
