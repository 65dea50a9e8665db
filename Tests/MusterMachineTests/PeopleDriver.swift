// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

/// Drives a run by today's rules as the engine does, with tables of answers instead of plugins and people.
struct PeopleDriver {
    var state: RunState
    var now = PlanFixture.time
    var log: [String] = []
    private(set) var events: [Event] = []
    /// What `step verb` answers, one after the other; the last one stays. Everything else goes well.
    var answers: [String: [Event]] = [:]
    /// What is decided about a step that waits, one after the other; the run rests when nothing is left.
    var choices: [String: [StepDecided.Choice]] = [:]
    private(set) var finish: RunFinished?

    init(_ steps: [PlannedStep], rules: Int? = RunCreated.currentRules) throws {
        state = try PlanFixture.running(steps, rules: rules)
    }

    mutating func take(_ event: Event) throws {
        try state.apply(event, at: now)
        events.append(event)
        if case .runFinished(let body) = event { finish = body }
        log.append(event.step.map { "\($0) \(event.kind)" } ?? event.kind)
    }

    mutating func take(_ events: [Event]) throws { for event in events { try take(event) } }

    /// Runs until nothing follows any more, or until the moment that is looked for, jumping over pauses.
    mutating func run(until isReached: (RunState) -> Bool = { _ in false }) throws {
        for _ in 0..<10_000 {
            if isReached(state) { return }
            if let event = state.decisions(now: now).first {
                try take(event)
            } else if let answer = nextAnswer() {
                try take(answer)
            } else if let due = state.nextDue {
                now = due
            } else {
                return
            }
        }
        Issue.record("the run does not end")
    }

    private mutating func nextAnswer() -> [Event]? {
        for task in state.tasks {
            if task.verb == .askDecision {
                guard var left = choices[task.step], !left.isEmpty else { continue }
                let choice = left.removeFirst()
                choices[task.step] = left
                return [StepEvents.decided(choice, task.step)]
            }
            return answer(task)
        }
        return nil
    }

    private mutating func answer(_ task: StepTask) -> [Event] {
        let name = "\(task.step) \(task.verb.rawValue)"
        if var list = answers[name], let first = list.first {
            if list.count > 1 { answers[name]!.removeFirst() }
            list = [first]
            let begins = task.verb == .apply || task.verb == .undo
            let begun = task.verb == .apply ? StepEvents.begun(task.step) : StepEvents.undoBegun(task.step)
            return begins ? [begun] + list : list
        }
        return Self.good(task)
    }

    static func good(_ task: StepTask) -> [Event] {
        let step = task.step
        return switch task.verb {
        case .check: [StepEvents.checked(step)]
        case .observe: [StepEvents.observed(.needed, .beforeEffect, step)]
        case .readBack: [StepEvents.observed(.needed, .readBack, step)]
        case .apply: [StepEvents.begun(step), StepEvents.applied(step)]
        case .verify: [StepEvents.verified(step)]
        case .askPerson: [.manualConfirmed(ManualConfirmed(step: step, person: "op", note: "done"))]
        case .undoCheck: [StepEvents.undoChecked(step)]
        case .undoObserve: [StepEvents.observed(.satisfied, .beforeUndo, step)]
        case .undo: [StepEvents.undoBegun(step), StepEvents.undoClaimed(step)]
        case .undoProof: [StepEvents.observed(.needed, .undoProof, step)]
        case .askDecision, .askApproval: []
        }
    }

    func phase(_ id: String) -> StepPhase? { state.state(of: id)?.phase }
    func undoing(_ id: String) -> UndoPhase? { state.state(of: id)?.undoing }
    var undone: [String] { log.filter { $0.hasSuffix("step-undone") }.map { String($0.split(separator: " ")[0]) } }
}
