// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel
internal import MusterRecord

/// The record's first page, with what reviewers said and with the evidence that auditors ask for behind it.
package struct MarkdownReport {
    let report: Report

    package init(_ report: Report) { self.report = report }

    /// Goes on where the record's page says how it is verified.
    private func sealCheck(_ page: inout MarkdownPage) {
        guard let lines = report.sealCheck else { return }
        page.paragraph("The record is sealed. In its folder; PERSON is who operated the run:")
        page.line("```sh")
        for line in lines { page.line(line) }
        page.line("```")
        page.blank()
    }

    package var text: String {
        var page = MarkdownPage()
        var seal = MarkdownPage()
        sealCheck(&seal)
        page.heading("Evidence for auditors")
        page.table(
            ["asked for", "answer", "where it stands"],
            report.evidence.flatMap { group in
                let clauses = group.clauses.map { Markdown.text($0.name) }.joined(separator: " · ")
                return [["**\(group.number) · \(Markdown.text(group.title))**", clauses, ""]]
                    + group.items.map { item in
                        [
                            Markdown.text(item.asks), item.answer.map { Markdown.text($0) } ?? "*not recorded*",
                            item.field.map { Markdown.code($0) } ?? "",
                        ]
                    }
            })
        page.table(
            ["clause", "wants, in short", "answered above under"],
            EvidenceIndex(report.evidence).rows.map { row in
                [
                    Markdown.text(row.clause.name), Markdown.text(row.clause.wants),
                    row.groups.map(String.init).joined(separator: ", "),
                ]
            })
        return report.page + seal.text + reviewPage(report.reviews, today: nil) + page.text
    }
}
