// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

struct PauseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Bring a run to rest at the next safe point.",
        discussion: """
            Effects under way end and are verified; nothing else begins. Then its engine ends, and "muster resume" goes on. \
            Ctrl-C at the run's terminal does the same.
            """)

    @Argument(help: ArgumentHelp("The run's id, the end of it, or last.", valueName: "run")) var name = "last"
    @Option(help: ArgumentHelp("Why.", valueName: "text")) var reason = "asked for by a person"
    @OptionGroup var common: CommonOptions

    func validate() throws { try requireWords(reason) }

    func run() throws {
        let terminal = Terminal()
        let run = try findRun(name, common.catalog)
        let folders = try StateFolder()
        let by = try personHere(common.catalog(of: run, folders))
        let request = PauseRequested(by: by, reason: reason)
        guard let answer = try RunControl.ask(.pause(request), run, folders, terminal) else {
            let stored = try StoredRun(run, in: folders)
            if stored.isAlive { throw RunControl.notListening(stored) }
            throw MusterError(
                code: "run.not-running", "The run \(run) does not run here: \(stored.standing).",
                help: "There is nothing to pause.")
        }
        try answer.checked("paused")
        terminal.out(
            common.json
                ? JSON.object(["run": .string(run.text), "asked": "pause"]).canonicalText
                : "The run \(run) comes to rest at the next safe point. Go on with: muster resume \(run)")
    }
}

struct CancelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "End a run cleanly, and say what is in place.",
        discussion: """
            What has begun ends and is verified; nothing else begins, and the run is over. What brings things back (finally) \
            does not run unless --finally asks for it. Undo what it did with "muster rollback".
            """)

    @OptionGroup var options: ResumeOptions
    @Option(help: ArgumentHelp("Why.", valueName: "text")) var reason: String
    @Flag(help: "Let what brings things back (finally) run before the end.") var finally = false
    @Flag(help: "Do not ask where something would stay in place.") var yes = false
    @OptionGroup var signing: SigningOptions
    @OptionGroup var common: CommonOptions

    func validate() throws { try requireWords(reason) }

    func run() throws {
        let terminal = Terminal()
        let run = try findRun(options.name, common.catalog)
        let folders = try StateFolder()
        let by = try personHere(common.catalog(of: run, folders))
        let request = StopRequested(by: by, reason: reason, runsFinally: finally ? true : nil)
        // What cannot be read is told where the run is ended.
        if let stored = try? StoredRun(run, in: folders) { try confirmEnd(stored, terminal) }
        if let answer = try RunControl.ask(.cancel(request), run, folders, terminal) {
            try answer.checked("cancelled")
            return terminal.out(
                common.json
                    ? JSON.object(["run": .string(run.text), "asked": "cancel"]).canonicalText
                    : "The run \(run) ends as soon as what has begun is over. See it with: muster status \(run)")
        }
        let catalog = common.catalog(of: run, folders)
        if !finally, !options.takesOver,
            let noted = try RunAtRest(run: run, catalog: catalog, key: signing.key).end(request, in: folders)
        {
            return try tellEnd(noted, run, catalog, terminal)
        }
        let session = try options.session(
            common, takeOver: options.takesOver ? reason : nil, key: signing.key, terminal)
        try perform(session, [.stopRequested(request)], terminal, json: common.json, wanted: .cancelled)
    }

    private func tellEnd(_ noted: RunAtRest.Noted, _ run: RunID, _ catalog: String?, _ terminal: Terminal) throws {
        guard case .finished(let outcome) = noted.state.phase else {
            preconditionFailure("a run that was ended is over")
        }
        let inPlace = InPlaceText(noted.state, noted.places)
        let symbol = outcome == .cancelled ? "■" : "?"
        terminal.out(
            common.json
                ? JSON.object(["run": .string(run.text), "outcome": .string(outcome.rawValue)]).canonicalText
                : (["\(symbol) \(outcome.rawValue)", "  In place: " + inPlace.names] + inPlace.lines)
                    .joined(separator: "\n") + "\n  Read its record: muster show \(run)")
        try noted.tell(terminal)
        if outcome != .cancelled { throw CommandEnd(status: outcome.exitStatus) }
    }

    /// An end that leaves something in place is asked about: nobody wants it by mistake, or in a hurry.
    private func confirmEnd(_ stored: StoredRun, _ terminal: Terminal) throws {
        guard !yes, let question = endOfRollback(stored) ?? endWithoutFinally(stored) else { return }
        guard Terminal.isInputTerminal, !common.json else {
            throw MusterError(
                code: question.code, question.what, help: "\(question.instead), or add --yes to end it all the same.",
                status: .waitsForPerson)
        }
        terminal.out("\(question.what) \(question.instead).")
        terminal.raw("End it all the same? Type yes: ")
        guard readLine() == "yes" else {
            terminal.out("Nothing was changed.")
            throw CommandEnd(status: .waitsForPerson)
        }
    }

    private struct EndQuestion {
        var code: String
        var what: String
        var instead: String
    }

    private func endOfRollback(_ stored: StoredRun) -> EndQuestion? {
        guard stored.state.rollback != nil, !stored.state.isFinished else { return nil }
        let inPlace = InPlaceText(stored.state, stored.places)
        let left = inPlace.steps
        return EndQuestion(
            code: "run.rolling-back",
            what: "The run \(stored.run) is being rolled back. Ended now it is stuck"
                + (left.isEmpty ? "." : ", with this in place: \(left.joined(separator: ", ")).") + inPlace.sentence,
            instead: stored.isAlive
                ? "Let it rest with \"muster pause \(stored.run)\""
                : "It is at rest: \"muster resume \(stored.run)\" goes on with the rollback")
    }

    private func endWithoutFinally(_ stored: StoredRun) -> EndQuestion? {
        let left = stored.state.leftToFinally
        guard !finally, !left.isEmpty else { return nil }
        let inPlace = InPlaceText(stored.state, stored.places)
        return EndQuestion(
            code: "run.not-brought-back",
            what: "Ended now, the run \(stored.run) leaves in place what it has begun"
                + (inPlace.steps.isEmpty ? "" : " (\(inPlace.names))")
                + ", and what brings things back does not run: \(stored.names(of: left).joined(separator: ", "))."
                + inPlace.sentence,
            instead: "To let it run before the end: muster cancel \(stored.run) --finally --reason \"…\"")
    }
}

