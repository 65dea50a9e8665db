// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// An event that cannot happen in the state it came in: a bug, or a journal that was tampered with.
package struct IllegalTransition: Error, Hashable, Sendable, CustomStringConvertible {
    package let kind: String
    package let step: String?
    package let state: String

    package var description: String {
        "\(kind)\(step.map { " of step \"\($0)\"" } ?? "") cannot follow in state \(state)"
    }
}

/// A run as a fold over its journal: ``apply(_:at:)`` takes an event in, ``decisions(now:)`` and ``tasks`` say what follows.
///
/// Pure: no clock, no randomness, no I/O. Resume, the live view and the record's checks fold the same events.
package struct RunState: Sendable {
    package enum Phase: Hashable, Sendable {
        /// Nothing has happened yet.
        case empty
        /// Planned; no effect may begin.
        case created
        case running
        /// At rest, without an engine, until it is resumed.
        case paused
        case finished(RunFinished.Outcome)
    }

    package let plan: Plan
    package private(set) var phase = Phase.empty
    package internal(set) var steps: [StepState]
    /// Set once a person, or the engine, asked to stop.
    package internal(set) var stop: StopRequested?
    /// Set while the run is to come to rest, or is at rest.
    package private(set) var pause: PauseRequested?
    /// Set once what the run did is to be undone.
    package internal(set) var rollback: RollbackRequested?
    package private(set) var created: RunCreated?
    /// Signed words that the run took up, in the journal's order.
    package internal(set) var approvals: [ApprovalRecorded] = []
    /// The rules that it was last held against.
    package internal(set) var policy: PolicyApplied?
    /// Set once the run goes on without the approvals that its policy asks for.
    package internal(set) var breakGlass: BreakGlass?
    /// The newest engine that took the run up again; nil while it is the first one.
    package private(set) var resumed: RunResumed?

    /// In which effects may begin; nil while nothing limits that.
    package private(set) var window: ChangeWindow?

    /// Position in ``Plan/steps`` by id.
    package let positions: [String: Int]
    /// The step's definition by position.
    let definitions: [PlannedDefinition]
    /// By position: who needs the step, and how many of its own needs have not ended.
    let dependents: [[Int]]
    var openNeeds: [Int]
    /// By position: a need has ended in a way that keeps the step from starting.
    var lacksNeed: [Bool]
    /// Pending steps whose needs have all ended, in plan order.
    var startable: [Int]
    /// Steps between start and end, in plan order.
    package internal(set) var active: [Int] = []
    /// Steps whose undo is under way, in plan order.
    var undoing: [Int] = []
    /// Steps that were carried out, in the order in which they ended, whether or not they left an effect.
    var completed: [Int] = []
    /// Main steps that have not ended, and all that have not.
    var openMainSteps: Int
    var openSteps: Int
    /// The first step whose failure stops the run.
    package internal(set) var stoppedBy: Int?
    /// By position: the number of the step's `for-each`; nil without one.
    let groups: [Int?]
    /// By the number of a `for-each`: how many of its steps are active.
    var activeInGroup: [Int]

    /// - Precondition: the plan's steps name known definitions, and needs only of earlier steps, as the planner makes them.
    package init(plan: Plan) {
        self.plan = plan
        steps = Array(repeating: StepState(), count: plan.steps.count)
        positions = Dictionary(uniqueKeysWithValues: plan.steps.enumerated().map { ($0.element.id, $0.offset) })
        definitions = plan.steps.map { plan.definitions[$0.uses]! }
        var dependents = Array(repeating: [Int](), count: plan.steps.count)
        for (position, step) in plan.steps.enumerated() {
            for need in step.needs { dependents[positions[need]!].append(position) }
        }
        self.dependents = dependents
        openNeeds = plan.steps.map(\.needs.count)
        lacksNeed = Array(repeating: false, count: plan.steps.count)
        var numbers: [String: Int] = [:]
        for group in plan.steps.compactMap(\.group) where numbers[group.id] == nil { numbers[group.id] = numbers.count }
        groups = plan.steps.map { $0.group.flatMap { numbers[$0.id] } }
        activeInGroup = Array(repeating: 0, count: numbers.count)
        openSteps = plan.steps.count
        openMainSteps = plan.steps.filter { $0.section == .steps }.count
        startable = plan.steps.indices.filter { plan.steps[$0].needs.isEmpty && plan.steps[$0].section == .steps }
        if openMainSteps == 0 { openFinally() }
    }

    package func state(of id: String) -> StepState? { positions[id].map { steps[$0] } }
    package func definition(at position: Int) -> PlannedDefinition { definitions[position] }

    package var isFinished: Bool { if case .finished = phase { true } else { false } }

    /// Whether a step that fails or is in doubt waits for a person, as runs since Muster 0.3 do.
    package var asksPeople: Bool { (created?.rules ?? 1) >= 2 }

    /// Takes one event in, with the wall clock of its journal line.
    ///
    /// - Throws: ``IllegalTransition`` for an event that cannot happen now; the state is then as before.
    package mutating func apply(_ event: Event, at time: Timestamp) throws(IllegalTransition) {
        switch event {
        case .runCreated(let body):
            guard phase == .empty else { throw illegal(event) }
            phase = .created
            created = body
        case .runStarted(let body):
            guard phase == .created else { throw illegal(event) }
            phase = .running
            window = ChangeWindow.both(body.window?.window, body.ticket?.bindingWindow)
        case .runResumed(let body):
            guard phase != .empty, phase != .created else { throw illegal(event) }
            phase = .running
            pause = nil
            resumed = body
            window = ChangeWindow.both(body.window?.window, body.ticket?.bindingWindow)
            resume(body, time)
        case .pauseRequested(let body):
            guard phase == .running else { throw illegal(event) }
            pause = pause ?? body
        case .runPaused:
            guard phase == .running, isAtRest else { throw illegal(event) }
            phase = .paused
        case .stepDecided(let body):
            guard phase == .running || phase == .paused else { throw illegal(event) }
            try decide(body, event, time)
        case .rollbackRequested(let body):
            guard phase == .running, whyNot(body) == nil else { throw illegal(event) }
            roll(body, time)
        case .runFinished(let body):
            // A plan that nobody confirmed ends without having run.
            let isEnd = phase == .running && openSteps == 0 && body.outcome == outcome.outcome
            guard isEnd || phase == .created && body.outcome == .cancelled else { throw illegal(event) }
            phase = .finished(body.outcome)
        case .stopRequested(let body):
            guard phase == .running || phase == .created || phase == .paused else { throw illegal(event) }
            stop = stop ?? body
            // Whoever ends a run does not want it to come to rest first.
            if phase == .running { pause = nil }
        case .clockJumped(let body):
            guard phase != .empty else { throw illegal(event) }
            moveDues(by: .milliseconds(body.milliseconds))
        case .pluginLog, .leaseChanged:
            guard phase != .empty else { throw illegal(event) }
        case .approvalRecorded, .approvalAwaited, .policyApplied, .breakGlass: try applyApproval(event)
        default:
            guard phase == .running else { throw illegal(event) }
            if event.isOfUndo { try applyUndoEvent(event, time) } else { try applyStepEvent(event, time) }
        }
    }

    func illegal(_ event: Event, step: Int? = nil) -> IllegalTransition {
        let state = step.map { "\(steps[$0].phase)" } ?? "\(phase)"
        return IllegalTransition(kind: event.kind, step: event.step, state: state)
    }

    /// Main steps have all ended: the first steps of `finally` may start.
    mutating func openFinally() {
        startable += plan.steps.indices.filter { plan.steps[$0].section == .finally && openNeeds[$0] == 0 }
    }
}

