// SPDX-License-Identifier: Apache-2.0

/// What a scalar without quotes is.
///
/// Only what every YAML reader reads alike is taken: `null`, `true`, `false`, decimal integers, decimal fractions and
/// text. What YAML 1.1 and 1.2 readers read differently is never guessed.
enum PlainScalar: Equatable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case text
    /// Some readers take it for what is named here.
    case ambiguous(String)
    case missing

    init(_ text: String) {
        self = Self.word(text) ?? Self.numeric(text) ?? .text
    }

    /// https://yaml.org/type/bool.html and https://yaml.org/type/null.html list what YAML 1.1 readers take.
    private static func word(_ text: String) -> PlainScalar? {
        guard text.utf8.count <= 5, text.utf8.first.map(beginsWord) != false else { return nil }
        switch text {
        case "": return .missing
        case "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "~": return .ambiguous("null")
        case "=": return .ambiguous("a default value")
        default: break
        }
        switch text.lowercased() {
        case "y", "n", "yes", "no", "on", "off", "true", "false": return .ambiguous("a boolean")
        case "null": return .ambiguous("null")
        case ".inf", "+.inf", "-.inf", ".nan": return .ambiguous("a number that is not finite")
        default: return nil
        }
    }

    /// A cheap first look: most texts begin otherwise.
    private static func beginsWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "y"), UInt8(ascii: "Y"), UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "o"),
            UInt8(ascii: "O"),
            UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "f"), UInt8(ascii: "F"), UInt8(ascii: "~"),
            UInt8(ascii: "="),
            UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func numeric(_ text: String) -> PlainScalar? {
        // A digit, or one of + - . that may stand before one.
        guard let first = text.utf8.first, (48...57).contains(first) || (43...46).contains(first) else { return nil }
        let unsigned = text.utf8.first == UInt8(ascii: "-") ? text.dropFirst() : text[...]
        if isDigits(unsigned) {
            if unsigned.utf8.count > 1, unsigned.hasPrefix("0") { return .ambiguous("an octal number") }
            return Int64(text).map { .int($0) } ?? .ambiguous("a number, rounded")
        }
        let parts = unsigned.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 2, parts.allSatisfy(isDigits), parts[0] == "0" || !parts[0].hasPrefix("0") {
            // Beyond 15 digits a double cannot hold what was written.
            guard parts[0].utf8.count + parts[1].utf8.count <= 15, let number = Double(text) else {
                return .ambiguous("a number, rounded")
            }
            return .double(number)
        }
        return ambiguousNumber(text)
    }

    private static func ambiguousNumber(_ text: String) -> PlainScalar? {
        let unsigned = "+-".contains(text.first!) ? text.dropFirst() : text[...]
        if let radix = ["0x": 16, "0X": 16, "0o": 8, "0O": 8, "0b": 2, "0B": 2][String(unsigned.prefix(2))],
            unsigned.utf8.count > 2,
            unsigned.dropFirst(2).allSatisfy({ $0 == "_" || $0.isASCII && Int(String($0), radix: radix) != nil })
        {
            return .ambiguous("a number of another base")
        }
        let bare = unsigned.filter { $0 != "_" }
        if isDate(text) { return .ambiguous("a date") }
        if isSexagesimal(bare) { return .ambiguous("a number of base 60") }
        if isFloat(bare) { return .ambiguous("a number") }
        return nil
    }

    private static func isDigits(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
    }

    /// `2026-01-02` and whatever of a time follows (https://yaml.org/type/timestamp.html).
    private static func isDate(_ text: String) -> Bool {
        let date = text.prefix { $0 != "T" && $0 != "t" && $0 != " " }
        let parts = date.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 3 && parts.allSatisfy(isDigits) && parts[0].utf8.count == 4
            && parts.dropFirst().allSatisfy { $0.utf8.count <= 2 }
    }

    /// `22:22`, `1:30:00.5`.
    private static func isSexagesimal(_ text: String) -> Bool {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count > 1, let last = parts.popLast() else { return false }
        let seconds = last.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.allSatisfy(isDigits) && isDigits(seconds[0]) && seconds[0].utf8.count <= 2
    }

    /// Any spelling of a decimal number that is left: `1e3`, `.5`, `5.`, `+1`, `1_000`.
    private static func isFloat(_ text: String) -> Bool {
        let parts = text.lowercased().split(separator: "e", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 {
            let exponent = parts[1].first.map { "+-".contains($0) } == true ? parts[1].dropFirst() : parts[1]
            guard isDigits(exponent) else { return false }
        }
        let digits = parts[0].filter { $0 != "." }
        return isDigits(digits) && parts[0].count - digits.count <= 1
    }
}
