// SPDX-License-Identifier: Apache-2.0

/// Base64 with padding, the standard alphabet (RFC 4648, section 4).
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        var at = 0
        while at < bytes.count {
            let left = min(3, bytes.count - at)
            let second = left > 1 ? UInt32(bytes[at + 1]) : 0
            let third = left > 2 ? UInt32(bytes[at + 2]) : 0
            let group = UInt32(bytes[at]) << 16 | second << 8 | third
            for place in 0..<4 {
                let digit = alphabet[Int(group >> (18 - 6 * UInt32(place)) & 63)]
                out.append(place <= left ? digit : UInt8(ascii: "="))
            }
            at += 3
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Nil unless the text is exactly what ``encode(_:)`` writes for some bytes.
    static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 4 == 0 else { return nil }
        let padding = digits.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2 else { return nil }
        var out: [UInt8] = []
        out.reserveCapacity(digits.count / 4 * 3)
        var group: UInt32 = 0
        for (index, digit) in digits.enumerated() {
            let isPadding = index >= digits.count - padding
            guard let value = isPadding ? 0 : value(of: digit) else { return nil }
            group = group << 6 | value
            if index % 4 == 3 {
                out.append(contentsOf: [UInt8(group >> 16 & 255), UInt8(group >> 8 & 255), UInt8(group & 255)])
                group = 0
            }
        }
        out.removeLast(padding)
        return encodesLast(digits, out, padding) ? out : nil
    }

    /// Bits behind the last byte must be zero, or two texts would stand for the same bytes.
    private static func encodesLast(_ digits: [UInt8], _ bytes: [UInt8], _ padding: Int) -> Bool {
        padding == 0 || encode(Array(bytes.suffix(3 - padding))).utf8.elementsEqual(digits.suffix(4))
    }

    private static func value(of digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit) - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit) + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
