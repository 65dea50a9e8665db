// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterEngine
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSystem

/// Runs a plan that was agreed to, shows it while it runs, and ends with its status.
///
/// - Parameter expected: how a rehearsal must end for the command to end with 0.
func perform(
    _ session: RunSession, _ goAhead: GoAhead, _ terminal: Terminal, json: Bool,
    expected: RunFinished.Outcome = .succeeded, takeOver: String? = nil
) throws {
    for notice in session.keepPlugins() { terminal.error("note: \(notice)") }
    try perform(terminal, session.configuration, session.person, json: json, expected: expected) {
        views throws(MusterError) in
        try session.run(goAhead, takeOver: takeOver, views: views)
    }
}

/// Shows a run while it runs, and ends with its status.
///
/// - Parameters:
///   - expected: how a rehearsal must end for the command to end with 0.
///   - wanted: the end that was asked for, which is no failure of the command.
func perform(
    _ terminal: Terminal, _ configuration: Configuration, _ person: Person, json: Bool,
    expected: RunFinished.Outcome = .succeeded, wanted: RunFinished.Outcome = .succeeded,
    _ run: (RunViews) throws(MusterError) -> RunResult
) throws {
    let output = OutputQueue(isTerminal: terminal.isTerminal)
    let result = try run { run in
        if json {
            output.send(JSON.object(["run": .string(run.text)]).canonicalText + "\n")
            return ([JSONView(output)], [output])
        }
        output.send("Run \(run)\n")
        guard terminal.isTerminal else { return ([PlainView(terminal, output)], [output]) }
        let view = LiveView(terminal, output)
        person.isAsking = { view.isHeld = $0 }
        return ([view], [LiveClock(view), output])
    }
    let end = json ? try resultJSON(result).canonicalText : EndView(style: terminal.style).text(result, configuration)
    output.send(end + "\n")
    output.drain()
    if let failure = result.recordFailure {
        terminal.error(failure.description)
        terminal.error("The run itself \(result.endText); its journal is kept. Commit its record later: muster publish")
    }
    if case .finished(let outcome) = result.end, expected != .succeeded {
        let isAsExpected = outcome == expected
        let what = isAsExpected ? "as the scenario expects" : "though the scenario expects \(expected.rawValue)"
        terminal.error("The rehearsal \(outcome.rawValue), \(what).")
        if result.recordFailure == nil, isAsExpected { return }
        if outcome == .succeeded { throw CommandEnd(status: .runFailed) }
    }
    let status = result.exitStatus(wanted: wanted)
    if status != .done || result.recordFailure != nil {
        throw CommandEnd(status: status == .done ? .runFailed : status)
    }
}

extension RunResult {
    fileprivate var endText: String {
        if case .finished(let outcome) = end { "is over, \(outcome.rawValue)" } else { "is at rest" }
    }

    fileprivate func exitStatus(wanted: RunFinished.Outcome) -> ExitStatus {
        switch end {
        case .finished(let outcome): outcome == wanted ? .done : outcome.exitStatus
        case .paused: wasInterrupted ? .interrupted : .waitsForPerson
        }
    }
}

extension RunFinished.Outcome {
    var exitStatus: ExitStatus {
        switch self {
        case .succeeded: .done
        case .failed: .runFailed
        case .cancelled: .interrupted
        // What was asked for was not reached.
        case .rolledBack: .runFailed
        case .stuck: .stuck
        }
    }
}

private func resultJSON(_ result: RunResult) throws -> JSON {
    var members: [String: JSON] = ["run": .string(result.run.text)]
    switch result.end {
    case .finished(let outcome): members["outcome"] = .string(outcome.rawValue)
    case .paused:
        members["outcome"] = "paused"
        members["waitsFor"] = .array(
            result.state.waitingForDecision.map { at in
                let id = result.state.plan.steps[at].id
                return [
                    "step": .string(id), "why": .string(result.state.troubleText(id)),
                    "choices": .array(result.state.choices(for: id).map { .string($0.rawValue) }),
                ]
            }
                + result.state.waitingForApproval.map { at in
                    ["step": .string(result.state.plan.steps[at].id), "why": "it waits for approvals", "choices": []]
                })
    }
    if let commit = result.commit { members["commit"] = .string(commit.hex) }
    if let record = result.record { members["record"] = try JSON(encoding: record) }
    if let failure = result.recordFailure { members["recordFailure"] = .string(failure.summary) }
    switch result.push {
    case .success(let report)?: members["push"] = try JSON(encoding: report)
    case .failure(let error)?: members["push"] = ["failure": .string(error.summary)]
    case nil: break
    }
    return .object(members)
}

/// Draws the live view when its time has come, so that its clocks go on.
private final class LiveClock: PollService {
    private let view: LiveView
    init(_ view: LiveView) { self.view = view }

    let pollTargets: [PollTarget] = []
    var wakeAt: Int64? { view.drawAt }

    func service() { view.drawWhenDue() }
}
