// SPDX-License-Identifier: Apache-2.0

/// Replaces known secret values wherever foreign bytes enter, by `[secret:name]`.
///
/// A value is found as it is, in base64 and base64url (at any position of a longer text that was encoded), in
/// hexadecimal, percent-encoded, and escaped for JSON; each line of a value with several lines is found too. A value,
/// line or form of fewer than ``shortestNeedle`` bytes is let through: it would be found in every other word.
package struct Redactor: Sendable {
    /// Replacing shorter ones would make texts unreadable, and they are no secrets worth the name.
    package static let shortestNeedle = 6

    /// By their first byte, longest first.
    private var needles: [[Needle]] = Array(repeating: [], count: 256)
    /// Length of the longest form of any value.
    package private(set) var longestNeedle = 0

    private struct Needle: Sendable {
        let bytes: [UInt8]
        let replacement: [UInt8]
    }

    package init() {}

    /// - Parameter secrets: values by their names; the names are shown.
    package init(_ secrets: [String: String]) {
        for (name, value) in secrets.sorted(by: { $0.key < $1.key }) { add(value, name: name) }
    }

    package mutating func add(_ value: String, name: String) {
        var forms: Set<[UInt8]> = []
        let bytes = Array(value.utf8)
        let lines = bytes.split(separator: UInt8(ascii: "\n")).map(Array.init)
        for part in Set([bytes] + lines) { forms.formUnion(encodedForms(of: part)) }
        for form in forms where form.count >= Self.shortestNeedle {
            longestNeedle = max(longestNeedle, form.count)
            let first = Int(form[0])
            guard !needles[first].contains(where: { $0.bytes == form }) else { continue }
            needles[first].append(Needle(bytes: form, replacement: Array("[secret:\(name)]".utf8)))
            needles[first].sort { $0.bytes.count > $1.bytes.count }
        }
    }

    package var isEmpty: Bool { longestNeedle == 0 }

    package func redact(_ bytes: [UInt8]) -> [UInt8] {
        if isEmpty { return bytes }
        return bytes.withUnsafeBufferPointer { bytes in
            var out: [UInt8] = []
            out.reserveCapacity(bytes.count)
            var index = 0
            while index < bytes.count {
                if let needle = needle(at: index, of: bytes) {
                    out += needle.replacement
                    index += needle.bytes.count
                } else {
                    out.append(bytes[index])
                    index += 1
                }
            }
            return out
        }
    }

    private func needle(at index: Int, of bytes: UnsafeBufferPointer<UInt8>) -> Needle? {
        needles[Int(bytes[index])].first { needle in
            index + needle.bytes.count <= bytes.count
                && needle.bytes.indices.allSatisfy { needle.bytes[$0] == bytes[index + $0] }
        }
    }

    package func redact(_ text: String) -> String {
        if isEmpty { return text }
        return String(decoding: redact(Array(text.utf8)), as: UTF8.self)
    }

    /// The value with all its texts redacted, names of members too.
    package func redact(_ json: JSON) -> JSON {
        if isEmpty { return json }
        switch json {
        case .string(let text): return .string(redact(text))
        case .array(let elements): return .array(elements.map(redact))
        case .object(let members):
            return .object(
                Dictionary(members.map { (redact($0), redact($1)) }, uniquingKeysWith: { first, _ in first }))
        case .null, .bool, .int, .double: return json
        }
    }
}

// MARK: Forms

private func encodedForms(of bytes: [UInt8]) -> Set<[UInt8]> {
    var forms: Set<[UInt8]> = [bytes]
    for offset in 0..<3 {
        let standard = base64Core(of: bytes, at: offset)
        forms.insert(standard)
        forms.insert(
            standard.map {
                $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0
            })
    }
    let hex = hexText(bytes)
    forms.insert(Array(hex.utf8))
    forms.insert(Array(hex.uppercased().utf8))
    for spaceAsPlus in [false, true] {
        for upperCase in [false, true] { forms.insert(percentEncoded(bytes, spaceAsPlus, upperCase)) }
    }
    let text = String(decoding: bytes, as: UTF8.self)
    let escaped = JSON.string(text).canonicalBytes().dropFirst().dropLast()
    forms.insert(Array(escaped))
    // Foundation's writer, among others, escapes the slash.
    forms.insert(escaped.flatMap { $0 == UInt8(ascii: "/") ? Array("\\/".utf8) : [$0] })
    forms.insert(Array(jsonEscapedToASCII(text, escapingSlash: false).utf8))
    forms.insert(Array(jsonEscapedToASCII(text, escapingSlash: true).utf8))
    return forms
}

/// The base64 characters that depend on these bytes alone when they stand `offset` bytes into a group of three.
private func base64Core(of bytes: [UInt8], at offset: Int) -> [UInt8] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    let padded = [UInt8](repeating: 0, count: offset) + bytes
    var out: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for byte in padded {
        bits = (bits << 8 | UInt32(byte)) & 0xFF_FFFF
        count += 8
        while count >= 6 {
            count -= 6
            out.append(alphabet[Int(bits >> UInt32(count)) & 63])
        }
    }
    // The first characters also hold bits of what stands before: 8 × offset bits, rounded up to whole characters.
    return Array(out.dropFirst((offset * 8 + 5) / 6))
}

private func percentEncoded(_ bytes: [UInt8], _ spaceAsPlus: Bool, _ upperCase: Bool) -> [UInt8] {
    let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
    var out: [UInt8] = []
    for byte in bytes {
        if unreserved.contains(byte) {
            out.append(byte)
        } else if spaceAsPlus && byte == UInt8(ascii: " ") {
            out.append(UInt8(ascii: "+"))
        } else {
            let hex = hexText([byte])
            out += "%\(upperCase ? hex.uppercased() : hex)".utf8
        }
    }
    return out
}

/// As writers do that keep to ASCII; some of them (PHP's, for one) escape the slash too.
private func jsonEscapedToASCII(_ text: String, escapingSlash: Bool) -> String {
    var out = ""
    for unit in text.utf16 {
        switch unit {
        case 0x22: out += "\\\""
        case 0x5C: out += "\\\\"
        case 0x0A: out += "\\n"
        case 0x0D: out += "\\r"
        case 0x09: out += "\\t"
        case 0x2F where escapingSlash: out += "\\/"
        case 0x20..<0x7F: out.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
        default: out += "\\u" + hexText([UInt8(unit >> 8), UInt8(unit & 0xFF)])
        }
    }
    return out
}
