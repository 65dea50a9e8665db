// SPDX-License-Identifier: Apache-2.0

import MusterModel

/// A name with its path: `inputs.primary`, `steps.fail-over.outputs.role`, `run.id`, `item`.
package struct Reference: Hashable, Sendable, CustomStringConvertible {
    /// `inputs`, `environment`, `steps`, `run`, `undo` or `item`.
    package var root: String
    package var path: [String]

    package init(root: String, path: [String]) {
        self.root = root
        self.path = path
    }

    package var description: String { ([root] + path).joined(separator: ".") }

    /// The step whose result it reads; nil for every root but `steps`.
    package var step: String? { root == "steps" ? path.first : nil }
}

/// One parsed expression, as it stands inside `${{ }}` or alone as a condition.
///
/// References, literals, comparison, `and` / `or` / `not`, indexing and the pure functions of ``ExpressionFunction``.
/// There are no loops, no effects and no way to run text: what an expression can cost is bounded by its own length.
package struct Expression: Hashable, Sendable, CustomStringConvertible {
    /// Longest text in bytes.
    package static let bytesMax = 2048
    /// Deepest nesting of parentheses, calls, indexes and `not`.
    package static let depthMax = 32

    /// As written, without the braces and the white space around it.
    package let text: String
    let root: Node

    /// Reads an expression that stands alone, without braces.
    package init(_ text: String) throws(ExpressionIssue) {
        var parser = ExpressionParser(bytes: Array(text.utf8), at: 0)
        self = try parser.parseAlone()
    }

    init(text: String, root: Node) {
        self.text = text
        self.root = root
    }

    package var description: String { text }

    package var references: [Reference] {
        var found: [Reference] = []
        root.collectReferences(into: &found)
        return found
    }

    /// What must all be true for it to be true: the parts that `and` joins. One that is false decides alone.
    package var conjuncts: [Expression] {
        guard case .and(let left, let right) = root.kind else { return [self] }
        return [left, right].flatMap { Expression(text: text, root: $0).conjuncts }
    }

    /// Where in the template it starts, in UTF-8 bytes.
    package var offset: Int { root.start }
}

enum Comparison: String, Sendable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
}

struct Node: Hashable, Sendable {
    indirect enum Kind: Hashable, Sendable {
        case literal(JSON)
        case reference(Reference)
        case member(Node, String)
        case index(Node, Node)
        case call(ExpressionFunction, [Node])
        case compare(Comparison, Node, Node)
        case and(Node, Node)
        case or(Node, Node)
        case not(Node)
    }

    var kind: Kind
    /// Of the token that names the operation; of the operator for a comparison.
    var offset: Int

    /// Of the first byte that belongs to it.
    var start: Int {
        switch kind {
        case .literal, .reference, .call, .not: offset
        case .member(let left, _), .index(let left, _), .compare(_, let left, _), .and(let left, _), .or(let left, _):
            left.start
        }
    }

    func collectReferences(into found: inout [Reference]) {
        switch kind {
        case .literal: break
        case .reference(let reference): found.append(reference)
        case .member(let inner, _), .not(let inner): inner.collectReferences(into: &found)
        case .index(let left, let right), .compare(_, let left, let right), .and(let left, let right),
            .or(let left, let right):
            left.collectReferences(into: &found)
            right.collectReferences(into: &found)
        case .call(_, let arguments):
            for argument in arguments { argument.collectReferences(into: &found) }
        }
    }
}
