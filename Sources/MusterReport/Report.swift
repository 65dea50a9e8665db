// SPDX-License-Identifier: Apache-2.0

package import MusterMachine
internal import MusterModel
package import MusterRecord

/// What a report shows of one run: its record and plan, what reviewers said, and what an auditor asks for with what of
/// it answers.
///
/// A value made of the record's files, and of which of its reviews count, so the same of both gives the same report, byte for byte.
package struct Report: Sendable {
    package let record: RunRecord
    package let plan: Plan
    package let reviews: ReviewStanding
    /// Of record.json: members that are shown as they are.
    let members: JSON
    /// The record's first page.
    let page: String
    /// Whether the record is sealed.
    let isSealed: Bool
    /// How many reviews are signed.
    let signedReviews: Int

    /// - Parameters:
    ///   - record: the bytes of record.json.
    ///   - plan: the bytes of plan.json.
    ///   - page: the bytes of README.md.
    ///   - doubts: why a review closes nothing; those that are not named count.
    ///   - paths: of all files of the record, for the signatures among them.
    /// - Throws: a `JSONParseError` or `DecodingError` for what is none of these.
    package init(
        record: [UInt8], plan: [UInt8], page: [UInt8], reviews: [ReviewRecord], doubts: [ReviewRecord: String] = [:],
        paths: [String] = []
    ) throws {
        members = try JSON.parse(record)
        self.record = try members.decode()
        self.plan = try JSON.parse(plan).decode()
        self.page = String(decoding: page, as: UTF8.self)
        self.reviews = ReviewStanding(reviews, of: self.record, doubts: doubts)
        let paths = Set(paths)
        isSealed = paths.isSuperset(of: [RecordSeal.sums, RecordSeal.signature])
        signedReviews = paths.count { ReviewFiles.isReview($0) && $0.hasSuffix("/\(ReviewFiles.signature)") }
    }

    /// How the seal is checked with stock tools, in the record's folder, after `allowed-signers` was laid there; nil where there is none.
    var sealCheck: [String]? {
        guard isSealed else { return nil }
        let moment = String((record.finishedAt ?? record.createdAt).compact.filter { $0 != "-" }) + "Z"
        let signers = record.commit.map { ["git show \($0.hex):policy/allowed-signers > allowed-signers"] } ?? []
        let times = "-O verify-time=\(moment)"
        return ["sha256sum -c \(RecordSeal.sums)"] + signers + [
            "ssh-keygen -Y find-principals -f allowed-signers \(times) -s \(RecordSeal.signature)",
            "ssh-keygen -Y verify -f allowed-signers -I PERSON -n \(RecordSeal.namespace) \(times) -s \(RecordSeal.signature) < \(RecordSeal.sums)",
        ]
    }

    package var evidence: [EvidenceGroup] { EvidenceGroup.all(for: self) }

    /// The run in a few words: `Drill failover-group-drill: succeeded with 1 deviation, 3 of 4 objectives met`.
    var title: String {
        let count = record.deviations.count
        let with = count == 0 ? "" : " with \(count) deviation\(count == 1 ? "" : "s")"
        let objectives = record.objectives.map { ", \($0.sentence)" } ?? ""
        return "\(record.kind.title) \(record.runbook.name): \(record.outcome.phrase)\(with)\(objectives)"
    }
}

func duration(_ milliseconds: Int64) -> String { Duration.milliseconds(milliseconds).readable }

/// `1 step`, `3 steps`
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
