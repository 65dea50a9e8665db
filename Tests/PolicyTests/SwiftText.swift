// SPDX-License-Identifier: Apache-2.0

/// Swift source with the insides of comments and string literals blanked, so that a search finds code alone.
///
/// Length in bytes and lines stay as they are. Interpolations count as inside the literal.
struct SwiftText {
    private(set) var code: [UInt8]
    private let source: [UInt8]
    private var at = 0

    init(_ text: String) {
        source = Array(text.utf8)
        code = source
        while at < source.count { step() }
    }

    static func code(of text: String) -> String { String(decoding: SwiftText(text).code, as: UTF8.self) }

    private mutating func step() {
        switch source[at] {
        case UInt8(ascii: "/") where starts("//"): blankLineComment()
        case UInt8(ascii: "/") where starts("/*"): blankBlockComment()
        case UInt8(ascii: "\""): literal(hashes: 0)
        case UInt8(ascii: "#"):
            let hashes = source[at...].prefix { $0 == UInt8(ascii: "#") }.count
            if at + hashes < source.count, source[at + hashes] == UInt8(ascii: "\"") {
                literal(hashes: hashes)
            } else {
                at += hashes
            }
        default: at += 1
        }
    }

    private func starts(_ mark: StaticString) -> Bool {
        starts(mark.withUTF8Buffer { Array($0) })
    }

    private func starts(_ mark: [UInt8]) -> Bool {
        guard at + mark.count <= source.count else { return false }
        for offset in mark.indices where source[at + offset] != mark[offset] { return false }
        return true
    }

    private mutating func blankLineComment() {
        while at < source.count, source[at] != UInt8(ascii: "\n") { blank(1) }
    }

    private mutating func blankBlockComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                blank(2)
            } else if starts("*/") {
                depth -= 1
                blank(2)
            } else {
                blank(1)
            }
        } while depth > 0 && at < source.count
    }

    private mutating func literal(hashes: Int) {
        at += hashes
        let quotes = starts("\"\"\"") ? 3 : 1
        at += quotes
        let hashMarks = [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
        let end = [UInt8](repeating: UInt8(ascii: "\""), count: quotes) + hashMarks
        let escape = [UInt8(ascii: "\\")] + hashMarks
        while at < source.count, !starts(end) {
            if !starts(escape) {
                blank(1)
            } else if at + escape.count < source.count, source[at + escape.count] == UInt8(ascii: "(") {
                blank(escape.count + 1)
                blankInterpolation()
            } else {
                blank(escape.count + 1)
            }
        }
        at = min(at + end.count, source.count)
    }

    private mutating func blankInterpolation() {
        var depth = 1
        while at < source.count, depth > 0 {
            switch source[at] {
            case UInt8(ascii: "\""):
                let start = at
                literal(hashes: 0)
                for index in start..<at where code[index] != UInt8(ascii: "\n") { code[index] = UInt8(ascii: " ") }
                continue
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"): depth -= 1
            default: break
            }
            blank(1)
        }
    }

    private mutating func blank(_ count: Int) {
        let end = min(at + count, source.count)
        for index in at..<end where source[index] != UInt8(ascii: "\n") { code[index] = UInt8(ascii: " ") }
        at = end
    }
}

/// A function or initialiser with a body, found by its text.
struct SwiftFunction {
    var name: String
    /// Where it is declared.
    var line: Int
    /// Lines between its braces.
    var bodyLines: Int
    var isTest: Bool

    /// - Parameter code: source without the insides of comments and literals.
    static func all(inCode code: String) -> [SwiftFunction] {
        let bytes = Array(code.utf8)
        var found: [SwiftFunction] = []
        var offset = 0
        /// Whether the declaration that comes next was marked as a test.
        var isTest = false
        for (index, line) in code.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            defer { offset += line.utf8.count + 1 }
            if line.contains("@Test") { isTest = true }
            guard line.contains("func ") || line.contains("init"),
                let head = line.firstMatch(of: /\bfunc\s+(`[^`]*`|[^\s(<]+)|^\s*(?:[\w]+\s+)*(init)[?!]?(?=[(<])/)
            else {
                continue
            }
            let start = offset + line.utf8.distance(from: line.startIndex, to: head.range.upperBound)
            if let lines = bodyLines(bytes, from: start) {
                found.append(
                    SwiftFunction(
                        name: String(head.1 ?? head.2 ?? ""), line: index + 1, bodyLines: lines, isTest: isTest))
            }
            isTest = false
        }
        return found
    }

    /// The lines between the braces that follow a head, or nil where there are none: a requirement or a call.
    private static func bodyLines(_ code: [UInt8], from start: Int) -> Int? {
        var round = 0
        var index = start
        while index < code.count, !(code[index] == UInt8(ascii: "{") && round == 0) {
            switch code[index] {
            case UInt8(ascii: "("), UInt8(ascii: "["): round += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): round -= 1
            case UInt8(ascii: "}") where round == 0: return nil
            case UInt8(ascii: "\n") where round == 0 && !continues(code, from: index): return nil
            default: break
            }
            if round < 0 { return nil }
            index += 1
        }
        var depth = 0
        var lines = 0
        while index < code.count {
            switch code[index] {
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: "\n"): lines += 1
            default: break
            }
            if depth == 0 { return max(0, lines - 1) }
            index += 1
        }
        return nil
    }

    /// Whether a function's head goes on after a line break: with its result, its effects, its conditions, or its brace.
    private static func continues(_ code: [UInt8], from index: Int) -> Bool {
        let next = code[index...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }.prefix(7)
        return ["->", "{", "where ", "throws", "async", "rethrow"].contains { next.starts(with: $0.utf8.prefix(7)) }
    }
}
