// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP

/// A key of a vault or Managed HSM in one version: `https://{vault}.vault.azure.net/keys/{name}/{version}`.
package struct KeyIdentifier: Sendable, CustomStringConvertible {
    package let text: String
    /// The vault's or HSM's name: the first label of the host.
    package let vault: String
    package let host: String
    package let name: String
    package let version: String

    /// Nil unless the text is such a URL with a version.
    package init?(_ text: String) {
        guard let url = WebAddress(text), url.isSecure, url.query.isEmpty else { return nil }
        let path = url.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        guard path.count == 3, path[0].lowercased() == "keys", let label = url.host.split(separator: ".").first else {
            return nil
        }
        guard Self.isName(path[1]), path[2].count == 32, path[2].allSatisfy({ $0.isASCII && $0.isHexDigit }),
            Self.isName(String(label))
        else { return nil }
        self.text = text
        vault = String(label)
        host = url.host
        name = path[1]
        version = path[2].lowercased()
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.count <= 127
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    }

    package var description: String { text }

    /// The name under which Azure SQL registers the key; it must be this one (Microsoft.Sql servers/keys).
    package var serverKeyName: String { "\(vault)_\(name)_\(version)" }
}

extension KeyIdentifier: Hashable {
    /// Hosts and names compare without case, as the service does.
    package static func == (lhs: Self, rhs: Self) -> Bool { lhs.text.lowercased() == rhs.text.lowercased() }
    package func hash(into hasher: inout Hasher) { hasher.combine(text.lowercased()) }
}

extension KeyIdentifier: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let key = KeyIdentifier(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "a key id with a version is expected: https://VAULT.vault.azure.net/keys/NAME/VERSION"
            )
        }
        self = key
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
