// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

// Data of clouds, plugins and people stands in pages that a forge renders and in texts that a terminal shows. Whatever
// it holds, it stays text.

package enum Markdown {
    /// Data as text on one line: no character of it is markup.
    ///
    /// Every character that Markdown or HTML could take for markup gets a backslash, which CommonMark allows before any
    /// ASCII punctuation (https://spec.commonmark.org/0.31.2/#backslash-escapes). A colon gets one only where it could
    /// make a link or an emoji, so that times and sentences stay readable in the source.
    package static func text(_ data: String) -> String {
        var out = ""
        let scalars = Array(visibleText(data).unicodeScalars)
        for (index, scalar) in scalars.enumerated() {
            if needsEscape(scalar, at: index, in: scalars) { out.unicodeScalars.append("\\") }
            out.unicodeScalars.append(scalar)
        }
        return out
    }

    private static func needsEscape(_ scalar: Unicode.Scalar, at index: Int, in scalars: [Unicode.Scalar]) -> Bool {
        switch scalar {
        case "\\", "`", "*", "_", "[", "]", "<", ">", "&", "|", "~", "$", "#", "!": return true
        // `@name` is a mention; `plugin/step@1.0.0` and an address are none.
        case "@": return index == 0 || !scalars[index - 1].properties.isAlphabetic && !isDigit(scalars[index - 1])
        case ":":
            let next = index + 1 < scalars.count ? scalars[index + 1] : " "
            return next != " " && !isDigit(next)
        case "-", "+", "=": return index == 0
        // `1.` and `1)` begin a list; `www.` begins a link.
        case ".", ")":
            let endsMarker = index + 1 == scalars.count || scalars[index + 1] == " "
            return endsMarker && index > 0 && scalars[..<index].allSatisfy(isDigit)
                || index >= 3 && endsInWWW(scalars[..<index])
        default: return false
        }
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private static func endsInWWW(_ scalars: ArraySlice<Unicode.Scalar>) -> Bool {
        scalars.suffix(3).allSatisfy { $0 == "w" || $0 == "W" }
    }

    /// Data as a code span, for values that people copy. Fit for a table's cell.
    package static func code(_ data: String) -> String {
        let visible = visibleText(data)
        if visible.isEmpty { return "*empty*" }
        // A pipe in a code span needs a backslash in a table, and a backslash of the data's own would then be lost.
        if visible.contains("|") { return text(visible) }
        let fence = String(repeating: "`", count: longestRun(of: "`", in: visible) + 1)
        let pad = visible.first == "`" || visible.last == "`" || visible.first == " " && visible.last == " " ? " " : ""
        return fence + pad + visible + pad + fence
    }

    /// A long value in few characters, for tables that give an overview; the whole stands elsewhere on the page.
    ///
    /// Of a resource's path and of an address the ends tell most: `…/servers/tdeprimarytest`,
    /// `testanu2…/tey/29497bab…`. Anything else is cut in its middle.
    static func shortCode(_ data: String, longest: Int = 44) -> String {
        let visible = visibleText(data)
        guard visible.count > longest else { return code(data) }
        let parts = visible.split(separator: "/").map(String.init)
        if parts.count >= 3, !visible.hasPrefix("/"), !visible.contains("://") {
            return code(parts.dropLast().joined(separator: "/") + "/" + cut(parts[parts.count - 1], 24))
        }
        if parts.count >= 4, visible.hasPrefix("/") { return code("…/" + tail(parts)) }
        if parts.count >= 4, visible.hasPrefix("https://") {
            return code(String(parts[1].prefix { $0 != "." }) + "…/" + tail(parts))
        }
        return code(cut(visible, longest))
    }

    private static func cut(_ text: String, _ longest: Int) -> String {
        guard text.count > longest else { return text }
        let half = (longest - 1) / 2
        return text.prefix(half) + "…" + text.suffix(half)
    }

    private static func tail(_ parts: [String]) -> String {
        parts.suffix(2).map { $0.count > 24 ? $0.prefix(8) + "…" : $0 }.joined(separator: "/")
    }

    private static func longestRun(of character: Character, in text: String) -> Int {
        var longest = 0
        var run = 0
        for other in text {
            run = other == character ? run + 1 : 0
            longest = max(longest, run)
        }
        return longest
    }

    /// A link to a file of the record. The path is one that this module made, so only brackets and spaces need care.
    static func link(_ label: String, to path: String) -> String {
        var target = ""
        for byte in path.utf8 {
            if isPlainInPath(byte) {
                target.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                target += "%" + hexText([byte]).uppercased()
            }
        }
        return "[\(text(label))](\(target))"
    }

    /// Text of several lines exactly as it is, in a block where nothing is markup. People copy commands from it, so no
    /// line is ever broken.
    static func block(_ data: String) -> [String] {
        var data = Substring(data)
        while data.last?.isWhitespace == true { data.removeLast() }
        let lines = data.split(separator: "\n", omittingEmptySubsequences: false).map { visibleText(String($0)) }
        let longest = lines.map { longestRun(of: "`", in: $0) }.max() ?? 0
        let fence = String(repeating: "`", count: max(3, longest + 1))
        return [fence + "text"] + lines + [fence]
    }

    private static func isPlainInPath(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: "="):
            true
        default: false
        }
    }
}
