// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterEngine
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// The person at the terminal, who confirms manual steps and decides about steps that failed, one question after the other.
final class Person {
    enum Mode {
        /// Reads lines from standard input.
        case terminal(Terminal)
        /// Confirms everything itself, and gives up what fails: a rehearsal has no person.
        case rehearsal
        /// Nobody is there and nobody shall be waited for: what fails is given up, so that `finally` runs.
        case unattended
        /// Nobody is there: what waits for a person brings the run to rest.
        case absent
    }

    private enum Question {
        case confirm(instructions: String, evidence: String?)
        case decide(why: String, remedy: String?, choices: [StepDecided.Choice])
    }

    let mode: Mode
    let name: String
    /// Steps that wait for their answer; the first is the one that was asked for.
    private var waiting: [(step: String, question: Question)] = []
    private var line: [UInt8] = []
    private var inputs: [EngineInput] = []
    private var isClosed = false
    /// Told when a question opens on the terminal and when none is open any more.
    var isAsking: (Bool) -> Void = { _ in }

    init(_ mode: Mode, name: String) {
        self.mode = mode
        self.name = name
    }

    /// Whether a run with nothing left but questions comes to rest instead of waiting for an answer.
    var isAbsent: Bool { if case .absent = mode { true } else { false } }

    func ask(_ step: PlannedStep, _ stepInputs: [String: JSON]) {
        switch mode {
        case .rehearsal:
            inputs.append(.confirmed(step: step.id, person: "rehearsal", note: "confirmed by the rehearsal"))
        case .absent, .unattended:
            inputs.append(
                .pause(PauseRequested(by: "engine", reason: "step \(step.id) waits for a person and none is there")))
        case .terminal:
            let instructions = stepInputs["instructions"]?.string ?? ""
            open(step.id, .confirm(instructions: instructions, evidence: stepInputs["evidence"]?.string))
        }
    }

    func decide(_ step: PlannedStep, _ why: String, remedy: String?, _ choices: [StepDecided.Choice]) {
        switch mode {
        case .rehearsal: giveUp(step.id, "rehearsal", "a rehearsal asks nobody")
        case .unattended: giveUp(step.id, name, "--unattended")
        case .absent: break
        case .terminal: open(step.id, .decide(why: why, remedy: remedy, choices: choices))
        }
    }

    /// Nobody signs at a terminal: approvers have a command of their own.
    func approve(_ step: PlannedStep, _ count: Int) {
        switch mode {
        case .rehearsal:
            inputs += (1...max(1, count)).map { number in
                let approval = ApprovalRecorded(
                    step: step.id, approver: count == 1 ? "rehearsal" : "rehearsal-\(number)", decision: .approve,
                    id: "",
                    statement: "", signature: "")
                return .approved(approval, nil)
            }
        case .unattended:
            inputs.append(
                .pause(PauseRequested(by: "engine", reason: "step \(step.id) waits for approvals")))
        case .absent, .terminal: break
        }
    }

    private func giveUp(_ step: String, _ person: String, _ reason: String) {
        inputs.append(.decided(StepDecided(step: step, choice: .abandon, person: person, reason: reason), nil))
    }

    /// The question is answered elsewhere, or its step has ended.
    func withdraw(_ step: String) {
        guard let at = waiting.firstIndex(where: { $0.step == step }) else { return }
        waiting.remove(at: at)
        if at == 0 { prompt() }
    }

    private func open(_ step: String, _ question: Question) {
        waiting.append((step, question))
        if waiting.count == 1 { prompt() }
    }

    private func prompt() {
        guard case .terminal(let terminal) = mode else { return }
        isAsking(!waiting.isEmpty)
        guard let next = waiting.first else { return }
        switch next.question {
        case .confirm(let instructions, let evidence):
            terminal.out("\n☞ \(next.step)\n  \(visibleText(instructions))")
            terminal.raw(
                "  \(visibleText(evidence ?? "What did you do?")) (type it and press Enter; Ctrl-C pauses the run): ")
        case .decide(let why, let remedy, let choices):
            terminal.out("\n☞ \(next.step) waits for your decision. \(visibleText(why))")
            if let remedy { terminal.out("  What may help: \(visibleText(remedy))") }
            for choice in choices { terminal.out("    \(choice.rawValue)  \(choice.meaning)") }
            terminal.raw(Self.typeDecision)
        }
    }

    private static let typeDecision =
        "  Type one of them and the reason, such as \"retry the vault is back\" (Ctrl-C pauses the run): "

    /// Says why what was typed decides nothing; the choices stand above it still.
    private func askAgain(_ why: String) {
        guard case .terminal(let terminal) = mode else { return }
        terminal.out("  " + why)
        terminal.raw(Self.typeDecision)
    }

    func takeInputs() -> [EngineInput] {
        defer { inputs = [] }
        return inputs
    }

    var pollTargets: [PollTarget] { waiting.isEmpty || isClosed ? [] : [PollTarget(reading: STDIN_FILENO)] }

    func handle(_ ready: Set<PollTarget>) -> [EngineInput] {
        guard ready.contains(PollTarget(reading: STDIN_FILENO)) else { return [] }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(STDIN_FILENO, &buffer, buffer.count)
        guard count > 0 else {
            isClosed = true
            let reason = "the terminal was closed while a step waited for a person"
            return [.pause(PauseRequested(by: "engine", reason: reason))]
        }
        line += buffer[0..<count]
        while let end = line.firstIndex(of: UInt8(ascii: "\n")) {
            answer(String(decoding: line[..<end], as: UTF8.self))
            line.removeSubrange(...end)
        }
        return takeInputs()
    }

    private func answer(_ text: String) {
        guard let next = waiting.first else { return }
        guard text.contains(where: { !$0.isWhitespace }) else { return prompt() }
        switch next.question {
        case .confirm:
            inputs.append(.confirmed(step: next.step, person: name, note: text))
        case .decide(_, _, let choices):
            switch TypedDecision(text, choices: choices) {
            case .refused(let why): return askAgain(why)
            case .taken(let choice, let reason):
                let decision = StepDecided(step: next.step, choice: choice, person: name, reason: reason)
                inputs.append(.decided(decision, nil))
            }
        }
        waiting.removeFirst()
        prompt()
    }
}

extension StepDecided.Choice {
    /// What it does, in a few words.
    var meaning: String {
        switch self {
        case .retry: "look at the target and try again what is not there"
        case .undo: "put its effect back, then ask again"
        case .skip: "go on without it"
        case .done: "you vouch that it is as it should be"
        case .abandon: "give the run up: what brings things back runs, then it ends"
        }
    }
}
