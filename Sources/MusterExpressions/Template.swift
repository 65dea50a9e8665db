// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// Text with `${{ expression }}` in it. `$${{` stands for `${{` itself.
///
/// A template that is exactly one expression keeps the type of its value. Otherwise each value is written into the
/// text. Substitution happens once: what a value contains is never read as a template again.
package struct Template: Hashable, Sendable {
    package enum Segment: Hashable, Sendable {
        case text(String)
        case expression(Expression)
    }

    package let segments: [Segment]

    /// Most expressions in one text: each may be wrong, and to find its place the text is gone through.
    package static let expressionsMax = 256

    package init(_ text: String) throws(ExpressionIssue) {
        guard Self.hasExpression(text) else {
            segments = [.text(text)]
            return
        }
        segments = try Self.split(Array(text.utf8))
    }

    /// The one expression that the whole text is; nil for text and for text with expressions inside.
    package var single: Expression? {
        if segments.count == 1, case .expression(let expression) = segments[0] { expression } else { nil }
    }

    /// The text, when no expression is in it.
    package var literal: String? {
        switch segments.first {
        case nil: ""
        case .text(let text) where segments.count == 1: text
        default: nil
        }
    }

    package var expressions: [Expression] {
        segments.compactMap { if case .expression(let expression) = $0 { expression } else { nil } }
    }

    package var references: [Reference] { expressions.flatMap(\.references) }

    /// Whether `${{` is in the text: a cheap question before a template is made.
    package static func hasExpression(_ text: String) -> Bool {
        var matched = 0
        for byte in text.utf8 {
            switch (matched, byte) {
            case (1, UInt8(ascii: "{")): matched = 2
            case (2, UInt8(ascii: "{")): return true
            case (_, UInt8(ascii: "$")): matched = 1
            default: matched = 0
            }
        }
        return false
    }

    private static func split(_ bytes: [UInt8]) throws(ExpressionIssue) -> [Segment] {
        let opening = Array("${{".utf8)
        var segments: [Segment] = []
        var text: [UInt8] = []
        var at = 0
        var count = 0
        while at < bytes.count {
            guard bytes[at] == opening[0], bytes[at...].starts(with: opening) else {
                text.append(bytes[at])
                at += 1
                continue
            }
            if text.last == opening[0] {
                text.removeLast()
                text += opening
                at += opening.count
                continue
            }
            if !text.isEmpty { segments.append(.text(String(decoding: text, as: UTF8.self))) }
            text = []
            count += 1
            guard count <= expressionsMax else {
                throw ExpressionIssue(
                    code: "expression.syntax", "The text holds more than \(expressionsMax) expressions", at: at)
            }
            var parser = ExpressionParser(bytes: bytes, at: at + opening.count)
            let (expression, next) = try parser.parseBraced()
            segments.append(.expression(expression))
            at = next
        }
        if !text.isEmpty { segments.append(.text(String(decoding: text, as: UTF8.self))) }
        return segments
    }
}

/// The names that a value's templates read, in order, with repetition.
package func references(in json: JSON) throws(ExpressionIssue) -> [Reference] {
    switch json {
    case .string(let text): return try Template(text).references
    case .array(let elements):
        var found: [Reference] = []
        for element in elements { found += try references(in: element) }
        return found
    case .object(let members):
        var found: [Reference] = []
        for name in members.keys.sorted() { found += try references(in: members[name]!) }
        return found
    case .null, .bool, .int, .double: return []
    }
}
