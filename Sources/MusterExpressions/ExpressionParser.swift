// SPDX-License-Identifier: Apache-2.0

import MusterModel

/// Recursive descent, loosest first: or, and, not, comparison, member and index, primary.
struct ExpressionParser {
    private var lexer: ExpressionLexer
    private var token = Token(kind: .end, offset: 0)
    private var depth = 0
    private let start: Int

    /// Reads from `at` of the bytes, which are UTF-8.
    init(bytes: [UInt8], at start: Int) {
        lexer = ExpressionLexer(bytes: bytes, at: start)
        self.start = start
    }

    /// The whole text is one expression.
    mutating func parseAlone() throws(ExpressionIssue) -> Expression {
        let expression = try parse()
        guard token.offset == lexer.bytes.count else { throw syntax("'}}' is not expected here", at: token.offset) }
        return expression
    }

    /// The expression ends at `}}`; answers the byte behind it too.
    mutating func parseBraced() throws(ExpressionIssue) -> (Expression, next: Int) {
        let expression = try parse()
        guard token.offset < lexer.bytes.count else {
            throw syntax("'${{' has no '}}'", help: "Write $${{ where the text itself is meant.", at: start - 3)
        }
        return (expression, token.offset + 2)
    }

    private mutating func parse() throws(ExpressionIssue) -> Expression {
        try advance()
        if token.kind == .end { throw syntax("The expression is empty", at: token.offset) }
        let first = token.offset
        let root = try parseOr()
        guard token.kind == .end else { throw unexpectedToken() }
        guard token.offset - start <= Expression.bytesMax else {
            throw syntax("The expression is longer than \(Expression.bytesMax) bytes", at: first)
        }
        var end = token.offset
        while end > first, lexer.bytes[end - 1] <= 0x20 { end -= 1 }
        return Expression(text: String(decoding: lexer.bytes[first..<end], as: UTF8.self), root: root)
    }

    private mutating func parseOr() throws(ExpressionIssue) -> Node {
        try enter()
        defer { depth -= 1 }
        var left = try parseAnd()
        var count = 0
        while token.kind == .name("or") {
            let offset = token.offset
            try advance()
            try limitChain(&count)
            left = Node(kind: .or(left, try parseAnd()), offset: offset)
        }
        return left
    }

    private mutating func parseAnd() throws(ExpressionIssue) -> Node {
        var left = try parseNot()
        var count = 0
        while token.kind == .name("and") {
            let offset = token.offset
            try advance()
            try limitChain(&count)
            left = Node(kind: .and(left, try parseNot()), offset: offset)
        }
        return left
    }

    private mutating func parseNot() throws(ExpressionIssue) -> Node {
        guard token.kind == .name("not") else { return try parseComparison() }
        let offset = token.offset
        try enter()
        defer { depth -= 1 }
        try advance()
        return Node(kind: .not(try parseNot()), offset: offset)
    }

    private mutating func parseComparison() throws(ExpressionIssue) -> Node {
        let left = try parsePostfix()
        guard let comparison = currentComparison else { return left }
        let offset = token.offset
        try advance()
        let right = try parsePostfix()
        if currentComparison != nil {
            throw syntax(
                "Comparisons cannot follow each other", help: "Join two comparisons with and.", at: token.offset)
        }
        return Node(kind: .compare(comparison, left, right), offset: offset)
    }

    private var currentComparison: Comparison? {
        if case .symbol(let symbol) = token.kind { Comparison(rawValue: symbol) } else { nil }
    }

    private mutating func parsePostfix() throws(ExpressionIssue) -> Node {
        var node = try parsePrimary()
        var count = 0
        while true {
            let offset = token.offset
            if token.kind == .symbol(".") {
                try advance()
                node = Node(kind: .member(node, try parseMemberName()), offset: offset)
            } else if token.kind == .symbol("[") {
                try advance()
                let index = try parseOr()
                try expect("]")
                node = Node(kind: .index(node, index), offset: offset)
            } else {
                return node
            }
            try limitChain(&count)
        }
    }

