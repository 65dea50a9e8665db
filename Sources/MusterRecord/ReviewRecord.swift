// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// What a reviewer says of a run that is over: `review.json` beside the record (`docs/formats/review-v1.md`).
package struct ReviewRecord: Hashable, Sendable, Codable {
    package enum Verdict: String, Sendable, Codable, CaseIterable {
        /// The reviewer signs the run off. Findings that were open are closed by it.
        case accepted
        /// The reviewer found what has to be done.
        case findings
    }

    package var format = 1
    package var run: RunID
    /// Counts the run's reviews from 1.
    package var number: Int
    package var reviewer: String
    package var at: Timestamp
    package var verdict: Verdict
    package var reason: String?
    package var findings: [ReviewFinding]
    /// Of the plan that was run.
    package var plan: Digest
    /// What the reviewer had before them: the journal's entries, and the SHA-256 of its last line.
    package var journal: RunRecord.Journal
    /// SHA-256 of the `review.json` before this one; nil for the first.
    package var previous: Digest?
    /// Version of Muster that wrote it.
    package var engine: String

    package init(
        run: RunID, number: Int, reviewer: String, at: Timestamp, verdict: Verdict, reason: String?,
        findings: [ReviewFinding], plan: Digest, journal: RunRecord.Journal, previous: Digest?, engine: String
    ) {
        self.run = run
        self.number = number
        self.reviewer = reviewer
        self.at = at
        self.verdict = verdict
        self.reason = reason
        self.findings = findings
        self.plan = plan
        self.journal = journal
        self.previous = previous
        self.engine = engine
    }
}

/// How a run stands with its reviewers: a fold over its reviews.
package struct ReviewStanding: Hashable, Sendable {
    package private(set) var reviews: [ReviewRecord] = []
    /// Each finding as it was stated last, in the order in which they came.
    package private(set) var findings: [ReviewFinding] = []

    package init(_ reviews: [ReviewRecord]) {
        for review in reviews.sorted(by: { ($0.number, $0.at) < ($1.number, $1.at) }) { apply(review) }
    }

    package var isReviewed: Bool { !reviews.isEmpty }
    /// An acceptance says nothing of what its reviewer could not know of.
    package var isAccepted: Bool { reviews.last?.verdict == .accepted && open.isEmpty }
    package var open: [ReviewFinding] { findings.filter { $0.state == .open } }

    private mutating func apply(_ review: ReviewRecord) {
        reviews.append(review)
        if review.verdict == .accepted {
            // Of the same number are the words of somebody who was not known of.
            let unknown = Set(
                reviews.dropLast().filter { $0.number == review.number }.flatMap(\.findings).map(\.id))
            for index in findings.indices where !unknown.contains(findings[index].id) {
                findings[index].state = .closed
            }
        }
        for finding in review.findings {
            if let index = findings.firstIndex(where: { $0.id == finding.id }) {
                findings[index] = finding
            } else {
                findings.append(finding)
            }
        }
    }

    /// `accepted by Ada`, `2 open findings, 1 overdue`, `not reviewed`.
    ///
    /// - Parameter today: as `2026-12-31`; nil where nothing is to be held against the calendar.
    package func text(today: String?) -> String {
        guard let last = reviews.last else { return "not reviewed" }
        guard !open.isEmpty else {
            let closed = findings.isEmpty ? "" : ", \(findings.count) finding\(findings.count == 1 ? "" : "s") closed"
            return (last.verdict == .accepted ? "accepted" : "reviewed") + " by \(personName(last.reviewer))\(closed)"
        }
        let overdue = today.map { day in open.count { $0.isOverdue(on: day) } } ?? 0
        return "\(open.count) open finding\(open.count == 1 ? "" : "s")" + (overdue == 0 ? "" : ", \(overdue) overdue")
    }
}
