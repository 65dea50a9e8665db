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
        let id = try folders.find(name)
        let stored = try StoredRun(id, in: folders)
        let terminal = Terminal()
        tellCaveat(of: id, folders, common.catalog, terminal)
        if common.json {
            terminal.out(try json(stored).canonicalText)
        } else {
            terminal.out("\(id): \(stored.standing)")
            if let note = try RecordQuarantine(id, folder: folders.run(id)).note(), note.released == nil {
                terminal.error(RecordQuarantine(id, folder: folders.run(id)).held(note).description)
            }
            let view = RunView(style: terminal.style, width: .max, stepsMax: .max)
            for line in view.lines(stored.state, now: readClocks().wall) { terminal.out(line) }
            for standing in stored.standingDecisions {
                terminal.out("  ☞ \(standing.decision.step): " + visibleText(standing.says))
                terminal.out("      muster resume \(id) acts on it")
            }
        }
        if let status = stored.exitStatus { throw CommandEnd(status: status) }
    }

    private func json(_ stored: StoredRun) throws -> JSON {
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
        return [
            "run": .string(stored.run.text), "phase": .string(stored.standing), "steps": .array(steps),
            "decided": .array(decided),
        ]
    }
}

/// Says on standard error where the journal here is not all that the run's branch tells of it.
func tellCaveat(of run: RunID, _ folders: StateFolder, _ catalog: String?, _ terminal: Terminal) {
    do {
        // A run whose catalog is gone is told by its journal alone.
        guard let folder = catalog ?? catalogFolder(of: run, folders) else { return }
        let (git, _) = try CatalogDocuments.open(folder)
        guard let caveat = try HandOver(git: git, run: run, folders: folders, remote: nil).caveat() else { return }
        terminal.error("note: \(caveat.summary) [\(caveat.code)]" + (caveat.help.map { "\n  \($0)" } ?? ""))
    } catch {
        terminal.error(
            "note: Whether the run's branch tells more is not known: \(error.summary)")
    }
}

extension StoredRun {
    /// Of `muster status`: nil while the run is under way or has succeeded.
    fileprivate var exitStatus: ExitStatus? {
        switch state.phase {
        case .finished(.succeeded): nil
        case .finished(let outcome): outcome.exitStatus
        case .paused: .waitsForPerson
        case .empty, .created: isAlive ? nil : .runFailed
        case .running: isAlive ? nil : .stuck
        }
    }
}
