// SPDX-License-Identifier: Apache-2.0

/// Why a text is not JSON that Muster accepts, and at which byte.
package struct JSONParseError: Error, Hashable, CustomStringConvertible {
    package let reason: String
    package let byteOffset: Int

    package var description: String { "\(reason) at byte \(byteOffset)" }
}

extension JSON {
    /// Bounds on what ``JSON/parse(_:limits:)`` accepts.
    package struct Limits: Sendable {
        /// Deepest nesting of lists and objects.
        package var depth: Int
        /// Longest text in bytes.
        package var bytes: Int

        package init(depth: Int = 64, bytes: Int = 16 << 20) {
            self.depth = depth
            self.bytes = bytes
        }
    }

    /// Reads one JSON text strictly: UTF-8 only, no doubled member names, no comments, nothing after the value, bounded
    /// depth and size. Foundation's two readers disagree about doubled names, so no other reader stands at a border.
    package static func parse(_ bytes: some Sequence<UInt8>, limits: Limits = Limits()) throws(JSONParseError) -> JSON {
        var parser = JSONTextParser(bytes: Array(bytes), limits: limits)
        return try parser.parseDocument()
    }

    package static func parse(_ text: String, limits: Limits = Limits()) throws(JSONParseError) -> JSON {
        try parse(Array(text.utf8), limits: limits)
    }
}

private struct JSONTextParser {
    let bytes: [UInt8]
    let limits: JSON.Limits
    var at = 0

    init(bytes: [UInt8], limits: JSON.Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func parseDocument() throws(JSONParseError) -> JSON {
        guard bytes.count <= limits.bytes else { throw failure("The text is longer than \(limits.bytes) bytes") }
        let value = try parseValue(depth: 0)
        skipSpace()
        guard at == bytes.count else { throw failure("Something follows the value") }
        return value
    }

    /// What an error quotes does not grow with the text that is wrong.
    private static func excerpt(_ text: String) -> String {
        text.utf8.count <= 100 ? text : "\(text.prefix(100)) …"
    }

    private func failure(_ reason: String) -> JSONParseError { JSONParseError(reason: reason, byteOffset: at) }

    private mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x09, 0x0A, 0x0D: at += 1
            default: return
            }
        }
    }

    private mutating func parseValue(depth: Int) throws(JSONParseError) -> JSON {
        skipSpace()
        guard at < bytes.count else { throw failure("The text ends where a value is expected") }
        switch bytes[at] {
        case UInt8(ascii: "{"): return try parseObject(depth: depth + 1)
        case UInt8(ascii: "["): return try parseArray(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        default: return try parseNumber()
        }
    }

    private mutating func parseWord(_ word: StaticString, _ value: JSON) throws(JSONParseError) -> JSON {
        let end = at + word.utf8CodeUnitCount
        guard end <= bytes.count, bytes[at..<end].elementsEqual(word.description.utf8) else {
            throw failure("This is not a JSON value")
        }
        at = end
        return value
    }

    private mutating func parseObject(depth: Int) throws(JSONParseError) -> JSON {
        guard depth <= limits.depth else { throw failure("Nesting is deeper than \(limits.depth)") }
        at += 1
        var members: [String: JSON] = [:]
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw failure("A member name is expected") }
            let nameAt = at
            let name = try parseString()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw failure("A colon is expected") }
            let value = try parseValue(depth: depth)
            guard members.updateValue(value, forKey: name) == nil else {
                throw JSONParseError(reason: "The member \"\(Self.excerpt(name))\" stands twice", byteOffset: nameAt)
            }
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw failure("A comma or } is expected") }
        }
    }

    private mutating func parseArray(depth: Int) throws(JSONParseError) -> JSON {
        guard depth <= limits.depth else { throw failure("Nesting is deeper than \(limits.depth)") }
        at += 1
        var elements: [JSON] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try parseValue(depth: depth))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw failure("A comma or ] is expected") }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    private mutating func parseString() throws(JSONParseError) -> String {
        let start = at
        at += 1
        var run = at
        // Empty unless there are escapes, which is rare: then the string is read where it stands.
        var text: [UInt8] = []
        while true {
            guard at < bytes.count else { throw failure("A string does not end") }
            switch bytes[at] {
            case UInt8(ascii: "\""):
                let last = bytes[run..<at]
                at += 1
                if text.isEmpty, let string = String(validating: last, as: UTF8.self) { return string }
                text.append(contentsOf: last)
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw JSONParseError(reason: "A string is not UTF-8", byteOffset: start)
                }
                return string
            case UInt8(ascii: "\\"):
                text.append(contentsOf: bytes[run..<at])
                try parseEscape(into: &text)
                run = at
            case 0..<0x20: throw failure("A control character stands bare in a string")
            default: at += 1
            }
        }
    }

    private mutating func parseEscape(into text: inout [UInt8]) throws(JSONParseError) {
        at += 1
        guard at < bytes.count else { throw failure("A string does not end") }
        let simple: UInt8? =
            switch bytes[at] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes[at]
            case UInt8(ascii: "b"): 0x08
            case UInt8(ascii: "f"): 0x0C
            case UInt8(ascii: "n"): 0x0A
            case UInt8(ascii: "r"): 0x0D
            case UInt8(ascii: "t"): 0x09
            default: nil
            }
        if let simple {
            at += 1
            text.append(simple)
        } else {
            text.append(contentsOf: String(try parseCodePoint()).utf8)
        }
    }

    private mutating func parseCodePoint() throws(JSONParseError) -> Unicode.Scalar {
        guard bytes[at] == UInt8(ascii: "u") else { throw failure("This escape is not JSON") }
        let first = try parseHex4()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u")
        else { throw failure("A surrogate stands alone") }
        at += 1
        let second = try parseHex4()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw failure("A surrogate stands alone") }
        return scalar
    }

    private mutating func parseHex4() throws(JSONParseError) -> UInt32 {
        var value: UInt32 = 0
        for offset in 1...4 {
            guard at + offset < bytes.count, let digit = Character(Unicode.Scalar(bytes[at + offset])).hexDigitValue
            else {
                throw failure("Four hexadecimal digits are expected")
            }
            value = value << 4 | UInt32(digit)
        }
        at += 5
        return value
    }

    private mutating func parseNumber() throws(JSONParseError) -> JSON {
        let start = at
        var isInteger = true
        _ = take(UInt8(ascii: "-"))
        let firstDigit = at
        try skipDigits()
        if bytes[firstDigit] == UInt8(ascii: "0"), at > firstDigit + 1 { throw failure("A number begins with a zero") }
        if take(UInt8(ascii: ".")) {
            isInteger = false
            try skipDigits()
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            at += 1
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try skipDigits()
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if isInteger {
            guard let value = Int64(text) else {
                throw failure("The integer \(Self.excerpt(text)) does not fit in 64 bits")
            }
            return .int(value)
        }
        guard let value = Double(text), value.isFinite else {
            throw failure("The number \(Self.excerpt(text)) is out of range")
        }
        return .double(value)
    }

    private mutating func skipDigits() throws(JSONParseError) {
        let start = at
        while at < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[at]) { at += 1 }
        guard at > start else { throw failure("This is not a JSON value") }
    }
}
