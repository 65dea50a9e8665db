// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSystem

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say where a run on this machine stands, from its journal.",
        discussion:
            "Without a run it shows the newest. Ends with 0 when it succeeded or is under way, else as the run did.")

    @Argument(help: ArgumentHelp("The run's id, the end of it, or last.", valueName: "run")) var name = "last"
    @OptionGroup var common: CommonOptions

    func run() throws {
        let folders = try StateFolder()
        let id = try findRun(name, common.catalog)
        let stored = try storedRun(id, folders, common)
        let terminal = Terminal()
        let caveat = readCaveat(of: id, folders, common.catalog, terminal)
        if let caveat { tellCaveat(caveat, terminal) }
        if common.json {
            terminal.out(try json(stored, caveat).canonicalText)
        } else {
            try tell(stored, caveat, folders, terminal)
        }
        if let status = stored.exitStatus(caveat) { throw CommandEnd(status: status) }
    }

    private func tell(
        _ stored: StoredRun, _ caveat: MusterError?, _ folders: StateFolder, _ terminal: Terminal
    ) throws {
        let id = stored.run
        terminal.out("\(id): \(stored.standing(caveat))")
        if let pause = stored.standingPause { terminal.out("  " + visibleText(pause)) }
        let quarantine = RecordQuarantine(id, folder: folders.run(id))
        if let note = try quarantine.note(), note.released == nil {
            terminal.error(quarantine.held(note).description)
        }
        // What a shortened journal tells of the steps is not so.
        if let caveat, caveat.tellsOfDamage { return }
        let view = RunView(style: terminal.style, width: .max, stepsMax: .max)
        let notices = StatementNotices(runFolder: stored.folder).all
        let lines = view.lines(
            stored.state, now: readClocks().wall, notices: notices, places: stored.places)
        for line in lines { terminal.out(line) }
        for standing in stored.standingDecisions {
            terminal.out("  ☞ \(standing.decision.step): " + visibleText(standing.says))
            terminal.out("      \(stored.state.resumeCommand(id)) acts on it")
        }
    }

    private func json(_ stored: StoredRun, _ caveat: MusterError?) throws -> JSON {
        let state = stored.state
        let steps = state.plan.steps.enumerated().map { at, step -> JSON in
            var members: [String: JSON] = [
                "id": .string(step.id), "state": .string(PhaseLabel(state.steps[at]).word),
                "attempt": .int(Int64(state.steps[at].attempt)),
            ]
            let choices = state.choices(for: step.id)
            if !choices.isEmpty { members["choices"] = .array(choices.map { .string($0.rawValue) }) }
            return .object(members)
        }
        let decided = stored.standingDecisions.map { standing -> JSON in
            [
                "step": .string(standing.decision.step), "choice": .string(standing.decision.choice.rawValue),
                "person": .string(standing.decision.person), "reason": .string(standing.decision.reason),
                "at": .string(standing.at.description),
            ]
        }
        var members: [String: JSON] = [
            "run": .string(stored.run.text), "phase": .string(stored.standing(caveat)), "decided": .array(decided),
        ]
        if let caveat { members["caveat"] = .string(caveat.code) }
        if caveat?.tellsOfDamage != true {
            members["steps"] = .array(steps)
            members["leftBehind"] = try JSON(encoding: stored.places.left)
        }
        let gates = Set(state.waitingForApproval.map { state.plan.steps[$0].id })
        let notices = StatementNotices(runFolder: stored.folder).all.filter { gates.contains($0.gate) }
        if !notices.isEmpty {
            members["notCounted"] = .array(
                notices.map {
                    ["step": .string($0.gate), "approver": .string($0.approver), "why": .string($0.why)]
                })
        }
        if stored.state.phase == .paused, let pause = stored.state.pause {
            members["pause"] = ["by": .string(pause.by), "reason": .string(pause.reason)]
        }
        return .object(members)
    }
}

/// The run as its folder here tells it.
///
/// - Throws: where it has no journal, what its branch tells of it: `run.journal-lost`, `run.elsewhere`.
func storedRun(_ run: RunID, _ folders: StateFolder, _ common: CommonOptions) throws(MusterError) -> StoredRun {
    do { return try StoredRun(run, in: folders) } catch {
        // Without a catalog the machine's word is the answer.
        guard error.code == "journal.not-found",
            let (git, _) = try? CatalogDocuments.open(common.catalog(of: run, folders))
        else { throw error }
        throw try HandOver(git: git, run: run, folders: folders, remote: nil).absence() ?? error
    }
}

/// Why the journal here is not all that the run's branch tells of it; nil where it is, or where that is not known, which is said.
func readCaveat(of run: RunID, _ folders: StateFolder, _ catalog: String?, _ terminal: Terminal) -> MusterError? {
    do {
        // A run whose catalog is gone is told by its journal alone.
        guard let folder = catalog ?? catalogFolder(of: run, folders) else { return nil }
        let (git, _) = try CatalogDocuments.open(folder)
        return try HandOver(git: git, run: run, folders: folders, remote: nil).caveat()
    } catch {
        terminal.error(
            "note: Whether the run's branch tells more is not known: \(error.summary)")
        return nil
    }
}

/// Says it on standard error.
func tellCaveat(_ caveat: MusterError, _ terminal: Terminal) {
    terminal.error("note: \(caveat.summary) [\(caveat.code)]" + (caveat.help.map { "\n  \($0)" } ?? ""))
}

extension MusterError {
    /// Of a caveat: the journal lacks what this machine itself had published.
    var tellsOfDamage: Bool { code == "journal.damaged" }
}

extension StoredRun {
    /// Where the run stands, as far as its journal here is all that there is of it.
    fileprivate func standing(_ caveat: MusterError?) -> String {
        guard let caveat else { return standing }
        if caveat.tellsOfDamage { return "journal damaged, the branch tells more" }
        let more = "another machine has gone on with it, the branch tells more"
        return state.isFinished ? "\(standing) here; \(more)" : more
    }

    /// Who brought a run to rest, and why; nil where nobody asked for that.
    fileprivate var standingPause: String? {
        guard state.phase == .paused, let pause = state.pause else { return nil }
        let asked = reading.entries.last { if case .pauseRequested(pause) = $0.event { true } else { false } }
        return "brought to rest\(asked.map { " at \($0.at)" } ?? "") by \(pause.by): \(pause.reason)"
    }

    /// Of `muster status`: nil while the run is under way or has succeeded.
    fileprivate func exitStatus(_ caveat: MusterError?) -> ExitStatus? {
        if let caveat, caveat.tellsOfDamage || !state.isFinished { return caveat.status }
        switch state.phase {
        case .finished(.succeeded): return nil
        case .finished(let outcome): return outcome.exitStatus
        case .paused: return .waitsForPerson
        case .empty, .created: return isAlive ? nil : .runFailed
        case .running: return isAlive ? nil : otherHost == nil ? .stuck : .waitsForPerson
        }
    }
}
