// SPDX-License-Identifier: Apache-2.0

package import MusterModel

extension Expression {
    package func evaluate(in scope: some Scope) throws(ExpressionIssue) -> JSON { try root.evaluate(in: scope) }

    /// Evaluates a condition; anything but a boolean is an error.
    package func holds(in scope: some Scope) throws(ExpressionIssue) -> Bool {
        try root.truth(try root.evaluate(in: scope))
    }
}

extension Template {
    package func evaluate(in scope: some Scope) throws(ExpressionIssue) -> JSON {
        if let single { return try single.evaluate(in: scope) }
        var text = ""
        for segment in segments {
            switch segment {
            case .text(let part): text += part
            case .expression(let expression): text += try Self.text(of: expression, in: scope)
            }
        }
        return .string(text)
    }

    private static func text(of expression: Expression, in scope: some Scope) throws(ExpressionIssue) -> String {
        let value = try expression.evaluate(in: scope)
        switch value {
        case .string, .bool, .int, .double: return value.text
        case .null:
            throw ExpressionIssue(
                code: "expression.null-in-text", "'\(expression)' is null and cannot stand inside text",
                help: "Use default(\(expression), 'something').", at: expression.offset)
        case .array, .object:
            throw ExpressionIssue(
                code: "expression.list-in-text", "'\(expression)' is a list or an object and cannot stand inside text",
                help: "Use join(list, ', '), or name one member.", at: expression.offset)
        }
    }
}

/// Replaces every template inside the value; names of members are left alone.
package func evaluate(_ json: JSON, in scope: some Scope) throws(ExpressionIssue) -> JSON {
    switch json {
    case .string(let text): return try Template(text).evaluate(in: scope)
    case .array(let elements):
        var evaluated: [JSON] = []
        for element in elements { evaluated.append(try evaluate(element, in: scope)) }
        return .array(evaluated)
    case .object(let members):
        var evaluated: [String: JSON] = [:]
        // Sorted, so that of several errors always the same one is reported.
        for name in members.keys.sorted() { evaluated[name] = try evaluate(members[name]!, in: scope) }
        return .object(evaluated)
    case .null, .bool, .int, .double: return json
    }
}

extension Node {
    func evaluate(in scope: some Scope) throws(ExpressionIssue) -> JSON {
        switch kind {
        case .literal(let value): return value
        case .reference(let reference):
            guard let value = scope.value(of: reference) else { throw missing("'\(reference)' has no value") }
            return value
        case .member(let inner, let name):
            guard let value = try inner.evaluate(in: scope)[name] else { throw missing("There is no '\(name)' here") }
            return value
        case .index(let list, let index):
            return try element(try list.evaluate(in: scope), try index.evaluate(in: scope))
        case .call(.default, let arguments): return try fallback(arguments[0], arguments[1], in: scope)
        case .call(let function, let arguments):
            var values: [JSON] = []
            for argument in arguments { values.append(try argument.evaluate(in: scope)) }
            return try call(function, values)
        case .compare(let comparison, let left, let right):
            return .bool(try compare(comparison, try left.evaluate(in: scope), try right.evaluate(in: scope)))
        case .and(let left, let right):
            guard try truth(try left.evaluate(in: scope)) else { return false }
            return .bool(try truth(try right.evaluate(in: scope)))
        case .or(let left, let right):
            if try truth(try left.evaluate(in: scope)) { return true }
            return .bool(try truth(try right.evaluate(in: scope)))
        case .not(let inner): return .bool(!(try truth(try inner.evaluate(in: scope))))
        }
    }

    func truth(_ value: JSON) throws(ExpressionIssue) -> Bool {
        guard let truth = value.bool else { throw wrongType("A boolean is needed here, this is \(value.kindName)") }
        return truth
    }

    private func fallback(_ wanted: Node, _ otherwise: Node, in scope: some Scope) throws(ExpressionIssue) -> JSON {
        do {
            let value = try wanted.evaluate(in: scope)
            if value != .null { return value }
        } catch  where error.code != "expression.no-value" {
            throw error
        } catch {
            // Never produced: this is what the second value is for.
        }
        return try otherwise.evaluate(in: scope)
    }

    private func element(_ container: JSON, _ index: JSON) throws(ExpressionIssue) -> JSON {
        switch (container, index) {
        case (.array(let elements), .int(let position)):
            guard position >= 0, position < elements.count else {
                throw missing("The list has \(elements.count) elements; there is no element \(position)")
            }
            return elements[Int(position)]
        case (.object(let members), .string(let name)):
            guard let value = members[name] else { throw missing("There is no '\(name)' here") }
            return value
        default:
            throw wrongType("A list takes an integer in brackets and an object a name; this is \(container.kindName)")
        }
    }

    private func compare(_ comparison: Comparison, _ left: JSON, _ right: JSON) throws(ExpressionIssue) -> Bool {
        switch comparison {
        case .equal: return equal(left, right)
        case .notEqual: return !equal(left, right)
        case .less: return try precedes(left, right)
        case .greater: return try precedes(right, left)
        case .lessOrEqual: return !(try precedes(right, left))
        case .greaterOrEqual: return !(try precedes(left, right))
        }
    }

    private func equal(_ left: JSON, _ right: JSON) -> Bool {
        switch (left, right) {
        case (.int, .double), (.double, .int): left.number == right.number
        default: left == right
        }
    }

    /// Integers and numbers by value, texts by their UTF-8 bytes.
    private func precedes(_ left: JSON, _ right: JSON) throws(ExpressionIssue) -> Bool {
        switch (left, right) {
        case (.int(let left), .int(let right)): return left < right
        case (.string(let left), .string(let right)): return left.utf8.lexicographicallyPrecedes(right.utf8)
        default:
            guard let left = left.number, let right = right.number else {
                throw wrongType("Two numbers or two texts can be ordered, not \(left.kindName) and \(right.kindName)")
            }
            return left < right
        }
    }

    func missing(_ summary: String) -> ExpressionIssue {
        ExpressionIssue(code: "expression.no-value", summary, at: offset)
    }

    func wrongType(_ summary: String) -> ExpressionIssue {
        ExpressionIssue(code: "expression.wrong-type", summary, at: offset)
    }
}
