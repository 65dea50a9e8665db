// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// Who agreed to the run, by which rules, and how anybody checks that; and what was done without it.
struct ApprovalSection {
    let record: RunRecord

    /// Before everything else: nobody must read past it.
    func writeBreakGlass(to page: inout MarkdownPage) {
        guard let glass = record.breakGlass else { return }
        page.paragraph(
            "**BREAK-GLASS.** \(Markdown.text(personName(glass.by))) ran this without regard to approvals and change windows, "
                + "from \(readable(glass.at)) UTC on: \(Markdown.sentence(glass.reason)) It is open until a reviewer closes it."
        )
    }

    func write(to page: inout MarkdownPage) {
        guard record.approvals != nil || record.policies != nil else { return }
        page.heading("Approvals")
        if let policy = record.policies?.last { page.paragraph(rules(policy)) }
        page.table(
            ["UTC", "who", "what", "signed", "lives until", "words"],
            (record.approvals ?? []).map { approval in
                [
                    readable(approval.at, after: record.createdAt), Markdown.text(approval.approver), what(approval),
                    signed(approval),
                    approval.expires.map { readable($0, after: record.createdAt) } ?? "",
                    approval.comment.map { Markdown.text($0) } ?? "",
                ]
            })
    }

    private func rules(_ policy: PolicyRecord) -> String {
        let asked = policy.require.map { "\($0.count) of \(Markdown.code($0.group))" }
        var text =
            asked.isEmpty
            ? "The policy asks for no approvals." : "The policy asks for \(asked.joined(separator: " and "))."
        if let person = policy.operatorPerson {
            text += " \(Markdown.text(person)) operated the run and does not count."
        }
        if !policy.authors.isEmpty {
            text +=
                " Nor does who wrote what the plan uses: \(policy.authors.map { Markdown.text($0) }.joined(separator: ", "))."
        }
        text += " Policy \(Markdown.code(policy.policy.description))"
        if policy.newest != policy.policy { text += ", and the newest, \(Markdown.code(policy.newest.description))" }
        switch policy.trust {
        case .firstUse: text += "; **trusted on first use** on that machine"
        case .consented: text += "; the policy before it consented to it"
        case .known: break
        }
        text += "."
        if let why = policy.notAsked {
            text +=
                " **The remote was not asked**: an approval, or a rejection, that only it had is not known here. \(Markdown.sentence(why))"
        }
        return text
    }

    private func what(_ approval: ApprovalRecord) -> String {
        let about = approval.step.map { Markdown.code($0) } ?? "the plan"
        switch approval.decision {
        case .approve: return "approved \(about)"
        case .reject:
            let isTakenBack = (record.approvals ?? []).contains {
                approval.step == nil && $0.step == nil && $0.entry > approval.entry && $0.decision == .approve
                    && $0.approver == approval.approver
            }
            return "**rejected** \(about)" + (isTakenBack ? ", and took that back" : "")
        case .operate: return "operates the run"
        }
    }

    private func signed(_ approval: ApprovalRecord) -> String {
        guard let file = approval.file else { return "no: a rehearsal" }
        return Markdown.link("statement", to: file) + ", " + Markdown.link("signature", to: file + ".sig")
    }

    /// Lines for the shell, in the record's folder.
    var checks: [String] {
        (record.approvals ?? []).compactMap { approval in
            guard let file = approval.file else { return nil }
            let moment = String(approval.at.compact.filter { $0 != "-" }) + "Z"
            return
                "ssh-keygen -Y verify -f allowed-signers -I \(approval.approver) -n \(ApprovalStatement.namespace) -O verify-time=\(moment) -s \(file).sig < \(file)"
        }
    }
}
