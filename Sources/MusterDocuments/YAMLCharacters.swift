// SPDX-License-Identifier: Apache-2.0

import MusterModel

/// All about the bytes that forbids reading them, before any parser sees them; at most `refusedCharactersMax` of it.
///
/// Refused: more than `YAMLLimits.bytes`, anything that is not UTF-8, and characters that a person who reviews the
/// document cannot see or that reorder what is seen (https://www.unicode.org/reports/tr36/, Trojan Source,
/// CVE-2021-42574).
func characterDiagnostics(in bytes: [UInt8], file: String) -> [Diagnostic] {
    guard bytes.count <= YAMLLimits.bytes else {
        return [
            Diagnostic(
                code: "yaml.too-large", "The document has \(bytes.count) bytes, \(YAMLLimits.bytes) are allowed",
                help: "Split it.", at: SourceLocation(file: file, line: 1, column: 1))
        ]
    }
    if bytes.allSatisfy({ ($0 >= 0x20 && $0 < 0x7F) || $0 == 0x0A }) { return [] }
    var found: [Diagnostic] = []
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var place = SourceLocation(file: file, line: 1, column: 1)
    var previous: Unicode.Scalar?
    while found.count < refusedCharactersMax {
        switch decoder.decode(&iterator) {
        case .scalarValue(let scalar):
            if let name = refusedCharacter(scalar, after: previous) {
                found.append(
                    Diagnostic(
                        code: "yaml.character",
                        "The character U+\(hex(scalar)) (\(name)) is not allowed in a document", help: "Remove it.",
                        at: place))
            }
            if previous == "\r", scalar != "\n" { found.append(loneCarriageReturn(place)) }
            place.line += scalar == "\n" ? 1 : 0
            place.column = scalar == "\n" ? 1 : place.column + 1
            previous = scalar
        case .emptyInput: return previous == "\r" ? found + [loneCarriageReturn(place)] : found
        case .error:
            let help = "Save it as UTF-8 without a byte order mark."
            return found + [Diagnostic(code: "yaml.not-utf8", "The document is not UTF-8 here", help: help, at: place)]
        }
    }
    return found
}

private let refusedCharactersMax = 100

/// What is refused after escapes are resolved: `"\u202E"` hides as well as the character itself.
func refusedEscape(in text: String) -> String? {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return nil }
    var previous: Unicode.Scalar?
    for scalar in text.unicodeScalars {
        if let name = refusedCharacter(scalar, after: previous) { return "U+\(hex(scalar)) (\(name))" }
        previous = scalar
    }
    return nil
}

private func loneCarriageReturn(_ place: SourceLocation) -> Diagnostic {
    Diagnostic(
        code: "yaml.character", "A carriage return without a line feed is not allowed in a document",
        help: "End lines with a line feed.", at: place)
}

private func hex(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
}

private func refusedCharacter(_ scalar: Unicode.Scalar, after previous: Unicode.Scalar?) -> String? {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D, 0x20...0x7E: nil
    case 0...0x1F, 0x7F...0x9F: "a control character"
    case 0xFEFF: previous == nil ? "a byte order mark" : "a zero-width character"
    case 0x61C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: "it changes the direction of text"
    case 0x2028, 0x2029: "a line break that many programs do not show"
    case 0xAD, 0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B...0x180F, 0x200B...0x200D, 0x2060...0x2065,
        0x206A...0x206F, 0x3164, 0xFE00...0xFE0D, 0xFFA0, 0xFFF9...0xFFFB, 0x1D173...0x1D17A, 0xE0000...0xE0FFF:
        "a zero-width character"
    // What makes a sign colourful or plain; anywhere else, and one after another, they hide data.
    case 0xFE0E, 0xFE0F: isSign(previous) ? nil : "a zero-width character"
    case 0x2800: "a blank that is no space"
    case 0xFDD0...0xFDEF: "not a character"
    case let value where value & 0xFFFE == 0xFFFE: "not a character"
    default: nil
    }
}

private func isSign(_ scalar: Unicode.Scalar?) -> Bool {
    guard let scalar else { return false }
    return !scalar.isASCII && !(0xFE00...0xFE0F).contains(scalar.value)
}
