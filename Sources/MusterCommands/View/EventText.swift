// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// A run's entries as lines of plain text, one after the other.
struct PlainText {
    let style: Style
    /// By step the attempt whose effect was last said to have begun.
    private var begun: [String: Int] = [:]
    /// By step what it last said in this attempt.
    private var said: [String: String] = [:]

    init(style: Style) { self.style = style }

    /// The line for an entry, or nil for those that only programs care about.
    ///
    /// - Parameter state: as it is after the entry, or after others behind it.
    mutating func line(_ entry: JournalEntry, _ state: RunState) -> String? {
        guard !isRepeated(entry.event), let (mark, text, tint) = eventText(entry.event, state) else { return nil }
        return "\(entry.at.timeOfDay)  " + style("\(mark) \(visibleText(text))", tint)
    }

    /// Asked again in mid-effect, a beginning only brings new undo data. Of what a step says again and again while it
    /// waits, once is enough.
    private mutating func isRepeated(_ event: Event) -> Bool {
        switch event {
        case .progress(let body): return said.updateValue(body.message, forKey: body.step) == body.message
        case .stepStarted(let body): said[body.step] = nil
        case .undoStarted(let body): said[body.step] = nil
        case .stepBegun(let body): return begun.updateValue(body.attempt, forKey: body.step) == body.attempt
        case .undoBegun(let body): return begun.updateValue(-body.attempt, forKey: body.step) == -body.attempt
        default: break
        }
        return false
    }
}

private func eventText(_ event: Event, _ state: RunState) -> (String, String, Style.Tint?)? {
    switch event {
    case .runStarted: ("▶", "started", nil)
    case .stepStarted(let body) where body.attempt > 1: ("↻", "\(body.step): attempt \(body.attempt)", .warning)
    case .stepStarted(let body): ("▸", body.step, nil)
    case .stepBegun(let body): ("▶", "\(body.step): effect begun", nil)
    case .progress(let body): (" ", "\(body.step): \(body.message)", .quiet)
    case .attemptFailed(let body): ("!", failureText(body), .warning)
    case .stepDone(let body): endText(body, state)
    case .stepFailed(let body): ("✗", "\(body.step) failed: \(body.failure.message)" + remedyText(body.failure), .bad)
    case .stepInDoubt(let body): ("?", "\(body.step) is in doubt: \(body.why)", .bad)
    case .stepSkipped(let body): ("–", "\(body.step) not done: \(body.detail)", .quiet)
    case .manualConfirmed(let body): ("☞", "\(body.step) confirmed by \(body.person): \(body.note)", nil)
    case .stopRequested(let body): ("■", stopText(body, state), .warning)
    case .pauseRequested(let body): ("‖", pauseText(body, state), .warning)
    case .runPaused: ("‖", "at rest", .warning)
    case .runResumed(let body): ("▶", resumeText(body, state), nil)
    case .stepDecided(let body):
        ("☞", "\(body.person) decided \(body.choice.rawValue) for \(body.step): \(body.reason)", .warning)
    case .rollbackRequested(let body): ("↺", "rollback asked for by \(body.by): \(body.reason)", .warning)
    case .leaseChanged(let body): leaseText(body)
    case .approvalRecorded(let body): approvalText(body)
    case .approvalAwaited(let body):
        ("☞", "\(body.step): waits for approvals, \(body.count) of \(body.group)", .warning)
    case .breakGlass(let body):
        ("!", "BREAK-GLASS: \(body.by) goes on without regard to approvals and change windows: \(body.reason)", .bad)
    default: undoText(event)
    }
}

private func approvalText(_ body: ApprovalRecorded) -> (String, String, Style.Tint?) {
    let about = body.step ?? "the plan"
    return switch body.decision {
    case .approve: ("✓", "\(body.approver) approved \(about)", .good)
    case .reject: ("✗", "\(body.approver) rejected \(about)", .bad)
    case .operate: ("⚿", "operated by \(body.approver)", .quiet)
    }
}

