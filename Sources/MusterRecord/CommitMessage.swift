// SPDX-License-Identifier: Apache-2.0

package import MusterMachine
internal import MusterModel

/// What a commit of the record is made for.
package enum CommitOccasion: Hashable, Sendable {
    /// The run exists, nothing was done.
    case created
    /// These steps ended or were decided about since the last commit.
    case steps([String])
    /// People decided about these steps.
    case decided([String])
    /// The run waits for approvals at these gates, or got some.
    case gates([String])
    /// The run came to rest.
    case paused
    /// An engine took it up again, perhaps another machine's.
    case resumed
    /// What it did is to be undone.
    case rollingBack
    /// The undos of these steps ended.
    case undone([String])
    /// The run ended.
    case finished
}

/// What a commit is made for that takes in all these events: the one that tells most of the run's story.
///
/// Steps that ended and decisions name the steps; everything is in the record itself.
package func commitOccasion(for events: [Event]) -> CommitOccasion {
    var occasions = Occasions()
    for event in events { occasions.note(event) }
    if let whole = occasions.whole { return whole }
    if !occasions.decided.isEmpty { return .decided(occasions.decided) }
    if !occasions.undone.isEmpty { return .undone(occasions.undone) }
    if occasions.ended.isEmpty, !occasions.gates.isEmpty { return .gates(occasions.gates) }
    return .steps(occasions.ended)
}

/// The steps whose end, decision or undo is among these events.
package func stepsTold(by events: [Event]) -> [String] {
    var occasions = Occasions()
    for event in events { occasions.note(event) }
    return occasions.ended + occasions.decided + occasions.undone
}

private struct Occasions {
    var ended: [String] = []
    var decided: [String] = []
    var undone: [String] = []
    var gates: [String] = []
    /// Of the run as a whole; the last one counts, and an end before all.
    var whole: CommitOccasion?

    mutating func note(_ event: Event) {
        switch event {
        case .stepDone(let body): ended.append(body.step)
        case .stepFailed(let body): ended.append(body.step)
        case .stepInDoubt(let body): ended.append(body.step)
        case .manualConfirmed(let body): ended.append(body.step)
        case .stepDecided(let body): decided.append(body.step)
        case .stepUndone(let body): undone.append(body.step)
        case .undoFailed(let body): undone.append(body.step)
        case .approvalAwaited(let body): gates.append(body.step)
        case .approvalRecorded(let body): if let step = body.step { gates.append(step) }
        case .runCreated: whole = .created
        case .runResumed: whole = .resumed
        case .runPaused: whole = .paused
        case .rollbackRequested: whole = .rollingBack
        case .runFinished: whole = .finished
        default: break
        }
    }
}

/// A commit's message: a subject that `git log --oneline` shows, the outcome in a few lines, and trailers that
/// `git log --format='%(trailers:key=Outcome)'` reads.
///
/// - Parameter steps: the ids of all that ended, were decided about or undone since the last commit, so that each is in a trailer of some
///   commit; the occasion names those that its subject tells of.
package func commitMessage(for record: RunRecord, at occasion: CommitOccasion, telling steps: [String] = []) -> String {
    let named = namedSteps(record, occasion)
    let told = Set(named.map(\.id)).union(steps)
    var paragraphs = ["\(subject(record, occasion, named))\n"]
    let body = bodyLines(record, occasion, named)
    if !body.isEmpty { paragraphs.append(body.map { $0 + "\n" }.joined()) }
    var trailers = [("Run", record.run.text)]
    trailers += record.steps.filter { told.contains($0.id) }.map { ("Step", $0.id) }
    trailers.append(("Outcome", record.outcome.rawValue))
    if let change = record.change { trailers.append(("Change", change)) }
    trailers.append(("Plan-Digest", record.plan.description))
    trailers.append(("Kind", record.kind.rawValue))
    paragraphs.append(trailers.map { "\($0): \(oneLine($1))\n" }.joined())
    return paragraphs.joined(separator: "\n")
}

private func namedSteps(_ record: RunRecord, _ occasion: CommitOccasion) -> [StepRecord] {
    switch occasion {
    case .steps(let ids), .decided(let ids), .undone(let ids), .gates(let ids):
        record.steps.filter { ids.contains($0.id) }
    case .created, .paused, .resumed, .rollingBack, .finished: []
    }
}

