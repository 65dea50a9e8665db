// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel
internal import MusterRecord

/// The part of an HTML report that is about one step.
struct HTMLStep {
    let step: StepRecord
    let report: Report

    func write(to page: inout MarkupPage) {
        page.add("<section class=\"step\" id=\"step-\(step.number)\">")
        let result = step.fullPhrase(in: report.record)
        page.add("<h3>\(step.number) · \(step.id) <small class=\"\(step.tint)\">\(result)</small></h3>")
        page.paragraph("<span class=\"soft\">\(origin)</span>")
        if let why = step.why, step.failure == nil { page.paragraph("<b>Why:</b> \(why)") }
        page.table("values", ["input", "value"], values(step.inputs))
        conditions("demanded before", step.preconditions, to: &page)
        page.table(
            "", [step.effect == nil && !step.isTakenBack ? "wanted" : "changed", "from", "to"],
            step.changes.map { ["<code>\($0.path)</code>", value($0.from), value($0.to)] })
        if let begun = step.begunAt, let key = step.idempotencyKey {
            page.paragraph("Effect begun \(begun.timeOfDay) UTC, idempotency key <code>\(key)</code>.")
        }
        requests(step.requests + (step.undos ?? []).flatMap(\.requests), to: &page)
        failures(to: &page)
        conditions("demanded after", step.postconditions, to: &page)
        people(to: &page)
        if step.confirmation == nil { page.table("values", ["output", "value"], values(step.outputs)) }
        page.add("</section>")
    }

    private var origin: Markup {
        let summary = report.record.definitions.first { $0.uses == step.uses }.map { " · \($0.summary)" } ?? ""
        let end = step.finishedAt.map { " → \($0.timeOfDay)" } ?? ""
        let time = step.startedAt.map { " · \($0.timeOfDay)\(end) UTC" } ?? ""
        let took = step.tookMilliseconds.map { " (\(duration($0)))" } ?? ""
        let attempts =
            step.attempts.count > 1 ? " · \(step.attempts.count) attempts of \(step.attemptsPlanned) allowed" : ""
        return "<code>\(step.uses)</code>\(summary)\(time)\(took)\(attempts)"
    }

    private func values(_ members: [String: JSON]) -> [[Markup]] {
        members.sorted { $0.key < $1.key }.map { ["\($0.key)", "<code>\($0.value.text)</code>"] }
    }

    private func value(_ text: String?) -> Markup { text.map { "<code>\($0)</code>" } ?? "none" }

    private func conditions(_ title: Markup, _ conditions: [ConditionRecord], to page: inout MarkupPage) {
        page.table(
            "", ["", title, "seen"],
            conditions.map { condition in
                let verdict: Markup =
                    condition.verdict == .met
                    ? "<span class=\"good\">met</span>" : "<span class=\"bad\">\(condition.verdict.rawValue)</span>"
                let remedy: Markup = condition.remedy.map { " <b>What helps:</b> \($0)" } ?? ""
                return [verdict, "\(condition.demands ?? condition.id)", "\(condition.seen)\(remedy)"]
            })
    }

    private func requests(_ requests: [StepRecord.Request], to page: inout MarkupPage) {
        page.table(
            "", ["request", "status", "the cloud's id"],
            requests.map { request in
                let target = [request.method, request.target].compactMap(\.self).joined(separator: " ")
                return [
                    "<code>\(target)</code>", "\(request.status.map { String($0) } ?? "")",
                    "<code>\(request.id)</code>",
                ]
            })
    }

    private func failures(to page: inout MarkupPage) {
        let failures = step.attempts.flatMap { attempt in attempt.failures.map { (attempt.number, $0) } }
        let undone = (step.undos ?? []).compactMap(\.failure).map { (0, $0) }
        page.table(
            "", ["attempt", "UTC", "code", "message", "what helps"],
            (failures + undone).map { number, failure in
                [
                    number == 0 ? "undo" : "\(number)", "<span class=\"t\">\(failure.at.timeOfDay)</span>",
                    "<code>\(failure.code)</code>",
                    "\(failure.message) \(failure.means ?? "")", "\(failure.remedy ?? "")",
                ]
            })
    }

    private func people(to page: inout MarkupPage) {
        for decision in step.decisions ?? [] {
            page.paragraph(
                "<b>Decided</b> \(readable(decision.at)) UTC by \(personName(decision.person)): <code>\(decision.choice.rawValue)</code>. \(decision.reason)"
            )
        }
        if let confirmation = step.confirmation {
            page.paragraph(
                "<b>Confirmed</b> \(confirmation.at.timeOfDay) UTC by \(confirmation.person): \(confirmation.note)")
        }
    }
}

/// A measure's row.
struct MeasureCells {
    let measure: MeasureRecord

    init(_ measure: MeasureRecord) { self.measure = measure }

    var cells: [Markup] {
        [
            "<b>\(measure.id)</b><br><span class=\"soft\">\(measure.summary)</span>", measured,
            objective, verdict, "\(source)",
        ]
    }

    private var measured: Markup {
        guard let text = measure.measuredText else { return "" }
        guard let waited = measure.waitedForPeopleMilliseconds, waited > 0, let rest = measure.withoutPeopleMilliseconds
        else { return "\(text)" }
        return
            "\(text)<br><span class=\"soft\">\(timeText(rest)) without \(timeText(waited)) of waiting for people</span>"
    }

    /// A time is short and stays on one line; a text that was wanted may be long.
    private var objective: Markup {
        guard let text = measure.objective?.text else { return "none" }
        return measure.objectiveMilliseconds == nil ? "\(text)" : "<span class=\"t\">\(text)</span>"
    }

    private var verdict: Markup {
        switch measure.verdict {
        case .met: "<span class=\"t good\">✓ met</span>"
        case .missed: "<span class=\"t bad\">✗ not met</span>"
        case .unknown: "<span class=\"doubt\">? not known</span><br>\(measure.unknown ?? "")"
        case .notApplicable: "<span class=\"soft\">not applicable</span><br>\(measure.unknown ?? "")"
        case .noObjective: "\(measure.unknown.map { "not known: \($0)" } ?? "")"
        }
    }

    var source: String {
        if let output = measure.output { return "\(output.output) of step \(output.step)" }
        let ends = [(measure.from, measure.fromAt), (measure.to, measure.toAt)].compactMap { mark, at -> String? in
            guard let mark else { return nil }
            let moment = at.map { String($0.description.dropLast().dropFirst(11)) } ?? "(not reached)"
            return "\(mark.step ?? "the run") \(mark.edge.rawValue) \(moment)"
        }
        return ends.joined(separator: " → ")
    }
}
