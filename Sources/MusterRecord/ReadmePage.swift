// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// The record's first page, in Markdown as forges show it: the outcome, what a person must look at, the figures, each
/// step.
///
/// Everything on it comes from ``RunRecord``; the plan adds only texts. No character of the data is markup.
struct ReadmePage {
    let record: RunRecord
    let plan: Plan

    /// Beyond this many steps only those get a section of their own that a person would look for.
    static let sectionsMax = 200

    var text: String {
        var page = MarkdownPage()
        heading(&page)
        attention(&page)
        WaitingSection(record: record).write(to: &page)
        deviations.writeShort(to: &page)
        RollbackSection(record: record).write(to: &page)
        PeopleSection(record: record).write(to: &page)
        approvals.write(to: &page)
        ObjectivesSection(record: record).write(to: &page)
        facts(&page)
        TimelineChart(record: record).write(to: &page)
        stepTable(&page)
        for step in sectionedSteps { StepSection(step: step, record: record, plan: plan).write(to: &page) }
        deviations.writeFull(to: &page)
        whatRan(&page)
        howToVerify(&page)
        return page.text
    }

    private var approvals: ApprovalSection { ApprovalSection(record: record) }
    private var deviations: DeviationsSection { DeviationsSection(record: record) }

    private var sectionedSteps: [StepRecord] {
        guard record.steps.count > Self.sectionsMax else {
            return record.steps.filter { $0.startedAt != nil || $0.failure != nil }
        }
        return record.steps.filter {
            [.failed, .inDoubt, .unverified, .running].contains($0.result) || $0.attempts.count > 1
                || $0.decisions != nil || $0.undos != nil
        }
    }

    private func heading(_ page: inout MarkdownPage) {
        page.line("# \(record.kind.title) \(Markdown.code(record.run.text)): \(outcomeText)")
        approvals.writeBreakGlass(to: &page)
        if let why = record.why { page.paragraph("**Why:** \(Markdown.text(why))") }
        page.paragraph(Markdown.text(record.runbook.summary))
    }

    private var outcomeText: String {
        let count = record.deviations.count
        let with = count == 0 ? "" : " with \(count) deviation\(count == 1 ? "" : "s")"
        let objectives = record.objectives.map { ", \($0.sentence)" } ?? ""
        return "\(record.outcome.phrase)\(with)\(objectives)"
    }

    // MARK: What to look at first

    private func attention(_ page: inout MarkdownPage) {
        switch record.outcome {
        case .running:
            page.paragraph("This run is under way; the page says what was known at \(readable(record.asOf)) UTC.")
            return
        case .paused, .waiting:
            page.paragraph(
                "This run has no end yet; the page says what was known at \(readable(record.asOf)) UTC. \(inPlace)")
            return
        case .succeeded: return
        case .rolledBack, .failed, .cancelled, .stuck:
            if record.rules != nil { page.paragraph(inPlace) }
        }
        let open = record.steps.filter { ($0.result == .failed || $0.result == .inDoubt) && !$0.isTakenBack }
        let results: [UndoRecord.Result] = [.failed, .irreversible, .blocked]
        let notUndone: [StepRecord] = results.flatMap { result in
            record.steps.filter { $0.isLeftByUndo && $0.standingUndo?.result == result }
        }
        guard !open.isEmpty || !notUndone.isEmpty else { return }
        page.heading(record.outcome == .rolledBack ? "What failed" : "Needs a person")
        for step in notUndone { page.line("- \(notUndoneLine(step))") }
        for step in open where !step.isLeftByUndo { page.line("- \(attentionLine(step))") }
        page.blank()
    }

