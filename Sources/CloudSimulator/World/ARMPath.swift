// SPDX-License-Identifier: Apache-2.0

/// Text that Azure compares without regard to case: resource names, ids, types.
package struct CaselessName: Hashable, Sendable, Comparable {
    let folded: String
    init(_ text: some StringProtocol) { folded = text.lowercased() }
    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.folded < rhs.folded }
}

/// The places that a Resource Manager path names, read without regard to case.
///
/// `/subscriptions/S/resourceGroups/G/providers/P/type/name/type/name…`, where group and names may be absent.
struct ARMPath {
    var subscription: String
    var group: String?
    var provider: String
    /// Type and name in turn; the last type has no name when a collection is meant.
    var types: [String]
    var names: [String]

    init?(_ segments: [String]) {
        var rest = segments[...]
        guard Self.take("subscriptions", from: &rest), let subscription = rest.popFirst() else { return nil }
        self.subscription = subscription
        if Self.take("resourcegroups", from: &rest) {
            guard let group = rest.popFirst() else { return nil }
            self.group = group
        }
        guard Self.take("providers", from: &rest), let provider = rest.popFirst(), !rest.isEmpty else { return nil }
        self.provider = provider
        types = rest.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
        names = rest.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
    }

    private static func take(_ word: String, from rest: inout ArraySlice<String>) -> Bool {
        guard rest.first?.lowercased() == word else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Such as `servers/keys`, in lower case, with `*` at the end when it names a single one.
    var shape: String {
        types.map { $0.lowercased() }.joined(separator: "/") + (types.count == names.count ? "/*" : "")
    }
}
