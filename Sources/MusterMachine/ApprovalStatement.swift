// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// What a person signs with an SSH key: a word on a plan, or at a gate of a run (`docs/formats/approval-v1.md`).
///
/// Its canonical JSON is what is signed. It is used for one run, once.
package struct ApprovalStatement: Hashable, Sendable, Codable {
    package enum Subject: String, Sendable, Codable, CaseIterable {
        /// The run of a plan.
        case plan
        /// A gate in a run that has begun.
        case gate
    }

    package enum Decision: String, Sendable, Codable, CaseIterable {
        case approve
        case reject
        /// Not an approval: whoever starts the run shows who it is.
        case operate
    }

    /// What ties it to one moment of one run.
    package struct Gate: Hashable, Sendable, Codable {
        package var run: RunID
        package var step: String
        /// SHA-256 in hex of the journal's last line, as the approver knew it.
        package var lastLine: String
        package init(run: RunID, step: String, lastLine: String) {
            self.run = run
            self.step = step
            self.lastLine = lastLine
        }
    }

    /// SSH signatures are made for a purpose: one made for another, such as a login or a commit, is none of these.
    package static let namespace = "muster-approval@v1"

    package var format = 1
    /// 32 hexadecimal digits that no other statement has.
    package var id: String
    package var subject: Subject
    package var decision: Decision
    package var plan: Digest
    package var gate: Gate?
    package var runbook: String
    package var environment: String
    package var kind: RunKind
    package var change: String?
    /// The change window that the approver had in mind; nil where the environment has none.
    package var window: ChangeWindow?
    package var issued: Timestamp
    package var expires: Timestamp
    /// What it says, for people.
    package var says: String
    /// The approver's own words.
    package var comment: String?
    /// The person, as the allowed signers name it.
    package var approver: String

    package init(
        id: String, subject: Subject, decision: Decision, plan: Digest, gate: Gate?, runbook: String,
        environment: String,
        kind: RunKind, change: String?, window: ChangeWindow?, issued: Timestamp, expires: Timestamp, says: String,
        comment: String?, approver: String
    ) {
        self.id = id
        self.subject = subject
        self.decision = decision
        self.plan = plan
        self.gate = gate
        self.runbook = runbook
        self.environment = environment
        self.kind = kind
        self.change = change
        self.window = window
        self.issued = issued
        self.expires = expires
        self.says = says
        self.comment = comment
        self.approver = approver
    }

    /// The bytes that are signed.
    package func bytes() throws -> [UInt8] { try JSON(encoding: self).canonicalBytes() }

    /// Reads the very bytes that were signed; nil for anything that is not, byte for byte, what ``bytes()`` writes.
    package init?(_ bytes: [UInt8]) {
        // Whoever offers it is told that it is no statement; which part is wrong helps nobody but its forger.
        guard bytes.count <= 64 << 10, let read = try? JSON.parse(bytes).decode(ApprovalStatement.self),
            let again = try? read.bytes(), again == bytes, read.format == 1, read.id.utf8.count == 32,
            read.id.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }),
            (read.subject == .gate) == (read.gate != nil)
        else { return nil }
        self = read
    }
}
