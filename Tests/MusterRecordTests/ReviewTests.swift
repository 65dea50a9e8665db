// SPDX-License-Identifier: Apache-2.0

import MusterModel
import Testing

@testable import MusterRecord

@Suite struct ReviewTests {
    private func finding(_ id: String, _ due: String, _ state: ReviewFinding.State = .open) -> ReviewFinding {
        ReviewFinding(id: id, severity: .high, text: "t", owner: "o", due: due, state: state)
    }

    private func review(_ number: Int, _ verdict: ReviewRecord.Verdict, _ findings: [ReviewFinding]) -> ReviewRecord {
        ReviewRecord(
            run: RunScript.run, number: number, reviewer: "Rita <rita@example.org>", at: Timestamp(milliseconds: 0),
            verdict: verdict, reason: nil, findings: findings, plan: Digest(of: []),
            journal: .init(entries: 1, lastLine: ""), previous: nil, engine: "0")
    }

    @Test func `a run stands as its reviews leave it, in their order`() {
        var reviews: [ReviewRecord] = []
        func text() -> String { ReviewStanding(reviews.reversed(), entries: 1, .succeeded).text(today: "2026-12-31") }
        #expect(text() == "not reviewed")
        reviews.append(review(1, .findings, [finding("a", "2026-12-30"), finding("b", "2026-12-31")]))
        #expect(text() == "2 open findings, 1 overdue")
        reviews.append(review(2, .findings, [finding("a", "2026-12-30", .closed)]))
        #expect(text() == "1 open finding")
        reviews.append(review(3, .accepted, []))
        #expect(text() == "accepted by Rita, 2 findings closed")
        reviews.append(review(4, .findings, [finding("a", "2027-01-01")]))
        #expect(text() == "1 open finding")
        #expect(ReviewStanding(reviews, entries: 1, .succeeded).findings.map(\.id) == ["a", "b"])
    }

    @Test(arguments: [
        ("Ada <ada@example.org>", "Ada B. <ADA@example.org>", true), ("ada", "ADA", true), ("ada", "bob", false),
        ("Ada <ada@example.org>", "Ada <ada@example.com>", false), ("Ada <>", "Bob <>", true),
    ]) func `a person is known by the address`(first: String, second: String, isSame: Bool) {
        #expect(isSamePerson(first, second) == isSame)
    }

    @Test(arguments: [
        ("Rita Reviewer <rita@example.org>", "reviews/0012-rita-reviewer"), ("../..", "reviews/0012-reviewer"),
        ("Ärzte & Söhne", "reviews/0012-rzte-s-hne"), ("\u{202E}", "reviews/0012-u-202e"),
    ]) func `a review's folder has a plain name`(reviewer: String, path: String) {
        var review = review(12, .accepted, [])
        review.reviewer = reviewer
        #expect(ReviewFiles.path(of: review) == path)
    }

    @Test func `a record with reviews proves itself, and a file that is none of a review is told of`() throws {
        var files = try RunScript.succeeded().stored()
        let record = try RunScript.succeeded().files().record
        let review = ReviewRecord(
            run: record.run, number: 1, reviewer: "Rita", at: record.asOf, verdict: .accepted, reason: nil,
            findings: [],
            plan: record.plan, journal: record.journal, previous: nil, engine: "0.3.0")
        let path = ReviewFiles.path(of: review)
        files["\(path)/review.json"] = try JSON(encoding: review).prettyBytes()
        #expect(verifyReviews(files) == [])
        #expect(verifyRecord(files, run: record.run, engine: "0.3.0", render: renderTemplate) == [])
        files["\(path)/more"] = [1]
        #expect(verifyReviews(files).map(\.code) == ["record.unknown-file"])
    }

    @Test func `an acceptance holds for what its author could see`() {
        let reviews = [review(1, .findings, [finding("a", "2026-12-30")]), review(2, .accepted, [])]
        #expect(ReviewStanding(reviews, entries: 1, .succeeded).isAccepted)
        let later = ReviewStanding(reviews, entries: 2, .rolledBack)
        #expect(!later.isAccepted && !later.isSettled)
        let text = "accepted by Rita before it was rolled back, needs a review, 1 finding closed"
        #expect(later.text(today: nil) == text)
        #expect(
            ReviewStanding(reviews, entries: 2, .stuck).text(today: nil).hasPrefix(
                "accepted by Rita before it got stuck, needs a review"))
    }

    @Test func `a review of somebody who is not known closes nothing`() {
        var stranger = review(2, .accepted, [finding("a", "2026-12-30", .closed), finding("b", "2026-12-31")])
        stranger.reviewer = "Eve <eve@example.org>"
        let reviews = [review(1, .findings, [finding("a", "2026-12-30")]), stranger]
        let standing = ReviewStanding(reviews, entries: 1, .succeeded, [stranger: "it is not signed"])
        #expect(standing.open.map(\.id) == ["a", "b"] && !standing.isAccepted)
        #expect(standing.text(today: nil) == "2 open findings, 1 review that closes nothing")
        let alone = ReviewStanding([stranger], entries: 1, .succeeded, [stranger: "it is not signed"])
        #expect(alone.last == nil && !alone.isAccepted)
        // Whoever is known accepts it all the same.
        let accepted = ReviewStanding(
            reviews + [review(3, .accepted, [])], entries: 1, .succeeded, [stranger: "it is not signed"])
        #expect(accepted.isAccepted)
        #expect(accepted.text(today: nil) == "accepted by Rita, 2 findings closed, 1 review that closes nothing")
    }

    @Test(arguments: [Int.max, Int.min, 0, -1, 1_000_000]) func `a number that no review has is read as none`(
        number: Int
    ) throws {
        var files = try RunScript.succeeded().stored()
        let record = try RunScript.succeeded().files().record
        let review = ReviewRecord(
            run: record.run, number: number, reviewer: "Rita", at: record.asOf, verdict: .accepted, reason: nil,
            findings: [], plan: record.plan, journal: record.journal, previous: nil, engine: "0.3.0")
        files["\(ReviewFiles.path(of: review))/review.json"] = try JSON(encoding: review).prettyBytes()
        #expect(ReviewFiles.reviews(in: files).isEmpty)
        #expect(verifyReviews(files).map(\.code) == ["review.unreadable"])
    }

    @Test func `a review of a run that was not over then is told of`() throws {
        var files = try RunScript.succeeded().stored()
        let record = try RunScript.succeeded().files().record
        let first = files["journal.jsonl"]!.split(separator: 0x0A)[0]
        let review = ReviewRecord(
            run: record.run, number: 1, reviewer: "Rita", at: record.asOf, verdict: .accepted, reason: nil,
            findings: [], plan: record.plan, journal: .init(entries: 1, lastLine: Digest(of: first).hex), previous: nil,
            engine: "0.3.0")
        files["\(ReviewFiles.path(of: review))/review.json"] = try JSON(encoding: review).prettyBytes()
        #expect(verifyReviews(files).map(\.code) == ["review.not-over"])
    }
}