extension StoredRun {
    fileprivate func names(of steps: [Int]) -> [String] { steps.map { plan.steps[$0].id } }
}

struct DecideCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decide",
        abstract: "Decide about a step that failed or is in doubt: retry, undo, skip, done or abandon.",
        discussion: """
            retry looks at the target and tries again what is not there; undo puts the step's effect back and asks again; skip \
            goes on without it; done: you vouch that it is as it should be; abandon gives the run up: what brings things back \
            runs, then it ends. The decision, your name and the reason become part of the record.
            """)

    @Argument(help: ArgumentHelp("The run's id, the end of it, or last.", valueName: "run")) var name: String
    @Argument(help: "The step.") var step: String
    @Argument(help: "retry, undo, skip, done or abandon.") var choice: StepDecided.Choice
    @Option(help: ArgumentHelp("Why.", valueName: "text")) var reason: String
    @OptionGroup var signing: SigningOptions
    @OptionGroup var common: CommonOptions

    func validate() throws { try requireWords(reason) }

    func run() throws {
        let terminal = Terminal()
        let run = try findRun(name, common.catalog)
        let folders = try StateFolder()
        let person = try personHere(common.catalog(of: run, folders))
        let decision = StepDecided(step: step, choice: choice, person: person, reason: reason)
        var noted: RunAtRest.Noted?
        if let answer = try RunControl.ask(.decide(decision), run, folders, terminal) {
            if let refusal = answer.refusal { throw DecisionAtRest.refused(refusal) }
        } else {
            let catalog = common.catalog(of: run, folders)
            noted = try DecisionAtRest(decision: decision, run: run, catalog: catalog, key: signing.key).record(
                in: folders)
        }
        if common.json {
            let members: [String: JSON] = [
                "run": .string(run.text), "step": .string(step), "choice": .string(choice.rawValue),
                "live": .bool(noted == nil),
            ]
            terminal.out(JSON.object(members).canonicalText)
        } else {
            let next = noted.map { whatNext(run, $0.state) } ?? "The run goes on with it."
            terminal.out("Recorded: \(person) decided \(choice.rawValue) for \(step). \(next)")
        }
        try noted?.tell(terminal)
    }

    /// How a person goes on after a decision about a run that nobody runs now.
    private func whatNext(_ run: RunID, _ state: RunState) -> String {
        guard case .finished(let outcome) = state.phase else { return "Go on with: \(state.resumeCommand(run))" }
        let rest = state.rollbackPlan().contains { $0.how == .undo }
        return "The run is \(outcome.rawValue)."
            + (rest ? " Undo the rest with: muster rollback \(run) --reason TEXT" : "")
    }
}

extension StepDecided.Choice: ExpressibleByArgument {}

/// A reason is read a year later, on a page: one without a word is none, and one without an end hides all others.
func requireWords(_ reason: String?) throws {
    guard let reason else { return }
    guard reason.unicodeScalars.contains(where: \.isSeen) else { throw ValidationError("--reason needs words.") }
    try requireShort(reason, "--reason")
    try refuseSecret(in: reason, "--reason")
}

/// What is signed or recorded is read by others, and their readers have limits.
func requireShort(_ text: String?, _ option: String) throws {
    guard let text, text.unicodeScalars.count > reasonMax else { return }
    throw ValidationError(
        "\(option) is longer than \(reasonMax) characters; say it in short, and where to read the rest.")
}

/// What people say ends in git, which forgets nothing: a text with a secret is refused before anything is written.
func refuseSecret(in text: String?, _ option: String) throws {
    guard let text, let found = KeyPattern.first(in: Array(text.utf8)) else { return }
    throw ValidationError(
        "\(option) has what looks like \(found.what), and what is in git stays there. Say it without, and change that secret where it is one."
    )
}

/// What is named as a change ticket is read by people, whether or not a system is asked for it.
func requireTicketName(_ change: String?) throws {
    guard let change else { return }
    guard isTicketName(change) else {
        throw ValidationError(
            "--change needs a ticket's name: characters that people see, and none that they do not.")
    }
    try refuseSecret(in: change, "--change")
}

/// Whether a person can read the whole name of a ticket: something is seen, and nothing stands there unseen but plain spaces.
func isTicketName(_ text: String) -> Bool {
    let scalars = text.unicodeScalars
    return scalars.contains(where: \.isSeen) && scalars.allSatisfy { $0 == " " || $0.isSeen || $0.isMark }
}

/// Most characters of a reason.
let reasonMax = 2000

extension Unicode.Scalar {
    /// Whether it is part of the letter before it, such as an accent.
    fileprivate var isMark: Bool {
        guard !properties.isDefaultIgnorableCodePoint else { return false }
        return [.nonspacingMark, .spacingMark, .enclosingMark].contains(properties.generalCategory)
    }

    /// Whether it leaves a mark for a reader.
    var isSeen: Bool {
        // The blank of Braille is a symbol by its category.
        if properties.isDefaultIgnorableCodePoint || value == 0x2800 { return false }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol,
            .otherSymbol:
            return true
        default: return false
        }
    }
}
