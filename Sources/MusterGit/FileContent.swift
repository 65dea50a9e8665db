// SPDX-License-Identifier: Apache-2.0

/// The bytes of one file. As JSON: a string for plain text, an object with a `base64` member for everything else.
package struct FileContent: Hashable, Sendable {
    package var bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }
    package init(_ text: String) { bytes = Array(text.utf8) }

    /// The bytes as text; nil when they are not UTF-8.
    package var text: String? { String(validating: bytes, as: UTF8.self) }
}

extension FileContent: Codable {
    private enum Key: String, CodingKey { case base64 }

    package init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {  // an object is read just below
            bytes = Array(text.utf8)
            return
        }
        let container = try decoder.container(keyedBy: Key.self)
        guard let decoded = Base64.decode(try container.decode(String.self, forKey: .base64)) else {
            throw DecodingError.dataCorruptedError(
                forKey: .base64, in: container, debugDescription: "this is not base64")
        }
        bytes = decoded
    }

    package func encode(to encoder: any Encoder) throws {
        if let text, isPlain {
            var container = encoder.singleValueContainer()
            try container.encode(text)
        } else {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(Base64.encode(bytes), forKey: .base64)
        }
    }

    // A control character takes six bytes as a JSON escape, more than base64 needs.
    private var isPlain: Bool { bytes.allSatisfy { $0 >= 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D } }
}
