// SPDX-License-Identifier: Apache-2.0

extension JSON {
    /// The one text that is hashed, signed and written to journals: no white space, member names sorted by their UTF-8
    /// bytes, only the escapes that JSON demands (`\"`, `\\`, control characters as `\n`, `\t` … or `\u00XX`).
    package func canonicalBytes() -> [UInt8] {
        var out: [UInt8] = []
        write(to: &out)
        return out
    }

    package var canonicalText: String { String(decoding: canonicalBytes(), as: UTF8.self) }

    /// Indented text for files that people read; members sorted as in the canonical text. Ends with a newline.
    package func prettyBytes() -> [UInt8] {
        var out: [UInt8] = []
        writePretty(to: &out, indent: 0)
        out.append(UInt8(ascii: "\n"))
        return out
    }

    package var prettyText: String { String(decoding: prettyBytes(), as: UTF8.self) }

    package func write(to out: inout [UInt8]) {
        switch self {
        case .array(let elements):
            out.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                element.write(to: &out)
            }
            out.append(UInt8(ascii: "]"))
        case .object(let members):
            out.append(UInt8(ascii: "{"))
            for (index, name) in Self.sortedNames(members).enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                Self.writeString(name, to: &out)
                out.append(UInt8(ascii: ":"))
                members[name]!.write(to: &out)
            }
            out.append(UInt8(ascii: "}"))
        default: writeScalar(to: &out)
        }
    }

    private func writePretty(to out: inout [UInt8], indent: Int) {
        switch self {
        case .array(let elements) where !elements.isEmpty:
            out.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                Self.newline(&out, indent + 1)
                element.writePretty(to: &out, indent: indent + 1)
            }
            Self.newline(&out, indent)
            out.append(UInt8(ascii: "]"))
        case .object(let members) where !members.isEmpty:
            out.append(UInt8(ascii: "{"))
            for (index, name) in Self.sortedNames(members).enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                Self.newline(&out, indent + 1)
                Self.writeString(name, to: &out)
                out.append(contentsOf: [UInt8(ascii: ":"), UInt8(ascii: " ")])
                members[name]!.writePretty(to: &out, indent: indent + 1)
            }
            Self.newline(&out, indent)
            out.append(UInt8(ascii: "}"))
        default: write(to: &out)
        }
    }

    private func writeScalar(to out: inout [UInt8]) {
        switch self {
        case .bool(let value): out.append(contentsOf: (value ? "true" : "false").utf8)
        case .int(let value): out.append(contentsOf: String(value).utf8)
        // JSON has no infinities; a value that is not finite never leaves the parser, and code that makes one has a bug.
        case .double(let value):
            precondition(value.isFinite, "a JSON number is finite")
            out.append(contentsOf: value.description.utf8)
        case .string(let value): Self.writeString(value, to: &out)
        default: out.append(contentsOf: "null".utf8)
        }
    }

    private static func newline(_ out: inout [UInt8], _ indent: Int) {
        out.append(UInt8(ascii: "\n"))
        out.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent * 2))
    }

    // Swift compares strings by canonical equivalence of characters; bytes are what another language can repeat.
    private static func sortedNames(_ members: [String: JSON]) -> [String] {
        members.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    private static func writeString(_ value: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""): out.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case UInt8(ascii: "\\"): out.append(contentsOf: [byte, byte])
            case 0x08: out.append(contentsOf: "\\b".utf8)
            case 0x09: out.append(contentsOf: "\\t".utf8)
            case 0x0A: out.append(contentsOf: "\\n".utf8)
            case 0x0C: out.append(contentsOf: "\\f".utf8)
            case 0x0D: out.append(contentsOf: "\\r".utf8)
            case 0..<0x20:
                out.append(contentsOf: "\\u00".utf8)
                out.append(hexDigits[Int(byte >> 4)])
                out.append(hexDigits[Int(byte & 15)])
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}
