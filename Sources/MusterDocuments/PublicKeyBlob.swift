// SPDX-License-Identifier: Apache-2.0

/// A public key as OpenSSH stores it (RFC 4253, section 6.6; RFC 5656, section 3.1; RFC 8709, section 4; OpenSSH's PROTOCOL.u2f), read so
/// strictly that each key has one text.
struct PublicKeyBlob {
    /// What tells the key from others: who holds the private half of one holds that of all that are equal to it.
    struct Material: Hashable {
        var kind: String
        var bytes: [UInt8]
    }

    let type: String
    let material: Material

    /// Nil for anything that is damaged, has more behind it, or holds a number in another form than the shortest.
    init?(_ bytes: [UInt8]) {
        var reader = Reader(rest: bytes[...])
        guard let name = reader.string().flatMap({ String(validating: $0, as: UTF8.self) }),
            let material = reader.material(of: name), reader.rest.isEmpty
        else { return nil }
        type = name
        self.material = material
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func string() -> ArraySlice<UInt8>? {
            guard rest.count >= 4 else { return nil }
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard length <= 1 << 16, rest.count >= 4 + length else { return nil }
            defer { rest = rest.dropFirst(4 + length) }
            return rest.dropFirst(4).prefix(length)
        }

        /// A positive number in its shortest form.
        mutating func number() -> ArraySlice<UInt8>? {
            guard let bytes = string(), let first = bytes.first, first < 0x80 else { return nil }
            if first == 0, bytes.dropFirst().first ?? 0 < 0x80 { return nil }
            return bytes
        }

        mutating func material(of type: String) -> Material? {
            switch type {
            case "ssh-ed25519": edwards()
            case "sk-ssh-ed25519@openssh.com": application(after: edwards())
            case "sk-ecdsa-sha2-nistp256@openssh.com": application(after: point("nistp256"))
            case "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521": point(String(type.suffix(8)))
            case "ssh-rsa": rsa()
            default: nil
            }
        }

        private mutating func edwards() -> Material? {
            guard let key = string(), key.count == 32 else { return nil }
            return Material(kind: "ed25519", bytes: Array(key))
        }

        private mutating func point(_ curve: String) -> Material? {
            let lengths = ["nistp256": 65, "nistp384": 97, "nistp521": 133]
            guard let name = string(), name.elementsEqual(curve.utf8), let point = string(), point.first == 4,
                point.count == lengths[curve]
            else { return nil }
            return Material(kind: curve, bytes: Array(point))
        }

        /// The exponent tells no two keys apart: whoever knows the factors of the modulus has the key for any.
        private mutating func rsa() -> Material? {
            guard number() != nil, let modulus = number() else { return nil }
            return Material(kind: "rsa", bytes: Array(modulus))
        }

        /// A key of a hardware token names what it is for, which tells no two keys apart either.
        private mutating func application(after material: Material?) -> Material? {
            guard let material, string() != nil else { return nil }
            return material
        }
    }
}

/// Base64 with padding, read strictly.
enum Base64Text {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard !digits.isEmpty, digits.count % 4 == 0 else { return nil }
        let padding = digits.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2 else { return nil }
        var bits: UInt32 = 0
        var out: [UInt8] = []
        for (index, digit) in digits.enumerated() {
            let place = index < digits.count - padding ? alphabet.firstIndex(of: digit) : 0
            guard let place else { return nil }
            bits = bits << 6 | UInt32(place)
            guard index % 4 == 3 else { continue }
            // Digits that end in the padding have bits of no byte; another text of the same key is none.
            if index == digits.count - 1, bits & [0, 0xFF, 0xFFFF][padding] != 0 { return nil }
            out += [UInt8(bits >> 16 & 255), UInt8(bits >> 8 & 255), UInt8(bits & 255)]
            bits = 0
        }
        return Array(out.dropLast(padding))
    }
}
