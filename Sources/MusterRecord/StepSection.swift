// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// The part of the record's page that is about one step.
struct StepSection {
    let step: StepRecord
    let record: RunRecord
    let plan: Plan

    /// A link to the step's section; forges make anchors in ways of their own, so the section brings its own.
    static func link(to step: StepRecord) -> String {
        guard step.startedAt != nil || step.failure != nil else { return Markdown.text(step.id) }
        return "[\(Markdown.text(step.id))](#step-\(step.number))"
    }

    /// Which later steps have put the step's changes back; nil where not all of it is.
    static func putBack(_ step: StepRecord, in record: RunRecord) -> String? {
        guard let ids = step.putBackBy else { return nil }
        let steps = record.steps.filter { ids.contains($0.id) }.map { link(to: $0) }
        return "What it changed was put back by \(steps.joined(separator: ", ")), shown by a read of its own."
    }

    func write(to page: inout MarkdownPage) {
        page.line("<a id=\"step-\(step.number)\"></a>")
        page.blank()
        let result = step.fullPhrase(in: record)
        page.line("### \(step.number) · \(Markdown.text(step.id)): \(result)\(record.pointOfNoReturn(step))")
        page.paragraph(origin)
        if let why = step.why, step.failure == nil { page.paragraph("**Why:** \(Markdown.sentence(why))") }
        Self.table("With", ["input", "value"], values(step.inputs), to: &page)
        conditions("Preconditions", step.preconditions, to: &page)
        changes(to: &page)
        effect(to: &page)
        failures(to: &page)
        decisions(to: &page)
        conditions(
            plan.definitions[step.uses]?.effect == PlannedDefinition.Effect.none
                ? "Shown" : "Verified by a read of its own",
            step.postconditions, to: &page)
        if let confirmation = step.confirmation {
            let note = confirmation.note.isEmpty ? "" : ": \(Markdown.sentence(confirmation.note))"
            page.paragraph(
                "**Confirmed** \(confirmation.at.timeOfDay) UTC by \(Markdown.text(confirmation.person))\(note)")
        }
        // What a person typed is the output too, and stands above.
        if step.confirmation == nil { Self.table("Outputs", ["output", "value"], values(step.outputs), to: &page) }
        undos(to: &page)
        rollback(to: &page)
        evidence(to: &page)
    }

    private var origin: String {
        var parts: [String] = []
        if let used = record.definitions.first(where: { $0.uses == step.uses }) {
            parts.append(used.file.map { Markdown.link(step.uses, to: $0) } ?? Markdown.text(step.uses))
            parts.append(Markdown.text(used.summary))
        } else {
            parts.append(Markdown.text(step.uses))
        }
        if let started = step.startedAt {
            let end = step.finishedAt.map { " → \($0.timeOfDay)" } ?? ""
            let took = step.tookMilliseconds.map { " (\(duration($0)))" } ?? ""
            parts.append("\(started.timeOfDay)\(end) UTC\(took)")
        }
        if step.attempts.count > 1 {
            parts.append("\(step.attempts.count) attempts of \(step.attemptsPlanned) allowed")
        }
        if let progress = step.progress { parts.append("now: \(Markdown.text(progress))") }
        return parts.joined(separator: " · ")
    }

    private func values(_ members: [String: JSON]) -> [[String]] {
        members.sorted { $0.key < $1.key }.map { [Markdown.text($0), Markdown.code($1.text)] }
    }

    private static func table(_ title: String, _ header: [String], _ rows: [[String]], to page: inout MarkdownPage) {
        guard !rows.isEmpty else { return }
        page.paragraph("**\(title)**")
        page.table(header, rows)
    }

    private func conditions(_ title: String, _ conditions: [ConditionRecord], to page: inout MarkdownPage) {
        let rows = conditions.map { condition -> [String] in
            let demands = condition.demands ?? condition.id
            let remedy = condition.remedy.map { " **What helps:** \(Markdown.sentence($0))" } ?? ""
            let verdict = condition.verdict == .met ? "met" : "**\(condition.verdict.rawValue)**"
            return [
                verdict, Markdown.text(demands), Markdown.text(condition.seen) + remedy, Self.links(condition.evidence),
            ]
        }
        let at = conditions.first.map { " (\($0.at.timeOfDay) UTC)" } ?? ""
        Self.table(title + at, ["", "demanded", "seen", "evidence"], rows, to: &page)
    }

    private static func links(_ files: [String]) -> String {
        files.map { Markdown.link(fileName($0), to: $0) }.joined(separator: " ")
    }