    /// What a reader wants to know of a run that did not go the whole way.
    private var inPlace: String {
        let steps = record.steps.filter { step in record.leftBehind.contains { $0.step == step.id } }
        guard !steps.isEmpty else {
            let remaining = record.remains.map { StepSection.link(to: $0.step) }.joined(separator: ", ")
            if !remaining.isEmpty {
                return "**In place:** nothing of what it did, but for what no undo takes away of \(remaining)."
            }
            return record.steps.contains { $0.begunAt != nil }
                ? "**In place:** nothing of what it did." : "**In place:** nothing; it began no effect."
        }
        let doubts = steps.filter { step in
            record.leftBehind.contains { $0.step == step.id && $0.certainty == .inDoubt }
        }
        let shown = steps.prefix(8).map { step in
            StepSection.link(to: step) + (doubts.contains(step) ? " (**in doubt**)" : "") + record.pointOfNoReturn(step)
        }
        let more = steps.count > 8 ? " and \(steps.count - 8) more" : ""
        return "**In place:** what \(shown.joined(separator: ", "))\(more) did."
    }

    private func notUndoneLine(_ step: StepRecord) -> String {
        guard let undo = step.standingUndo else { return "" }
        // The other results say why themselves.
        let says = undo.result == .failed ? undo.failure.map { " \(Markdown.sentence($0.message))" } ?? "" : ""
        let notes = step.rollback == nil ? "" : " How to put it back by hand stands under [Rollback](#rollback)."
        return "\(StepSection.link(to: step)): \(undo.phrase(in: record)).\(says)\(notes)"
    }

    private func attentionLine(_ step: StepRecord) -> String {
        let verb = step.result == .inDoubt ? "is in doubt" : "failed"
        var parts = ["\(StepSection.link(to: step)) \(verb)."]
        if step.result == .inDoubt {
            parts.append(
                "Its effect was begun and its end is not known: look at the target before anything else is done.")
        }
        if let failure = step.failure {
            parts.append("\(Markdown.code(failure.code)): \(Markdown.sentence(failure.message))")
            if let means = failure.means { parts.append(Markdown.sentence(means)) }
            if let remedy = failure.remedy { parts.append("**What helps:** \(Markdown.sentence(remedy))") }
        }
        if let putBack = StepSection.putBack(step, in: record) {
            parts.append(putBack)
        } else if step.rollback != nil {
            parts.append("How to put it back by hand stands in its section.")
        }
        return parts.joined(separator: " ")
    }

    // MARK: Figures

    private func facts(_ page: inout MarkdownPage) {
        var rows: [[String]] = [["Ran", ran]]
        rows.append(["Operator", "\(Markdown.text(record.operatorName)) on host \(Markdown.code(record.host))"])
        if let leases = record.leases { rows.append(["Leases", leaseText(leases)]) }
        rows.append([
            "Kind", record.kind.rawValue + (record.confirmation.map { ", go-ahead: \(Markdown.text($0))" } ?? ""),
        ])
        if let accepted { rows.append(["Points of no return", accepted]) }
        rows.append(["Change", record.change.map { Markdown.code($0) } ?? "none named"])
        rows.append([
            "Runbook", "\(Markdown.text(record.runbook.name)) \(record.runbook.version)",
        ])
        rows.append(["Environment", Markdown.code(record.environment.name)])
        rows.append(["Catalog commit", record.commit.map { Markdown.code($0.hex) } ?? "**uncommitted work**"])
        rows.append(["Plan", Markdown.code(record.plan.description)])
        if let window = record.window {
            rows.append(["Change window", Markdown.sentence(window.says) + earlier(window)])
        }
        for resume in record.resumes ?? [] {
            guard let window = resume.window, window.isDeclared else { continue }
            let seen = readable(window.at, after: record.createdAt)
            rows.append(["Change window, resumed", "\(Markdown.sentence(window.says)) Seen \(seen) UTC."])
        }
        if let ticket = record.ticket {
            rows.append(["Change ticket", Markdown.sentence(ticket.says) + " Seen \(readable(ticket.at)) UTC."])
        }
        if let sources = record.sqlSources { rows.append(["SQL answered by", SQLSourceText(sources).text]) }
        rows.append(["Steps", stepCounts])
        rows.append(["State left behind", leftBehind])
        page.table(["", ""], rows)
        inputs(&page)
    }

