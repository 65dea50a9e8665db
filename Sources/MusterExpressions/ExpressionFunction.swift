// SPDX-License-Identifier: Apache-2.0

/// The functions an expression may call. All are pure.
package enum ExpressionFunction: String, Sendable, CaseIterable {
    /// `length(text | list | object)` → integer; of text in Unicode scalars.
    case length
    /// `contains(text, part)`, `contains(list, element)` → boolean.
    case contains
    case startsWith = "starts-with"
    case endsWith = "ends-with"
    case lower
    case upper
    /// `join(list of text, separator)` → text.
    case join
    /// `default(value, otherwise)`: the second where the first is null or was never produced.
    case `default`
    /// `last-segment('/a/b/c')` → `c`: the name at the end of a resource id or an address.
    case lastSegment = "last-segment"

    var parameterCount: Int {
        switch self {
        case .length, .lower, .upper, .lastSegment: 1
        case .contains, .startsWith, .endsWith, .join, .default: 2
        }
    }
}
