// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import Testing

@testable import MusterRecord
@testable import MusterReport

@Suite struct EvidenceTests {
    private static let run = "rolled-back-on-failure"

    private func missing(_ report: Report) -> Set<String> {
        Set(
            report.evidence.flatMap { group in
                group.items.filter { $0.answer == nil }.map { "\(group.number) \($0.asks)" }
            })
    }

    @Test func `what no record has a place for is said plainly`() throws {
        let report = try StoredRun.report(Self.run)
        for asks in ["1 programme or schedule", "2 business functions", "16 time stamp of a third party"] {
            #expect(missing(report).contains(asks))
        }
        let page = HTMLReport(report).text
        #expect(page.contains("<td>business functions</td><td><span class=\"missing\">not recorded</span></td>"))
    }

    @Test func `signatures are told as they stand in the record, with how the seal is checked`() throws {
        #expect(missing(try StoredRun.report(Self.run)).contains("16 signatures"))
        let paths = ["SHA256SUMS", "SHA256SUMS.sig", "reviews/0001-rita/review.json.sig"]
        let report = try StoredRun.report(Self.run, paths: paths)
        #expect(!missing(report).contains("16 signatures"))
        let words = "the record is sealed, 1 review"
        for page in [MarkdownReport(report).text, HTMLReport(report).text] {
            #expect(page.contains(words) && page.contains("sha256sum -c SHA256SUMS"))
            #expect(page.contains("-n muster-record@v1"))
        }
    }

    /// What is taken out of a record, and what is then told to be missing.
    private static let removals: [(missing: String, remove: @Sendable (inout RunRecord) -> Void)] = [
        ("1 change ticket", { $0.change = nil }),
        ("2 systems looked at or changed", { for at in $0.steps.indices { $0.steps[at].changes = [] } }),
        ("3 aim", { $0.runbook.summary = "" }), ("4 go-ahead", { $0.confirmation = nil }),
        ("4 who decided", { $0.interventions = nil }),
        ("4 who confirmed manual steps", { for at in $0.steps.indices { $0.steps[at].confirmation = nil } }),
        ("6 catalog's commit", { $0.commit = nil }), ("6 plugins by digest", { $0.plugins = [] }),
        ("6 inputs, secrets as references", { $0.inputs = [:] }), ("6 definitions by content", { $0.definitions = [] }),
        ("7 preconditions", { for at in $0.steps.indices { $0.steps[at].preconditions = [] } }),
        ("8 end", { $0.finishedAt = nil }),
        ("8 idempotency keys", { for at in $0.steps.indices { $0.steps[at].idempotencyKey = nil } }),
        (
            "8 the cloud's request ids",
            {
                for at in $0.steps.indices {
                    $0.steps[at].requests = []
                    $0.steps[at].undos = nil
                }
            }
        ),
        ("9 each step's result", { $0.steps = [] }),
        ("11 times measured", { $0.measures = [] }), ("11 held against objectives", { $0.measures = [] }),
        ("12 read back and shown", { for at in $0.steps.indices { $0.steps[at].postconditions = [] } }),
        ("14 objectives", { $0.measures = [] }),
        ("16 evidence files", { for at in $0.steps.indices { $0.steps[at].evidence = [] } }),
    ]

    @Test(arguments: removals.indices) func `a field that is taken out is told to be missing`(index: Int) throws {
        let (asks, remove) = Self.removals[index]
        var record = try StoredRun.record(Self.run)
        let before = missing(try StoredRun.report(record, Self.run))
        #expect(!before.contains(asks))
        remove(&record)
        #expect(missing(try StoredRun.report(record, Self.run)).subtracting(before).contains(asks))
    }

    @Test func `a review answers what only a reviewer can`() throws {
        let before = missing(try StoredRun.report(Self.run))
        let after = missing(try StoredRun.report(Self.run, reviews: StoredRun.reviews))
        #expect(
            before.subtracting(after) == [
                "14 findings with owner and due date", "15 reviewer, not the operator", "15 when", "15 verdict",
                "15 remarks",
            ])
    }

    @Test func `each framework's clauses lead to groups that are there`() throws {
        let groups = try StoredRun.report(Self.run).evidence
        let rows = EvidenceIndex(groups).rows
        #expect(Set(rows.map(\.clause.framework)) == ["DORA", "RTS 2024/1774", "ISO 22301", "SOC 2", "NIST 800-53"])
        #expect(Set(rows.flatMap(\.groups)) == Set(1...16))
        #expect(groups.map(\.number) == Array(1...16))
        #expect(groups.allSatisfy { !$0.clauses.isEmpty && !$0.items.isEmpty })
    }
}
