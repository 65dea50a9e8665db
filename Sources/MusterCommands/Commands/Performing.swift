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
    expected: RunFinished.Outcome = .succeeded
) throws {
    let output = OutputQueue(isTerminal: terminal.isTerminal)
    let result = try session.run(goAhead) { run in
        if json {
            output.send(JSON.object(["run": .string(run.text)]).canonicalText + "\n")
            return ([JSONView(output)], [output])
        }
        output.send("Run \(run)\n")
        guard terminal.isTerminal else { return ([PlainView(terminal, output)], [output]) }
        let view = LiveView(terminal, output)
        session.person.isAsking = { view.isHeld = $0 }
        return ([view], [LiveClock(view), output])
    }
    let end = json ? try resultJSON(result).canonicalText : EndView(style: terminal.style).text(result, session)
    output.send(end + "\n")
    output.drain()
    if let failure = result.recordFailure {
        terminal.error(failure.description)
        terminal.error(
            "The run itself \(result.outcome.rawValue); its journal is kept. Commit its record later: muster publish")
    }
    if expected != .succeeded {
        let isAsExpected = result.outcome == expected
        let what = isAsExpected ? "as the scenario expects" : "though the scenario expects \(expected.rawValue)"
        terminal.error("The rehearsal \(result.outcome.rawValue), \(what).")
        if result.recordFailure == nil, isAsExpected { return }
        if result.outcome == .succeeded { throw CommandEnd(status: .runFailed) }
    }
    let status = result.outcome.exitStatus
    if status != .done || result.recordFailure != nil {
        throw CommandEnd(status: status == .done ? .runFailed : status)
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

private func resultJSON(_ result: RunSession.Result) throws -> JSON {
    var members: [String: JSON] = ["run": .string(result.run.text), "outcome": .string(result.outcome.rawValue)]
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

/// What stands on the terminal when a run is over.
struct EndView {
    let style: Style

    /// As it was called, so that the commands named can be typed just so.
    private static var program: String { CommandLine.arguments.first ?? "muster" }

    func text(_ result: RunSession.Result, _ session: RunSession) -> String {
        var lines = ["", headline(result)]
        if let why = result.record?.why { lines.append("  " + visibleText(why)) }
        lines += deviations(result.record)
        lines += measures(result.record)
        lines += leftBehind(result.record)
        lines.append("")
        if let commit = result.commit {
            lines += [
                "The record is committed: \(session.configuration.recordsBranch) at \(commit.short), in \(result.run.recordPath)",
                "  git show \(session.configuration.recordsBranch):\(result.run.recordPath)/README.md",
                "  \(Self.program) show \(result.run)",
                "  \(Self.program) verify \(result.run)",
            ]
        }
        if let push = result.push { lines += pushLines(push, session.configuration.recordsRemote ?? "") }
        return lines.joined(separator: "\n")
    }

    private func pushLines(_ push: Result<PushReport, MusterError>, _ remote: String) -> [String] {
        switch push {
        case .success(let report): report.refs.map { pushText($0, remote) }
        case .failure(let error):
            ["✗ Nothing was sent to \(remote): \(visibleText(error.summary)) Later: muster publish"]
        }
    }

    private func headline(_ result: RunSession.Result) -> String {
        let took = result.record.map { " in \(Duration.milliseconds($0.tookMilliseconds).readable)" } ?? ""
        let count = result.record?.deviations.count ?? 0
        let with = count == 0 ? "" : " with \(count) deviation\(count == 1 ? "" : "s")"
        switch result.outcome {
        case .succeeded: return style("✓ succeeded\(with)\(took)", count == 0 ? .good : .warning)
        case .failed: return style("✗ failed\(with)\(took)", .bad)
        case .rolledBack: return style("↺ rolled back\(with)\(took)", .warning)
        case .cancelled: return style("■ cancelled\(with)\(took)", .warning)
        case .stuck: return style("? stuck\(with)\(took): a person must look", .bad)
        }
    }

    private func deviations(_ record: RunRecord?) -> [String] {
        (record?.deviations ?? []).map { deviation in
            style("  ! ", .warning)
                + visibleText(
                    (deviation.steps.isEmpty ? "" : deviation.steps.joined(separator: ", ") + ": ") + deviation.says)
        }
    }

    private func measures(_ record: RunRecord?) -> [String] {
        guard let record, !record.measures.isEmpty else { return [] }
        return MeasureLines(style: style).lines(record)
    }

    private func leftBehind(_ record: RunRecord?) -> [String] {
        guard let record, record.outcome != .succeeded else { return [] }
        if record.leftBehind.isEmpty { return ["  Nothing of it is left in place."] }
        return ["  Still in place:"]
            + record.leftBehind.map {
                visibleText(
                    "    \($0.step): \($0.path ?? "an effect") = \($0.value ?? "gone") (\($0.certainty.rawValue))")
            }
    }
}