    private static func fileName(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    private func changes(to page: inout MarkdownPage) {
        let title =
            step.isTakenBack
            ? "Changed, and put back since"
            : step.isLeftByUndo && step.effect == .inDoubt
                ? "Changed, and perhaps put back since"
                : step.effect == nil
                    ? "Wanted, but not changed" : step.effect == .inDoubt ? "Was to change" : "Changed"
        let rows = step.changes.map { change in
            [
                Markdown.code(change.path), change.from.map { Markdown.code($0) } ?? "none",
                change.to.map { Markdown.code($0) } ?? "none",
            ]
        }
        Self.table(title, ["what", "from", "to"], rows, to: &page)
    }

    private func effect(to page: inout MarkdownPage) {
        if step.result == .alreadySo { page.paragraph("**Effect:** none; the target was as wanted before.") }
        guard let begun = step.begunAt else { return }
        var parts = ["**Effect:** begun \(begun.timeOfDay) UTC"]
        if let key = step.idempotencyKey { parts.append("idempotency key \(Markdown.code(key))") }
        page.paragraph(parts.joined(separator: ", ") + ".")
        Self.requests("Requests", step.requests, to: &page)
        for look in step.readBacks {
            let why = look.why.map { ": \(Markdown.sentence($0))" } ?? "."
            page.paragraph(
                "**Read back** \(look.at.timeOfDay) UTC: \(phrase(look.standing, isAll: look.why == nil))\(why)")
        }
    }

    static func requests(_ title: String, _ requests: [StepRecord.Request], to page: inout MarkdownPage) {
        let rows = requests.map { request in
            [
                request.method.map { Markdown.code($0) } ?? "", request.target.map { Markdown.shortCode($0) } ?? "",
                request.status.map { "\($0)" } ?? "", Markdown.code(request.id), links([request.file]),
            ]
        }
        table(title, ["method", "target", "status", "the cloud's request id", "evidence"], rows, to: &page)
    }

    /// When the attempt's follower was due, or began, where a person or a crash brought it about.
    private func triedAgain(after attempt: AttemptRecord) -> String {
        // A hostile journal numbers them as it likes.
        let next = step.attempts.first { $0.number == attempt.number &+ 1 }
        return (attempt.retryAt ?? next?.startedAt).map { "\($0.timeOfDay) UTC" } ?? "no"
    }

    private func failures(to page: inout MarkdownPage) {
        let failed = step.attempts.flatMap { attempt in attempt.failures.map { (attempt: attempt, failure: $0) } }
        let rows = failed.map { attempt, failure -> [String] in
            let means = [
                failure.means.map { Markdown.sentence($0) },
                failure.remedy.map { "**What helps:** \(Markdown.sentence($0))" },
            ]
            return [
                "\(attempt.number)", "\(failure.at.timeOfDay) UTC", Markdown.code(failure.code),
                Markdown.text(failure.message), means.compactMap(\.self).joined(separator: " "),
                triedAgain(after: attempt),
            ]
        }
        Self.table("Failures", ["attempt", "at", "code", "message", "what it means", "tried again"], rows, to: &page)
        if rows.isEmpty, let failure = step.failure {
            page.paragraph("**Failed** with \(Markdown.code(failure.code)): \(Markdown.sentence(failure.message))")
        }
    }

    private func decisions(to page: inout MarkdownPage) {
        for cut in step.attempts.flatMap({ $0.cutOffs ?? [] }) {
            let what = cut.hadBegun ? "its effect had begun, so the target was read back" : "no effect had begun"
            page.paragraph(
                "**Cut off**: the engine was last heard of \(cut.heardAt.timeOfDay) UTC; \(what). Taken up again "
                    + "\(readable(cut.resumedAt, after: record.createdAt)) UTC.")
        }
        for decision in step.decisions ?? [] {
            page.paragraph(
                "**Decided** \(readable(decision.at, after: record.createdAt)) UTC by "
                    + "\(Markdown.text(personName(decision.person))): \(Markdown.code(decision.choice.rawValue)). "
                    + Markdown.sentence(decision.reason))
        }
    }

    private func undos(to page: inout MarkdownPage) {
        for undo in step.undos ?? [] { UndoText(undo: undo, record: record).write(to: &page) }
    }

    private func rollback(to page: inout MarkdownPage) {
        guard let rollback = step.rollback else { return }
        // Whoever undid what brings things back would take them away again.
        guard step.section == .steps || step.effect == nil || record.mayBePutBack(step) else { return }
        if let putBack = Self.putBack(step, in: record) { page.paragraph(putBack) }
        page.paragraph(record.caution(on: step).map { Markdown.sentence($0) } ?? "**To put it back by hand:**")
        for line in Markdown.block(rollback) { page.line(line) }
        page.blank()
    }

    private func evidence(to page: inout MarkdownPage) {
        guard !step.evidence.isEmpty else { return }
        let items = step.evidence.map { "\(Self.links([$0.file])) (\(Markdown.text($0.during)), \($0.at.timeOfDay))" }
        page.paragraph("**Evidence:** " + items.joined(separator: ", "))
    }

    private func phrase(_ standing: Observation.Standing, isAll: Bool) -> String {
        switch standing {
        case .satisfied: "the effect is there"
        case .needed: isAll ? "the effect is not there" : "part of the effect is there, and applying goes on from it"
        case .partial: "part of the effect is there"
        case .unknown: "it could not be found out"
        }
    }
}
