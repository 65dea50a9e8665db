// SPDX-License-Identifier: Apache-2.0

/// What programs make of a value that they write down.
func encodedForms(of bytes: [UInt8]) -> Set<[UInt8]> {
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
    // A document inside a document.
    forms.insert(Array(JSON.string(String(decoding: escaped, as: UTF8.self)).canonicalBytes().dropFirst().dropLast()))
    for quotesToo in [false, true] { forms.insert(Array(markupEscaped(text, quotesToo).utf8)) }
    for quote in ["'", "\""] as [Character] { forms.insert(Array(printed(text, quote).utf8)) }
    return forms
}

/// As XML and HTML have it.
private func markupEscaped(_ text: String, _ quotesToo: Bool) -> String {
    var out = ""
    for character in text.unicodeScalars {
        switch character {
        case "&": out += "&amp;"
        case "<": out += "&lt;"
        case ">": out += "&gt;"
        case "\"" where quotesToo: out += "&quot;"
        case "'" where quotesToo: out += "&apos;"
        default: out.unicodeScalars.append(character)
        }
    }
    return out
}

/// As interpreters print a string in quotes: Python's repr, for one.
private func printed(_ text: String, _ quote: Character) -> String {
    var out = ""
    for character in text.unicodeScalars {
        switch character {
        case "\\": out += "\\\\"
        case "\n": out += "\\n"
        case "\r": out += "\\r"
        case "\t": out += "\\t"
        case _ where Character(character) == quote: out += "\\\(quote)"
        case _ where character.value < 0x20 || character.value == 0x7F: out += "\\x" + hexText([UInt8(character.value)])
        default: out.unicodeScalars.append(character)
        }
    }
    return out
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
