// SPDX-License-Identifier: Apache-2.0

package import MusterModel

// What persons said of a plan and at gates, and by which rules it counted.

/// A signed statement that the run took up, after it was checked.
package struct ApprovalRecorded: Hashable, Sendable, Codable {
    /// The gate; nil for a word on the whole plan.
    package var step: String?
    package var approver: String
    package var decision: ApprovalStatement.Decision
    /// The statement's id; empty in a rehearsal, where nobody signs.
    package var id: String
    /// The very text that was signed, and the signature as `ssh-keygen -Y verify` takes it.
    package var statement: String
    package var signature: String

    package init(
        step: String?, approver: String, decision: ApprovalStatement.Decision, id: String, statement: String,
        signature: String
    ) {
        self.step = step
        self.approver = approver
        self.decision = decision
        self.id = id
        self.statement = statement
        self.signature = signature
    }
}

/// A gate opened: the run waits here for approvals.
package struct ApprovalAwaited: Hashable, Sendable, Codable {
    package var step: String
    package var attempt: Int
    package var group: String
    package var count: Int
    package init(step: String, attempt: Int, group: String, count: Int) {
        self.step = step
        self.attempt = attempt
        self.group = group
        self.count = count
    }
}

/// The policy that the run was held against, when it began and whenever it was taken up again.
package struct PolicyApplied: Hashable, Sendable, Codable {
    package enum Trust: String, Sendable, Codable, CaseIterable {
        /// This machine knew no policy of the catalog before.
        case firstUse = "first-use"
        case known
        /// The policy before it consented to it.
        case consented
    }

    /// So many persons of a group.
    package struct Requirement: Hashable, Sendable, Codable {
        package var group: String
        package var count: Int
        package init(group: String, count: Int) {
            self.group = group
            self.count = count
        }
    }

    /// The policy at the plan's commit, and the one at the catalog's newest commit; both must be met.
    package var policy: Digest
    package var newest: Digest
    package var newestCommit: ObjectID
    package var trust: Trust
    package var require: [Requirement]
    /// Who does not count because they wrote what the plan uses.
    package var authors: [String]
    /// The person who started the run, or took it up; nil where no policy asks for that.
    package var operatorPerson: String?
    /// Why the remote could not be asked for approvals, or for somebody's *no*; nil where it was, or nothing is asked for.
    package var notAsked: String?

    package init(
        policy: Digest, newest: Digest, newestCommit: ObjectID, trust: Trust, require: [Requirement],
        authors: [String], operatorPerson: String?, notAsked: String? = nil
    ) {
        self.policy = policy
        self.newest = newest
        self.newestCommit = newestCommit
        self.trust = trust
        self.require = require
        self.authors = authors
        self.operatorPerson = operatorPerson
        self.notAsked = notAsked
    }
}

/// The run goes on without the approvals that the policy asks for.
package struct BreakGlass: Hashable, Sendable, Codable {
    /// `name <email>`
    package var by: String
    /// The person whose key signed for it.
    package var person: String
    package var reason: String
    package init(by: String, person: String, reason: String) {
        self.by = by
        self.person = person
        self.reason = reason
    }
}
