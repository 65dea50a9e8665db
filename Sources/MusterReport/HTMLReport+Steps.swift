// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel
internal import MusterRecord

/// The table of all steps, what was undone, and what ran.
extension HTMLReport {
    func stepTable(_ page: inout MarkupPage) {
        page.heading("Steps")
        page.table(
            "", ["#", "step", "result", "took", "changed"],
            record.steps.map { step in
                let changes = step.changes.prefix(3).map { change in
                    "\(shortPath(change.path)): \(ends(change.from)) → \(ends(change.to))" as Markup
                }
                let more: [Markup] = step.changes.count > 3 ? ["and \(step.changes.count - 3) more"] : []
                let isChanged = step.effect != nil || step.isTakenBack
                return [
                    "\(step.number)", name(step) + pointOfNoReturn(step), result(step),
                    time(step.tookMilliseconds),
                    isChanged ? (changes + more).joined(separator: "<br>") : "",
                ]
            })
    }

    func result(_ step: StepRecord) -> Markup { "<span class=\"\(step.tint)\">\(step.fullPhrase(in: record))</span>" }

    func pointOfNoReturn(_ step: StepRecord) -> Markup {
        let isOne = record.definitions.contains { $0.uses == step.uses && $0.effect == .irreversible }
        return isOne ? " <small class=\"doubt\">point of no return</small>" : ""
    }

    /// A long value shows how it begins and how it ends.
    private func ends(_ value: String?) -> String {
        guard let value else { return "none" }
        return value.count > 44 ? value.prefix(21) + "…" + value.suffix(22) : value
    }

    private func time(_ milliseconds: Int64?) -> Markup {
        milliseconds.map { "<span class=\"t\">\(timeText($0))</span>" } ?? ""
    }

    func rollback(_ page: inout MarkupPage) {
        let undos = record.steps.flatMap { step in (step.undos ?? []).map { (step: step, undo: $0) } }
            .sorted { $0.undo.order < $1.undo.order }
        let notes = record.steps.filter { $0.rollback != nil && record.mayBePutBack($0) }
        guard !undos.isEmpty || !notes.isEmpty || record.rollbacks != nil else { return }
        page.heading("Rollback")
        for rollback in record.rollbacks ?? [] {
            let to: Markup = rollback.to.map { ", but for <code>\($0)</code> and what was completed before it" } ?? ""
            page.paragraph("Wanted \(readable(rollback.at)) UTC by \(personName(rollback.by))\(to): \(rollback.reason)")
        }
        page.table(
            "", ["#", "step", "result", "how we know", "took"],
            undos.map { step, undo in
                [
                    "\(undo.order)", name(step),
                    "<span class=\"\(undo.result.isGone ? "good" : "bad")\">\(undo.phrase(in: record))</span>",
                    "\(proof(undo))",
                    time(undo.tookMilliseconds),
                ]
            })
        guard !notes.isEmpty else { return }
        page.paragraph("What is, or may be, in place can be put back by hand, the last one first:")
        let order = notes.sorted {
            ($0.finishedAt ?? record.asOf, $0.number) > ($1.finishedAt ?? record.asOf, $1.number)
        }
        for step in order {
            page.add("<h3>\(step.number) · \(step.id)</h3>")
            if let caution = record.caution(on: step) { page.paragraph("\(caution)") }
            page.add("<pre>\(Markup.lines(trimmed(step.rollback ?? "")))</pre>")
        }
    }

    private func trimmed(_ text: String) -> String {
        var text = Substring(text)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    private func proof(_ undo: UndoRecord) -> String {
        let tries = undo.attempts.count > 1 ? " (\(undo.attempts.count) attempts)" : ""
        let remains = undo.remains.map { "; what remains: \($0)" } ?? ""
        switch undo.result {
        case .running: return ""
        case .proven: return "a read of its own found nothing of it\(tries)\(remains)"
        case .nothingThere: return "a look before it found nothing of it\(remains)"
        case .byHand: return undo.vouched.map { "\(personName($0.person)): \($0.reason)" } ?? ""
        case .failed, .blocked, .irreversible: return (undo.failure?.message ?? "no reason given") + tries
        }
    }

    func evidenceFiles(_ page: inout MarkupPage) {
        let rows = record.steps.flatMap { step in
            step.evidence.map { evidence -> [Markup] in
                [
                    name(step), "\(evidence.during)", "<code>\(evidence.file)</code>",
                    "<span class=\"t\">\(evidence.at.timeOfDay)</span>",
                    "\(evidence.entry)",
                ]
            }
        }
        guard !rows.isEmpty else { return }
        page.heading("Evidence <small>files of the record</small>")
        page.table("", ["step", "during", "file", "UTC", "journal's entry"], rows)
    }

    func whatRan(_ page: inout MarkupPage) {
        page.heading("What ran")
        page.table(
            "", ["definition", "effect", "blob", "published in commit"],
            record.definitions.map { definition in
                [
                    "\(definition.uses)", "\(definition.effect.rawValue)",
                    definition.document.map { "<code>\($0.blob.hex)</code>" } ?? "built in",
                    definition.commit.map { "<code>\($0.hex)</code>" } ?? "",
                ]
            })
        page.table(
            "", ["plugin", "executable"],
            record.plugins.map { ["\($0.name)", "<code>\($0.executable.description)</code>"] })
        page.table(
            "values", ["input", "value"],
            record.inputs.sorted { $0.key < $1.key }.map { ["\($0.key)", "<code>\($0.value.text)</code>"] })
        page.paragraph(
            "Muster \(record.engine). The journal has \(record.journal.entries) entries; the SHA-256 of its last line is <code>\(record.journal.lastLine)</code>."
        )
    }
}

extension StepRecord {
    /// The class of its result's colour.
    var tint: String {
        switch result {
        case .verified, .shown, .alreadySo: isLeftByUndo ? "bad" : "good"
        case .failed, .inDoubt: "bad"
        case .unverified, .running, .declared: "doubt"
        case .pending, .skipped, .notReached: "soft"
        }
    }
}
