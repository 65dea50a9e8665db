// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// What was undone, in its order and how that was proven; what could not be, as steps for a person's hand.
struct RollbackSection {
    let record: RunRecord

    func write(to page: inout MarkdownPage) {
        // An undo that a person decided for one step stands with that step.
        guard record.rollbacks != nil else { return }
        page.line("<a id=\"rollback\"></a>")
        page.heading("Rollback")
        for rollback in record.rollbacks ?? [] {
            let to = rollback.to.map { ", but for \(Markdown.code($0)) and what was completed before it" } ?? ""
            page.paragraph(
                "Wanted \(readable(rollback.at, after: record.createdAt)) UTC by \(Markdown.text(personName(rollback.by)))"
                    + "\(to): \(Markdown.sentence(rollback.reason))")
        }
        page.table(["#", "step", "result", "how we know", "took"], undos.map(row))
        page.paragraph(conclusion)
        donePeople(&page)
        manualSteps(&page)
    }

    /// In the order in which they began. A step that was undone more than once stands there as often.
    private var undos: [(step: StepRecord, undo: UndoRecord)] {
        record.steps.flatMap { step in (step.undos ?? []).map { (step: step, undo: $0) } }
            .sorted { $0.undo.order < $1.undo.order }
    }

    private func row(_ step: StepRecord, _ undo: UndoRecord) -> [String] {
        [
            "\(undo.order)", StepSection.link(to: step),
            undo.result.isGone || undo.result == .running
                ? undo.phrase(in: record) : "**\(undo.phrase(in: record))**",
            Self.proof(undo, record), undo.tookMilliseconds.map(duration) ?? "",
        ]
    }

    /// What shows the result, in a sentence.
    static func proof(_ undo: UndoRecord, _ record: RunRecord) -> String {
        let tries = undo.attempts.count > 1 ? " (\(undo.attempts.count) attempts)" : ""
        let remains = undo.remains.map { "; what remains: \(Markdown.sentence($0))" } ?? ""
        switch undo.result {
        case .running: return ""
        case .proven:
            return "a read at \(undo.looks.last?.at.timeOfDay ?? "") UTC found nothing of it\(tries)\(remains)"
        case .nothingThere where undo.wasCutOff(in: record):
            let (begun, looked) = (undo.begunAt?.timeOfDay ?? "", undo.looks.last?.at.timeOfDay ?? "")
            return "this run had begun to undo it, at \(begun) UTC, before it was cut off; a look at \(looked) UTC "
                + "found nothing of it\(tries)\(remains)"
        case .nothingThere:
            return "a look before it, at \(undo.looks.last?.at.timeOfDay ?? "") UTC, found nothing of it\(remains)"
        case .byHand:
            guard let vouched = undo.vouched else { return "" }
            return "\(Markdown.text(personName(vouched.person))): \(Markdown.sentence(vouched.reason))"
        case .failed, .blocked, .irreversible:
            return (undo.failure.map { Markdown.sentence($0.message) } ?? "no reason given") + tries
        }
    }

    /// "Nothing is left" only where that is so, and shown.
    private var conclusion: String {
        if !record.outcome.isOver { return "The rollback is not at its end." }
        let vouched = undos.filter { $0.undo.result == .byHand && $0.step.standingUndo?.order == $0.undo.order }
        if !left.isEmpty {
            return "**Still in place, or perhaps:** \(left.map { StepSection.link(to: $0) }.joined(separator: ", "))."
        }
        let remaining = record.remains.map { StepSection.link(to: $0.step) }.joined(separator: ", ")
        let but = remaining.isEmpty ? "." : ", but for what remains of \(remaining), as told above."
        if vouched.isEmpty { return "Nothing of it is left in place, as reads of its own have shown\(but)" }
        let steps = vouched.map { StepSection.link(to: $0.step) }.joined(separator: ", ")
        return
            "Nothing of it is left in place, as reads of its own have shown and, for \(steps), a person vouches\(but)"
    }

    /// What people did in the run's steps is not Muster's to put back.
    private func donePeople(_ page: inout MarkdownPage) {
        let steps = record.steps.filter { $0.confirmation != nil }
        guard record.outcome.isOver, !steps.isEmpty else { return }
        let links = steps.map { StepSection.link(to: $0) }.joined(separator: ", ")
        page.paragraph("**Done by people:** \(links). Whether anything of that has to be put back, only they know.")
    }

    private var left: [StepRecord] { record.steps.filter(record.mayBePutBack) }

    /// The notes of what is still there, the last completed first: the order in which to put it back.
    private func manualSteps(_ page: inout MarkdownPage) {
        let steps = left.filter { $0.rollback != nil }.sorted {
            ($0.finishedAt ?? $0.startedAt ?? record.asOf, $0.number) > (
                $1.finishedAt ?? $1.startedAt ?? record.asOf, $1.number
            )
        }
        guard record.outcome.isOver, !steps.isEmpty else { return }
        page.paragraph("**By hand, in this order:**")
        for (index, step) in steps.enumerated() {
            let caution = record.caution(on: step).map { ". \(Markdown.sentence($0))" } ?? ""
            page.paragraph("\(index + 1). \(StepSection.link(to: step))\(record.pointOfNoReturn(step))\(caution)")
            for line in Markdown.block(step.rollback ?? "") { page.line(line) }
        }
        page.blank()
    }
}

extension RunRecord {
    /// What is left of steps that are undone, and that no undo takes away.
    package var remains: [(step: StepRecord, says: String)] {
        steps.compactMap { step in
            guard step.effect == nil, let says = step.standingUndo?.remains else { return nil }
            return (step, says)
        }
    }

    /// Whether something of the step is, or may be, there to be put back. What brings things back is not undone itself; of it
    /// only counts what is not as the run found it.
    package func mayBePutBack(_ step: StepRecord) -> Bool {
        step.effect != nil && step.putBackBy == nil
            && (step.section == .steps || leftBehind.contains { $0.step == step.id })
    }

    /// Behind a step whose effect nothing undoes. Pages of Muster 0.1 and 0.2 did not say it.
    func pointOfNoReturn(_ step: StepRecord) -> String {
        let isOne = definitions.contains { $0.uses == step.uses && $0.effect == .irreversible }
        return isOne && (rules ?? 1) >= 2 ? " · *point of no return*" : ""
    }
}
