// SPDX-License-Identifier: Apache-2.0

package import MusterExpressions
package import MusterModel

/// An input of a step or a runbook.
package struct InputDeclaration: Sendable {
    package var name: Located<String>
    package var type: ValueType
    package var summary: String?
    /// Must be given where there is no default.
    package var isRequired: Bool
    package var defaultValue: JSON?

    /// What an expression that reads it gets: null too, when it may be left out and nothing stands for it.
    package var expressionType: ValueType { isRequired || defaultValue != nil ? type : .optional(type) }
    package var mustBeGiven: Bool { isRequired && defaultValue == nil }

    /// Why the value cannot be given, in one sentence; nil when it can. Null stands for an input that is left out.
    package func mismatch(of value: JSON) -> String? {
        value == .null && !isRequired ? nil : type.mismatch(of: value)
    }
}

/// An output of a step.
package struct OutputDeclaration: Sendable {
    package var name: Located<String>
    package var type: ValueType
    package var summary: String?
}

extension InputDeclaration {
    static let shape = Shape.object(
        .required("type", .text(.valueType), "Its type"),
        .optional("summary", .text(.sentence), "What it is for"),
        .optional("resource", .text(.resourceType), "Of an azure-resource-id: the resource's type"),
        .optional("values", .list(.text(.text), atLeast: 1), "Of an enum: the values allowed"),
        .optional("default", .any, "Its value where none is given"),
        .optional("required", .boolean, "false: it may be left out and is null then"))

    static func read(_ value: LocatedValue?, into diagnostics: inout [Diagnostic]) -> [InputDeclaration] {
        (value?.members ?? []).map { member in
            let declaration = member.value
            let input = InputDeclaration(
                name: Located(member.name, at: member.nameLocation), type: readType(declaration, into: &diagnostics),
                summary: declaration["summary"]?.string, isRequired: declaration["required"]?.bool ?? true,
                defaultValue: declaration["default"]?.json)
            input.checkDefault(declaration, into: &diagnostics)
            return input
        }
    }

    private func checkDefault(_ declaration: LocatedValue, into diagnostics: inout [Diagnostic]) {
        guard let written = declaration["default"], let defaultValue else { return }
        var hasTemplate = false
        TemplateValue(written, into: &diagnostics).forEachTemplate { _, _ in hasTemplate = true }
        if hasTemplate {
            diagnostics.append(
                Diagnostic(
                    code: "document.bad-default", "The default of '\(name.value)' is a template",
                    help: "A default is a value; write the expression where the input is used.", at: written.location))
        } else if type != .oneOf([]), let why = type.mismatch(of: defaultValue) {
            diagnostics.append(
                Diagnostic(
                    code: "document.bad-default", "The default of '\(name.value)' does not fit its type: \(why)",
                    at: written.location))
        }
        if declaration["required"]?.bool == true {
            diagnostics.append(
                Diagnostic(
                    code: "document.bad-default", "'\(name.value)' is required and has a default",
                    help: "Remove one of them.", at: written.location))
        }
    }
}

extension OutputDeclaration {
    static let shape = Shape.object(
        .required("type", .text(.valueType), "Its type"),
        .optional("summary", .text(.sentence), "What it is"),
        .optional("resource", .text(.resourceType), "Of an azure-resource-id: the resource's type"),
        .optional("values", .list(.text(.text), atLeast: 1), "Of an enum: the values there are"))

    static func read(_ value: LocatedValue?, into diagnostics: inout [Diagnostic]) -> [OutputDeclaration] {
        (value?.members ?? []).map { member in
            let type = readType(member.value, into: &diagnostics)
            if type == .secret || type == .list(.secret) {
                diagnostics.append(
                    Diagnostic(
                        code: "step.secret-output", "The output '\(member.name)' is a secret",
                        help: "Outputs are journaled and recorded; a step hands on where a secret is kept instead.",
                        at: member.value.location))
            }
            return OutputDeclaration(
                name: Located(member.name, at: member.nameLocation), type: type,
                summary: member.value["summary"]?.string)
        }
    }
}

/// `type` with its companions, which belong to one type each.
private func readType(_ declaration: LocatedValue, into diagnostics: inout [Diagnostic]) -> ValueType {
    let name = declaration["type"]?.string ?? "any"
    for (companion, owner) in [("resource", "azure-resource-id"), ("values", "enum")] {
        if let stray = declaration[companion], !name.hasSuffix(owner) {
            diagnostics.append(
                Diagnostic(
                    code: "document.bad-type", "'\(companion)' belongs to the type \(owner), this is \(name)",
                    at: stray.location))
        }
    }
    if name.hasSuffix("enum"), declaration["values"] == nil {
        diagnostics.append(
            Diagnostic(code: "document.bad-type", "The type enum needs 'values'", at: declaration.location))
    }
    let values = declaration.texts("values").map(\.value)
    return ValueType(name: name, resource: declaration["resource"]?.string, values: values) ?? .any
}