    private var ran: String {
        let waited = record.waitedForPeopleMilliseconds
        let waiting = waited == 0 ? "" : ", of which \(duration(waited)) waiting for people"
        let end =
            record.finishedAt.map { " → \(readable($0, after: record.createdAt)) UTC" } ?? " UTC, under way since then"
        return "\(readable(record.createdAt))\(end) (\(duration(record.tookMilliseconds))\(waiting))"
    }

    /// The last word on each lock.
    private func leaseText(_ leases: [LeaseRecord]) -> String {
        var locks: [String] = []
        for lease in leases where !locks.contains(lease.lock) { locks.append(lease.lock) }
        return locks.compactMap { lock in
            leases.last { $0.lock == lock }.map {
                "\(Markdown.code(lock)): \($0.what.phrase), epoch \($0.epoch). \(Markdown.sentence($0.says))"
            }
        }.joined(separator: "<br>")
    }

    private var accepted: String? {
        record.accepted.map { accepted in
            accepted.map {
                "\(Markdown.code($0.step)) accepted by \(Markdown.text($0.person)) (\(Markdown.text($0.how)))"
            }
            .joined(separator: "<br>")
        }
    }

    /// When the window was looked at, and by which runs.
    private func earlier(_ window: WindowAssessment) -> String {
        guard window.isDeclared else { return "" }
        let runs = window.earlier.map { Markdown.code($0.run.text) }.joined(separator: ", ")
        return " Seen \(readable(window.at)) UTC\(runs.isEmpty ? "" : ", by \(runs)")."
    }

    private var stepCounts: String {
        let counts = StepRecord.Result.allCases.compactMap { result -> String? in
            let count = record.steps.count { $0.result == result }
            return count == 0 ? nil : "\(count) \(result.phrase)"
        }
        return counts.joined(separator: " · ")
    }

    private var leftBehind: String {
        let remains = record.remains.map {
            "<br>remains of \(Markdown.code($0.step.id)), which is undone: \(Markdown.sentence($0.says))"
        }.joined()
        guard !record.leftBehind.isEmpty else {
            return record.steps.contains { $0.effect != nil || $0.undos != nil }
                ? "nothing: what was changed has been put back" + remains : "nothing was changed"
        }
        let shown = record.leftBehind.prefix(12).map { left in
            let what =
                left.path.map { Markdown.shortCode(shortPath($0)) } ?? "the effect of \(Markdown.code(left.step))"
            let value = left.path == nil ? "" : left.value.map { " = \(Markdown.shortCode($0))" } ?? " taken away"
            switch left.certainty {
            case .verified: return what + value
            case .claimed: return what + value + " (not shown by a read)"
            // Nobody has seen it there: it is what was wanted.
            case .inDoubt:
                guard left.path != nil else { return what + ": **in doubt**" }
                return
                    "\(what): **in doubt**; wanted was \(left.value.map { Markdown.shortCode($0) } ?? "that it goes")"
            }
        }
        let more = record.leftBehind.count > 12 ? "<br>and \(record.leftBehind.count - 12) more, in record.json" : ""
        return shown.joined(separator: "<br>") + more + remains
    }

    private func inputs(_ page: inout MarkdownPage) {
        guard !record.inputs.isEmpty else { return }
        page.heading("Inputs")
        page.table(
            ["input", "value"],
            record.inputs.sorted { $0.key < $1.key }.map { [Markdown.text($0), Markdown.code($1.text)] })
    }

    // MARK: Steps