extension Event {
    /// The step that the event is about.
    package var step: String? {
        switch self {
        case .stepStarted(let body): body.step
        case .stepChecked(let body): body.step
        case .stepObserved(let body): body.step
        case .stepApplying(let body): body.step
        case .stepBegun(let body): body.step
        case .stepApplied(let body): body.step
        case .stepVerified(let body): body.step
        case .attemptFailed(let body): body.step
        case .stepDone(let body): body.step
        case .stepFailed(let body): body.step
        case .stepInDoubt(let body): body.step
        case .stepSkipped(let body): body.step
        case .manualConfirmed(let body): body.step
        case .undoStarted(let body): body.step
        case .undoChecked(let body): body.step
        case .undoApplying(let body): body.step
        case .undoBegun(let body): body.step
        case .undoClaimed(let body): body.step
        case .undoAttemptFailed(let body): body.step
        case .stepUndone(let body): body.step
        case .undoFailed(let body): body.step
        case .stepDecided(let body): body.step
        case .progress(let body): body.step
        case .evidence(let body): body.step
        case .approvalRecorded(let body): body.step
        case .approvalAwaited(let body): body.step
        case .policyApplied, .breakGlass, .runCreated, .runStarted, .runResumed, .pauseRequested, .runPaused,
            .rollbackRequested, .leaseChanged,
            .pluginLog, .stopRequested, .clockJumped, .runFinished:
            nil
        }
    }

    /// Whether the event is about the undo of a step.
    var isOfUndo: Bool {
        switch self {
        case .undoStarted, .undoChecked, .undoApplying, .undoBegun, .undoClaimed, .undoAttemptFailed, .stepUndone,
            .undoFailed:
            true
        case .stepObserved(let body): body.purpose == .beforeUndo || body.purpose == .undoProof
        default: false
        }
    }

    /// Whether the event must be on disk before what it announces happens or is shown.
    ///
    /// What a check or a read-only look found is told again by looking again, and a claimed result by a read-back, so these
    /// may wait for the next event that may not.
    package var mustBeDurable: Bool {
        switch self {
        case .stepStarted, .stepChecked, .stepObserved, .stepApplied, .stepVerified, .progress, .evidence, .pluginLog,
            .clockJumped, .undoStarted, .undoChecked, .undoClaimed:
            false
        case .runCreated, .runStarted, .stepApplying, .stepBegun, .attemptFailed, .stepDone, .stepFailed, .stepInDoubt,
            .stepSkipped, .manualConfirmed, .stopRequested, .runFinished, .undoApplying, .undoBegun, .undoAttemptFailed,
            .stepUndone, .undoFailed, .runResumed, .pauseRequested, .runPaused, .stepDecided, .rollbackRequested,
            .leaseChanged, .approvalRecorded, .approvalAwaited, .policyApplied, .breakGlass:
            true
        }
    }
}
