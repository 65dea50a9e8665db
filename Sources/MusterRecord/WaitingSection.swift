// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// For whom a run without an end waits, and with which commands it goes on.
struct WaitingSection {
    let record: RunRecord

    func write(to page: inout MarkdownPage) {
        for waiting in record.waiting ?? [] { write(waiting, to: &page) }
        guard record.outcome == .paused || record.outcome == .waiting && isAtRest else { return }
        page.paragraph(
            "The run is at rest and no engine works on it. "
                + (record.waiting == nil
                    ? "It goes on with:"
                    : isGate ? "After the approvals it goes on with:" : "After the decision it goes on with:"))
        page.line("```sh")
        page.line("muster resume \(record.run.text)")
        page.line("```")
        page.blank()
    }

    private var isGate: Bool { record.waiting?.allSatisfy { $0.trouble == .approval } ?? false }

    /// The last thing that happened from outside is that it came to rest.
    private var isAtRest: Bool { record.interventions?.last { $0.kind != .decided }?.kind == .paused }

    private func write(_ waiting: WaitingRecord, to page: inout MarkdownPage) {
        if waiting.trouble == .approval { return writeGate(waiting, to: &page) }
        let step = record.steps.first { $0.id == waiting.step }
        page.heading("Waits for a decision about \(Markdown.text(waiting.step))")
        var facts = [
            "\(step.map(StepSection.link) ?? Markdown.text(waiting.step)) waits since "
                + "\(readable(waiting.since, after: record.createdAt)) UTC.", Markdown.sentence(waiting.says),
        ]
        if let failure = step?.failure, waiting.trouble == .failed {
            if let means = failure.means { facts.append(Markdown.sentence(means)) }
            if let remedy = failure.remedy { facts.append("**What helps:** \(Markdown.sentence(remedy))") }
        }
        page.paragraph(facts.joined(separator: " "))
        page.table(
            ["choice", "what it does"],
            waiting.choices.map { [Markdown.code($0.rawValue), meaning($0, waiting.trouble)] })
        page.line("```sh")
        let choices = waiting.choices.map(\.rawValue).joined(separator: "|")
        page.line("muster decide \(record.run.text) \(visibleText(waiting.step)) \(choices) --reason TEXT")
        page.line("```")
        page.blank()
    }

    private func writeGate(_ waiting: WaitingRecord, to page: inout MarkdownPage) {
        page.heading("Waits for approvals at \(Markdown.text(waiting.step))")
        page.paragraph(
            "It waits since \(readable(waiting.since, after: record.createdAt)) UTC. \(Markdown.sentence(waiting.says))"
        )
        page.line("```sh")
        page.line("muster approve \(record.run.text) \(visibleText(waiting.step)) --key FILE")
        page.line("```")
        page.blank()
    }

    private func meaning(_ choice: StepDecided.Choice, _ trouble: WaitingRecord.Trouble) -> String {
        choice == .done && trouble == .undoFailed ? "you vouch that its effect is put back" : choice.meaning
    }
}
