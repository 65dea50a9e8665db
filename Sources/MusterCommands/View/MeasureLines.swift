// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel
internal import MusterRecord

/// A run's measures against their objectives, one line each.
struct MeasureLines {
    let style: Style

    func lines(_ record: RunRecord) -> [String] {
        let head = record.objectives.map { "Objectives: \($0.text)" } ?? "Measures"
        let isShort = record.objectives.map { $0.met < $0.all } ?? false
        return ["  " + style(head, isShort ? .warning : .strong)] + record.measures.map { "    " + line($0) }
            + (record.rehearsalNote.map { ["    " + $0] } ?? [])
    }

    private func line(_ measure: MeasureRecord) -> String {
        let missing = measure.verdict == .notApplicable ? "not applicable" : "not known"
        let measured = visibleText(measure.measuredText ?? "\(missing) (\(measure.unknown ?? "no reason was given"))")
        let waited = measure.waitedForPeopleMilliseconds ?? 0
        let waiting = waited == 0 ? "" : " (\(Duration.milliseconds(waited).readable) of it waiting for people)"
        let objective = measure.objective.map { ", objective \(visibleText($0.text))" } ?? ""
        return
            "\(mark(measure.verdict)) \(visibleText(measure.id)): \(measured)\(waiting)\(objective)\(word(measure.verdict))"
    }

    private func mark(_ verdict: MeasureRecord.Verdict) -> String {
        switch verdict {
        case .met: style("✓", .good)
        case .missed: style("✗", .bad)
        case .unknown: style("?", .warning)
        case .notApplicable, .noObjective: "·"
        }
    }

    private func word(_ verdict: MeasureRecord.Verdict) -> String {
        switch verdict {
        case .met: ": met"
        case .missed: style(": NOT MET", .bad)
        case .unknown: style(": not known whether it was met", .warning)
        case .notApplicable, .noObjective: ""
        }
    }
}
