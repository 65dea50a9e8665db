// SPDX-License-Identifier: Apache-2.0

/// The id of an Azure resource, such as `/subscriptions/…/resourceGroups/…/providers/Microsoft.Sql/servers/…`.
///
/// Ids compare without case: the services write the same id in different cases
/// (learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules).
package struct ResourceID: Sendable, CustomStringConvertible {
    /// As it was written, without a slash at the end.
    package let text: String
    private let segments: [Substring]

    /// Nil for anything that is not a path of names and values that can stand in a URL.
    package init?(_ text: String) {
        let trimmed = text.hasSuffix("/") ? text.dropLast() : Substring(text)
        guard trimmed.hasPrefix("/") else { return nil }
        segments = trimmed.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count >= 2, segments.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return nil }
        let allowed = trimmed.utf8.allSatisfy { byte in
            let scalar = Unicode.Scalar(byte)
            return byte < 0x80
                && (scalar.properties.isAlphabetic || (48...57).contains(byte) || "/-._~()".utf8.contains(byte))
        }
        guard allowed else { return nil }
        self.text = String(trimmed)
    }

    package var description: String { text }
    package var name: String { String(segments[segments.count - 1]) }
    package var subscription: String? { value(after: "subscriptions") }
    package var resourceGroup: String? { value(after: "resourceGroups") }

    /// Provider and type names such as `Microsoft.Sql/servers/keys`; nil for a group or a subscription.
    package var type: String? {
        guard let at = segments.lastIndex(where: { $0.lowercased() == "providers" }), at + 2 < segments.count else {
            return nil
        }
        let names = stride(from: at + 2, to: segments.count, by: 2).map { segments[$0] }
        return ([segments[at + 1]] + names).joined(separator: "/")
    }

    package func isType(_ wanted: String) -> Bool {
        type?.lowercased() == wanted.lowercased() && segments.count.isMultiple(of: 2)
    }

    /// The id of a resource under this one, such as `failoverGroups/fg1`.
    package func appending(_ type: String, _ name: String) -> ResourceID? { ResourceID("\(text)/\(type)/\(name)") }

    /// What this resource lies in, such as a database's server: the id without its last type and name.
    package var parent: ResourceID? {
        segments.count > 2 ? ResourceID("/" + segments.dropLast(2).joined(separator: "/")) : nil
    }

    private func value(after name: String) -> String? {
        guard let at = segments.firstIndex(where: { $0.lowercased() == name.lowercased() }), at + 1 < segments.count
        else {
            return nil
        }
        return String(segments[at + 1])
    }
}

extension ResourceID: Hashable {
    package static func == (lhs: Self, rhs: Self) -> Bool { lhs.text.lowercased() == rhs.text.lowercased() }
    package func hash(into hasher: inout Hasher) { hasher.combine(text.lowercased()) }
}

extension ResourceID: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = ResourceID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "an Azure resource id is expected")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
