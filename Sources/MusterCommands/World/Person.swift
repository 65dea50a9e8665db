// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterEngine
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// The person at the terminal, who confirms manual steps one after the other.
final class Person {
    enum Mode {
        /// Reads lines from standard input.
        case terminal(Terminal)
        /// Confirms everything itself: a rehearsal has no person.
        case rehearsal
        /// Nobody is there; the planner refuses plans with manual steps before they begin.
        case absent
    }

    private let mode: Mode
    private let name: String
    /// Steps that wait for their answer; the first is the one that was asked for.
    private var waiting: [(step: String, instructions: String, evidence: String?)] = []
    private var line: [UInt8] = []
    private var inputs: [EngineInput] = []
    private var isClosed = false
    /// Told when a question opens on the terminal and when none is open any more.
    var isAsking: (Bool) -> Void = { _ in }

    init(_ mode: Mode, name: String) {
        self.mode = mode
        self.name = name
    }

    func ask(_ step: PlannedStep, _ stepInputs: [String: JSON]) {
        let instructions = stepInputs["instructions"]?.string ?? ""
        switch mode {
        case .rehearsal:
            inputs.append(.confirmed(step: step.id, person: "rehearsal", note: "confirmed by the rehearsal"))
        case .absent:
            inputs.append(
                .stop(StopRequested(by: "engine", reason: "step \(step.id) waits for a person and none is there")))
        case .terminal:
            waiting.append((step.id, instructions, stepInputs["evidence"]?.string))
            if waiting.count == 1 { prompt() }
        }
    }

    private func prompt() {
        guard case .terminal(let terminal) = mode else { return }
        isAsking(!waiting.isEmpty)
        guard let next = waiting.first else { return }
        terminal.out("\n☞ \(next.step)\n  \(visibleText(next.instructions))")
        terminal.raw(
            "  \(visibleText(next.evidence ?? "What did you do?")) (type it and press Enter; Ctrl-C stops the run): ")
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
            return [
                .stop(StopRequested(by: "engine", reason: "the terminal was closed while a step waited for a person"))
            ]
        }
        line += buffer[0..<count]
        while let end = line.firstIndex(of: UInt8(ascii: "\n")) {
            answer(String(decoding: line[..<end], as: UTF8.self))
            line.removeSubrange(...end)
        }
        return takeInputs()
    }

    private func answer(_ text: String) {
        guard let step = waiting.first?.step else { return }
        guard text.contains(where: { !$0.isWhitespace }) else { return prompt() }
        inputs.append(.confirmed(step: step, person: name, note: text))
        waiting.removeFirst()
        prompt()
    }
}
