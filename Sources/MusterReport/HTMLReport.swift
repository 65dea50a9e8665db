// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel
internal import MusterRecord

/// The report as one HTML file that needs nothing else: no script, no address, one style sheet that the page's own policy
/// names by its digest.
package struct HTMLReport {
    let report: Report
    var record: RunRecord { report.record }

    package init(_ report: Report) { self.report = report }

    package var text: String {
        var page = MarkupPage()
        head(&page)
        summary(&page)
        breakGlass(&page)
        tally(&page)
        deviations(&page)
        standing(&page)
        objectives(&page)
        TimelineDrawing(record).write(to: &page)
        stepTable(&page)
        people(&page)
        approvals(&page)
        reviews(&page)
        rollback(&page)
        for step in sectionedSteps { HTMLStep(step: step, report: report).write(to: &page) }
        evidenceFiles(&page)
        HTMLEvidence(report: report).write(to: &page)
        whatRan(&page)
        foot(&page)
        return page.text
    }

    private func head(_ page: inout MarkupPage) {
        page.add("<!doctype html>")
        page.add("<html lang=\"en\">")
        page.add("<head>")
        page.add("<meta charset=\"utf-8\">")
        let style = "sha256-" + base64(of: Digest(of: Array("\(ReportStyle.text)".utf8)))
        page.add(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; style-src &#39;\(style)&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;\">"
        )
        page.add("<meta name=\"referrer\" content=\"no-referrer\">")
        page.add("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        page.add("<title>\(report.title)</title>")
        page.add("<style>\(Markup.style)</style>")
        page.add("</head>")
        page.add("<body>")
    }

    private func summary(_ page: inout MarkupPage) {
        page.add("<header>")
        page.add(
            "<p class=\"kicker\">\(record.kind.title) · \(record.runbook.name) \(record.runbook.version.description) · \(record.environment.name)</p>"
        )
        page.add("<h1>\(record.runbook.summary)</h1>")
        let count = record.deviations.count
        let with: Markup = count == 0 ? "" : " with \(counted(count, "deviation"))"
        page.add("<p><span class=\"verdict \(record.outcome.tint)\">\(record.outcome.phrase)\(with)</span></p>")
        if let why = record.why { page.add("<p class=\"lead\"><b>Why:</b> \(why)</p>") }
        page.facts(facts)
        page.add("</header>")
        if record.outcome == .running || record.outcome == .paused || record.outcome == .waiting {
            page.add(
                "<div class=\"box doubt\"><p>This run has no end yet.</p><p>The report says what was known at \(readable(record.asOf)) UTC.</p></div>"
            )
        }
        if let note = record.rehearsalNote { page.add("<div class=\"box soft\"><p>\(note)</p></div>") }
    }

    private var facts: [(Markup, Markup)] {
        var rows: [(Markup, Markup)] = [("Run", "<code>\(record.run.text)</code>")]
        let end = record.finishedAt.map { " → \(readable($0, after: record.createdAt))" } ?? ", no end yet"
        rows.append(("When", "\(readable(record.createdAt))\(end) UTC"))
        rows.append(("Operator", "\(record.operatorName) <span class=\"soft\">on \(record.host)</span>"))
        rows.append(
            ("Change", record.change.map { "<code>\($0)</code>" } ?? "<span class=\"missing\">none named</span>"))
        if let window = record.window, window.isDeclared { rows.append(("Change window", "\(window.says)")) }
        for window in (record.resumes ?? []).compactMap(\.window) where window.isDeclared {
            rows.append(("Change window, resumed", "\(window.says)"))
        }
        if let ticket = record.ticket { rows.append(("Change ticket", "\(ticket.says)")) }
        rows.append(
            (
                "Catalog's commit",
                record.commit.map { "<code>\($0.hex)</code>" } ?? "<span class=\"doubt\">uncommitted work</span>"
            ))
        rows.append(("Plan", "<code>\(record.plan.description)</code>"))
        if let accepted = record.accepted {
            rows.append(
                (
                    "Points of no return",
                    accepted.map { "<code>\($0.step)</code> accepted by \($0.person) (\($0.how))" as Markup }
                        .joined(separator: "<br>")
                ))
        }
        let standing = report.reviews
        rows.append(
            ("Review", "<span class=\"\(standing.isSettled ? "good" : "doubt")\">\(standing.text(today: nil))</span>"))
        return rows
    }

    /// The figures that a reader looks for first.
    private func tally(_ page: inout MarkupPage) {
        let unverified = record.steps.count { $0.result == .unverified || $0.result == .inDoubt }
        var tiles: [(String, Markup)] = []
        if let objectives = record.objectives {
            tiles.append(("\(objectives.met) of \(objectives.all)", "objectives met"))
        }
        tiles.append((duration(record.tookMilliseconds), "whole time"))
        tiles.append((timeText(record.waitedForPeopleMilliseconds), "waiting for people"))
        tiles.append(("\(unverified)", "unverified or in doubt"))
        tiles.append(("\(record.leftBehind.count)", "values left behind"))
        page.add(
            "<div class=\"tally\">\(tiles.map { "<div><b>\($0.0)</b><span>\($0.1)</span></div>" as Markup }.joined())</div>"
        )
    }

    private func deviations(_ page: inout MarkupPage) {
        page.heading("Deviations")
        guard !record.deviations.isEmpty else {
            page.paragraph(record.outcome == .succeeded ? "None: everything was as planned." : "None is recorded.")
            return
        }
        page.add("<ol class=\"deviations\">")
        for deviation in record.deviations {
            let steps = few(deviation.steps, most: 6).map { "<code>\($0)</code> " as Markup } ?? ""
            page.add("<li><b>\(deviation.kind.rawValue)</b> \(steps)\(deviation.says)</li>")
        }
        page.add("</ol>")
    }

    private func objectives(_ page: inout MarkupPage) {
        guard !record.measures.isEmpty else { return }
        page.heading("\(record.objectives.map { "Objectives: \($0.text)" } ?? "Measures")")
        page.table(
            "", ["measure", "measured", "objective", "", "how we know"],
            record.measures.map(MeasureCells.init).map(\.cells))
        if record.measures.contains(where: { $0.kind == .clock && $0.objective != nil }) {
            page.paragraph(
                "<span class=\"soft\">A clock is held against its whole time, waiting for people included.</span>")
        }
    }

    private func foot(_ page: inout MarkupPage) {
        var seal: Markup = ""
        if let lines = report.sealCheck {
            seal += "</p><p>The record is sealed. Without Muster, in its folder, with PERSON who operated the run:"
            for line in lines { seal += "<br><code>\(line)</code>" }
        }
        page.add(
            "<footer><p>Made from the record of run \(record.run.text), and from what its catalog's policy says of reviewers' keys. The same of both gives the same bytes. Check the record in a clone of the catalog: <code>muster verify \(record.run.text)</code>.\(seal)</p></footer>"
        )
        page.add("</body>")
        page.add("</html>")
    }

    /// As in the record's page: beyond so many steps only those that a person would look for.
    private var sectionedSteps: [StepRecord] {
        guard record.steps.count > 200 else { return record.steps.filter { $0.startedAt != nil || $0.failure != nil } }
        return record.steps.filter {
            [.failed, .inDoubt, .unverified, .running].contains($0.result) || $0.attempts.count > 1
                || $0.decisions != nil
                || $0.undos != nil
        }
    }
}

extension Markup {
    /// The only text of a page that is not escaped, for it is ours and a style sheet.
    fileprivate static var style: Markup { Markup(trusted: ReportStyle.text) }
}

extension RunRecord.Outcome {
    var tint: String {
        switch self {
        case .succeeded: "good"
        case .failed, .stuck: "bad"
        case .running, .paused, .waiting, .cancelled, .rolledBack: "doubt"
        }
    }
}

/// The standard alphabet of RFC 4648 with padding: how a policy names a style sheet.
private func base64(of digest: Digest) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var bits = digest.hex.compactMap(\.hexDigitValue).flatMap { value in (0..<4).reversed().map { value >> $0 & 1 } }
    while bits.count % 6 != 0 { bits.append(0) }
    let text = stride(from: 0, to: bits.count, by: 6).map { from in
        alphabet[bits[from..<(from + 6)].reduce(0) { $0 << 1 | $1 }]
    }
    return String(text) + String(repeating: "=", count: (4 - text.count % 4) % 4)
}
