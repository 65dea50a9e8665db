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
