// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel
internal import MusterRecord

/// What was left, found and done after the run.
struct EvidenceAfter {
    let report: Report
    private var record: RunRecord { report.record }

    var groups: [EvidenceGroup] { [back, findings, review, integrity] }

    private var back: EvidenceGroup {
        let finally = record.steps.filter { $0.section == .finally }
        let done = finally.count { [.verified, .alreadySo, .shown].contains($0.result) }
        let undos = record.steps.flatMap { $0.undos ?? [] }
        let left = record.leftBehind.count
        let remains = record.remains.isEmpty ? "" : "; what no undo takes away stands under Rollback"
        return EvidenceGroup(
            13, "Back to normal", [.rts25, .socCC75, .nistCP44],
            [
                .init(
                    "steps that bring things back", "record.json steps[].section",
                    finally.isEmpty ? nil : "\(done) of \(finally.count) shown"),
                .init(
                    "rolled back", "record.json rollbacks, steps[].undos",
                    undos.isEmpty ? "nothing" : "\(undos.count { $0.result.isGone }) of \(undos.count) undone"),
                .init(
                    "left behind", "record.json leftBehind", (left == 0 ? "nothing" : counted(left, "value")) + remains),
                .init(
                    "how to put it back by hand", "record.json steps[].rollback",
                    record.steps.contains { $0.rollback != nil } ? "under Rollback" : nil),
            ])
    }

    private var findings: EvidenceGroup {
        let reviews = report.reviews
        return EvidenceGroup(
            14, "Result and findings", [.dora24Remedies, .rts25, .iso, .socCC75, .nistCP4c],
            [
                .init("outcome", "record.json outcome", record.outcome.phrase),
                .init("objectives", "record.json measures[].met", record.objectives?.text),
                .init(
                    "findings with owner and due date", "reviews/*/review.json findings",
                    reviews.isReviewed
                        ? (reviews.findings.isEmpty
                            ? "none" : "\(reviews.findings.count), \(reviews.open.count) open") : nil),
                .init("told to management", nil, nil),
            ])
    }

    private var review: EvidenceGroup {
        let last = report.reviews.last
        return EvidenceGroup(
            15, "Review", [.dora24Remedies, .socCC75, .nistCP4b],
            [
                .init("reviewer, not the operator", "reviews/*/review.json reviewer", last?.reviewer),
                .init("when", "reviews/*/review.json at", last?.at.description),
                .init("verdict", "reviews/*/review.json verdict", last?.verdict.rawValue),
                .init("remarks", "reviews/*/review.json reason", last?.reason),
            ])
    }

    private var signatures: String {
        let statements = (record.approvals ?? []).count { $0.file != nil }
        return [
            report.isSealed ? "the record is sealed" : nil,
            statements == 0 ? nil : counted(statements, "statement", "statements"),
            report.signedReviews == 0 ? nil : counted(report.signedReviews, "review", "reviews"),
        ].compactMap(\.self).joined(separator: ", ")
    }

    private var integrity: EvidenceGroup {
        let files = record.steps.reduce(0) { $0 + $1.evidence.count }
        return EvidenceGroup(
            16, "Integrity of the record", [.dora11Records, .nistAU9, .nistAU10],
            [
                .init("end of the chain", "record.json journal.lastLine", record.journal.lastLine),
                .init("evidence files", "record.json steps[].evidence", files == 0 ? nil : "\(files)"),
                .init(
                    "signatures",
                    "SHA256SUMS.sig, approvals/, reviews/; git verify-commit for the commits of the run's branch",
                    signatures),
                .init("time stamp of a third party", nil, nil),
            ])
    }
}
