// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterJournal
internal import MusterMachine
internal import MusterModel
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
        let state = try fold(folders.run(id))
        let terminal = Terminal()
        let isAlive = state.created.map { $0.bootID == Host.bootID && Host.isAlive($0.processID) } ?? false
        let phase = word(state, isAlive)
        if common.json {
            terminal.out(try json(id, state, phase).canonicalText)
        } else {
            terminal.out("\(id): \(phase)")
            let view = RunView(style: terminal.style, width: terminal.width, stepsMax: .max)
            for line in view.lines(state, now: readClocks().wall) { terminal.out(line) }
        }
        if case .finished(let outcome) = state.phase, outcome != .succeeded {
            throw CommandEnd(status: outcome.exitStatus)
        }
        if !state.isFinished, !isAlive { throw CommandEnd(status: .stuck) }
    }

    private func fold(_ folder: String) throws(MusterError) -> RunState {
        let reading = try JournalReader().read("\(folder)/\(JournalWriter.fileName)")
        guard let bytes = readSmallFile("\(folder)/plan.json", limit: 64 << 20) else {
            throw MusterError(code: "state.no-plan", "The run's plan is not in \(folder).", status: .verificationFailed)
        }
        do {
            let plan = try JSON.parse(bytes).decode(Plan.self)
            guard plan.isWellFormed else {
                throw MusterError(code: "state.misfit", "the plan is not one that a planner makes")
            }
            var state = RunState(plan: plan)
            for entry in reading.entries { try state.apply(entry.event, at: entry.at) }
            return state
        } catch {
            throw MusterError(
                code: "state.misfit", "Journal and plan of the run do not fit: \(describeDecodingError(error)).",
                status: .verificationFailed)
        }
    }

    private func word(_ state: RunState, _ isAlive: Bool) -> String {
        switch state.phase {
        case .finished(let outcome): outcome.rawValue
        case _ where isAlive: "running"
        default: "cut off: its engine ended; effects under way are in doubt"
        }
    }

    private func json(_ id: RunID, _ state: RunState, _ phase: String) throws -> JSON {
        let steps = state.plan.steps.enumerated().map { at, step -> JSON in
            [
                "id": .string(step.id), "state": .string(PhaseLabel(state.steps[at]).word),
                "attempt": .int(Int64(state.steps[at].attempt)),
            ]
        }
        return ["run": .string(id.text), "phase": .string(phase), "steps": .array(steps)]
    }
}
