// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

struct RollbackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Undo what a run did, the last completed step first; each undo is proven by a look of its own.",
        discussion: """
            It shows the plan first, made from what the run really did, and asks. An undo that fails leaves the run stuck, with \
            what is still in place; undos that do not depend on it go on. Call it again to try what is left.
            """)

    @OptionGroup var options: ResumeOptions
    @Flag(name: .customLong("plan"), help: "Show the plan and end; read-only.") var onlyPlan = false
    @Option(help: ArgumentHelp("Leave this step, and what was completed before it, in place.", valueName: "step"))
    var to: String?
    @Option(help: ArgumentHelp("Why.", valueName: "text")) var reason: String?
    @Flag(help: "Do not ask for the go-ahead.") var yes = false
    @OptionGroup var signing: SigningOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        try requireWords(reason)
        if !onlyPlan, reason == nil { throw ValidationError("Give a --reason, or look first with --plan.") }
    }

    func run() throws {
        let terminal = Terminal()
        let run = try findRun(options.name, common.catalog)
        let folders = try StateFolder()
        if onlyPlan {
            let stored = try storedRun(run, folders, common)
            try stored.refuseRehearsal()
            let caveat = readCaveat(of: run, folders, common.catalog, terminal)
            // What a damaged journal lacks would be in place, and in no plan.
            if let caveat, caveat.tellsOfDamage { throw caveat }
            let view = try view(stored, terminal)
            if let caveat { tellCaveat(caveat, terminal) }
            return terminal.out(common.json ? try view.json().canonicalText : view.text)
        }
        let by = try personHere(common.catalog(of: run, folders))
        let request = RollbackRequested(by: by, reason: reason!, to: to)
        // A living run is looked at where it stands; one that is not is first taken up, by another machine's journal if need be.
        if let stored = try? StoredRun(run, in: folders), stored.isAlive {
            guard try agreed(try view(stored, terminal), run, terminal) else { return }
            if let answer = try RunControl.ask(.rollBack(request), run, folders, terminal) {
                try answer.checked("rolled back")
                return terminal.out(
                    common.json
                        ? JSON.object(["run": .string(run.text), "asked": "rollback"]).canonicalText
                        : "The run \(run) is being rolled back. See it with: muster status \(run)")
            }
        }
        let session = try options.session(
            common, takeOver: options.takesOver ? reason : nil, reopens: true, key: signing.key, terminal)
        guard try agreed(try view(session.stored, terminal), run, terminal) else { return }
        try perform(
            session, [.rollbackRequested(request)], terminal, json: common.json,
            wanted: to == nil ? .rolledBack : .cancelled)
    }

    /// - Throws: `run.not-rolled-back` for a step that the run did not carry out, or a run that cannot be rolled back.
    private func view(_ stored: StoredRun, _ terminal: Terminal) throws(MusterError) -> RollbackView {
        if let to, stored.state.positions[to] == nil {
            throw MusterError(
                code: "run.unknown-step", "The run \(stored.run) has no step \"\(visibleText(to))\".",
                help: "Its steps: \(stored.plan.steps.map(\.id).joined(separator: ", ")).")
        }
        if let why = stored.state.whyNot(RollbackRequested(by: "", reason: "", to: to)) {
            throw MusterError(
                code: "run.not-rolled-back", "The run cannot be rolled back so: \(visibleText(why)).",
                help: "Its steps, in the order in which they would be undone: muster rollback \(stored.run) --plan")
        }
        return RollbackView(stored: stored, to: to, style: terminal.style)
    }

    /// Shows what would be done and asks; false when somebody said no.
    private func agreed(_ view: RollbackView, _ run: RunID, _ terminal: Terminal) throws -> Bool {
        if !common.json { terminal.out(view.text) }
        guard view.hasWork else { throw nothing(run) }
        return try goAhead(terminal)
    }

    private func nothing(_ run: RunID) -> MusterError {
        MusterError(
            code: "run.nothing-to-undo", "Nothing of run \(run) is in place that Muster could undo.",
            help: "Its record tells what was done: muster show \(run)")
    }

    private func goAhead(_ terminal: Terminal) throws -> Bool {
        if yes { return true }
        guard Terminal.isInputTerminal, !common.json else {
            throw MusterError(
                code: "run.not-confirmed", "Nobody gave the go-ahead: there is no terminal to ask at.",
                help: "Add --yes to roll back without being asked.", status: .waitsForPerson)
        }
        terminal.raw("Roll back as shown? Type yes: ")
        guard readLine() == "yes" else {
            terminal.out("Nothing was changed.")
            throw CommandEnd(status: .waitsForPerson)
        }
        return true
    }
}
