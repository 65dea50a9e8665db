// SPDX-License-Identifier: Apache-2.0

package import MusterDocuments
package import MusterModel

/// The files of a catalog that say who may agree to what, as bytes: what a digest is taken of, and what people consent to.
package struct PolicyFiles: Hashable, Sendable {
    package var configuration: [UInt8]
    /// Nil: the catalog has none.
    package var signers: [UInt8]?

    package init(configuration: [UInt8], signers: [UInt8]?) {
        self.configuration = configuration
        self.signers = signers
    }

    /// SHA-256 of what `sha256sum muster.yaml policy/allowed-signers` prints, so that two commands of any system make it.
    package var digest: Digest {
        var text = "\(Digest(of: configuration).hex)  muster.yaml\n"
        if let signers { text += "\(Digest(of: signers).hex)  \(AllowedSigners.path)\n" }
        return Digest(of: text.utf8)
    }
}

/// What a person signs so that another policy holds (`docs/formats/policy-v1.md`).
package struct PolicyConsent: Hashable, Sendable, Codable {
    package var format = 1
    package var subject = "policy"
    /// The catalog's name.
    package var catalog: String
    /// Counts the catalog's policies: this one's is one more than that of the policy before, so that no consent holds twice.
    package var number: Int
    /// The policy that holds, and the one that is to hold.
    package var before: Digest
    package var policy: Digest
    package var approver: String

    package init(catalog: String, number: Int, before: Digest, policy: Digest, approver: String) {
        self.catalog = catalog
        self.number = number
        self.before = before
        self.policy = policy
        self.approver = approver
    }

    package func bytes() throws -> [UInt8] { try JSON(encoding: self).canonicalBytes() }

    /// Nil for anything that is not, byte for byte, what ``bytes()`` writes.
    package init?(_ bytes: [UInt8]) {
        // Whoever offers it is told that it is no consent.
        guard bytes.count <= 16 << 10, let read = try? JSON.parse(bytes).decode(PolicyConsent.self),
            let again = try? read.bytes(), again == bytes, read.format == 1, read.subject == "policy"
        else { return nil }
        self = read
    }
}

extension ApprovalPolicy {
    /// Whose consent to another policy is still missing, in words; nil when it is there.
    ///
    /// - Parameter persons: those whose consent holds by this policy's signers.
    package func missingConsent(_ persons: Set<String>) -> String? {
        guard let change else { return "the policy names nobody who could consent to another" }
        let members = groups[change.group] ?? []
        let have = persons.filter { members.contains($0) && self.persons[$0] != nil }.count
        return have >= change.count ? nil : "\(change.count - have) of \(change.count) of \(change.group)"
    }
}
