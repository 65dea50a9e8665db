// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterMachine
internal import MusterModel

/// What of a record's change ticket can be proven from the clone: that the run began, and went on, only with the ticket that
/// the documents of its commit ask for, and with its system's consent, or by somebody's decision to go on without.
struct TicketProof {
    let plan: Plan
    let rules: ChangeRules

    /// - Parameter effects: those of the entries.
    func findings(_ entries: [JournalEntry], _ effects: [HeldEffect]) -> [Diagnostic] {
        entries.flatMap { entry -> [Diagnostic] in
            switch entry.event {
            case .runStarted(let body): begun(body.ticket)
            case .runResumed(let body): body.ticket.map { [finding($0, "went on")].compactMap(\.self) } ?? []
            default: []
            }
        } + unasked(effects)
    }

    /// Whoever takes a run up to roll it back, or to end it, asks nobody. Whatever goes forward then should not have.
    private func unasked(_ effects: [HeldEffect]) -> [Diagnostic] {
        guard rules.environment.changeTicket != nil else { return [] }
        return effects.filter { $0.isResumed && $0.ticket == nil }.map { effect in
            Diagnostic(
                code: "record.no-ticket",
                "The effect of \(effect.step) began after the run had been taken up without its change ticket's consent.",
                help: "Read the journal before that line.",
                at: SourceLocation(file: "journal.jsonl", line: effect.line, column: 1))
        }
    }

    private func begun(_ ticket: TicketAssessment?) -> [Diagnostic] {
        if let ticket { return [finding(ticket, "began")].compactMap(\.self) }
        let isAsked = rules.environment.changeTicket != nil
        guard isAsked || rules.needTicket && plan.change == nil else { return [] }
        return [
            Diagnostic(
                code: "record.no-ticket",
                "The run needed \(isAsked ? "its change ticket's consent" : "a change ticket"), and nothing shows that it had one.",
                help: "Read the first lines of its journal.")
        ]
    }

    private func finding(_ ticket: TicketAssessment, _ did: String) -> Diagnostic? {
        guard ticket.ticket == plan.change else {
            return Diagnostic(
                code: "record.other-ticket",
                "The run \(did) with the ticket \(visibleText(ticket.ticket ?? "none")), and its plan names \(visibleText(plan.change ?? "none")).",
                help: "Read the first lines of its journal.")
        }
        guard ticket.verdict != .met else { return nil }
        guard let override = ticket.override else {
            return Diagnostic(
                code: "record.ticket-unmet",
                "The run \(did) without its change ticket's consent, and nobody decided that: \(visibleText(ticket.says))",
                help: "Read the first lines of its journal.")
        }
        return Diagnostic(
            .warning, code: "record.without-ticket",
            "The run \(did) without its change ticket's consent, by \(visibleText(override.by)): \(visibleText(override.reason))",
            help: "The record has it among its deviations.")
    }
}
