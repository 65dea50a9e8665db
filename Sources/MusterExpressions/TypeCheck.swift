// SPDX-License-Identifier: Apache-2.0

import MusterModel

extension Expression {
    /// The expression's type, and everything wrong with it. The type is `any` where an issue hides it.
    package func check(against scope: some TypeScope) -> (type: ValueType, issues: [ExpressionIssue]) {
        var checker = TypeChecker(scope: scope)
        let type = checker.check(root) ?? .any
        return (type, checker.issues)
    }
}

extension Template {
    /// The type of the template's value: its one expression's, else text.
    package func check(against scope: some TypeScope) -> (type: ValueType, issues: [ExpressionIssue]) {
        if let single { return single.check(against: scope) }
        var issues: [ExpressionIssue] = []
        for expression in expressions {
            let (type, found) = expression.check(against: scope)
            issues += found
            if found.isEmpty { issues += Self.issueInText(expression, type) }
        }
        return (.string, issues)
    }

    private static func issueInText(_ expression: Expression, _ type: ValueType) -> [ExpressionIssue] {
        switch type.wrapped {
        case .object, .list:
            return [
                ExpressionIssue(
                    code: "expression.list-in-text", "'\(expression)' is \(type) and cannot stand inside text",
                    help: "Use join(list, ', '), or name one member.", at: expression.offset)
            ]
        case .secret:
            return [
                ExpressionIssue(
                    code: "expression.secret-in-text", "'\(expression)' is a secret and cannot stand inside text",
                    help: "Hand a secret to an input of type secret, whole.", at: expression.offset)
            ]
        default:
            guard type.isOptional else { return [] }
            return [
                ExpressionIssue(
                    code: "expression.null-in-text", "'\(expression)' may be null and cannot stand inside text",
                    help: "Use default(\(expression), 'something').", at: expression.offset)
            ]
        }
    }
}

private struct TypeChecker<S: TypeScope> {
    let scope: S
    var issues: [ExpressionIssue] = []

    /// Nil after an issue: nothing more is said about what hangs on it.
    mutating func check(_ node: Node, guarded: Bool = false) -> ValueType? {
        switch node.kind {
        case .literal(let value): return literalType(value)
        case .reference(let reference): return check(reference, at: node.offset, guarded: guarded)
        case .member(let inner, let name):
            guard let type = check(inner, guarded: guarded) else { return nil }
            return resolve(memberLookup(of: type), asking: name, at: node.offset)
        case .index(let list, let index): return checkIndex(list, index, at: node.offset, guarded: guarded)
        case .call(let function, let arguments): return checkCall(function, arguments, at: node.offset)
        case .compare(let comparison, let left, let right):
            checkComparison(comparison, left, right, at: node.offset)
            return .boolean
        case .and(let left, let right), .or(let left, let right):
            demand(.boolean, of: left)
            demand(.boolean, of: right)
            return .boolean
        case .not(let inner):
            demand(.boolean, of: inner)
            return .boolean
        }
    }

    private func literalType(_ value: JSON) -> ValueType {
        switch value {
        case .bool: .boolean
        case .int: .integer
        case .string: .string
        default: .optional(.any)
        }
    }

    private mutating func check(_ reference: Reference, at offset: Int, guarded: Bool) -> ValueType? {
        resolve(scope.lookUp(reference, guarded: guarded), asking: reference.description, at: offset)
    }

    private mutating func resolve(_ lookup: TypeLookup, asking text: String, at offset: Int) -> ValueType? {
        switch lookup {
        case .known(let type): return type
        case .unknown(let name, let candidates):
            let what = name == text ? "" : " in '\(text)'"
            let list =
                candidates.count <= 12 && !candidates.isEmpty
                ? "There are \(candidates.sorted().joined(separator: ", "))." : nil
            report(
                "unknown-name", "There is no '\(name)'\(what)", help: suggestion(for: name, in: candidates) ?? list,
                at: offset)
        case .refused(let code, let summary, let help):
            issues.append(ExpressionIssue(code: code, summary, help: help, at: offset))
        }
        return nil
    }