    private func stepTable(_ page: inout MarkdownPage) {
        page.heading("Steps")
        page.table(
            ["#", "step", "result", "took", "changed"],
            record.steps.map { step in
                let changes = step.changes.prefix(3).map { change in
                    "\(Markdown.shortCode(shortPath(change.path))): \(value(change.from)) → \(value(change.to))"
                }
                let more = step.changes.count > 3 ? ["and \(step.changes.count - 3) more"] : []
                return [
                    "\(step.number)", StepSection.link(to: step) + record.pointOfNoReturn(step), result(step),
                    step.tookMilliseconds.map(duration) ?? "",
                    step.effect == nil && !step.isTakenBack ? "" : (changes + more).joined(separator: "<br>"),
                ]
            })
        let legend = StepRecord.Result.allCases.filter { result in record.steps.contains { $0.result == result } }
            .compactMap(\.explanation)
        if !legend.isEmpty { page.paragraph(legend.joined(separator: " ")) }
        if record.steps.count > Self.sectionsMax {
            page.paragraph(
                "This run has more than \(Self.sectionsMax) steps: below stand those that failed, were tried again or are "
                    + "not verified. [record.json](record.json) has all of them.")
        }
    }

    private func result(_ step: StepRecord) -> String {
        let isWaiting = record.waiting?.contains { $0.step == step.id } ?? false
        let isGate = record.waiting?.contains { $0.step == step.id && $0.trouble == .approval } ?? false
        return step.emphasizedPhrase(in: record)
            + (isGate ? ", **waits for approvals**" : isWaiting ? ", **waits for a decision**" : "")
    }

    private func value(_ value: String?) -> String { value.map { Markdown.shortCode($0) } ?? "none" }

    // MARK: What ran, and how to check it

    private func whatRan(_ page: inout MarkdownPage) {
        page.heading("What ran")
        page.table(
            ["definition", "effect", "blob", "published in commit"],
            record.definitions.map { definition in
                let name =
                    definition.file.map { Markdown.link(definition.uses, to: $0) } ?? Markdown.text(definition.uses)
                return [
                    name, definition.effect.rawValue,
                    definition.document.map { Markdown.code($0.blob.hex) } ?? "built in",
                    definition.commit.map { Markdown.code($0.hex) } ?? "",
                ]
            })
        page.table(
            ["plugin", "executable", "catalog's sources (git tree; not proven to be what was built)"],
            record.plugins.map { plugin in
                [
                    Markdown.text(plugin.name), Markdown.code(plugin.executable.description),
                    plugin.sources.map { Markdown.code($0.hex) } ?? "",
                ]
            })
        page.paragraph(
            "Muster \(Markdown.text(record.engine)). Documents as they ran are in [definitions/](definitions), the plan in "
                + "[plan.json](plan.json), every event in [journal.jsonl](journal.jsonl), all of this page for programs in "
                + "[record.json](record.json).")
    }

    private func howToVerify(_ page: inout MarkdownPage) {
        page.heading("How to verify")
        page.paragraph(
            "From a clone: `muster verify \(record.run.text)`. Without Muster, in this folder, with nothing but stock tools:"
        )
        page.line("```sh")
        page.line("sha256sum plan.json   # \(record.plan.hex)")
        page.line("python3 - <<'END'     # prints \(record.journal.lastLine)")
        for line in Self.chainCheck { page.line(line) }
        page.line("END")
        let checks = approvals.checks
        if !checks.isEmpty, let commit = record.commit {
            page.line("git show \(commit.hex):policy/allowed-signers > allowed-signers")
            for check in checks { page.line(check) }
        }
        page.line("```")
        page.blank()
    }

    private static let chainCheck = [
        "import hashlib, json",
        "previous = \"0\" * 64",
        "for number, line in enumerate(open(\"journal.jsonl\", \"rb\")):",
        "    entry = json.loads(line)",
        "    assert entry[\"seq\"] == number and entry[\"prev\"] == previous, f\"line {number + 1}\"",
        "    previous = hashlib.sha256(line[:-1]).hexdigest()",
        "print(previous)",
    ]
}