private func subject(_ record: RunRecord, _ occasion: CommitOccasion, _ named: [StepRecord]) -> String {
    let name = oneLine(record.runbook.name)
    switch occasion {
    case .created: return "\(name): \(record.kind.rawValue) planned in \(oneLine(record.environment.name))"
    case .finished:
        let count = record.deviations.count
        let with = count == 0 ? "" : " with \(count) deviation\(count == 1 ? "" : "s")"
        return "\(name): \(record.kind.rawValue) \(record.outcome.phrase)\(with)"
    case .steps: return "\(name): \(together(named, "step", "under way") { phrase($0, record) })"
    case .decided: return "\(name): \(decidedSubject(named))"
    case .gates:
        let approver = record.approvals?.last { $0.step == named.last?.id }?.approver
        let gate = named.last.map { oneLine($0.id) } ?? "a gate"
        return "\(name): \(approver.map { "\(oneLine($0)) signed at \(gate)" } ?? "waits for approvals at \(gate)")"
    case .undone: return "\(name): \(together(named, "undo", "rolling back") { undoPhrase($0) })"
    case .paused: return "\(name): \(pausedSubject(record))"
    case .resumed:
        guard let resume = record.resumes?.last else { return "\(name): resumed" }
        let from = resume.takeOver.map { "taken over from \(oneLine($0.from))" } ?? "resumed"
        return "\(name): \(from) by \(personName(resume.by)) on \(oneLine(resume.host))"
    case .rollingBack:
        guard let rollback = record.rollbacks?.last else { return "\(name): rolling back" }
        let to = rollback.to.map { " to \(oneLine($0))" } ?? ""
        return "\(name): \(personName(rollback.by)) rolls back\(to)"
    }
}

/// One step with its phrase, or how many there are and which was the last.
private func together(
    _ named: [StepRecord], _ noun: String, _ none: String, _ phrase: (StepRecord) -> String
) -> String {
    guard let last = named.last else { return none }
    return named.count == 1
        ? "\(oneLine(last.id)) \(phrase(last))" : "\(named.count) \(noun)s, up to \(oneLine(last.id))"
}

private func phrase(_ step: StepRecord, _ record: RunRecord) -> String {
    let isWaiting = record.waiting?.contains { $0.step == step.id } ?? false
    let isGate = record.waiting?.contains { $0.step == step.id && $0.trouble == .approval } ?? false
    return step.phrase + (isGate ? ", waits for approvals" : isWaiting ? ", waits for a decision" : "")
}

private func decidedSubject(_ named: [StepRecord]) -> String {
    let all = named.compactMap { step in step.decisions?.last.map { (step: step, decision: $0) } }
    guard let newest = all.max(by: { $0.decision.at < $1.decision.at }) else { return "decided" }
    let text =
        "\(personName(newest.decision.person)) decided \(newest.decision.choice.rawValue) for \(oneLine(newest.step.id))"
    return all.count > 1 ? "\(all.count) decisions, up to: \(text)" : text
}

private func undoPhrase(_ step: StepRecord) -> String { step.undos?.last?.result.phrase ?? "undone" }

private func pausedSubject(_ record: RunRecord) -> String {
    if let waiting = record.waiting {
        let more = waiting.count > 1 ? " and \(waiting.count - 1) more" : ""
        if waiting.allSatisfy({ $0.trouble == .approval }) {
            return "at rest, waits for approvals at \(oneLine(waiting[0].step))\(more)"
        }
        return "at rest, waits for a decision about \(oneLine(waiting[0].step))\(more)"
    }
    let wish = record.interventions?.last { $0.kind == .pauseRequested }
    return "paused" + (wish?.by.map { " by \(personName($0))" } ?? "")
}

private func bodyLines(_ record: RunRecord, _ occasion: CommitOccasion, _ named: [StepRecord]) -> [String] {
    switch occasion {
    case .created: [oneLine(record.runbook.summary)]
    case .gates:
        (record.waiting ?? []).filter { $0.trouble == .approval }.map { "- \(oneLine($0.step)): \(oneLine($0.says))" }
    case .finished: [record.why].compactMap { $0.map(oneLine) } + record.deviations.map { "- \(oneLine($0.says))" }
    case .steps: named.count > 1 ? named.map { "- \(oneLine($0.id)): \(phrase($0, record))" } : []
    case .decided:
        named.compactMap { step in
            step.decisions?.last.map {
                "- \(oneLine(step.id)): \($0.choice.rawValue), \(personName($0.person)): \(oneLine($0.reason))"
            }
        }
    case .undone: named.count > 1 ? named.map { "- \(oneLine($0.id)): \(undoPhrase($0))" } : []
    case .paused: [record.interventions?.last { $0.kind == .pauseRequested }?.reason].compactMap { $0.map(oneLine) }
    case .resumed: [record.resumes?.last?.takeOver?.reason].compactMap { $0.map(oneLine) }
    case .rollingBack: [record.rollbacks?.last?.reason].compactMap { $0.map(oneLine) }
    }
}

/// Somebody without the address behind the name.
package func personName(_ person: String) -> String {
    var name = person.prefix { $0 != "<" }
    while name.last?.isWhitespace == true { name.removeLast() }
    return oneLine(name.isEmpty ? person : String(name))
}

/// A line break inside a value could begin a trailer of its own.
private func oneLine(_ text: String) -> String { String(visibleText(text).prefix(400)) }
