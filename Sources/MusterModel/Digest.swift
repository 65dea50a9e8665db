// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// A SHA-256 digest. Its text is `sha256:` and 64 lower-case hexadecimal digits.
package struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    package let hex: String

    package init(of bytes: some Sequence<UInt8>) {
        var hash = SHA256()
        hash.update(data: Array(bytes))
        hex = hexText(hash.finalize())
    }

    /// Nil unless the text is what ``description`` writes.
    package init?(_ text: String) {
        guard text.hasPrefix("sha256:") else { return nil }
        let digits = text.dropFirst("sha256:".count)
        guard digits.utf8.count == 64, digits.utf8.allSatisfy(isLowerHexDigit) else { return nil }
        hex = String(digits)
    }

    package var description: String { "sha256:\(hex)" }

    /// The first twelve digits, for places where people compare by eye.
    package var short: String { "sha256:\(hex.prefix(12))" }
}

extension Digest {
    fileprivate init(hex: String) { self.hex = hex }
}

/// SHA-256 of bytes that come in pieces.
package struct StreamingDigest {
    private var hash = SHA256()

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

    /// The digest of all bytes so far; more may follow.
    package func finish() -> Digest { Digest(hex: hexText(hash.finalize())) }
}

extension Digest: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let digest = Digest(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"sha256:\" and 64 digits are expected")
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A git object id of a SHA-1 repository: 40 lower-case hexadecimal digits.
package struct ObjectID: Hashable, Sendable, CustomStringConvertible {
    package let hex: String

    package init?(_ hex: String) {
        guard hex.utf8.count == 40, hex.utf8.allSatisfy(isLowerHexDigit) else { return nil }
        self.hex = hex
    }

    /// The id that git gives a blob with these bytes.
    package init(blob bytes: some Collection<UInt8>) {
        var hash = Insecure.SHA1()
        hash.update(data: Array("blob \(bytes.count)\0".utf8))
        hash.update(data: Array(bytes))
        hex = hexText(hash.finalize())
    }

    package var description: String { hex }
    package var short: String { String(hex.prefix(10)) }
}

extension ObjectID: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = ObjectID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "40 hexadecimal digits are expected")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}

/// Lower-case hexadecimal digits of the bytes.
package func hexText(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var out: [UInt8] = []
    for byte in bytes {
        out.append(digits[Int(byte >> 4)])
        out.append(digits[Int(byte & 15)])
    }
    return String(decoding: out, as: UTF8.self)
}

private func isLowerHexDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
}
