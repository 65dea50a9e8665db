// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import Foundation
import MusterEngine
import MusterMachine
import MusterModel
import MusterPluginProtocol

@testable import FailoverGroupKeySwap
@testable import MusterPlugin
@testable import MusterPluginHost

/// Lines of the plugin on their way to the engine's thread; the condition's lock guards them.
final class PluginLines: @unchecked Sendable {
    private var lines: [[UInt8]] = []
    private let condition = NSCondition()

    func send(_ line: [UInt8]) {
        condition.withLock {
            lines.append(line)
            condition.signal()
        }
    }

    /// Waits for at least one.
    func take() -> [[UInt8]] {
        condition.withLock {
            while lines.isEmpty { condition.wait() }
            defer { lines = [] }
            return lines
        }
    }
}

/// What the engine's loop serves in a campaign: the real steps behind the real protocol on both sides, without a process,
/// a clock that only waiting moves, a journal in memory, and an operator who tries once more and then gives up.
///
/// One thread has it at a time: the engine's, and the test's while no engine runs.
final class CampaignWorld: EngineWorld, RunJournal, @unchecked Sendable {
    private let time: ManualTime
    private let section: JSON
    private let lines = PluginLines()
    private let runtime: PluginRuntime
    private var conversation: PluginConversation
    private var calls: [Int64: StepTask] = [:]
    private var inbox: [EngineInput] = []
    private(set) var entries: [JournalEntry] = []
    /// How often a person was asked about each step.
    private(set) var asked: [String: Int] = [:]
    /// What must never be: a breach of the protocol, or a wait for nothing.
    private(set) var faults: [String] = []

    init(time: ManualTime, section: JSON) throws {
        self.time = time
        self.section = section
        runtime = PluginRuntime(name: SwapPlan.plugin, steps: SwapPlan.steps) { [lines] in lines.send($0) }
        conversation = PluginConversation(
            plugin: SwapPlan.plugin,
            definitions: Dictionary(
                uniqueKeysWithValues: SwapPlan.steps.map { ($0.name, ObjectID(blob: $0.definition)) }),
            limits: PluginLimits(), redactor: Redactor())
        tell(conversation.handshake(engine: "test"))
        for line in lines.take() { _ = try conversation.receive(line: Array(line.dropLast()), at: 0) }
    }

    var now: Instant { time.source.read() }
    var lease: LeaseStanding { .held(epoch: nil) }
    var mayEnd: Bool { true }

    // MARK: Journal

    func append(_ events: [Event], at now: Instant) -> [JournalEntry] {
        let new = events.enumerated().map { offset, event in
            JournalEntry(
                sequence: Int64(entries.count + offset), at: now.wall, boot: now.boot, previous: "", event: event)
        }
        entries += new
        return new
    }

    func sync() {}

    // MARK: Plugin

    func start(_ call: OutgoingCall) {
        var parameters = call.call
        parameters.connections = ["azure": section]
        do {
            let (id, line) = try conversation.call(call.verb, parameters)
            calls[id] = call.task
            tell(line)
        } catch {
            faults.append("\(error)")
        }
    }

    func cancel(_ task: StepTask) {
        guard let id = calls.first(where: { $0.value == task })?.key else { return }
        tell(Envelope.notification(method: "cancel", parameters: ["call": .int(id)]).line())
    }

    func answerBegin(_ task: StepTask, request: Int64, refusal: String?) {
        let failure = refusal.map { StepFailure(kind: .permanent, code: "plugin.begin-refused", message: $0) }
        if let line = conversation.answerBegin(request, failure) { tell(line) }
    }

    private func tell(_ line: [UInt8]) {
        do { _ = try runtime.receive(line: line.dropLast()) } catch { faults.append("\(error)") }
    }

    func wait(until moment: Timestamp?) -> [EngineInput] {
        if inbox.isEmpty, !calls.isEmpty {
            for line in lines.take() { receive(line) }
        } else if inbox.isEmpty, let moment {
            time.advance(max(.milliseconds(1), moment.duration(since: time.now)))
        } else if inbox.isEmpty {
            faults.append("the engine waits for nothing")
            inbox.append(.pause(PauseRequested(by: "test", reason: "it waits for nothing")))
        }
        defer { inbox = [] }
        return inbox
    }

    private func receive(_ line: [UInt8]) {
        do {
            switch try conversation.receive(line: Array(line.dropLast()), at: 0) {
            case .answered(let id, let answer): ended(id, .success(answer))
            case .failed(let id, let failure): ended(id, .failure(failure))
            case .begin(let request, let id, let undo): about(id) { .begin($0, request: request, undo: undo) }
            case .progress(let said):
                about(said.call) { .progress($0, message: said.message, fraction: said.fraction) }
            case .evidence(let shown): about(shown.call) { .evidence($0, name: shown.name, data: shown.data) }
            case .ready, .log, .standardError, .standardErrorDropped, .ended: break
            }
        } catch {
            faults.append("\(error)")
        }
    }

    private func ended(_ id: Int64, _ result: Result<PluginAnswer, StepFailure>) {
        about(id) { .answered($0, result) }
        calls[id] = nil
    }

    private func about(_ id: Int64, _ input: (StepTask) -> EngineInput) {
        if let task = calls[id] { inbox.append(input(task)) }
    }

    /// What happened, but for progress and evidence.
    var story: [String] {
        entries.filter { $0.event.kind != "progress" && $0.event.kind != "evidence" }.map { entry in
            "\(entry.event.kind) \(entry.event.step ?? ""): \(String("\(entry.event)".prefix(400)))"
        }
    }

    // MARK: People

    /// No plan of these tests has gates.
    func askApproval(_ step: PlannedStep, group: String, count: Int, question: String?) {}

    func askPerson(_ step: PlannedStep, inputs: [String: JSON]) {
        faults.append("nobody is to be asked about \(step.id)")
    }

    func askDecision(
        _ step: PlannedStep, trouble: Trouble, why: String, remedy: String?, choices: [StepDecided.Choice]
    ) {
        asked[step.id, default: 0] += 1
        let choice: StepDecided.Choice = asked[step.id] == 1 ? .retry : .abandon
        if !choices.contains(choice) { faults.append("\(step.id) waits and \(choice.rawValue) is no choice") }
        inbox.append(
            .decided(StepDecided(step: step.id, choice: choice, person: "op", reason: "looked"), nil))
    }

    func reply(_ ticket: EngineInput.Ticket, refusal: String?) {}
}
