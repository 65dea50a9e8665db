// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// The part of the page that answers *did we meet our objectives, and how do we know*.
struct ObjectivesSection {
    let record: RunRecord

    func write(to page: inout MarkdownPage) {
        guard !record.measures.isEmpty else { return }
        page.heading(record.objectives.map { "Objectives: \($0.text)" } ?? "Measures")
        page.table(["measure", "measured", "objective", "", "how we know"], record.measures.map(row))
        if let note = record.rehearsalNote { page.paragraph(note) }
        let isTimed = record.measures.contains { $0.kind == .clock && $0.objective != nil }
        if isTimed { page.paragraph("A clock is held against its whole time, waiting for people included.") }
    }

    private func row(_ measure: MeasureRecord) -> [String] {
        [
            "**\(Markdown.text(measure.id))** \(Markdown.text(measure.summary))", measured(measure),
            measure.objective.map { Markdown.text($0.text) } ?? "none", verdict(measure), source(measure),
        ]
    }

    private func measured(_ measure: MeasureRecord) -> String {
        guard let text = measure.measuredText else { return "" }
        guard let waited = measure.waitedForPeopleMilliseconds, waited > 0,
            let without = measure.withoutPeopleMilliseconds
        else { return Markdown.text(text) }
        return "\(Markdown.text(text))<br>\(timeText(without)) without \(timeText(waited)) of waiting for people"
    }

    private func verdict(_ measure: MeasureRecord) -> String {
        switch measure.verdict {
        case .met: "met"
        case .missed: "**not met**"
        case .unknown: "**not known**: \(Markdown.sentence(measure.unknown ?? "no reason was given"))"
        case .notApplicable: "not applicable: \(Markdown.sentence(measure.unknown ?? ""))"
        case .noObjective: measure.unknown.map { "not known: \(Markdown.sentence($0))" } ?? ""
        }
    }

    private func source(_ measure: MeasureRecord) -> String {
        if let output = measure.output { return outputSource(output, measure) }
        let ends = [(measure.from, measure.fromAt), (measure.to, measure.toAt)].compactMap { mark, at -> String? in
            guard let mark else { return nil }
            return "\(markText(mark)) \(at.map { "\(clockTime($0)) UTC" } ?? "(not reached)")"
        }
        return ends.joined(separator: " → ")
    }

    private func outputSource(_ output: PlannedMeasure.Output, _ measure: MeasureRecord) -> String {
        let step = record.steps.first { $0.id == output.step }
        var text = "\(Markdown.code(output.output)) of \(step.map(StepSection.link) ?? Markdown.text(output.step))"
        if step?.result == .unverified { text += ", which was not shown by a read of its own" }
        if let file = step?.evidence.first?.file, let folder = file.lastIndex(of: "/") {
            text += ", \(Markdown.link("evidence", to: String(file[..<folder])))"
        }
        return text
    }

    private func markText(_ mark: PlannedMeasure.Mark) -> String {
        guard let id = mark.step else { return "the run \(mark.edge.rawValue)" }
        let step = record.steps.first { $0.id == id || $0.id.hasPrefix(id + "[") }
        guard let step, step.startedAt != nil else { return "\(Markdown.text(id)) \(mark.edge.rawValue)" }
        return "[\(Markdown.text(id)) \(mark.edge.rawValue)](#step-\(step.number))"
    }

    /// To the millisecond, as the journal has it; with the day where it is not that of the run's beginning.
    private func clockTime(_ time: Timestamp) -> String {
        let text = String(time.description.dropLast())
        return time.date == record.createdAt.date ? String(text.dropFirst(11)) : text.replacing("T", with: " ")
    }
}
