// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel
internal import MusterRecord

/// Who did, agreed and found what; and what a person must look at.
extension HTMLReport {
    /// What is open when the run is read: steps that wait, that failed, or whose undo failed.
    func standing(_ page: inout MarkupPage) {
        let open = record.steps.filter {
            (($0.result == .failed || $0.result == .inDoubt) && !$0.isTakenBack) || $0.isLeftByUndo
        }
        let waiting = record.waiting ?? []
        guard !open.isEmpty || !waiting.isEmpty else { return }
        page.heading("Needs a person")
        page.table("", ["step", "how it stands", "why", "what helps"], open.map(openRow) + waiting.map(waitingRow))
    }

    private func openRow(_ step: StepRecord) -> [Markup] {
        let failure = step.isLeftByUndo ? step.standingUndo?.failure ?? step.failure : step.failure
        let code: Markup = failure.map { "<code>\($0.code)</code> " } ?? ""
        let says = failure.map { [$0.message, $0.means].compactMap(\.self).joined(separator: " ") } ?? step.why ?? ""
        let helps =
            failure?.remedy ?? (step.rollback == nil ? "" : "How to put it back by hand stands under Rollback.")
        return [name(step), "<span class=\"bad\">\(step.fullPhrase(in: record))</span>", "\(code)\(says)", "\(helps)"]
    }

    private func waitingRow(_ waiting: WaitingRecord) -> [Markup] {
        let choices = waiting.choices.map { "<code>\($0.rawValue)</code>" as Markup }.joined(separator: ", ")
        return [
            "<code>\(waiting.step)</code>", "<span class=\"doubt\">waits since \(readable(waiting.since))</span>",
            "\(waiting.says)", "decide: \(choices)",
        ]
    }

    func name(_ step: StepRecord) -> Markup {
        step.startedAt == nil && step.failure == nil
            ? "\(step.id)" : "<a href=\"#step-\(step.number)\">\(step.id)</a>"
    }

    func people(_ page: inout MarkupPage) {
        let interventions = record.interventions ?? []
        guard !interventions.isEmpty else { return }
        page.heading("Decisions")
        page.table(
            "narrow", ["UTC", "who", "what", "reason"],
            interventions.map { intervention in
                [
                    "<span class=\"t\">\(readable(intervention.at, after: record.createdAt))</span>",
                    "\(intervention.by.map(personName) ?? "")", what(intervention), "\(intervention.reason ?? "")",
                ]
            })
    }

    private func what(_ intervention: Intervention) -> Markup {
        let step: Markup = intervention.step.map { "<code>\($0)</code>" } ?? "the run"
        switch intervention.kind {
        case .pauseRequested: return "asked for a pause"
        case .paused: return "the run came to rest"
        case .decided: return "<b>\(intervention.choice?.rawValue ?? "decided")</b> for \(step)"
        case .rollbackRequested:
            return intervention.step == nil
                ? "<b>roll back</b>" : "<b>roll back</b>, but keep \(step) and what came before"
        case .stopRequested: return "<b>stop</b>"
        case .resumed, .takenOver:
            guard let resume = record.resumes?.first(where: { $0.at == intervention.at }) else { return "resumed" }
            let after: Markup = "\(duration(resume.silentMilliseconds)) after the last that was known"
            guard let takeOver = resume.takeOver else { return "resumed on <code>\(resume.host)</code>, \(after)" }
            return "<b>took it over</b> from <code>\(takeOver.from)</code> to <code>\(resume.host)</code>, \(after)"
        }
    }

    /// Who agreed to what, as the run took it up; what was signed stands in the record's `approvals/`.
    func approvals(_ page: inout MarkupPage) {
        page.heading("Approvals")
        guard let approvals = record.approvals, !approvals.isEmpty else {
            return page.paragraph("<span class=\"missing\">Not recorded:</span> this record holds no approvals.")
        }
        page.table(
            "", ["UTC", "person", "said", "about", "until", "remarks"],
            approvals.map { approval in
                [
                    "<span class=\"t\">\(readable(approval.at))</span>", "\(approval.approver)",
                    "\(approval.decision.rawValue)", approval.step.map { "the gate <code>\($0)</code>" } ?? "the plan",
                    approval.expires.map { "<span class=\"t\">\(readable($0))</span>" } ?? "",
                    "\(approval.comment ?? "")",
                ]
            })
    }

    /// Before all else: the run went on without what its policy asks for.
    func breakGlass(_ page: inout MarkupPage) {
        guard let glass = record.breakGlass else { return }
        let state: Markup =
            report.reviews.isAccepted ? "A reviewer has accepted it." : "It is open until a reviewer accepts it."
        page.paragraph(
            "<b class=\"bad\">BREAK-GLASS.</b> \(glass.person) ran this without regard to approvals and change windows: \(glass.reason). \(state)"
        )
    }

    private func verdict(_ review: ReviewRecord, _ standing: ReviewStanding) -> Markup {
        if let doubt = standing.doubts[review] {
            return "<span class=\"doubt\">\(review.verdict.rawValue), closes nothing: \(doubt)</span>"
        }
        return review.verdict == .accepted
            ? "<span class=\"good\">accepted</span>" : "<span class=\"doubt\">findings</span>"
    }

    func reviews(_ page: inout MarkupPage) {
        page.heading("Review")
        let standing = report.reviews
        guard standing.isReviewed else {
            return page.paragraph("<span class=\"missing\">Not reviewed yet.</span>")
        }
        if let unseen = standing.unseen {
            page.paragraph("<span class=\"doubt\">\(unseen): it needs a review.</span>")
        }
        page.table(
            "narrow", ["UTC", "reviewer", "verdict", "remarks"],
            standing.reviews.map { review in
                [
                    "<span class=\"t\">\(readable(review.at))</span>", "\(review.reviewer)",
                    verdict(review, standing),
                    "\(review.reason ?? "")",
                ]
            })
        page.table(
            "", ["finding", "severity", "what", "owner", "due", ""],
            standing.findings.map { finding in
                [
                    "<code>\(finding.id)</code>", "\(finding.severity.rawValue)", "\(finding.text)", "\(finding.owner)",
                    "<span class=\"t\">\(finding.due)</span>",
                    finding.state == .open ? "<span class=\"doubt\">open</span>" : "<span class=\"good\">closed</span>",
                ]
            })
    }
}