    private mutating func checkIndex(_ list: Node, _ index: Node, at offset: Int, guarded: Bool) -> ValueType? {
        let container = check(list, guarded: guarded)
        let key = check(index)
        guard let container, let key else { return nil }
        switch container.wrapped {
        case .any: return .any
        case .list(let element) where ValueType.integer.admits(key): return element
        case .object where ValueType.string.admits(key): return .any
        case .list: report("wrong-type", "A list takes an integer in brackets, this is \(key)", at: index.start)
        case .object: report("wrong-type", "An object takes a name in brackets, this is \(key)", at: index.start)
        default: report("wrong-type", "A value of type \(container) has no elements", at: offset)
        }
        return nil
    }

    private mutating func checkCall(_ function: ExpressionFunction, _ arguments: [Node], at offset: Int) -> ValueType? {
        switch function {
        case .length:
            guard let type = check(arguments[0]) else { return .integer }
            switch type {
            case .any, .object, .list: break
            case _ where type.isText && !type.isOptional: break
            default:
                report("wrong-type", "length takes text, a list or an object, this is \(type)", at: arguments[0].start)
            }
            return .integer
        case .contains:
            if let type = check(arguments[0]), !isList(type) { demandText(type, at: arguments[0].start) }
            _ = check(arguments[1])
            return .boolean
        case .startsWith, .endsWith:
            for argument in arguments { demand(.string, of: argument) }
            return .boolean
        case .lower, .upper, .lastSegment:
            demand(.string, of: arguments[0])
            return .string
        case .join:
            demand(.list(.string), of: arguments[0])
            demand(.string, of: arguments[1])
            return .string
        case .default: return checkDefault(arguments)
        }
    }

    private mutating func checkDefault(_ arguments: [Node]) -> ValueType? {
        let wanted = check(arguments[0], guarded: true)
        let otherwise = check(arguments[1])
        guard let wanted, let otherwise else { return nil }
        let type = wanted.wrapped
        // Text written out is checked as a value; where both are text of different kinds the answer is plain text.
        if type.admits(otherwise) { return otherwise.isOptional ? .optional(type) : type }
        if type.isText, otherwise.isText {
            if case .literal(let value) = arguments[1].kind, type.accepts(value) { return type }
            return otherwise.isOptional ? .optional(.string) : .string
        }
        report(
            "wrong-type", "default needs two values of one type, these are \(type) and \(otherwise)",
            at: arguments[1].start)
        return nil
    }

    private mutating func checkComparison(_ comparison: Comparison, _ left: Node, _ right: Node, at offset: Int) {
        let (leftType, rightType) = (check(left), check(right))
        guard let leftType, let rightType else { return }
        checkEnumLiteral(leftType, right)
        checkEnumLiteral(rightType, left)
        let isOrdering = comparison != .equal && comparison != .notEqual
        let (one, other) = isOrdering ? (leftType, rightType) : (leftType.wrapped, rightType.wrapped)
        let numbers = ValueType.number.admits(one) && ValueType.number.admits(other)
        let texts = ValueType.string.admits(one) && ValueType.string.admits(other)
        if numbers || texts { return }
        if !isOrdering, one.admits(other) || other.admits(one) { return }
        report("wrong-type", "\(leftType) and \(rightType) cannot be compared with \(comparison.rawValue)", at: offset)
    }

    private mutating func checkEnumLiteral(_ type: ValueType, _ node: Node) {
        guard case .oneOf(let values) = type.wrapped, case .literal(.string(let text)) = node.kind,
            !values.contains(text)
        else { return }
        report(
            "wrong-type", "'\(text)' is not one of \(values.joined(separator: ", "))",
            help: suggestion(for: text, in: values),
            at: node.start)
    }

    private func isList(_ type: ValueType) -> Bool { if case .list = type { true } else { false } }

    private mutating func demand(_ wanted: ValueType, of node: Node) {
        guard let type = check(node), !wanted.admits(type) else { return }
        report("wrong-type", "\(wanted) is needed here, this is \(type)", at: node.start)
    }

    private mutating func demandText(_ type: ValueType, at offset: Int) {
        if !ValueType.string.admits(type) {
            report("wrong-type", "Text or a list is needed here, this is \(type)", at: offset)
        }
    }

    private mutating func report(_ code: String, _ summary: String, help: String? = nil, at offset: Int) {
        issues.append(ExpressionIssue(code: "expression." + code, summary, help: help, at: offset))
    }
}
