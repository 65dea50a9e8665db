// SPDX-License-Identifier: Apache-2.0

package import CloudSteps

/// Whether the service takes these names for a new database (API 20160918, `CreateDatabaseDetails`).
///
/// - Parameter pluggable: nil where none is to be made.
package func databaseNamesFit(name: String, uniqueName: String, pluggable: String?) -> Finding {
    var faults: [String] = []
    if !isName(name, longest: 8, also: "") {
        faults.append("\"\(name)\" is no name: a letter first, then letters and digits, eight at most.")
    }
    let others = [("DB_UNIQUE_NAME", uniqueName)] + (pluggable.map { [("pluggable database", $0)] } ?? [])
    for (what, text) in others where !isName(text, longest: 30, also: "_") {
        faults.append(
            "\"\(text)\" is no name of a \(what): a letter first, then letters, digits and underscores, thirty at most."
        )
    }
    return faults.isEmpty ? .met("The names follow the rules.") : .unmet(faults.joined(separator: " "))
}

private func isName(_ text: String, longest: Int, also: String) -> Bool {
    guard let first = text.first, first.isASCII, first.isLetter, text.utf8.count <= longest else { return false }
    return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || also.contains($0)) }
}
