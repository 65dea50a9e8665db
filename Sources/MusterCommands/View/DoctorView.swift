// SPDX-License-Identifier: Apache-2.0

internal import MusterEngine
internal import MusterMachine
internal import MusterModel

/// What the checks of an environment gave, for people and for programs.
struct DoctorReport: Encodable {
    struct Finding: Encodable {
        var step: String
        /// The condition's id, or the code of an error.
        var id: String
        /// `met`, `unmet`, `unverifiable`, or `failed`: it could not be looked at.
        var verdict: String
        var says: String
        var remedy: String?
    }

    struct Examined: Encodable {
        var runbook: String
        var summary: String
        var findings: [Finding]
    }

    struct Skipped: Encodable {
        var runbook: String
        /// Inputs that have no value.
        var needs: [String]
    }

    var environment: String
    var examined: [Examined] = []
    var skipped: [Skipped] = []

    init(environment: String) { self.environment = environment }

    /// Whether everything that was looked at holds, and something was.
    var isWell: Bool {
        !examined.isEmpty && examined.allSatisfy { one in one.findings.allSatisfy { $0.verdict == "met" } }
    }

    mutating func add(_ session: RunSession) {
        add(session.plan, problems: session.problems, proofs: session.proofs)
    }

    mutating func add(_ plan: Plan, problems: [PlanPreview.Problem], proofs: [String: [ConditionResult]]) {
        var findings: [Finding] = []
        for step in plan.steps {
            let definition = plan.definitions[step.uses]
            for result in (step.preview?.preconditions ?? []) + (proofs[step.id] ?? []) {
                let remedy =
                    definition?.preconditions.first { $0.id == result.id }?.remedy
                    ?? definition?.postconditions.first { $0.id == result.id }?.remedy
                findings.append(
                    Finding(
                        step: step.id, id: result.id, verdict: result.verdict.rawValue, says: result.says,
                        remedy: remedy))
            }
            findings += problems.filter { $0.step == step.id }.map { failed($0, definition) }
            if let sources = step.preview?.knownAfter, !sources.isEmpty {
                let says = "It waits for what \(sources.joined(separator: ", ")) could not show."
                findings.append(Finding(step: step.id, id: "not-looked-at", verdict: "unverifiable", says: says))
            }
        }
        findings += problems.filter { problem in !plan.steps.contains { $0.id == problem.step } }.map {
            failed($0, nil)
        }
        examined.append(Examined(runbook: plan.runbook.name, summary: plan.runbook.summary, findings: findings))
    }

    /// With what the step's definition knows of the error.
    private func failed(_ problem: PlanPreview.Problem, _ definition: PlannedDefinition?) -> Finding {
        let known = definition?.knownErrors.first { $0.match == problem.failure.code }
        let means = known.map { " \($0.means)." } ?? ""
        return Finding(
            step: problem.step, id: problem.failure.code, verdict: "failed",
            says: problem.failure.message + means, remedy: known?.remedy ?? problem.failure.remedy)
    }
}

struct DoctorView {
    let style: Style
    /// Also show what holds.
    var isVerbose = false

    func text(_ report: DoctorReport) -> String {
        var lines: [String] = []
        for one in report.examined {
            lines += [style(one.runbook, .strong) + "  " + visibleText(one.summary)]
            lines += grouped(one.findings.filter { isVerbose || $0.verdict != "met" }).flatMap(findingLines)
            let met = one.findings.count { $0.verdict == "met" }
            lines += [style("  ✓ ", .good) + "\(met) of \(one.findings.count) hold", ""]
        }
        for one in report.skipped {
            lines.append(
                style(one.runbook, .strong) + "  not looked at: it needs \(one.needs.joined(separator: ", ")). "
                    + "Give --input, or values of these names in the environment.")
        }
        if report.examined.isEmpty { lines.append("Nothing was looked at, so nothing is known to be well.") }
        while lines.last == "" { lines.removeLast() }
        return lines.joined(separator: "\n")
    }

    /// Those that say the same have one cause, and are told once.
    private func grouped(_ findings: [DoctorReport.Finding]) -> [[DoctorReport.Finding]] {
        var order: [[String]] = []
        var groups: [[String]: [DoctorReport.Finding]] = [:]
        for finding in findings {
            let key = [finding.verdict, finding.says]
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(finding)
        }
        return order.compactMap { groups[$0] }
    }

    /// `step condition, condition; step condition`, each once: what a step's check and its proof both met is one finding.
    private func places(_ group: [DoctorReport.Finding]) -> String {
        var steps: [String] = []
        var conditions: [String: [String]] = [:]
        for finding in group where conditions[finding.step]?.contains(finding.id) != true {
            if conditions[finding.step] == nil { steps.append(finding.step) }
            conditions[finding.step, default: []].append(finding.id)
        }
        return steps.map { "\($0) \((conditions[$0] ?? []).joined(separator: ", "))" }.joined(separator: "; ")
    }

    private func findingLines(_ group: [DoctorReport.Finding]) -> [String] {
        let finding = group[0]
        let place = "\(places(group)): \(visibleText(finding.says))"
        guard finding.verdict != "met" else { return [style("  ✓ ", .good) + place] }
        let mark = finding.verdict == "unverifiable" ? style("  ? ", .warning) : style("  ✗ ", .bad)
        // What helps one condition is no remedy of a cause that several share.
        let remedies = Set(group.compactMap(\.remedy))
        return [mark + "\(finding.verdict): " + place]
            + (remedies.count == 1 ? remedies.map { "      → \(visibleText($0))" } : [])
    }
}
