// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// A signed statement about a plan, to be kept on a branch of its own (`docs/formats/record-refs-v1.md`).
package struct StatementParcel: Hashable, Sendable, Codable {
    package var plan: Digest
    /// 32 hexadecimal digits that no other statement has.
    package var id: String
    package var statement: FileContent
    package var signature: FileContent
    package var note: CommitNote

    package init(plan: Digest, id: String, statement: FileContent, signature: FileContent, note: CommitNote) {
        self.plan = plan
        self.id = id
        self.statement = statement
        self.signature = signature
        self.note = note
    }

    package var ref: String { StatementBranch.ref(plan: plan, id: id) }
}

/// One as it stands on its branch. Nothing of it was checked but that it is small.
package struct KeptStatement: Hashable, Sendable, Codable {
    package var ref: String
    package var statement: FileContent
    package var signature: FileContent
}

/// The branches that hold statements: each has one commit, so that two that are made at once never meet.
enum StatementBranch {
    static let statement = "statement.json"
    static let signature = "statement.json.sig"

    static func prefix(plan: Digest) -> String { "refs/heads/muster/approvals/\(plan.hex)/" }
    static func ref(plan: Digest, id: String) -> String { prefix(plan: plan) + id }

    /// Whether it is one of the plan's.
    static func isOne(_ ref: String, of plan: Digest) -> Bool {
        guard ref.hasPrefix(prefix(plan: plan)) else { return false }
        let id = ref.utf8.dropFirst(prefix(plan: plan).utf8.count)
        return id.count == 32 && id.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}

extension Catalog {
    package func authors(of commits: [ObjectID]) throws(MusterError) -> [GitIdentity] {
        try client.call(.authors(commits: commits))
    }

    /// Puts a statement on its branch; doing it again changes nothing.
    package func keep(_ parcel: StatementParcel) throws(MusterError) -> ObjectID {
        try client.call(.keepStatement(parcel))
    }

    package func statements(about plan: Digest) throws(MusterError) -> [KeptStatement] {
        try client.call(.statements(plan: plan))
    }

    /// Brings the statements about a plan from a remote.
    ///
    /// - Throws: `git.unknown-remote`, `git.remote-unreachable`.
    package func fetchStatements(
        about plan: Digest, from remote: String, deadline: Duration = .seconds(30)
    ) throws(MusterError) -> Int {
        try client.call(.fetchStatements(remote: remote, plan: plan), deadline: deadline)
    }
}
