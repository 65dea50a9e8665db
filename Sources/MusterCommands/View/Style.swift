// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// Colours and marks of the terminal. Plain where the output is not a terminal, or `NO_COLOR` is set.
struct Style: Sendable {
    enum Tint: String { case good = "32", bad = "31", warning = "33", quiet = "2", strong = "1", busy = "36" }

    var isColoured: Bool

    func callAsFunction(_ text: String, _ tint: Tint?) -> String {
        guard isColoured, let tint else { return text }
        return "\u{1B}[\(tint.rawValue)m\(text)\u{1B}[0m"
    }
}

/// How a step's phase reads in one word, with its mark and tint.
struct PhaseLabel {
    let mark: String
    let word: String
    let tint: Style.Tint?

    /// - Parameter isIrreversible: a point of no return, which is marked as long as it lies ahead.
    init(_ state: StepState, isIrreversible: Bool = false) {
        let parts = state.undoing.map(Self.parts) ?? Self.parts(state.phase)
        (mark, word, tint) = isIrreversible && !state.phase.isEnded ? ("⚠", parts.1, .bad) : parts
    }

    /// Of the phase alone, whatever became of the step afterwards.
    init(_ phase: StepPhase) { (mark, word, tint) = Self.parts(phase) }

    private static func parts(_ phase: UndoPhase) -> (String, String, Style.Tint?) {
        switch phase {
        case .undone(.proven): ("↺", "undone", .good)
        case .undone(.nothingThere): ("↺", "nothing there", .good)
        case .undoneByHand: ("!", "undone by hand", .warning)
        case .failed: ("✗", "still in place", .bad)
        case .waitingToRetry: ("↻", "waits to retry", .warning)
        case .calling(begun: true): ("↺", "undoing", .busy)
        case .proving: ("↺", "proving undo", .busy)
        case .wanted, .checking, .observing, .ready, .calling(begun: false), .deciding: ("↺", "to be undone", .busy)
        }
    }

    private static func parts(_ phase: StepPhase) -> (String, String, Style.Tint?) {
        switch phase {
        case .pending: ("·", "waiting", .quiet)
        case .checking: ("▸", "checking", .busy)
        case .observing: ("▸", "observing", .busy)
        case .ready: ("▸", "ready", .busy)
        case .applying(begun: false): ("▸", "preparing", .busy)
        case .applying(begun: true): ("▶", "applying", .busy)
        case .verifying: ("▸", "verifying", .busy)
        case .readingBack: ("▸", "reading back", .warning)
        case .deciding: ("▸", "deciding", .busy)
        case .waitingToRetry: ("↻", "waits to retry", .warning)
        case .waiting: ("◷", "waits", .busy)
        case .waitingForPerson: ("☞", "waits for you", .warning)
        case .waitingForApproval: ("☞", "waits for approvals", .warning)
        case .waitingForDecision: ("☞", "asks you", .bad)
        case .done(.verified): ("✓", "verified", .good)
        case .done(.unverified): ("!", "unverified", .warning)
        case .done(.satisfied): ("✓", "already so", .good)
        case .done(.shown): ("✓", "shown", .good)
        case .done(.declared): ("!", "done, you say", .warning)
        case .failed: ("✗", "failed", .bad)
        case .inDoubt: ("?", "in doubt", .bad)
        case .skipped(.condition): ("–", "skipped: condition", .quiet)
        case .skipped(.dependency): ("–", "skipped: needs", .quiet)
        case .skipped(.stopped): ("–", "not reached", .quiet)
        case .skipped(.decision): ("–", "skipped by you", .warning)
        }
    }
}
