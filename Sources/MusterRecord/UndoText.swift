// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// One undo in its step's section.
struct UndoText {
    let undo: UndoRecord
    let record: RunRecord

    func write(to page: inout MarkdownPage) {
        heading(&page)
        conditions(&page)
        if let begun = undo.begunAt, let key = undo.idempotencyKey {
            page.paragraph("Begun \(begun.timeOfDay) UTC, idempotency key \(Markdown.code(key)).")
        }
        failures(&page)
        StepSection.requests("Requests of the undo", undo.requests, to: &page)
        for cut in undo.attempts.flatMap({ $0.cutOffs ?? [] }) {
            page.paragraph(
                "**Cut off**: the engine was last heard of \(cut.heardAt.timeOfDay) UTC; it began anew with a look at "
                    + "\(readable(cut.resumedAt, after: record.createdAt)) UTC.")
        }
    }

    private func heading(_ page: inout MarkdownPage) {
        let by = undo.by.map { ", wanted by \(Markdown.text(personName($0)))" } ?? ""
        let took = undo.tookMilliseconds.map { " (\(duration($0)))" } ?? ""
        let proof = RollbackSection.proof(undo, record)
        page.paragraph(
            "**Undo** \(readable(undo.startedAt, after: record.createdAt)) UTC on \(Markdown.code(undo.host))\(by): "
                + "\(undo.phrase(in: record))\(took)"
                + (proof.isEmpty ? "." : ": \(proof.hasSuffix(".") || proof.hasSuffix(")") ? proof : proof + ".")"))
    }

    private func conditions(_ page: inout MarkdownPage) {
        for condition in undo.preconditions where condition.verdict != .met {
            let remedy = condition.remedy.map { " **What helps:** \(Markdown.sentence($0))" } ?? ""
            page.paragraph(
                "It needs: \(Markdown.sentence(condition.demands ?? condition.id)) **\(condition.verdict.rawValue)**: "
                    + Markdown.sentence(condition.seen) + remedy)
        }
    }

    private func failures(_ page: inout MarkdownPage) {
        let rows = undo.attempts.flatMap { attempt in
            attempt.failures.map { failure in
                [
                    "\(attempt.number)", "\(failure.at.timeOfDay) UTC", Markdown.code(failure.code),
                    Markdown.text(failure.message), attempt.retryAt.map { "\($0.timeOfDay) UTC" } ?? "no",
                ]
            }
        }
        page.table(["attempt", "at", "code", "message", "tried again"], rows)
    }
}
