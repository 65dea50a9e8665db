// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel
internal import MusterRecord

/// The live view's lines: what ran, what runs now and what it says, what comes next, and what a stop would leave.
struct RunView {
    let style: Style
    let width: Int
    /// Most step lines; the rest is counted.
    let stepsMax: Int

    /// - Parameters:
    ///   - notices: statements that came to gates and do not count.
    ///   - places: what became of what it changed; nil: only steps are named.
    func lines(
        _ state: RunState, now: Timestamp, notices: [StatementNotice] = [], places: ChangedPlaces? = nil
    ) -> [String] {
        let column = state.plan.steps.map(\.id.count).max().map { min($0, 44) } ?? 0
        let shown = visiblePositions(state)
        var lines = shown.map { stepLine(state, $0, column, now) }
        let hidden = state.steps.count - shown.count
        if hidden > 0 { lines.append(style("  … \(hidden) more steps", .quiet)) }
        lines.append("")
        lines += summary(state, now, notices)
        if state.isFinished, let places { lines += leftLines(state, places) }
        if !state.isFinished { lines += abortLines(state, places) }
        return lines.map { clipped($0) }
    }

    /// The steps around what runs now.
    private func visiblePositions(_ state: RunState) -> Range<Int> {
        let count = state.steps.count
        guard count > stepsMax else { return 0..<count }
        let centre = state.active.first ?? state.steps.firstIndex { !$0.phase.isEnded } ?? count
        let start = max(0, min(centre - stepsMax / 2, count - stepsMax))
        return start..<(start + stepsMax)
    }

    private func stepLine(_ state: RunState, _ at: Int, _ column: Int, _ now: Timestamp) -> String {
        let step = state.steps[at]
        let label = PhaseLabel(step, isIrreversible: state.definition(at: at).effect == .irreversible)
        let name = String(state.plan.steps[at].id.prefix(column))
        let took = step.startedAt.map { (step.endedAt ?? now).duration(since: $0).readable } ?? ""
        let detail = stepDetail(state, at)
        let left = "  \(label.mark) \(padded(name, column))  \(padded(label.word, 13))  \(padded(took, 10))"
        return style(left, label.tint) + detail
    }

    private func stepDetail(_ state: RunState, _ at: Int) -> String {
        let step = state.steps[at]
        if step.undoing == .failed { return visibleText(step.undoFailure?.message ?? "") }
        if step.isBeingUndone { return visibleText(step.progress ?? "") }
        switch step.phase {
        case .waitingForDecision: return visibleText(state.troubleText(state.plan.steps[at].id))
        case .failed: return visibleText(step.failure?.message ?? "")
        case .waitingToRetry: return "attempt \(step.attempt) failed: " + visibleText(step.failure?.message ?? "")
        case .pending:
            let open = state.plan.steps[at].needs.filter { state.state(of: $0)?.phase.isEnded == false }
            return open.isEmpty ? "" : "after " + open.joined(separator: ", ")
        case .done(.verified), .done(.unverified): return changes(step.changes)
        default: return step.phase.isEnded ? "" : visibleText(step.progress ?? "")
        }
    }

    private func changes(_ changes: [Change]) -> String {
        changes.prefix(1).map { "\(visibleText($0.from ?? "none")) → \(visibleText($0.to ?? "none"))" }.joined()
    }

    private func summary(_ state: RunState, _ now: Timestamp, _ notices: [StatementNotice]) -> [String] {
        let glass = state.breakGlass.map {
            style("  BREAK-GLASS: \(visibleText($0.by)): \(visibleText($0.reason))", .bad)
        }
        if state.isFinished { return [glass].compactMap(\.self) }
        var lines = [
            "  now    " + nowText(state, now),
            "  next   " + nextText(state),
        ]
        for at in state.waitingForDecision { lines += decisionLines(state, at) }
        for at in state.waitingForApproval { lines += gateLines(state, at, notices) }
        if let glass { lines.append(glass) }
        if let stop = state.stop {
            let wait = stopWait(state) ?? "nothing is under way"
            lines.append(style("  ending (\(visibleText(stop.reason))): \(wait)", .warning))
        } else if let pause = state.pause, state.phase != .paused {
            let wait = restWait(state) ?? "nothing is under way"
            lines.append(style("  coming to rest (\(visibleText(pause.reason))): \(wait)", .warning))
        }
        return lines
    }

    private func names(_ state: RunState, _ positions: some Sequence<Int>, none: String) -> String {
        let ids = positions.map { state.plan.steps[$0].id }
        return ids.isEmpty ? none : ids.joined(separator: ", ")
    }

