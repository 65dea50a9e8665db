// SPDX-License-Identifier: Apache-2.0

import MusterExpressions

/// How many nearest names one document is told. Looking for one costs as much as there are names, and a document may be wrong in
/// thousands of places with thousands of names: all its errors are told, the first of them with a suggestion.
///
/// A class, since the checks of one document share it and none of them owns it.
final class SuggestionAllowance {
    private var left = 50

    /// The candidates for the nearest name; none once enough have been looked through.
    func candidates(_ names: @autoclosure () -> [String]) -> [String] {
        left -= 1
        return left >= 0 ? names() : []
    }

    func suggestion(for name: String, in names: @autoclosure () -> [String]) -> String? {
        MusterExpressions.suggestion(for: name, in: candidates(names()))
    }
}

/// Names for an error's help: the first of them, and how many more there are.
func listed(_ names: some Collection<String>) -> String {
    let shown = 20
    let first = names.prefix(shown).joined(separator: ", ")
    return names.count > shown ? "\(first) and \(names.count - shown) more" : first
}
