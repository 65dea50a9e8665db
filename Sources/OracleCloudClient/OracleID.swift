// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// An Oracle Cloud Identifier: `ocid1.<type>.<realm>.[region][.future].<unique>`
/// (docs.oracle.com/iaas/Content/General/Concepts/identifiers.htm).
package struct OracleID: Hashable, Sendable, CustomStringConvertible {
    package let text: String
    /// Such as `database`.
    package let type: String
    /// Such as `oc1`.
    package let realm: String
    /// A name or a three-letter code; nil for what belongs to no region, such as a tenancy.
    package let regionText: String?

    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let isPlain = text.utf8.allSatisfy {
            (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || "-_.".utf8.contains($0)
        }
        guard isPlain, parts.count >= 5, parts[0].hasPrefix("ocid"), !parts[1].isEmpty, !parts[2].isEmpty,
            let unique = parts.last, !unique.isEmpty, text.utf8.count <= 255
        else { return nil }
        self.text = text
        type = parts[1]
        realm = parts[2]
        regionText = parts[3].isEmpty ? nil : parts[3]
    }

    package var description: String { text }

    /// The region whose endpoint serves it.
    package var region: Region? { regionText.map { Region($0, realm: realm) } }
}

extension OracleID: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let id = OracleID(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\"\(text)\" is not an OCID"))
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
