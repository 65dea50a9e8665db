// SPDX-License-Identifier: Apache-2.0

package import MusterExpressions
package import MusterModel

/// A value of a document whose texts are templates, parsed once.
package struct TemplateValue: Sendable {
    package indirect enum Content: Sendable {
        /// Nothing in it is a template.
        case literal
        case template(Template)
        case list([TemplateValue])
        case mapping([(name: String, value: TemplateValue)])
    }

    package let content: Content
    package let source: LocatedValue

    /// As written, templates as their text.
    package var json: JSON { source.json }
    package var location: SourceLocation { source.location }

    init(_ value: LocatedValue, into diagnostics: inout [Diagnostic]) {
        source = value
        switch value.content {
        case .string(let text) where Template.hasExpression(text):
            do throws(ExpressionIssue) {
                content = .template(try Template(text))
            } catch {
                diagnostics.append(error.diagnostic(in: value))
                content = .literal
            }
        case .list(let elements):
            let parts = elements.map { TemplateValue($0, into: &diagnostics) }
            content = parts.allSatisfy(\.isLiteral) ? .literal : .list(parts)
        case .mapping(let members):
            let parts = members.map { ($0.name, TemplateValue($0.value, into: &diagnostics)) }
            content = parts.allSatisfy { $0.1.isLiteral } ? .literal : .mapping(parts)
        default: content = .literal
        }
    }

    package var isLiteral: Bool { if case .literal = content { true } else { false } }

    /// Every template in it, with the text that it was made from.
    package func forEachTemplate(_ body: (Template, LocatedValue) -> Void) {
        switch content {
        case .literal: break
        case .template(let template): body(template, source)
        case .list(let parts): for part in parts { part.forEachTemplate(body) }
        case .mapping(let members): for member in members { member.value.forEachTemplate(body) }
        }
    }
}

extension ExpressionIssue {
    /// At the very column where the expression stands in the document.
    func diagnostic(in value: LocatedValue, severity: Diagnostic.Severity = .error) -> Diagnostic {
        Diagnostic(severity, code: code, summary, help: help, at: value.location(atByte: offset))
    }
}

extension LocatedValue {
    /// Where the byte of the text stands in the document, counted from the nearest `${{` before it. A text without
    /// expressions, or with one that is written with escapes, answers where it begins.
    func location(atByte offset: Int) -> SourceLocation {
        guard let text = string else { return location }
        let opening = Array("${{".utf8)
        let bytes = Array(text.utf8.prefix(max(0, offset) + opening.count))
        var found: [Int] = []
        for at in bytes.indices.dropLast(opening.count - 1) where at <= offset && bytes[at...].starts(with: opening) {
            found.append(at)
        }
        guard let last = found.last, found.count <= expressionStarts.count else { return location }
        var place = expressionStarts[found.count - 1]
        for byte in bytes[last..<max(last, min(offset, bytes.count))] where byte & 0xC0 != 0x80 { place.column += 1 }
        return place
    }
}
