// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// How a run stands with its reviewers: a fold over its reviews.
///
/// A review of somebody who is not known closes nothing: what it finds is told, and stays open until somebody else accepts the run.
package struct ReviewStanding: Hashable, Sendable {
    package private(set) var reviews: [ReviewRecord] = []
    /// Each finding as it was stated last, in the order in which they came.
    package private(set) var findings: [ReviewFinding] = []
    /// Why a review closes nothing.
    package let doubts: [ReviewRecord: String]
    private let end: End

    /// Where the run's journal ends, and how.
    private struct End: Hashable {
        var entries: Int
        var outcome: RunRecord.Outcome
    }

    /// - Parameters:
    ///   - record: what is reviewed, as far as it went.
    ///   - doubts: why a review closes nothing; those that are not named count.
    package init(_ reviews: [ReviewRecord], of record: RunRecord, doubts: [ReviewRecord: String] = [:]) {
        self.init(reviews, entries: record.journal.entries, record.outcome, doubts)
    }

    init(
        _ reviews: [ReviewRecord], entries: Int, _ outcome: RunRecord.Outcome, _ doubts: [ReviewRecord: String] = [:]
    ) {
        self.doubts = doubts
        end = End(entries: entries, outcome: outcome)
        for review in reviews.sorted(by: { ($0.number, $0.at) < ($1.number, $1.at) }) { apply(review) }
    }

    package var isReviewed: Bool { !reviews.isEmpty }
    /// Of somebody who is known.
    package var last: ReviewRecord? { reviews.last { doubts[$0] == nil } }
    /// An acceptance says nothing of what its reviewer could not know of: neither of findings, nor of what the run did since.
    package var isAccepted: Bool { last?.verdict == .accepted && seesAll && open.isEmpty }
    /// Somebody who is known has looked at all of it, and nothing is open.
    package var isSettled: Bool { last != nil && seesAll && open.isEmpty }
    package var open: [ReviewFinding] { findings.filter { $0.state == .open } }

    private var seesAll: Bool { last.map { $0.journal.entries >= end.entries } ?? false }

    private mutating func apply(_ review: ReviewRecord) {
        reviews.append(review)
        guard doubts[review] == nil else {
            findings += review.findings.filter { new in
                new.state == .open && !findings.contains { $0.id == new.id }
            }
            return
        }
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

    /// `accepted by Ada`, `2 open findings, 1 overdue`, `not reviewed`, `accepted by Ada before it was rolled back, needs a review`.
    ///
    /// - Parameter today: as `2026-12-31`; nil where nothing is to be held against the calendar.
    package func text(today: String?) -> String {
        guard isReviewed else { return "not reviewed" }
        let doubted = reviews.count { doubts[$0] != nil }
        let void = doubted == 1 ? "1 review that closes nothing" : "\(doubted) reviews that close nothing"
        let more = doubted == 0 ? "" : ", \(void)"
        guard open.isEmpty else {
            let overdue = today.map { day in open.count { $0.isOverdue(on: day) } } ?? 0
            return "\(open.count) open finding\(open.count == 1 ? "" : "s")"
                + (overdue == 0 ? "" : ", \(overdue) overdue") + more
        }
        guard let last else { return "needs a review\(more)" }
        let closed = findings.isEmpty ? "" : ", \(findings.count) finding\(findings.count == 1 ? "" : "s") closed"
        let before = seesAll ? "" : " before it \(whatCame), needs a review"
        let verdict = last.verdict == .accepted ? "accepted" : "reviewed"
        return "\(verdict) by \(personName(last.reviewer))\(before)\(closed)\(more)"
    }

    /// What the newest review that counts does not know of; nil where it knows all.
    package var unseen: String? {
        guard let last, !seesAll else { return nil }
        return "\(personName(last.reviewer)) wrote before it \(whatCame)"
    }

    private var whatCame: String {
        switch end.outcome {
        case .rolledBack: "was rolled back"
        case .stuck: "got stuck"
        case .cancelled: "was cancelled"
        case .running, .paused, .waiting, .succeeded, .failed: "went on"
        }
    }
}
