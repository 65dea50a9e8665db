// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Any text as the name of one file or folder that is safe in git and on every file system: letters, digits, `.`, `-`,
/// `_`, `@`, `[`, `]` stay, every other byte becomes `=` and two hexadecimal digits. Different texts get different
/// names.
func fileNameComponent(_ text: String) -> String {
    var name = ""
    for (index, byte) in text.utf8.enumerated() {
        // A leading dot would make `..`, `.git` and hidden files possible.
        if isPlain(byte), !(index == 0 && byte == UInt8(ascii: ".")) {
            name.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            name += "=" + hexText([byte]).uppercased()
        }
    }
    if name.isEmpty { return "=" }
    guard name.utf8.count > 120 else { return name }
    return String(name.prefix(80)) + "=" + Digest(of: text.utf8).hex.prefix(24)
}

/// A document's path in the catalog as a path inside the record.
func filePath(_ path: String) -> String {
    path.split(separator: "/").map { fileNameComponent(String($0)) }.joined(separator: "/")
}

private func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: "["),
        UInt8(ascii: "]"):
        true
    default: false
    }
}
