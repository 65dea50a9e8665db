// SPDX-License-Identifier: Apache-2.0

internal import MusterExpressions
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// How a run was allowed to begin.
struct GoAhead {
    /// `confirmed` at a prompt, `--yes`, `rehearsal`.
    var confirmation: String
    var accepted: [Acceptance] = []
}

/// Asks for the go-ahead: one word for the plan, and one for each of its points of no return, which no `--yes` covers.
struct GoAheadQuestion {
    let plan: Plan
    let terminal: Terminal
    /// Nil where nobody can be asked.
    let readLine: (() -> String?)?
    /// `--yes`
    let isConfirmed: Bool
    /// `--confirm-irreversible`
    let accepted: [String]
    let person: String

    /// - Throws: `run.not-irreversible` for a name that is no point of no return: it may be one of another plan.
    func check() throws(MusterError) {
        let known = plan.irreversibleSteps
        guard let stranger = accepted.first(where: { !known.contains($0) }) else { return }
        let all = known.isEmpty ? "This plan has none." : "There are \(known.joined(separator: ", "))."
        throw MusterError(
            code: "run.not-irreversible", "\"\(visibleText(stranger))\" is no point of no return of this plan.",
            help: suggestion(for: stranger, in: known) ?? all)
    }

    /// - Throws: `run.not-confirmed` and `run.not-accepted` where nobody can be asked; ``CommandEnd`` when somebody said no.
    func ask() throws -> GoAhead {
        let open = plan.pointsOfNoReturn(without: accepted)
        guard let readLine else { return try withoutAsking(open) }
        var goAhead = GoAhead(confirmation: "--yes", accepted: acceptances(accepted, "--confirm-irreversible"))
        if !isConfirmed {
            try insist(on: "yes", "Run this plan? Type yes: ", readLine)
            goAhead.confirmation = "confirmed"
        }
        for step in open {
            let question = "\(step) cannot be taken back: a POINT OF NO RETURN. Type its id to accept it: "
            try insist(on: step, question, readLine)
            goAhead.accepted += acceptances([step], "typed")
        }
        return goAhead
    }

    private func withoutAsking(_ open: [String]) throws(MusterError) -> GoAhead {
        guard isConfirmed else {
            throw MusterError(
                code: "run.not-confirmed", "Nobody gave the go-ahead: there is no terminal to ask at.",
                help: "Add --yes to run without being asked.", status: .waitsForPerson)
        }
        guard open.isEmpty else {
            let options = open.map { "--confirm-irreversible \($0)" }.joined(separator: " ")
            throw MusterError(
                code: "run.not-accepted",
                "Nobody accepted what cannot be taken back: \(open.joined(separator: ", ")). --yes does not cover it.",
                help: "If it is meant, add \(options).", status: .waitsForPerson)
        }
        return GoAhead(confirmation: "--yes", accepted: acceptances(accepted, "--confirm-irreversible"))
    }

    private func insist(on word: String, _ question: String, _ readLine: () -> String?) throws(CommandEnd) {
        terminal.raw(question)
        guard readLine() == word else {
            terminal.out("\nNothing was changed.")
            throw CommandEnd(status: .waitsForPerson)
        }
    }

    /// In the plan's order, each once.
    private func acceptances(_ steps: [String], _ how: String) -> [Acceptance] {
        plan.pointsOfNoReturn.filter(steps.contains).map { Acceptance(step: $0, person: person, how: how) }
    }
}
