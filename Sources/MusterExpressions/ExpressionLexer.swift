// SPDX-License-Identifier: Apache-2.0

/// One token of an expression with the byte where it starts.
struct Token: Equatable {
    enum Kind: Equatable {
        case name(String)
        case text(String)
        case integer(Int64)
        /// An operator or a bracket.
        case symbol(String)
        /// The end of the text, or the `}}` of a template.
        case end
    }

    var kind: Kind
    var offset: Int
}

struct ExpressionLexer {
    let bytes: [UInt8]
    var at: Int

    private var current: UInt8? { at < bytes.count ? bytes[at] : nil }
    private var following: UInt8? { at + 1 < bytes.count ? bytes[at + 1] : nil }

    mutating func next() throws(ExpressionIssue) -> Token {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D { at += 1 }
        let start = at
        guard let byte = current else { return Token(kind: .end, offset: start) }
        if byte == UInt8(ascii: "}"), following == UInt8(ascii: "}") { return Token(kind: .end, offset: start) }
        if isNameStart(byte) { return Token(kind: .name(readName()), offset: start) }
        if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
            return Token(kind: .text(try readText(quote: byte)), offset: start)
        }
        if isDigit(byte) || (byte == UInt8(ascii: "-") && following.map(isDigit) == true) {
            return Token(kind: .integer(try readInteger()), offset: start)
        }
        return Token(kind: .symbol(try readSymbol(byte)), offset: start)
    }

    private func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    private func isNameStart(_ byte: UInt8) -> Bool {
        (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "_")
    }

    private mutating func readName() -> String {
        let start = at
        while let byte = current, isNameStart(byte) || isDigit(byte) || byte == UInt8(ascii: "-") { at += 1 }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    /// A quote inside the text is written twice, as YAML does inside single quotes.
    private mutating func readText(quote: UInt8) throws(ExpressionIssue) -> String {
        let start = at
        var content: [UInt8] = []
        at += 1
        while let byte = current {
            if byte != quote {
                content.append(byte)
                at += 1
            } else if following == quote {
                content.append(byte)
                at += 2
            } else {
                at += 1
                return String(decoding: content, as: UTF8.self)
            }
        }
        throw ExpressionIssue(code: "expression.syntax", "The text in quotes has no end", at: start)
    }

    private mutating func readInteger() throws(ExpressionIssue) -> Int64 {
        let start = at
        at += 1
        while let byte = current, isDigit(byte) { at += 1 }
        if let byte = current, isNameStart(byte) || byte == UInt8(ascii: ".") {
            throw ExpressionIssue(
                code: "expression.syntax", "Only whole numbers are allowed here", help: "Put text in single quotes.",
                at: start)
        }
        guard let value = Int64(String(decoding: bytes[start..<at], as: UTF8.self)) else {
            throw ExpressionIssue(code: "expression.syntax", "The number is too large", at: start)
        }
        return value
    }

    private mutating func readSymbol(_ byte: UInt8) throws(ExpressionIssue) -> String {
        if following == UInt8(ascii: "="), let symbol = comparison(byte) {
            at += 2
            return symbol
        }
        guard let symbol = single(byte) else { throw unexpected(byte) }
        at += 1
        return symbol
    }

    private func comparison(_ byte: UInt8) -> String? {
        switch byte {
        case UInt8(ascii: "="): "=="
        case UInt8(ascii: "!"): "!="
        case UInt8(ascii: "<"): "<="
        case UInt8(ascii: ">"): ">="
        default: nil
        }
    }

    private func single(_ byte: UInt8) -> String? {
        switch byte {
        case UInt8(ascii: "<"): "<"
        case UInt8(ascii: ">"): ">"
        case UInt8(ascii: "("): "("
        case UInt8(ascii: ")"): ")"
        case UInt8(ascii: "["): "["
        case UInt8(ascii: "]"): "]"
        case UInt8(ascii: "."): "."
        case UInt8(ascii: ","): ","
        default: nil
        }
    }

    private func unexpected(_ byte: UInt8) -> ExpressionIssue {
        let help: String? =
            switch byte {
            case UInt8(ascii: "="): "Compare with ==."
            case UInt8(ascii: "&"): "Write and."
            case UInt8(ascii: "|"): "Write or."
            case UInt8(ascii: "!"): "Write not."
            default: nil
            }
        // The bytes came out of a String, so a whole character starts here.
        let rest = String(decoding: bytes[at...].prefix(4), as: UTF8.self)
        return ExpressionIssue(
            code: "expression.syntax", "'\(rest.unicodeScalars.first.map(String.init) ?? "")' is not expected here",
            help: help, at: at)
    }
}
