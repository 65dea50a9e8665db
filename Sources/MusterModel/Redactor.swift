// SPDX-License-Identifier: Apache-2.0

/// Replaces known secret values wherever foreign bytes enter, by `[secret:name]`.
///
/// A value is found as it is, in base64 and base64url (at any position of a longer text that was encoded), in
/// hexadecimal, percent-encoded, escaped for JSON once and twice, for XML, and as interpreters print it; each line of a value with several lines is found too. A value,
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

    /// Where the first of the values stands, and whose it is; nil where none does.
    package func firstFind(in bytes: [UInt8]) -> (at: Int, name: String)? {
        if isEmpty { return nil }
        return bytes.withUnsafeBufferPointer { bytes in
            for index in bytes.indices {
                if let needle = needle(at: index, of: bytes) {
                    return (index, String(decoding: needle.replacement.dropFirst(8).dropLast(), as: UTF8.self))
                }
            }
            return nil
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
