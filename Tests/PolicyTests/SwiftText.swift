// SPDX-License-Identifier: Apache-2.0

/// Swift source with the insides of comments and string literals blanked, so that a search finds code alone.
///
/// Length and lines stay as they are. Interpolations count as inside the literal.
struct SwiftText {
    private(set) var code: [Character]
    private let source: [Character]
    private var at = 0

    init(_ text: String) {
        source = Array(text)
        code = source
        while at < source.count { step() }
    }

    var text: String { String(code) }

    private mutating func step() {
        if starts("//") {
            blank(until: "\n", nested: nil)
        } else if starts("/*") {
            blank(until: "*/", nested: "/*")
        } else if source[at] == "#", let hashes = rawLiteralHashes() {
            literal(hashes: hashes)
        } else if source[at] == "\"" {
            literal(hashes: 0)
        } else {
            at += 1
        }
    }

    private func starts(_ mark: String) -> Bool {
        at + mark.count <= source.count && source[at..<(at + mark.count)].elementsEqual(mark)
    }

    /// The number of `#` before a quotation mark here, or nil where no raw literal starts.
    private func rawLiteralHashes() -> Int? {
        let hashes = source[at...].prefix { $0 == "#" }.count
        return at + hashes < source.count && source[at + hashes] == "\"" ? hashes : nil
    }

    private mutating func blank(until end: String, nested: String?) {
        var depth = 0
        while at < source.count {
            if let nested, starts(nested) {
                depth += 1
                blankOne(nested.count)
            } else if starts(end) {
                depth -= 1
                if end == "\n" { return }
                blankOne(end.count)
                if depth <= 0 { return }
            } else {
                blankOne(1)
            }
        }
    }

    private mutating func literal(hashes: Int) {
        at += hashes
        let quotes = starts("\"\"\"") ? 3 : 1
        at += quotes
        let end = String(repeating: "\"", count: quotes) + String(repeating: "#", count: hashes)
        let escape = "\\" + String(repeating: "#", count: hashes)
        while at < source.count, !starts(end) {
            if starts(escape + "(") {
                interpolation(escape.count)
            } else {
                blankOne(starts(escape) ? escape.count + 1 : 1)
            }
        }
        at = min(at + end.count, source.count)
    }

    private mutating func interpolation(_ escapeLength: Int) {
        blankOne(escapeLength + 1)
        var depth = 1
        while at < source.count, depth > 0 {
            if source[at] == "\"" {
                let start = at
                literal(hashes: 0)
                for index in start..<at where code[index] != "\n" { code[index] = " " }
                continue
            }
            if source[at] == "(" { depth += 1 }
            if source[at] == ")" { depth -= 1 }
            blankOne(1)
        }
    }

    private mutating func blankOne(_ count: Int) {
        for index in at..<min(at + count, source.count) where source[index] != "\n" { code[index] = " " }
        at = min(at + count, source.count)
    }
}
