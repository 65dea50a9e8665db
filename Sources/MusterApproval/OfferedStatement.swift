// SPDX-License-Identifier: Apache-2.0

package import MusterMachine
package import MusterModel

/// A statement with its signature, as somebody brought it: nothing about it is known to be true.
package struct OfferedStatement: Hashable, Sendable, Codable {
    /// The bytes that were signed.
    package var statement: String
    /// As `ssh-keygen -Y sign` wrote it.
    package var signature: String
    /// Where it came from, for messages.
    package var origin: String

    package init(statement: String, signature: String, origin: String) {
        self.statement = statement
        self.signature = signature
        self.origin = origin
    }

    package var parsed: ApprovalStatement? { ApprovalStatement(Array(statement.utf8)) }
}

/// What was found out about an offered statement outside of pure code.
package struct ExaminedStatement: Hashable, Sendable {
    package var offered: OfferedStatement
    package var statement: ApprovalStatement
    /// Why its signature is not the approver's, by the signers of the plan's commit or of the newest; nil: it is, by both.
    package var flaw: String?
    /// The run that took it up before; nil: none is known to have.
    package var usedBy: RunID?

    package init(offered: OfferedStatement, statement: ApprovalStatement, flaw: String?, usedBy: RunID?) {
        self.offered = offered
        self.statement = statement
        self.flaw = flaw
        self.usedBy = usedBy
    }
}

/// The plan that a statement must be about.
package struct ApprovedPlan: Hashable, Sendable {
    package var digest: Digest
    package var runbook: String
    package var environment: String
    package var kind: RunKind
    package var change: String?

    package init(_ plan: Plan, digest: Digest) {
        self.digest = digest
        runbook = plan.runbook.name
        environment = plan.environment.name
        kind = plan.kind
        change = plan.change
    }
}

/// A statement that does not count, and why.
package struct StatementRefusal: Hashable, Sendable {
    package var code: String
    package var summary: String

    package init(_ code: String, _ summary: String) {
        self.code = code
        self.summary = summary
    }
}

extension ExaminedStatement {
    /// How far another machine's clock may be ahead of this one's.
    package static let clockDifference = Duration.seconds(120)

    /// Why it does not count for this plan now, whoever may approve; nil when it may.
    ///
    /// - Parameter run: the run that takes it up; nil before there is one.
    package func refusal(
        for plan: ApprovedPlan, run: RunID?, life: Duration, now: Timestamp
    ) -> StatementRefusal? {
        let who = statement.approver
        if let flaw { return StatementRefusal("approval.signature", "The signature of \(who) does not hold: \(flaw)") }
        if let usedBy, usedBy != run {
            return StatementRefusal("approval.used", "The statement of \(who) was used for run \(usedBy) already")
        }
        return mismatch(plan) ?? untimely(life: life, now: now)
    }

    private func mismatch(_ plan: ApprovedPlan) -> StatementRefusal? {
        let who = "The statement of \(statement.approver)"
        if statement.plan != plan.digest {
            return StatementRefusal(
                "approval.other-plan",
                "\(who) is about the plan \(statement.plan.short), and this is \(plan.digest.short)")
        }
        if statement.runbook != plan.runbook {
            return StatementRefusal(
                "approval.other-plan", "\(who) is about the runbook \(statement.runbook), and this is \(plan.runbook)")
        }
        if statement.environment != plan.environment {
            return StatementRefusal(
                "approval.other-environment",
                "\(who) is about the environment \(statement.environment), and this is \(plan.environment)")
        }
        if statement.kind != plan.kind {
            return StatementRefusal(
                "approval.other-kind",
                "\(who) is about a run of the kind \(statement.kind.rawValue), and this is \(plan.kind.rawValue)")
        }
        if statement.change != plan.change {
            let (said, wanted) = (statement.change ?? "none", plan.change ?? "none")
            return StatementRefusal(
                "approval.other-change", "\(who) is about the change \(said), and this is \(wanted)")
        }
        return nil
    }

    private func untimely(life: Duration, now: Timestamp) -> StatementRefusal? {
        let who = statement.approver
        if statement.expires <= now {
            return StatementRefusal("approval.expired", "The statement of \(who) ended at \(statement.expires)")
        }
        if statement.issued > now.advanced(by: Self.clockDifference) {
            return StatementRefusal(
                "approval.not-yet", "The statement of \(who) is of \(statement.issued), and here it is \(now)")
        }
        if statement.expires.duration(since: statement.issued) > life {
            return StatementRefusal(
                "approval.life",
                "The statement of \(who) lives for \(statement.expires.duration(since: statement.issued).readable), longer than \(life.readable)"
            )
        }
        if statement.issued.advanced(by: life) <= now {
            return StatementRefusal("approval.expired", "The statement of \(who) is older than \(life.readable)")
        }
        if let window = statement.window, !window.contains(now) {
            return StatementRefusal(
                "approval.window",
                "The statement of \(who) is for the change window from \(window.opens) to \(window.closes)")
        }
        return nil
    }
}
