// SPDX-License-Identifier: Apache-2.0

package import MusterDocuments
internal import MusterMachine
package import MusterModel

/// Who stands in the way of a run, or lets it begin: the rules of both policies, the statements, and the persons.
///
/// A value in, a value out: what the statements' signatures are worth was found out before.
package struct Admission: Sendable {
    /// One policy with its rule for the plan's environment.
    package struct Ground: Hashable, Sendable {
        package var policy: ApprovalPolicy
        /// Nil: nothing is asked for there.
        package var rule: ApprovalRule?
        package init(policy: ApprovalPolicy, rule: ApprovalRule?) {
            self.policy = policy
            self.rule = rule
        }
    }

    /// At the plan's commit, and at the catalog's newest one.
    package var pinned: Ground
    package var newest: Ground
    package var plan: ApprovedPlan
    /// The run that takes the statements up; nil before there is one.
    package var run: RunID?
    /// The persons who started the run, or went on with it.
    package var operators: Set<String>
    /// The persons who wrote what the plan uses.
    package var authors: Set<String>
    package var now: Timestamp

    package init(
        pinned: Ground, newest: Ground, plan: ApprovedPlan, run: RunID?, operators: Set<String>, authors: Set<String>,
        now: Timestamp
    ) {
        self.pinned = pinned
        self.newest = newest
        self.plan = plan
        self.run = run
        self.operators = operators
        self.authors = authors
        self.now = now
    }

    /// What both policies ask for together; nil when neither asks for anything.
    package var rule: ApprovalRule? {
        switch (pinned.rule, newest.rule) {
        case (nil, nil): nil
        case (let rule?, nil), (nil, let rule?): rule
        case (let old?, let new?): old.adding(new)
        }
    }

    /// The shortest life that either policy allows.
    package var life: Duration { rule?.life ?? ApprovalRule.standardLife }

    package struct Verdict: Hashable, Sendable {
        /// Statements that count, one for each person.
        package var counted: [ExaminedStatement]
        /// Rejections that the same person took back with a later word.
        package var takenBack: [ExaminedStatement]
        /// Statements that do not, and why.
        package var refused: [StatementRefusal]
        /// What is still asked for, in words; empty: the run may begin.
        package var missing: [String]

        package var isMet: Bool { missing.isEmpty }
    }

    /// Holds the statements against what both policies ask of a run.
    package func verdict(on statements: [ExaminedStatement]) -> Verdict {
        judge(statements.filter { $0.statement.subject == .plan }, require: rule?.require ?? [])
    }

    /// Holds the statements about a gate against what it asks for.
    ///
    /// - Parameter lines: digests of the journal's lines from the gate's opening on.
    package func verdict(
        at gate: String, _ statements: [ExaminedStatement], require: GroupCount, lines: Set<String>
    ) -> Verdict {
        var early: [StatementRefusal] = []
        let here = statements.filter { examined in
            guard let bound = examined.statement.gate, bound.run == run, bound.step == gate else {
                early.append(
                    StatementRefusal(
                        "approval.other-gate", "The statement of \(examined.statement.approver) is about another gate"))
                return false
            }
            guard lines.contains(bound.lastLine) else {
                early.append(
                    StatementRefusal(
                        "approval.other-moment",
                        "The statement of \(examined.statement.approver) is about another moment of the run"))
                return false
            }
            return true
        }
        var verdict = judge(here, require: [require])
        verdict.refused = early + verdict.refused
        return verdict
    }

    /// Whether the person may run without the approvals, by both policies: without a rule nobody may, whatever a gate asks for.
    package func mayBreakGlass(_ person: String) -> Bool {
        rule != nil
            && [pinned, newest].allSatisfy { ground in
                guard let rule = ground.rule else { return true }
                return (rule.breakGlass ?? []).contains { ground.policy.groups[$0]?.contains(person) == true }
            }
    }

    // MARK: Counting

    private func judge(_ statements: [ExaminedStatement], require: [GroupCount]) -> Verdict {
        var refused: [StatementRefusal] = []
        var newestByPerson: [String: ExaminedStatement] = [:]
        var sound: [ExaminedStatement] = []
        for examined in statements where examined.statement.decision != .operate {
            if let refusal = examined.refusal(for: plan, run: run, life: life, now: now)
                ?? refusal(of: examined.statement.approver, require)
            {
                refused.append(refusal)
                continue
            }
            sound.append(examined)
            let other = newestByPerson[examined.statement.approver]
            if other.map({ $0.statement.order < examined.statement.order }) ?? true {
                newestByPerson[examined.statement.approver] = examined
            }
        }
        let standing = newestByPerson.sorted { $0.key < $1.key }.map(\.value)
        let rejected = standing.filter { $0.statement.decision == .reject }
        let counted = standing.filter { $0.statement.decision == .approve }
        var missing = rejected.map { "\($0.statement.approver) rejected it" }
        missing += self.missing(require, persons: counted.map(\.statement.approver))
        let takenBack = sound.filter { one in
            one.statement.decision == .reject && counted.contains { $0.statement.approver == one.statement.approver }
        }
        return Verdict(counted: counted + rejected, takenBack: takenBack, refused: refused, missing: missing)
    }

    /// Why the person's word does not count, whatever it says.
    private func refusal(of person: String, _ require: [GroupCount]) -> StatementRefusal? {
        if operators.contains(person) {
            return StatementRefusal("approval.own", "\(person) operates the run, and nobody approves their own")
        }
        if rule?.excludesAuthors == true, authors.contains(person) {
            return StatementRefusal("approval.author", "\(person) wrote a part of what the plan uses")
        }
        for ground in [pinned, newest] where ground.policy.persons[person] == nil {
            return StatementRefusal(
                "approval.unknown-person", "\(person) is no person of the policy any more, or not yet")
        }
        guard require.contains(where: { isMember(person, $0.group) }) else {
            return StatementRefusal("approval.not-in-group", "\(person) is in none of the groups that are asked")
        }
        return nil
    }

    /// In the group by both policies; one that a policy does not have asks nothing of it there.
    private func isMember(_ person: String, _ group: String) -> Bool {
        let grounds = [pinned, newest].compactMap { $0.policy.groups[group] }
        return !grounds.isEmpty && grounds.allSatisfy { $0.contains(person) }
    }

    /// Seats that nobody can be put on, when each person takes one seat alone.
    private func missing(_ require: [GroupCount], persons: [String]) -> [String] {
        let seats = require.flatMap { item in Array(repeating: item.group, count: item.count) }
        var taken: [Int: String] = [:]
        func place(_ seat: Int, _ tried: inout Set<String>) -> Bool {
            for person in persons where isMember(person, seats[seat]) && tried.insert(person).inserted {
                guard let other = taken.first(where: { $0.value == person })?.key else {
                    taken[seat] = person
                    return true
                }
                if place(other, &tried) {
                    taken[seat] = person
                    return true
                }
            }
            return false
        }
        for seat in seats.indices {
            var tried: Set<String> = []
            _ = place(seat, &tried)
        }
        return require.compactMap { item in
            let open = seats.indices.filter { seats[$0] == item.group && taken[$0] == nil }.count
            return open == 0 ? nil : "\(open) of \(item.count) of \(item.group)"
        }
    }
}

extension ApprovalStatement {
    /// The later word of a person stands; of two at once a rejection.
    fileprivate var order: (Int64, Int, String) { (issued.milliseconds, decision == .reject ? 1 : 0, id) }
}