    /// What runs, or why nothing does.
    private func nowText(_ state: RunState, _ now: Timestamp) -> String {
        if case .paused = state.phase { return "at rest; muster resume goes on" }
        let underWay = state.positionsUnderWay
        if !underWay.isEmpty { return names(state, underWay, none: "") }
        if state.active.contains(where: { state.steps[$0].phase == .waitingForPerson }) { return "waits for a person" }
        if !state.waitingForDecision.isEmpty { return "waits for a decision" }
        if !state.waitingForApproval.isEmpty { return "waits for approvals" }
        if let due = state.nextDue {
            return "waits until \(due.timeOfDay), \(max(.zero, due.duration(since: now)).readable) more"
        }
        return "nothing"
    }

    private func nextText(_ state: RunState) -> String {
        let pending = state.steps.indices.filter { state.steps[$0].phase == .pending }.prefix(2)
        guard let rollback = state.rollback else { return names(state, pending, none: "the end") }
        let undos = state.rollbackPlan(to: rollback.to).filter { $0.how == .undo }.prefix(2).map { "undo \($0.step)" }
        return undos.isEmpty ? names(state, pending, none: "the end") : undos.joined(separator: ", ")
    }

    private func decisionLines(_ state: RunState, _ at: Int) -> [String] {
        let id = state.plan.steps[at].id
        let run = state.created?.run.text ?? "RUN"
        let choices = state.choices(for: id).map(\.rawValue).joined(separator: " | ")
        return [
            style("  ☞ \(id): \(visibleText(state.troubleText(id)))", .warning)
        ] + (state.troubleRemedy(id).map { ["      what may help: \(visibleText($0))"] } ?? []) + [
            "      muster decide \(run) \(id) \(choices) --reason TEXT"
        ]
    }

    private func gateLines(_ state: RunState, _ at: Int, _ notices: [StatementNotice]) -> [String] {
        guard let gate = state.gate(at: at) else { return [] }
        let id = state.plan.steps[at].id
        return [
            style("  ☞ \(id): \(visibleText(gateText(gate, have: state.steps[at].approvers)))", .warning),
            "      muster approve \(state.created?.run.text ?? "RUN") \(id) --key FILE",
        ] + notices.filter { $0.gate == id }.suffix(5).flatMap { wrapped("      ! ", $0.text) }
    }

    /// In lines that fit: what stands against a statement is of no use when it is cut off.
    private func wrapped(_ mark: String, _ text: String) -> [String] {
        var lines = [mark]
        for word in text.split(separator: " ") {
            if lines[lines.count - 1].count + word.count >= width, lines[lines.count - 1].count > mark.count {
                lines.append(String(repeating: " ", count: mark.count))
            }
            lines[lines.count - 1] += (lines[lines.count - 1].count > mark.count ? " " : "") + word
        }
        return lines
    }

    /// What would be there, and what could be undone, if the run ended now.
    private func abortLines(_ state: RunState, _ places: ChangedPlaces?) -> [String] {
        let broughtBack = { (id: String) in places?.areBroughtBack(state.state(of: id)?.changes ?? []) ?? false }
        let undos = state.rollbackPlan().filter { $0.how == .undo && !broughtBack($0.step) }
        let kept = state.rollbackPlan().filter { $0.how == .irreversible }
        let sure = Set(state.inPlace.map { state.plan.steps[$0].id })
        // Read back as gone, it may still land late.
        let doubtful = undos.map(\.step).filter { !sure.contains($0) }
        let inPlace = places.map { InPlaceText(state, $0) }
        var line =
            "  an abort would leave in place: " + (inPlace?.names ?? names(state, state.inPlace, none: "nothing"))
        let count = undos.count - doubtful.count
        if count > 0 { line += "; a rollback would undo \(count) of it" }
        var lines = [line] + (inPlace?.lines ?? [])
        if !doubtful.isEmpty {
            lines.append("  may be in place: \(doubtful.joined(separator: ", ")); a rollback looks first")
        }
        if !kept.isEmpty {
            lines.append(style("  no way back from: " + kept.map(\.step).joined(separator: ", "), .bad))
        }
        return lines
    }

    /// What a run that did not succeed has left; one that did has left what it was to.
    private func leftLines(_ state: RunState, _ places: ChangedPlaces) -> [String] {
        guard state.phase != .finished(.succeeded), state.plan.kind != .rehearsal else { return [] }
        let inPlace = InPlaceText(state, places)
        return ["  in place: " + inPlace.names] + inPlace.lines
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// Cut to the terminal's width; escape sequences take no room.
    private func clipped(_ line: String) -> String {
        var room = width
        var out = ""
        var inEscape = false
        for character in line {
            if character == "\u{1B}" { inEscape = true }
            if !inEscape {
                if room == 0 { continue }
                room -= 1
            }
            out.append(character)
            if inEscape, character == "m" { inEscape = false }
        }
        return out
    }
}
