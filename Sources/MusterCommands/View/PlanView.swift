// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterMachine
internal import MusterModel
internal import MusterRecord

/// A plan as people read it before they agree to it.
struct PlanView {
    let style: Style
    /// How runs on several machines are kept apart.
    var leases = Configuration.Leases.local
    /// Also show the preconditions that hold.
    var isVerbose = false

    func text(
        _ plan: Plan, digest: Digest, window: WindowAssessment?, ticket: TicketAssessment? = nil
    ) -> String {
        var lines = header(plan, digest)
        for section in [PlannedStep.Section.steps, .finally] {
            let steps = plan.steps.filter { $0.section == section }
            if steps.isEmpty { continue }
            lines += [
                "", section == .steps ? style("Steps", .strong) : style("Finally, also after a failure", .strong),
            ]
            lines += steps.flatMap { stepLines($0, plan) }
        }
        lines +=
            heldAgainst(plan) + windowLines(window) + ticketLines(ticket) + pointsOfNoReturn(plan) + [
                "", summary(plan),
            ]
        return lines.joined(separator: "\n")
    }

    private func header(_ plan: Plan, _ digest: Digest) -> [String] {
        let source = plan.commit.map { "commit \($0.short)" } ?? style("uncommitted work", .warning)
        var lines = [
            style("Plan of \(plan.runbook.name) \(plan.runbook.version)", .strong) + " (\(plan.kind.rawValue))",
            "  " + visibleText(plan.runbook.summary),
            "  environment \(plan.environment.name) · \(source) · digest \(digest.short)",
        ]
        if let change = plan.change { lines.append("  change \(visibleText(change))") }
        if !plan.locks.isEmpty, plan.kind != .rehearsal {
            let names = plan.locks.map(visibleText).joined(separator: ", ")
            lines.append("  locks \(names): \(leaseText)")
        }
        for (name, value) in plan.inputs.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(name) = \(visibleText(value.text))")
        }
        return lines
    }

    private var leaseText: String {
        switch leases {
        case .local: "kept on this machine; keep other machines away from them yourself"
        case .remote: "kept by leases on the remote, where it can be reached when the run begins"
        case .required: "kept by leases on the remote"
        }
    }

    private func stepLines(_ step: PlannedStep, _ plan: Plan) -> [String] {
        let definition = plan.definitions[step.uses]!
        var lines = ["", "  " + headline(step, definition, plan) + style("  \(step.uses)", .quiet)]
        if definition.reference == BuiltInStep.approve { lines.append("      " + gateText(step)) }
        guard let preview = step.preview else { return lines }
        if let observation = preview.observation {
            lines += observation.changes.map { "      " + changeText($0) }
            if let why = observation.why { lines.append("      " + visibleText(why)) }
        }
        let met = preview.preconditions.filter { $0.verdict == .met }
        if isVerbose {
            lines += met.map { style("      ✓ ", .good) + "\($0.id): \(visibleText($0.says))" }
        } else if !met.isEmpty {
            lines.append(style("      ✓ ", .good) + "\(met.count) precondition\(met.count == 1 ? "" : "s") met")
        }
        lines += preview.preconditions.filter { $0.verdict != .met }.map { conditionLine($0, definition) }
        if !preview.knownAfter.isEmpty {
            lines.append("      known after " + preview.knownAfter.joined(separator: ", "))
        }
        return lines
    }

    private func headline(_ step: PlannedStep, _ definition: PlannedDefinition, _ plan: Plan) -> String {
        if plan.leavesOut(step) {
            let condition = visibleText(step.condition ?? "")
            return style("- \(step.id): left out", .quiet) + ", since \(condition) is false"
        }
        let irreversible = definition.effect == .irreversible ? style(" POINT OF NO RETURN", .bad) : ""
        if let standing = step.preview?.observation?.standing, step.section == .finally {
            return style("◷ \(step.id): ", .busy) + finallyText(standing) + irreversible
        }
        switch step.preview?.observation?.standing {
        case .needed?, .partial?: return style("~ \(step.id)", .busy) + irreversible
        case .satisfied?: return style("✓ \(step.id): already so", .good)
        case .unknown?: return style("? \(step.id): cannot be told", .warning)
        case nil where definition.reference == BuiltInStep.approve:
            return style("☞ \(step.id)", .strong) + ", a gate"
        case nil where definition.effect == .none: return style("? \(step.id)", .strong) + " proves"
        case nil: return style("~ \(step.id)", .busy) + " known later" + irreversible
        }
    }

    /// Whose word it takes, before anybody agrees to the plan.
    private func gateText(_ step: PlannedStep) -> String {
        let count = step.with["count"]?.text ?? "1"
        let group = step.with["group"]?.string ?? step.with["group"]?.text ?? ""
        let question = step.with["question"].map { ": \($0.string ?? $0.text)" } ?? ""
        return visibleText("\(count) of \(group) must approve here\(question)")
    }

    /// What a step of `finally` meets is what the steps above it leave: what is seen beforehand is true of now alone.
    private func finallyText(_ standing: Observation.Standing) -> String {
        let now =
            switch standing {
            case .satisfied: "as wanted now"
            case .needed, .partial: "not as wanted now"
            case .unknown: style("cannot be told now", .warning)
            }
        return now + ", looked at again when it runs"
    }

    private func changeText(_ change: Change) -> String {
        let from = change.from.map(visibleText) ?? "none"
        let to = change.to.map(visibleText) ?? "none"
        return "\(visibleText(change.path)): \(from) \(style("→", .busy)) \(to)"
    }

    private func conditionLine(_ result: ConditionResult, _ definition: PlannedDefinition) -> String {
        let declared = definition.preconditions.first { $0.id == result.id }
        let text = "\(result.id): \(visibleText(result.says))"
        if declared?.at == .step { return style("      ◷ not yet, checked again before the step: ", .warning) + text }
        let remedy = declared?.remedy.map { "\n          → \(visibleText($0))" } ?? ""
        return style("      ✗ \(result.verdict.rawValue): ", .bad) + text + remedy
    }

    private func heldAgainst(_ plan: Plan) -> [String] {
        guard !plan.measures.isEmpty else { return [] }
        return ["", style("Measured and held against its objectives", .strong)]
            + plan.measures.map { measure in
                let objective = measure.objective.map { visibleText($0.text) } ?? "no objective, shown as it is"
                return "  \(measure.id): \(objective)" + style("  \(sourceText(measure.source))", .quiet)
            }
    }

    private func sourceText(_ source: PlannedMeasure.Source) -> String {
        func mark(_ mark: PlannedMeasure.Mark) -> String { "\(mark.step ?? "the run") \(mark.edge.rawValue)" }
        return switch source {
        case .clock(let from, let to): "from \(mark(from)) to \(mark(to)), waiting for people included"
        case .output(let output): "\(output.output) of \(output.step)"
        }
    }

    private func windowLines(_ window: WindowAssessment?) -> [String] {
        guard let window else { return [] }
        let says = visibleText(window.says)
        let line =
            switch window.verdict {
            case .met?: style("✓ ", .good) + says
            case .unmet?: style("✗ unmet: ", .bad) + says
            case .unverifiable?: style("? ", .warning) + says
            case nil: says
            }
        return ["", style("Change window", .strong), "  " + line]
            + window.earlier.map { run in
                style(
                    "    \(run.run) (\(run.kind.rawValue)): \(Duration.milliseconds(run.tookMilliseconds).readable)",
                    .quiet)
            }
    }

    private func pointsOfNoReturn(_ plan: Plan) -> [String] {
        let steps = plan.pointsOfNoReturn
        guard !steps.isEmpty else { return [] }
        let needs = plan.kind == .rehearsal ? "rehearsed without a word of acceptance" : "each needs its own acceptance"
        return ["", style("Points of no return: ", .bad) + steps.joined(separator: ", ") + " (\(needs))"]
    }

    private func summary(_ plan: Plan) -> String {
        let left = plan.steps.filter { !plan.leavesOut($0) }
        let proofs = left.filter { plan.definitions[$0.uses]!.effect == .none }.count
        let effects = left.filter { plan.definitions[$0.uses]!.effect != .none }
        let standings = effects.filter { $0.section == .steps }.map { $0.preview?.observation?.standing }
        let later = standings.count { $0 == nil }
        let last = effects.count - standings.count
        var counts = [
            "\(standings.count { $0 == .needed || $0 == .partial }) to change",
            "\(standings.count { $0 == .satisfied }) already so",
        ]
        if later > 0 { counts.append("\(later) known later") }
        if last > 0 { counts.append("\(last) of finally, looked at again when \(last == 1 ? "it runs" : "they run")") }
        counts.append("\(proofs) without an effect")
        if left.count < plan.steps.count { counts.append("\(plan.steps.count - left.count) left out") }
        return "\(plan.steps.count) steps: " + counts.joined(separator: ", ") + "."
    }
}
