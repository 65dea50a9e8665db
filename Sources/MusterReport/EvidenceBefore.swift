// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel
internal import MusterRecord

/// What was fixed before the run began.
struct EvidenceBefore {
    let report: Report
    private var record: RunRecord { report.record }
    private var plan: Plan { report.plan }

    var groups: [EvidenceGroup] { [identity, scope, aims, people, approvals, pinned, preflight] }

    private var identity: EvidenceGroup {
        EvidenceGroup(
            1, "Identity", [.dora11Tests, .rts25, .iso, .nistCM3, .nistCP4a],
            [
                .init("format of the record", "record.json format", "\(record.format)"),
                .init("run", "record.json run", record.run.text),
                .init("kind of exercise", "record.json kind", record.kind.rawValue),
                .init("runbook and version", "record.json runbook", "\(record.runbook.name) \(record.runbook.version)"),
                .init("plan's digest", "record.json plan", record.plan.description),
                .init("change ticket", "record.json change", record.change),
                .init("programme or schedule", nil, nil),
            ])
    }

    private var scope: EvidenceGroup {
        let changed = Set(record.steps.flatMap { $0.changes.map(\.path) }).sorted()
        let connections = Set(plan.definitions.values.flatMap(\.connections)).sorted()
        return EvidenceGroup(
            2, "Scope", [.dora24Systems, .rts25, .socA13, .nistCP2],
            [
                .init("business functions", nil, nil),
                .init("environment", "record.json environment", record.environment.name),
                .init("targets held", "plan.json locks", few(plan.locks)),
                .init("systems looked at or changed", "record.json steps[].changes[].path", few(changed)),
                .init("third parties", "plan.json definitions.*.connections", few(connections)),
                .init("what was left out", nil, nil),
            ])
    }

    private var aims: EvidenceGroup {
        let objectives = plan.measures.compactMap { measure in
            measure.objective.map { "\(measure.id) \($0.text)" }
        }
        let conditions = plan.definitions.values.reduce(0) { $0 + $1.postconditions.count }
        let assumed = plan.definitions.values.reduce(0) { $0 + $1.preconditions.count }
        return EvidenceGroup(
            3, "Scenario and aims", [.dora25, .rts25, .iso, .socA13],
            [
                .init("aim", "record.json runbook.summary", record.runbook.summary),
                .init("scenario and risk entry", nil, nil),
                .init("objectives, fixed by the plan's digest", "plan.json measures[].objective", few(objectives)),
                .init(
                    "conditions of success", "plan.json definitions.*.postconditions",
                    conditions == 0 ? nil : "\(conditions), each shown by a read of its own"),
                .init(
                    "assumptions", "plan.json definitions.*.preconditions",
                    assumed == 0 ? nil : "\(assumed), each checked before its step"),
            ])
    }

    private var people: EvidenceGroup {
        let deciders = Set((record.interventions ?? []).compactMap(\.by).map(personName)).sorted()
        let confirmed = Set(record.steps.compactMap(\.confirmation?.person).map(personName)).sorted()
        return EvidenceGroup(
            4, "People", [.dora24Testers, .nistAC5, .nistAU10],
            [
                .init("operator", "record.json operatorName", record.operatorName),
                .init("host", "record.json host", record.host),
                .init("go-ahead", "record.json confirmation", record.confirmation),
                .init("who decided", "record.json interventions[].by", few(deciders)),
                .init("who confirmed manual steps", "record.json steps[].confirmation.person", few(confirmed)),
                .init("observers", nil, nil),
                .init("who wrote the definitions", "git log of definitions[].commit", nil),
            ])
    }

    private var approvals: EvidenceGroup {
        let asked = (record.policies?.last?.require ?? []).map { "\($0.count) of \($0.group)" }
        let window = record.window.flatMap { $0.isDeclared ? $0.says : nil }
        return EvidenceGroup(
            5, "Approvals", [.socCC81, .nistCM3, .nistCM54],
            [
                .init(
                    "approvals", "record.json approvals",
                    record.approvals.map { counted($0.count, "approval") }),
                .init("what was asked for", "record.json policies[].require", few(asked)),
                .init(
                    "points of no return accepted", "record.json accepted",
                    few((record.accepted ?? []).map { "\($0.step) by \(personName($0.person))" })),
                .init("change window", "record.json window", window),
                .init("change ticket's consent", "record.json ticket", record.ticket?.says),
            ])
    }

    private var pinned: EvidenceGroup {
        let pinned = record.definitions.count { $0.document != nil }
        let plugins = record.plugins.map { "\($0.name) \($0.executable.short)" }
        return EvidenceGroup(
            6, "What was pinned", [.socCC81, .nistCM3],
            [
                .init("catalog's commit", "record.json commit", record.commit?.hex),
                .init(
                    "definitions by content", "record.json definitions[].document.blob",
                    pinned == 0 ? nil : counted(pinned, "definition")),
                .init("plugins by digest", "record.json plugins[].executable", few(plugins)),
                .init(
                    "inputs, secrets as references", "record.json inputs",
                    record.inputs.isEmpty ? nil : counted(record.inputs.count, "input")),
                .init("environment's digest", "record.json environment.digest", record.environment.digest.description),
                .init("engine's version", "record.json engine", record.engine),
                .init("role used at the target", nil, nil),
            ])
    }

    private var preflight: EvidenceGroup {
        let conditions = record.steps.flatMap(\.preconditions)
        let seen = plan.steps.compactMap(\.preview)
        let unmet = conditions.count { $0.verdict != .met }
        return EvidenceGroup(
            7, "Checks before", [.rts25, .nistCP4a],
            [
                .init(
                    "targets as the plan saw them", "plan.json steps[].preview",
                    seen.isEmpty ? nil : counted(seen.count, "step")),
                .init(
                    "preconditions", "record.json steps[].preconditions",
                    conditions.isEmpty
                        ? nil : "\(conditions.count) checked" + (unmet == 0 ? ", all met" : ", \(unmet) not met")),
                .init("age of backups", nil, nil),
            ])
    }
}

/// The first of a list, and how many more there are.
func few(_ texts: [String], most: Int = 3) -> String? {
    guard !texts.isEmpty else { return nil }
    return texts.prefix(most).joined(separator: ", ") + (texts.count > most ? " and \(texts.count - most) more" : "")
}
