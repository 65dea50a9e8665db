// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel
internal import MusterRecord

/// What happened while the run lasted.
struct EvidenceDuring {
    let report: Report
    private var record: RunRecord { report.record }

    var groups: [EvidenceGroup] { [events, states, interventions, figures, data] }

    private var events: EvidenceGroup {
        let requests = record.steps.reduce(0) { sum, step in
            sum + step.requests.count + (step.undos ?? []).reduce(0) { $0 + $1.requests.count }
        }
        let keys = record.steps.count { $0.idempotencyKey != nil }
        return EvidenceGroup(
            8, "Events", [.dora11Records, .nistAU3, .nistAU8],
            [
                .init(
                    "every event, numbered and chained", "journal.jsonl",
                    counted(record.journal.entries, "entry", "entries")),
                .init("time in UTC, and by the boot clock", "journal.jsonl at, boot", "on each entry"),
                .init("begin", "record.json createdAt", record.createdAt.description),
                .init("end", "record.json finishedAt", record.finishedAt?.description),
                .init("host and its boot", "record.json host, bootID", "\(record.host), \(record.bootID)"),
                .init(
                    "idempotency keys", "record.json steps[].idempotencyKey", keys == 0 ? nil : counted(keys, "step")),
                .init(
                    "the cloud's request ids", "record.json steps[].requests[].id",
                    requests == 0 ? nil : counted(requests, "request")),
            ])
    }

    private var states: EvidenceGroup {
        let counts = StepRecord.Result.allCases.compactMap { result -> String? in
            let count = record.steps.count { $0.result == result }
            return count == 0 ? nil : "\(count) \(result.phrase)"
        }
        let why = record.steps.filter { [.failed, .inDoubt, .skipped].contains($0.result) }
        return EvidenceGroup(
            9, "Steps", [.rts25, .iso],
            [
                .init("each step's result", "record.json steps[].result", counts.joined(separator: ", ")),
                .init(
                    "why, where not done", "record.json steps[].why, failure",
                    why.isEmpty ? "every step was done" : few(why.map(\.id))),
                .init(
                    "what was changed, from and to", "record.json steps[].changes",
                    "\(record.steps.reduce(0) { $0 + ($1.effect == nil ? 0 : $1.changes.count) })"),
            ])
    }

    private var interventions: EvidenceGroup {
        let people = record.interventions ?? []
        let manual = record.steps.count { $0.confirmation != nil }
        return EvidenceGroup(
            10, "Interventions", [.iso, .nistCP4b],
            [
                .init(
                    "pauses, decisions, resumes, take-overs", "record.json interventions",
                    people.isEmpty ? "none" : "\(people.count)"),
                .init("manual steps", "record.json steps[].confirmation", "\(manual)"),
                .init(
                    "deviations, with who and why", "record.json deviations",
                    record.deviations.isEmpty ? "none" : "\(record.deviations.count)"),
            ])
    }

    private var figures: EvidenceGroup {
        let clocks = record.measures.filter { $0.kind == .clock }
        let measured = clocks.compactMap { measure in measure.measuredText.map { "\(measure.id) \($0)" } }
        let objectives = record.objectives.map(\.text)
        return EvidenceGroup(
            11, "Recovery figures", [.dora12Objectives, .socA13, .nistCP10],
            [
                .init("times measured", "record.json measures[].measuredMilliseconds", few(measured)),
                .init("held against objectives", "record.json measures[].met", objectives),
                .init("whole time", "record.json tookMilliseconds", duration(record.tookMilliseconds)),
                .init(
                    "of which waiting for people", "record.json waitedForPeopleMilliseconds",
                    timeText(record.waitedForPeopleMilliseconds)),
                .init("moment of the outage and of its declaration", nil, nil),
            ])
    }

    private var data: EvidenceGroup {
        let outputs = record.measures.filter { $0.kind == .output }
        let values = outputs.compactMap { measure in measure.measuredText.map { "\(measure.id) \($0)" } }
        let shown = record.steps.flatMap(\.postconditions)
        let met = shown.count { $0.verdict == .met }
        return EvidenceGroup(
            12, "Integrity of data", [.dora12Checks, .socA13],
            [
                .init("values compared", "record.json measures[].value", few(values)),
                .init(
                    "read back and shown", "record.json steps[].postconditions",
                    shown.isEmpty ? nil : "\(met) of \(shown.count) shown"),
                .init(
                    "who answered", "record.json sqlSources",
                    few((record.sqlSources ?? []).map { $0.product })),
                .init("backups proven whole", nil, nil),
            ])
    }
}

/// `1 entry`, `3 entries`
func counted(_ count: Int, _ one: String, _ many: String) -> String { "\(count) \(count == 1 ? one : many)" }
