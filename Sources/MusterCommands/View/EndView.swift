// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterRecord

extension RunState {
    /// How somebody goes on with the run, with all that the command needs.
    ///
    /// - Parameter configuration: tells whether records are signed; nil: that is not known.
    func resumeCommand(_ run: RunID, program: String = "muster", _ configuration: Configuration? = nil) -> String {
        let needsKey = policy != nil || configuration?.recordsSigned == true
        return "\(program) resume \(run)" + (needsKey ? " --key FILE" : "")
    }
}

/// What stands on the terminal when a run is over.
struct EndView {
    let style: Style

    /// As it was called, so that the commands named can be typed just so.
    private static var program: String { CommandLine.arguments.first ?? "muster" }

    func text(_ result: RunResult, _ configuration: Configuration) -> String {
        var lines = ["", headline(result)]
        if let glass = result.record?.breakGlass {
            lines.append(
                style(
                    "  BREAK-GLASS: it ran without regard to approvals and change windows, and is open until a reviewer closes it",
                    .bad)
                    + " (\(visibleText(glass.reason)))")
        }
        if let why = result.record?.why { lines.append("  " + visibleText(why)) }
        lines += deviations(result.record)
        // What is not measured yet says nothing while the run is at rest.
        if result.end != .paused { lines += measures(result.record) }
        lines += result.end == .paused ? atRest(result, configuration) : leftBehind(result.record) + whatElse(result)
        lines.append("")
        if let commit = result.commit, result.end == .paused {
            lines.append("The record so far is committed: \(result.run.ref) at \(commit.short)")
        } else if let commit = result.commit {
            lines += [
                "The record is committed: \(configuration.recordsBranch) at \(commit.short), in \(result.run.recordPath)",
                "  git show \(configuration.recordsBranch):\(result.run.recordPath)/README.md",
                "  \(Self.program) show \(result.run)",
                "  \(Self.program) verify \(result.run)",
            ]
        }
        if let push = result.push { lines += pushLines(push, configuration.recordsRemote ?? "") }
        return lines.joined(separator: "\n")
    }

    private func pushLines(_ push: Result<PushReport, MusterError>, _ remote: String) -> [String] {
        switch push {
        case .success(let report): report.refs.map { pushText($0, remote) }
        case .failure(let error):
            ["✗ Nothing was sent to \(remote): \(visibleText(error.summary)) Later: muster publish"]
        }
    }

    /// Why a run that is at rest waits, what is in place, and the commands that lead on.
    private func atRest(_ result: RunResult, _ configuration: Configuration) -> [String] {
        let (state, run) = (result.state, result.run)
        var lines: [String] = []
        for at in state.waitingForDecision {
            let id = state.plan.steps[at].id
            let choices = state.choices(for: id).map(\.rawValue).joined(separator: " | ")
            let key = configuration.recordsSigned ? " --key FILE" : ""
            lines += [
                style("  ☞ \(id): ", .warning) + visibleText(state.troubleText(id))
                    + (state.troubleRemedy(id).map { " — " + visibleText($0) } ?? ""),
                "      \(Self.program) decide \(run) \(id) \(choices) --reason TEXT\(key)",
            ]
        }
        for at in state.waitingForApproval {
            guard let gate = state.gate(at: at) else { continue }
            let id = state.plan.steps[at].id
            lines += [
                style("  ☞ \(id): ", .warning) + visibleText(gateText(gate, have: state.steps[at].approvers)),
                "      \(Self.program) approve \(run) \(id) --key FILE",
            ]
        }
        let inPlace = InPlaceText(state, result.record)
        lines.append("  In place: " + inPlace.names)
        lines += inPlace.lines
        return lines + ["  " + state.resumeCommand(run, program: Self.program, configuration)] + whatElse(result)
    }

    /// What a rollback would do, and what brings things back and has not run.
    private func whatElse(_ result: RunResult) -> [String] {
        let state = result.state
        // The simulated clouds of a rehearsal are gone with it.
        if case .finished(.succeeded) = result.end { return [] }
        if state.plan.kind == .rehearsal { return [] }
        let all = state.rollbackPlan().filter { $0.how == .undo }
        let broughtBack = Set(result.record?.steps.filter { $0.putBackBy != nil }.map(\.id) ?? [])
        let undos = all.filter { !broughtBack.contains($0.step) }
        let finally = state.steps.indices.filter {
            guard state.plan.steps[$0].section == .finally else { return false }
            return state.steps[$0].phase == .pending || state.steps[$0].phase == .skipped(.stopped)
        }.map { state.plan.steps[$0].id }
        var lines: [String] = []
        let parts = [
            list("undo", undos.filter { !$0.isInDoubt }),
            list("look for what may be left of", undos.filter(\.isInDoubt)),
            list("find what is brought back already of", all.filter { broughtBack.contains($0.step) }),
        ].compactMap(\.self)
        if !parts.isEmpty {
            let does = parts.joined(separator: ", and ")
            lines.append("  A rollback would \(does): \(Self.program) rollback \(result.run) --plan")
        }
        if !finally.isEmpty {
            lines.append("  What brings things back has not run: \(finally.joined(separator: ", "))")
        }
        return lines
    }

    private func list(_ what: String, _ items: [RollbackItem]) -> String? {
        items.isEmpty ? nil : "\(what) \(items.map(\.step).joined(separator: ", "))"
    }

    private func headline(_ result: RunResult) -> String {
        let took = result.record.map { " in \(Duration.milliseconds($0.tookMilliseconds).readable)" } ?? ""
        let count = result.record?.deviations.count ?? 0
        let with = count == 0 ? "" : " with \(count) deviation\(count == 1 ? "" : "s")"
        guard case .finished(let outcome) = result.end else {
            let why = result.state.pause.map { ": \(visibleText($0.by)), \(visibleText($0.reason))" } ?? ""
            return style("‖ at rest\(why)", .warning)
        }
        switch outcome {
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
        let remains = record.remains.map { "    \($0.step.id): " + visibleText($0.says) }
        if record.leftBehind.isEmpty {
            return remains.isEmpty
                ? ["  Nothing of it is left in place."]
                : ["  Nothing of it is left in place, but for what no undo takes away:"] + remains
        }
        return ["  Still in place:"] + record.leftBehind.map { "    " + visibleText($0.line) }
            + (remains.isEmpty ? [] : ["  Undone, but for what no undo takes away:"] + remains)
    }
}
