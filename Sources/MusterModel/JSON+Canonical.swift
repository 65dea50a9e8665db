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
            for (index, member) in Self.sorted(members).enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                Self.writeString(member.key, to: &out)
                out.append(UInt8(ascii: ":"))
                member.value.write(to: &out)
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
            for (index, member) in Self.sorted(members).enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                Self.newline(&out, indent + 1)
                Self.writeString(member.key, to: &out)
                out.append(UInt8(ascii: ":"))
                out.append(UInt8(ascii: " "))
                member.value.writePretty(to: &out, indent: indent + 1)
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
    private static func sorted(_ members: [String: JSON]) -> [(key: String, value: JSON)] {
        members.sorted { utf8Precedes($0.key, $1.key) }
    }

    private static func utf8Precedes(_ left: String, _ right: String) -> Bool {
        let precedes = left.utf8.withContiguousStorageIfAvailable { left in
            right.utf8.withContiguousStorageIfAvailable { left.lexicographicallyPrecedes($0) }
        }
        // Strings that are not kept as UTF-8 do not exist on Linux; the language does not promise it.
        return (precedes ?? nil) ?? left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    /// Copies what stands between two escapes at once: most strings have none.
    private static func writeString(_ value: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { bytes in
            var copied = 0
            for at in bytes.indices where bytes[at] < 0x20 || bytes[at] == quote || bytes[at] == backslash {
                out.append(contentsOf: bytes[copied..<at])
                writeEscape(bytes[at], to: &out)
                copied = at + 1
            }
            out.append(contentsOf: bytes[copied...])
        }
        out.append(UInt8(ascii: "\""))
    }

    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    private static func writeEscape(_ byte: UInt8, to out: inout [UInt8]) {
        switch byte {
        case 0x08: out.append(contentsOf: "\\b".utf8)
        case 0x09: out.append(contentsOf: "\\t".utf8)
        case 0x0A: out.append(contentsOf: "\\n".utf8)
        case 0x0C: out.append(contentsOf: "\\f".utf8)
        case 0x0D: out.append(contentsOf: "\\r".utf8)
        case 0..<0x20:
            out.append(contentsOf: "\\u00".utf8)
            out.append(hexDigits[Int(byte >> 4)])
            out.append(hexDigits[Int(byte & 15)])
        default:
            out.append(backslash)
            out.append(byte)
        }
    }
}
