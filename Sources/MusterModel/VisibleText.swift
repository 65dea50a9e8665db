// SPDX-License-Identifier: Apache-2.0

/// The text with everything that a terminal or a renderer would obey instead of show replaced by its name, such as
/// `⟨U+202E⟩`: control characters, the controls of writing direction, and characters without width.
package func visibleText(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isInvisible) else { return text }
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\n": out.append("⏎")
        case "\t": out.append(" ")
        case _ where isInvisible(scalar):
            let hex = String(scalar.value, radix: 16, uppercase: true)
            out.append(contentsOf: "⟨U+\(String(repeating: "0", count: max(0, 4 - hex.count)))\(hex)⟩".unicodeScalars)
        default: out.append(scalar)
        }
    }
    return String(out)
}

private func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x7F { return scalar.value < 0x20 }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return true
    default: return false
    }
}
