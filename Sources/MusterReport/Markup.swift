// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// A piece of HTML, SVG or XML in which data is only ever text.
///
/// What stands in a literal is markup; a string that is put into one is escaped, in text and between the quotes of an
/// attribute. There is no other way to make one of data.
struct Markup: Hashable, Sendable, ExpressibleByStringInterpolation {
    private(set) var source: String

    init(stringLiteral value: StaticString) { source = "\(value)" }
    init(stringInterpolation: StringInterpolation) { source = stringInterpolation.source }
    private init(source: String) { self.source = source }
    /// For the one style sheet, which is a constant and may hold what would be escaped.
    init(trusted constant: StaticString) { source = "\(constant)" }

    struct StringInterpolation: StringInterpolationProtocol {
        typealias StringLiteralType = StaticString

        fileprivate var source = ""

        init(literalCapacity: Int, interpolationCount: Int) { source.reserveCapacity(literalCapacity * 2) }

        mutating func appendLiteral(_ literal: StaticString) { source += "\(literal)" }
        mutating func appendInterpolation(_ markup: Markup) { source += markup.source }
        mutating func appendInterpolation(_ data: String) { source += Markup.escaped(visibleText(data)) }
        mutating func appendInterpolation(_ number: some BinaryInteger) { source += String(number) }
        /// A length of a drawing, to a tenth.
        mutating func appendInterpolation(length: Double) {
            let tenths = Int((length * 10).rounded())
            source +=
                tenths % 10 == 0
                ? String(tenths / 10) : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
        }
    }

    static func + (left: Markup, right: Markup) -> Markup { Markup(source: left.source + right.source) }
    static func += (left: inout Markup, right: Markup) { left.source += right.source }

    /// Text of several lines, for an element that keeps them.
    static func lines(_ data: String) -> Markup {
        let lines = data.split(separator: "\n", omittingEmptySubsequences: false)
        return Markup(source: lines.map { escaped(visibleText(String($0))) }.joined(separator: "\n"))
    }

    private static func escaped(_ text: String) -> String {
        var out = ""
        out.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}

extension [Markup] {
    func joined(separator: Markup = "") -> Markup {
        var all: Markup = ""
        for (index, element) in enumerated() {
            if index > 0 { all += separator }
            all += element
        }
        return all
    }
}

/// Collects the elements of a page, one a line.
struct MarkupPage {
    private var lines: [String] = []

    var text: String { lines.joined(separator: "\n") + "\n" }

    mutating func add(_ markup: Markup) { lines.append(markup.source) }

    mutating func heading(_ title: Markup) { add("<h2>\(title)</h2>") }

    mutating func paragraph(_ text: Markup) { add("<p>\(text)</p>") }

    /// Nothing is written for no rows. Each row may be of a class of its own.
    mutating func table(_ kind: StaticString = "", _ header: [Markup], _ rows: [[Markup]]) {
        guard !rows.isEmpty else { return }
        add("<table class=\"\(Markup(stringLiteral: kind))\">")
        if !header.isEmpty {
            add("<thead><tr>\(header.map { "<th>\($0)</th>" as Markup }.joined())</tr></thead>")
        }
        add("<tbody>")
        for row in rows { add("<tr>\(row.map { "<td>\($0)</td>" as Markup }.joined())</tr>") }
        add("</tbody></table>")
    }

    /// Names and what they are, as a table of two columns.
    mutating func facts(_ rows: [(Markup, Markup)]) {
        guard !rows.isEmpty else { return }
        add("<table class=\"facts\"><tbody>")
        for (name, value) in rows { add("<tr><th>\(name)</th><td>\(value)</td></tr>") }
        add("</tbody></table>")
    }
}
