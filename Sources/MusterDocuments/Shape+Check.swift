// SPDX-License-Identifier: Apache-2.0

import MusterExpressions
import MusterModel

extension Shape {
    func accepts(_ value: LocatedValue) -> Bool {
        var diagnostics: [Diagnostic] = []
        check(value, named: "this", into: &diagnostics)
        return diagnostics.isEmpty
    }

    /// Adds a diagnostic for each thing in the value that is not as described. `name` is what the value is called.
    func check(_ value: LocatedValue, named name: String, into diagnostics: inout [Diagnostic]) {
        if case .invalid = value.content { return }
        switch self {
        case .text(let rule): checkText(value, rule, named: name, into: &diagnostics)
        case .boolean where value.bool != nil, .any: break
        case .null: if case .null = value.content {} else { reportKind(value, named: name, into: &diagnostics) }
        case .integer(let range):
            guard let number = value.int, range.contains(number) else {
                return reportKind(value, named: name, into: &diagnostics)
            }
        case .number where fitsKind(of: value): break
        case .choice(let names): checkChoice(value, names, named: name, into: &diagnostics)
        case .list(let shape, let least):
            guard let elements = value.list else { return reportKind(value, named: name, into: &diagnostics) }
            if elements.count < least {
                report("bad-value", "\(called(name)) must not be empty", at: value, into: &diagnostics)
            }
            for element in elements { shape.check(element, named: name, into: &diagnostics) }
        case .map(let names, let shape): checkMap(value, names, shape, named: name, into: &diagnostics)
        case .object(let object):
            guard value.members != nil else { return reportKind(value, named: name, into: &diagnostics) }
            object.check(value, named: name, into: &diagnostics)
        case .variants(let tag, let variants): checkVariants(value, tag, variants, named: name, into: &diagnostics)
        case .either(let shapes):
            let fitting = shapes.first { $0.fitsKind(of: value) } ?? shapes.first { $0.accepts(value) }
            guard let fitting else { return reportKind(value, named: name, into: &diagnostics) }
            fitting.check(value, named: name, into: &diagnostics)
        case .boolean, .number: reportKind(value, named: name, into: &diagnostics)
        }
    }

    private func fitsKind(of value: LocatedValue) -> Bool {
        switch (self, value.content) {
        case (.text, .string), (.choice, .string), (.boolean, .bool), (.integer, .int),
            (.number, .int), (.number, .double), (.null, .null), (.list, .list),
            (.map, .mapping), (.object, .mapping), (.variants, .mapping), (.any, _):
            true
        default: false
        }
    }

    private func checkText(
        _ value: LocatedValue, _ rule: TextRule, named name: String, into diagnostics: inout [Diagnostic]
    ) {
        guard let text = value.string else {
            let isScalar = value.list == nil && value.members == nil
            let help = isScalar ? "If text is meant, put it in quotes." : nil
            return report(
                "wrong-type", "\(called(name)) needs \(rule.name), this is \(value.kindName)", help: help, at: value,
                into: &diagnostics)
        }
        if !rule.accepts(text) {
            report("bad-value", "\(called(name)) needs \(rule.name), not '\(text)'", at: value, into: &diagnostics)
        }
    }

    private func checkChoice(
        _ value: LocatedValue, _ names: [String], named name: String, into diagnostics: inout [Diagnostic]
    ) {
        guard let text = value.string else { return reportKind(value, named: name, into: &diagnostics) }
        if names.contains(text) { return }
        report(
            "bad-value", "\(called(name)) is \(wanted), not '\(text)'", help: suggestion(for: text, in: names),
            at: value,
            into: &diagnostics)
    }

    private func checkMap(
        _ value: LocatedValue, _ names: TextRule, _ shape: Shape, named name: String,
        into diagnostics: inout [Diagnostic]
    ) {
        guard let members = value.members else { return reportKind(value, named: name, into: &diagnostics) }
        for member in members {
            if !names.accepts(member.name) {
                diagnostics.append(
                    Diagnostic(
                        code: "document.bad-name", "The name '\(member.name)' in \(called(name)) is not \(names.name)",
                        at: member.nameLocation))
            }
            shape.check(member.value, named: member.name, into: &diagnostics)
        }
    }

    private func checkVariants(
        _ value: LocatedValue, _ tag: String, _ variants: [(name: String, shape: ObjectShape)], named name: String,
        into diagnostics: inout [Diagnostic]
    ) {
        guard value.members != nil else { return reportKind(value, named: name, into: &diagnostics) }
        guard let chosen = value[tag] else {
            return report("missing-key", "\(called(name)) needs '\(tag)'", at: value, into: &diagnostics)
        }
        guard let variant = variants.first(where: { $0.name == chosen.string }) else {
            return Shape.choice(variants.map(\.name)).check(chosen, named: tag, into: &diagnostics)
        }
        variant.shape.check(value, named: name, into: &diagnostics)
    }

    private func reportKind(_ value: LocatedValue, named name: String, into diagnostics: inout [Diagnostic]) {
        let found = value.int.map { "\($0)" } ?? value.kindName
        report("wrong-type", "\(called(name)) needs \(wanted), this is \(found)", at: value, into: &diagnostics)
    }

    private func report(
        _ code: String, _ summary: String, help: String? = nil, at value: LocatedValue,
        into diagnostics: inout [Diagnostic]
    ) {
        diagnostics.append(Diagnostic(code: "document." + code, summary, help: help, at: value.location))
    }
}

extension ObjectShape {
    /// The value is a mapping.
    func check(_ value: LocatedValue, named name: String, into diagnostics: inout [Diagnostic]) {
        let members = value.members ?? []
        for member in members {
            if let field = byName[member.name] {
                field.shape.check(member.value, named: member.name, into: &diagnostics)
            } else {
                diagnostics.append(unknownKey(member, in: name))
            }
        }
        if exactlyOne, members.count != 1 {
            let names = fields.map(\.name).joined(separator: ", ")
            diagnostics.append(
                Diagnostic(
                    code: "document.missing-key", "\(called(name)) needs exactly one of \(names)", at: value.location))
        }
        for field in fields where field.isRequired && !members.contains(where: { $0.name == field.name }) {
            diagnostics.append(
                Diagnostic(
                    code: "document.missing-key", "\(called(name)) needs '\(field.name)'", help: field.summary + ".",
                    at: value.location))
        }
    }

    private func unknownKey(_ member: LocatedValue.Member, in name: String) -> Diagnostic {
        let names = fields.map(\.name)
        let help = suggestion(for: member.name, in: names) ?? "It may hold \(names.joined(separator: ", "))."
        return Diagnostic(
            code: "document.unknown-key", "\(called(name)) may not hold '\(member.name)'", help: help,
            at: member.nameLocation
        )
    }
}

/// A member's name stands in quotes, a document's does not.
private func called(_ name: String) -> String { name.contains(" ") || name.hasSuffix(".yaml") ? name : "'\(name)'" }
