// SPDX-License-Identifier: Apache-2.0

internal import MusterModel
package import MusterRecord

/// What reviewers said of a run, in Markdown like the record's page, behind which it is shown.
///
/// - Parameter today: as `2026-12-31`; nil where nothing is to be held against the calendar.
package func reviewPage(_ standing: ReviewStanding, today: String?) -> String {
    var page = MarkdownPage()
    page.heading("Review: \(Markdown.text(standing.text(today: today)))")
    if let unseen = standing.unseen { page.paragraph("**\(Markdown.text(unseen)): it needs a review.**") }
    page.table(
        ["UTC", "reviewer", "verdict", "remarks"],
        standing.reviews.map { review in
            let doubt = standing.doubts[review].map { ", closes nothing: \(Markdown.text($0))" }
            return [
                readable(review.at), Markdown.text(review.reviewer), review.verdict.rawValue + (doubt ?? ""),
                review.reason.map { Markdown.text($0) } ?? "",
            ]
        })
    page.table(
        ["finding", "severity", "what", "owner", "due", ""],
        standing.findings.map { finding in
            let isOverdue = today.map { finding.isOverdue(on: $0) } ?? false
            return [
                Markdown.code(finding.id), finding.severity.rawValue, Markdown.text(finding.text),
                Markdown.text(finding.owner), Markdown.text(finding.due),
                isOverdue ? "**overdue**" : finding.state.rawValue,
            ]
        })
    return page.text
}
