// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// Ids in the form that Resource Manager accepts: a UUID in lower case without braces
/// (learn.microsoft.com/rest/api/azure, common request headers).
package enum RequestID {
    package static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return text((0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }, version: 4)
    }

    /// The same id for the same text each time, as an idempotency key needs it (RFC 9562, version 8). A UUID stays itself.
    package static func derived(from text: String) -> String {
        let lowered = text.lowercased()
        if isUUID(lowered) { return lowered }
        return Self.text(Array(SHA256.hash(data: Array(text.utf8)).prefix(16)), version: 8)
    }

    package static func isUUID(_ text: String) -> Bool {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        return groups.map(\.count) == [8, 4, 4, 4, 12]
            && groups.allSatisfy { $0.allSatisfy { $0.isASCII && $0.isHexDigit } }
    }

    private static func text(_ random: [UInt8], version: UInt8) -> String {
        var bytes = random
        bytes[6] = bytes[6] & 0x0F | version << 4
        bytes[8] = bytes[8] & 0x3F | 0x80
        var out = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { out += "-" }
            out += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return out
    }
}