private func undoText(_ event: Event) -> (String, String, Style.Tint?)? {
    switch event {
    case .undoStarted(let body) where body.attempt > 1: ("↻", "\(body.step): undo, attempt \(body.attempt)", .warning)
    case .undoStarted(let body): ("↺", "\(body.step): undo", nil)
    case .undoBegun(let body): ("↺", "\(body.step): undo begun", nil)
    case .undoAttemptFailed(let body): ("!", failureText(body, of: "undo"), .warning)
    case .stepObserved(let body) where body.purpose == .undoProof || body.purpose == .beforeUndo:
        body.observation.isAbsent
            ? body.observation.remains.map { ("!", "\(body.step): what no undo takes away: \($0)", .warning) } : nil
    case .stepUndone(let body) where body.how == .nothingThere:
        ("✓", "\(body.step): nothing of it was there to undo", .good)
    case .stepUndone(let body): ("✓", "\(body.step): undone", .good)
    case .undoFailed(let body):
        ("✗", "\(body.step) is still in place: \(body.failure.message)" + remedyText(body.failure), .bad)
    case .clockJumped(let body): ("!", "the wall clock moved by \(body.milliseconds) ms", .warning)
    default: nil
    }
}

/// As the step ended, though the state behind it may already be to undo it.
private func endText(_ body: StepDone, _ state: RunState) -> (String, String, Style.Tint?)? {
    guard let step = state.state(of: body.step) else { return nil }
    let label = PhaseLabel(.done(body.how))
    let took = step.startedAt.flatMap { start in step.endedAt?.duration(since: start).readable }
    return (label.mark, "\(body.step): \(label.word)" + (took.map { " (\($0))" } ?? ""), label.tint)
}

/// A run that is taken up to be undone or ended is not gone on with.
private func resumeText(_ body: RunResumed, _ state: RunState) -> String {
    let word = state.rollback == nil && state.stop == nil ? "resumed" : "taken up"
    return "\(word) by \(body.by) on \(body.host)"
        + (body.takeOver.map { ", taken over from \($0.from): \($0.reason)" } ?? "")
}

private func pauseText(_ body: PauseRequested, _ state: RunState) -> String {
    "rest asked for by \(body.by): \(body.reason)" + (restWait(state).map { "; \($0)" } ?? "")
}

private func leaseText(_ body: LeaseChanged) -> (String, String, Style.Tint?) {
    let isGood = [.taken, .renewed].contains(body.what)
    return ("⚿", "\(body.lock): \(body.says)", isGood ? .quiet : .warning)
}

private func failureText(_ body: AttemptFailed, of what: String = "attempt") -> String {
    let failed = "\(body.step): \(what) \(body.attempt) failed: \(body.failure.message)"
    guard let retryAt = body.retryAt else { return failed }
    let isClosed = failed.last.map { ".!?".contains($0) } ?? false
    return failed + (isClosed ? " " : ". ") + "Next try at \(retryAt.timeOfDay)"
}

private func stopText(_ body: StopRequested, _ state: RunState) -> String {
    "stop asked for by \(body.by): \(body.reason)" + (stopWait(state).map { "; \($0)" } ?? "")
}

/// What a run that was asked to end still waits for; nil when it is at its end.
func stopWait(_ state: RunState) -> String? {
    // What a stop lets run has not begun by that.
    waitText(state, state.active.filter { state.steps[$0].undo != nil })
}

/// What a run that was asked to come to rest still waits for; nil when it is at rest.
func restWait(_ state: RunState) -> String? { waitText(state, state.positionsUnderWay) }

private func waitText(_ state: RunState, _ positions: [Int]) -> String? {
    let begun = positions.map { state.plan.steps[$0].id }
    guard !begun.isEmpty else { return nil }
    let it = begun.count == 1 ? "it" : "them"
    return "waits for \(begun.joined(separator: ", ")), whose effect has begun; Ctrl-C once more leaves \(it) in doubt"
}

private func remedyText(_ failure: StepFailure) -> String { failure.remedy.map { " — \($0)" } ?? "" }