    private mutating func parsePrimary() throws(ExpressionIssue) -> Node {
        let offset = token.offset
        switch token.kind {
        case .text(let text):
            try advance()
            return Node(kind: .literal(.string(text)), offset: offset)
        case .integer(let number):
            try advance()
            return Node(kind: .literal(.int(number)), offset: offset)
        case .symbol("("):
            try advance()
            let inner = try parseOr()
            try expect(")")
            return inner
        case .name(let name): return try parseName(name, at: offset)
        case .symbol, .end: throw unexpectedToken()
        }
    }

    private mutating func parseName(_ name: String, at offset: Int) throws(ExpressionIssue) -> Node {
        if name == "and" || name == "or" || name == "not" { throw unexpectedToken() }
        try advance()
        switch name {
        case "true": return Node(kind: .literal(true), offset: offset)
        case "false": return Node(kind: .literal(false), offset: offset)
        case "null": return Node(kind: .literal(nil), offset: offset)
        default: break
        }
        if token.kind == .symbol("(") { return try parseCall(name, at: offset) }
        var path: [String] = []
        while token.kind == .symbol(".") {
            try advance()
            path.append(try parseMemberName())
            guard path.count <= Expression.depthMax else { throw tooDeep() }
        }
        return Node(kind: .reference(Reference(root: name, path: path)), offset: offset)
    }

    private mutating func parseMemberName() throws(ExpressionIssue) -> String {
        guard case .name(let name) = token.kind else {
            throw syntax("A name is expected after the dot", at: token.offset)
        }
        try advance()
        return name
    }

    private mutating func parseCall(_ name: String, at offset: Int) throws(ExpressionIssue) -> Node {
        guard let function = ExpressionFunction(rawValue: name) else {
            let names = ExpressionFunction.allCases.map(\.rawValue)
            throw ExpressionIssue(
                code: "expression.unknown-function", "There is no function '\(name)'",
                help: suggestion(for: name, in: names) ?? "There are \(names.joined(separator: ", ")).", at: offset)
        }
        try advance()
        var arguments: [Node] = []
        while token.kind != .symbol(")") {
            if !arguments.isEmpty { try expect(",") }
            arguments.append(try parseOr())
            guard arguments.count <= function.parameterCount else { break }
        }
        guard arguments.count == function.parameterCount else {
            let wanted = function.parameterCount == 1 ? "one value" : "\(function.parameterCount) values"
            throw syntax("'\(name)' takes \(wanted)", at: offset)
        }
        try expect(")")
        return Node(kind: .call(function, arguments), offset: offset)
    }

    private mutating func expect(_ symbol: String) throws(ExpressionIssue) {
        guard token.kind == .symbol(symbol) else { throw unexpectedToken(wanted: symbol) }
        try advance()
    }

    private mutating func advance() throws(ExpressionIssue) { token = try lexer.next() }

    private mutating func enter() throws(ExpressionIssue) {
        depth += 1
        guard depth <= Expression.depthMax else { throw tooDeep() }
    }

    /// A chain such as `a and b and …` nests to the left, so its length is the tree's depth.
    private func limitChain(_ count: inout Int) throws(ExpressionIssue) {
        count += 1
        guard count <= Expression.depthMax else { throw tooDeep() }
    }

    private func tooDeep() -> ExpressionIssue {
        syntax("The expression is nested more than \(Expression.depthMax) deep", at: token.offset)
    }

    private func unexpectedToken(wanted: String? = nil) -> ExpressionIssue {
        let found =
            switch token.kind {
            case .name(let name): "'\(name)'"
            case .text: "Text"
            case .integer(let number): "\(number)"
            case .symbol(let symbol): "'\(symbol)'"
            case .end: "The end of the expression"
            }
        let help = wanted.map { "'\($0)' is missing." }
        return syntax("\(found) is not expected here", help: help, at: token.offset)
    }

    private func syntax(_ summary: String, help: String? = nil, at offset: Int) -> ExpressionIssue {
        ExpressionIssue(code: "expression.syntax", summary, help: help, at: offset)
    }
}
