// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Ids that look random and are the same in every rehearsal of one scenario: they are derived from what they name.
enum DerivedID {
    /// A version 5 style GUID.
    static func guid(_ parts: String...) -> String {
        var digits = Array(hex(parts).prefix(32))
        digits[12] = "5"
        digits[16] = "a"
        let text = String(digits)
        let cuts = [0, 8, 12, 16, 20, 32]
        return zip(cuts, cuts.dropFirst()).map { text.dropFirst($0).prefix($1 - $0) }.joined(separator: "-")
    }

    /// 40 upper-case digits, as Azure SQL writes a key's thumbprint. Equal key material gives equal thumbprints.
    static func thumbprint(material: String) -> String {
        String(hex(["thumbprint", material]).prefix(40)).uppercased()
    }

    /// A number of the wanted length that stands for an RSA modulus: odd, with its highest bit set, base64url. Nothing
    /// can be encrypted with it; nobody holds its factors.
    static func modulus(material: String, bits: Int) -> String {
        var bytes = stretched(["modulus", material], count: bits / 8)
        bytes[0] |= 0x80
        bytes[bytes.count - 1] |= 1
        return base64URL(bytes)
    }

    /// As many bytes as wanted.
    static func stretched(_ parts: [String], count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var block = 0
        while bytes.count < count {
            let text = hex(parts + [String(block)])
            bytes += stride(from: 0, to: text.utf8.count, by: 2).map { at in
                let pair = text.dropFirst(at).prefix(2)
                return UInt8(pair, radix: 16) ?? 0
            }
            block += 1
        }
        return Array(bytes.prefix(count))
    }

    static func hex(_ parts: [String]) -> String { Digest(of: parts.joined(separator: "\u{0}").utf8).hex }
}

/// RFC 4648, section 5, without padding.
func base64URL(_ bytes: some Sequence<UInt8>) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var out: [UInt8] = []
    var buffer = 0
    var bits = 0
    for byte in bytes {
        buffer = (buffer << 8 | Int(byte)) & 0xFFFF
        bits += 8
        while bits >= 6 {
            bits -= 6
            out.append(alphabet[buffer >> bits & 63])
        }
    }
    if bits > 0 { out.append(alphabet[buffer << (6 - bits) & 63]) }
    return String(decoding: out, as: UTF8.self)
}

/// Nil when the text is not unpadded base64url.
func base64URLDecoded(_ text: some StringProtocol) -> [UInt8]? {
    var out: [UInt8] = []
    var buffer = 0
    var bits = 0
    for byte in text.utf8 {
        let value: UInt8
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): value = 62
        case UInt8(ascii: "_"): value = 63
        default: return nil
        }
        buffer = (buffer << 6 | Int(value)) & 0xFFFF
        bits += 6
        if bits >= 8 {
            bits -= 8
            out.append(UInt8(truncatingIfNeeded: buffer >> bits))
        }
    }
    return out
}
