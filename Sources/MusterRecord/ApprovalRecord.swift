// SPDX-License-Identifier: Apache-2.0

package import MusterMachine
package import MusterModel

// What persons agreed to, by which rules, and what was done without them.

/// A signed statement that the run took up.
package struct ApprovalRecord: Hashable, Sendable, Codable {
    package var at: Timestamp
    package var approver: String
    package var decision: ApprovalStatement.Decision
    /// The statement's own id.
    package var id: String
    /// The gate; nil for a word on the whole plan.
    package var step: String?
    package var issued: Timestamp?
    package var expires: Timestamp?
    package var comment: String?
    /// The record's file with the statement; the signature stands beside it, with `.sig` behind the name. Nil in a
    /// rehearsal, where nobody signs.
    package var file: String?
    /// The journal entry.
    package var entry: Int64
}

/// The rules that the run was held against.
package struct PolicyRecord: Hashable, Sendable, Codable {
    package var at: Timestamp
    package var policy: Digest
    package var newest: Digest
    package var newestCommit: ObjectID
    package var trust: PolicyApplied.Trust
    package var require: [PolicyApplied.Requirement]
    package var authors: [String]
    package var operatorPerson: String?
    /// Why the remote was not asked for approvals; nil where it was.
    package var notAsked: String?
}

/// The run went on without the approvals that its policy asks for. It stays open until a reviewer closes it.
package struct BreakGlassRecord: Hashable, Sendable, Codable {
    package var by: String
    package var person: String
    package var reason: String
    package var at: Timestamp
}

extension RunFold {
    /// Takes in what is not about one step alone.
    mutating func takeApproval(_ event: Event, _ entry: JournalEntry, _ now: Moment) {
        switch event {
        case .approvalRecorded(let body): keep(body, entry, now)
        case .policyApplied(let body):
            policies.append(
                PolicyRecord(
                    at: now.at, policy: body.policy, newest: body.newest, newestCommit: body.newestCommit,
                    trust: body.trust, require: body.require, authors: body.authors,
                    operatorPerson: body.operatorPerson, notAsked: body.notAsked))
        case .breakGlass(let body):
            breakGlass =
                breakGlass
                ?? BreakGlassRecord(by: body.by, person: body.person, reason: body.reason, at: now.at)
        default: break
        }
    }

    private mutating func keep(_ body: ApprovalRecorded, _ entry: JournalEntry, _ now: Moment) {
        let statement = ApprovalStatement(Array(body.statement.utf8))
        var file: String?
        if !body.statement.isEmpty {
            let number = approvals.count + 1
            let path = "approvals/\(number < 10 ? "0" : "")\(number)-\(fileNameComponent(body.approver)).json"
            statements.append((path, Array(body.statement.utf8)))
            statements.append((path + ".sig", Array(body.signature.utf8)))
            file = path
        }
        approvals.append(
            ApprovalRecord(
                at: now.at, approver: body.approver, decision: body.decision, id: body.id, step: body.step,
                issued: statement?.issued, expires: statement?.expires, comment: statement?.comment, file: file,
                entry: entry.sequence))
    }

    /// A run without the approvals that it needed: nothing about it is graver.
    var brokenGlass: [Deviation] {
        guard let breakGlass else { return [] }
        return [
            Deviation(
                kind: .breakGlass, steps: [],
                says:
                    "Break-glass at \(breakGlass.at.timeOfDay) UTC: \(personName(breakGlass.by)) went on without "
                    + "regard to approvals and change windows; open until a reviewer closes it: \(breakGlass.reason)",
                person: breakGlass.by, reason: breakGlass.reason)
        ]
    }

    /// Gates that wait for approvals.
    var waitingGates: [WaitingRecord] {
        guard let state, finish == nil else { return [] }
        return state.waitingForApproval.compactMap { at in
            guard let gate = state.gate(at: at) else { return nil }
            return WaitingRecord(
                step: plan.steps[at].id, trouble: .approval,
                since: (steps[at].waitsForDecisionSince ?? last)?.at ?? Timestamp(milliseconds: 0),
                says: gateText(gate, have: state.steps[at].approvers), choices: [])
        }
    }
}

/// What a gate asks for, in one sentence.
package func gateText(_ gate: (group: String, count: Int, question: String?), have: [String]) -> String {
    let question = gate.question.map { "\($0) " } ?? ""
    let so = have.isEmpty ? "" : ", of whom \(have.joined(separator: ", ")) did"
    return "\(question)\(gate.count) of \(gate.group) must approve\(so)"
}

extension RecordSchema {
    static var approval: JSON {
        object(
            [
                "at": time("When the run took it up."), "approver": text("The person, by the allowed signers."),
                "decision": oneOf(ApprovalStatement.Decision.self, "What it says; operate: who started the run."),
                "id": text("The statement's own."), "step": text("The gate; missing for a word on the plan."),
                "issued": time("When it was signed."), "expires": time("When it ends."),
                "comment": text("The approver's own words."),
                "file": text("The record's file with the statement; its signature has .sig behind the name."),
                "entry": integer("seq of the journal entry."),
            ], optional: ["step", "issued", "expires", "comment", "file"])
    }

    static var policy: JSON {
        object(
            [
                "at": time("When."), "policy": digest("Of the policy's files at the plan's commit."),
                "newest": digest("Of those at the catalog's newest commit."),
                "newestCommit": objectID("That commit."),
                "trust": oneOf(PolicyApplied.Trust.self, "Why this machine took the newest one for the policy."),
                "require": .object([
                    "type": "array",
                    "items": object(["group": text("A group."), "count": integer("How many of its persons.")]),
                ]),
                "authors": texts("Persons who did not count because they wrote what the plan uses."),
                "operatorPerson": text("Who started the run, or took it up."),
                "notAsked": text("Why the remote was not asked for approvals; missing where it was."),
            ], optional: ["operatorPerson", "notAsked"])
    }

    static var breakGlass: JSON {
        object([
            "by": text("As git names them."), "person": text("By the allowed signers."), "reason": text("Why."),
            "at": time("When."),
        ])
    }
}
