// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// The live view's lines: what ran, what runs now and what it says, what comes next, and what a stop would leave.
struct RunView {
    let style: Style
    let width: Int
    /// Most step lines; the rest is counted.
    let stepsMax: Int

    func lines(_ state: RunState, now: Timestamp) -> [String] {
        let column = state.plan.steps.map(\.id.count).max().map { min($0, 44) } ?? 0
        let shown = visiblePositions(state)
        var lines = shown.map { stepLine(state, $0, column, now) }
        let hidden = state.steps.count - shown.count
        if hidden > 0 { lines.append(style("  … \(hidden) more steps", .quiet)) }
        lines.append("")
        lines += summary(state, now)
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
        let label = PhaseLabel(step)
        let name = String(state.plan.steps[at].id.prefix(column))
        let took = step.startedAt.map { (step.endedAt ?? now).duration(since: $0).readable } ?? ""
        let detail = stepDetail(state, at)
        let left = "  \(label.mark) \(padded(name, column))  \(padded(label.word, 13))  \(padded(took, 10))"
        return style(left, label.tint) + detail
    }

    private func stepDetail(_ state: RunState, _ at: Int) -> String {
        let step = state.steps[at]
        switch step.phase {
        case .failed: return visibleText(step.failure?.message ?? "")
        case .waitingToRetry: return "attempt \(step.attempt) failed: " + visibleText(step.failure?.message ?? "")
        case .pending:
            let open = state.plan.steps[at].needs.filter { state.state(of: $0)?.phase.isEnded == false }
            return open.isEmpty ? "" : "after " + open.joined(separator: ", ")
        case .done(.verified), .done(.unverified): return step.observation.map { changes($0.changes) } ?? ""
        default: return step.phase.isEnded ? "" : visibleText(step.progress ?? "")
        }
    }

    private func changes(_ changes: [Change]) -> String {
        changes.prefix(1).map { "\(visibleText($0.from ?? "none")) → \(visibleText($0.to ?? "none"))" }.joined()
    }

    private func summary(_ state: RunState, _ now: Timestamp) -> [String] {
        if state.isFinished { return [] }
        let running = state.active.map { state.plan.steps[$0].id }
        let next = state.steps.indices.filter { state.steps[$0].phase == .pending }.prefix(2).map {
            state.plan.steps[$0].id
        }
        let inPlace = state.steps.indices.filter { state.steps[$0].effectLeft == .applied }.map {
            state.plan.steps[$0].id
        }
        var lines = [
            "  now    " + (running.isEmpty ? "nothing" : running.joined(separator: ", ")),
            "  next   " + (next.isEmpty ? "the end" : next.joined(separator: ", ")),
            "  a stop would leave in place: " + (inPlace.isEmpty ? "nothing" : inPlace.joined(separator: ", ")),
        ]
        if let stop = state.stop {
            let wait = stopWait(state) ?? "nothing is under way"
            lines.append(style("  stopping (\(visibleText(stop.reason))): \(wait)", .warning))
        }
        return lines
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
