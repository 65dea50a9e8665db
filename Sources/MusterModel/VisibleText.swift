// SPDX-License-Identifier: Apache-2.0

/// Data as it may be shown on a terminal or a page: control characters, and marks that hide or reorder text, become
/// visible as `\u{…}`. Newlines too, so that one value stays on one line.
package func visibleText(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isHidden) else { return text }
    var out = ""
    for scalar in text.unicodeScalars {
        if isHidden(scalar) {
            out += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
        } else {
            out.unicodeScalars.append(scalar)
        }
    }
    return out
}

/// Control characters (C0, DEL, C1), zero-width and bidirectional marks, line separators, tags, and the soft hyphen.
package func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0xAD, 0x61C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
        0xFFF9...0xFFFB, 0xE0000...0xE007F:
        true
    default: false
    }
}
