// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// What stands before each commit of a record: a secret that is in git stays there.
///
/// Secrets are hidden where a plugin's bytes enter, so it finds nothing as a rule. It knows the values that the run has used so far, and
/// what keys look like that it was never told of.
package struct LeakGate: Sendable {
    /// Of the secrets that the run has used.
    private let known: Redactor

    package init(known: Redactor = Redactor()) { self.known = known }

    /// One place in the record that holds a secret, or what looks like one. It never says the secret.
    package struct Finding: Hashable, Sendable, Codable, CustomStringConvertible {
        /// Of the record's file.
        package var path: String
        /// Counts from 1.
        package var line: Int
        /// As in: the secret env:LAB_SECRET; a private key.
        package var what: String

        package init(path: String, line: Int, what: String) {
            self.path = path
            self.line = line
            self.what = what
        }

        package var description: String { "\(path):\(line): \(what)" }

        /// A line may move from commit to commit, and one kind of secret in one file is one decision.
        package func isSame(as other: Finding) -> Bool { path == other.path && what == other.what }
    }

    /// The first finding of each file, in the files' order. Documents of the catalog are in git already and not looked at.
    package func findings(in files: [RecordFile]) -> [Finding] {
        files.compactMap { file in
            guard case .bytes(let bytes) = file.content else { return nil }
            return finding(in: bytes, of: file.path)
        }
    }

    package func finding(in bytes: [UInt8], of path: String) -> Finding? {
        let secret = known.firstFind(in: bytes).map { (at: $0.at, what: "the secret \($0.name)") }
        guard let found = secret ?? KeyPattern.first(in: bytes) else { return nil }
        return Finding(path: path, line: 1 + bytes[..<found.at].count { $0 == 0x0A }, what: found.what)
    }
}

/// `leak-gate.json`: what was found in a record, and who let it go into git all the same.
package struct LeakNote: Codable, Hashable, Sendable {
    package static let fileName = "leak-gate.json"

    package var findings: [LeakGate.Finding]
    package var released: Release?

    package struct Release: Codable, Hashable, Sendable {
        package var by: String
        package var reason: String
        package var at: Timestamp

        package init(by: String, reason: String, at: Timestamp) {
            self.by = by
            self.reason = reason
            self.at = at
        }
    }

    package init(findings: [LeakGate.Finding]) { self.findings = findings }

    /// Whether a person has let this go.
    package func releases(_ finding: LeakGate.Finding) -> Bool {
        released != nil && findings.contains { $0.isSame(as: finding) }
    }
}
