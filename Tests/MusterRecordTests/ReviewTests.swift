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
        func text() -> String { ReviewStanding(reviews.reversed()).text(today: "2026-12-31") }
        #expect(text() == "not reviewed")
        reviews.append(review(1, .findings, [finding("a", "2026-12-30"), finding("b", "2026-12-31")]))
        #expect(text() == "2 open findings, 1 overdue")
        reviews.append(review(2, .findings, [finding("a", "2026-12-30", .closed)]))
        #expect(text() == "1 open finding")
        reviews.append(review(3, .accepted, []))
        #expect(text() == "accepted by Rita, 2 findings closed")
        reviews.append(review(4, .findings, [finding("a", "2027-01-01")]))
        #expect(text() == "1 open finding")
        #expect(ReviewStanding(reviews).findings.map(\.id) == ["a", "b"])
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
}
