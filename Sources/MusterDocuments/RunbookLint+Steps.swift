// SPDX-License-Identifier: Apache-2.0

import MusterExpressions
import MusterModel

extension RunbookLint {
    mutating func checkStep(_ index: Int) {
        let step = context.steps[index]
        checkAvailability(step)
        checkForEach(step, index)
        let scope = RunbookScope(context: context, step: index, place: .step)
        checkCondition(step, in: scope)
        checkArguments(step, context.definitions[index], in: scope)
    }

    private mutating func checkAvailability(_ step: Runbook.Step) {
        checkGate(step)
        if step.onFailure.value == .rollback, step.section == .finally {
            report(
                "rollback-in-finally", "A step of finally cannot roll the run back: finally runs after the rollback",
                help: "Use stop, which waits for a person, or continue.", at: step.onFailure.location)
        }
    }

    private mutating func checkForEach(_ step: Runbook.Step, _ index: Int) {
        guard let forEach = step.forEach else { return }
        let scope = RunbookScope(context: context, step: index, place: .forEach)
        switch forEach.content {
        case .literal: break
        case .template(let template):
            noteUse(of: template.references)
            let (type, issues) = template.check(against: scope)
            diagnostics += issues.map { $0.diagnostic(in: forEach.source) }
            guard issues.isEmpty else { return }
            switch type {
            case .list(let element): context.itemTypes[index] = element
            case .any: break
            default: report("wrong-type", "'for-each' needs a list, this is \(type)", at: forEach.location)
            }
        case .list(let elements):
            for element in elements { check(element, is: .any, in: scope, what: "An element of for-each") }
        case .mapping: break
        }
    }

    private mutating func checkCondition(_ step: Runbook.Step, in scope: RunbookScope) {
        guard let condition = step.condition, let source = step.conditionSource else { return }
        noteUse(of: condition.value.references)
        let (type, issues) = condition.value.check(against: scope)
        diagnostics += issues.map { $0.diagnostic(in: source) }
        if issues.isEmpty, !ValueType.boolean.admits(type) {
            report(
                "wrong-type", "'when' needs a boolean, this is \(type)",
                at: source.location(atByte: condition.value.offset))
        }
        if condition.value.text == "false" {
            report(
                "unreachable-step", "The step '\(step.id.value)' is never done: its condition is always false",
                help: "Remove the step or the condition.", at: condition.location)
        }
    }

    private mutating func checkArguments(_ step: Runbook.Step, _ definition: StepDefinition?, in scope: RunbookScope) {
        let inputs = Dictionary(
            (definition?.inputs ?? []).map { ($0.name.value, $0) }, uniquingKeysWith: { first, _ in first })
        for argument in step.with {
            let name = argument.name.value
            let input = inputs[name]
            if let definition, input == nil {
                let names = definition.inputs.map(\.name.value)
                let help =
                    suggestion(for: name, in: context.candidates(names))
                    ?? "It takes \(names.isEmpty ? "none" : listed(names))."
                report(
                    "unknown-input", "'\(definition.reference.value)' has no input '\(name)'", help: help,
                    at: argument.name.location)
            }
            check(argument.value, is: Self.accepted(input), in: scope, what: "'\(name)'")
        }
        guard let definition, !step.isMalformed else { return }
        let given = Set(step.with.map(\.name.value))
        for input in definition.inputs where input.mustBeGiven && !given.contains(input.name.value) {
            report(
                "missing-input", "The step '\(step.id.value)' does not give '\(input.name.value)' (\(input.type))",
                help: input.summary.map { "\($0)." }, at: step.uses?.location ?? step.location)
        }
    }

    /// An input that may be left out takes null as *left out*.
    private static func accepted(_ input: InputDeclaration?) -> ValueType {
        guard let input else { return .any }
        return input.mustBeGiven ? input.type : .optional(input.type)
    }
}

extension RunbookLint {
    mutating func checkOrder() {
        let ordering = context.ordering
        for (index, name) in ordering.unknown { reportUnknownNeed(context.steps[index], name) }
        guard let cycle = ordering.cycle() else { return }
        let names = (cycle + [cycle[0]]).map { context.steps[$0].id.value }
        report(
            "cycle", "Steps wait for each other: \(names.joined(separator: " needs "))",
            help: "Remove one of these needs.",
            at: context.steps[cycle[0]].location)
        let settled = Set(ordering.sequence).union(cycle)
        for index in context.steps.indices where !settled.contains(index) {
            report(
                "unreachable-step", "The step '\(context.steps[index].id.value)' can never begin: it waits for a cycle",
                at: context.steps[index].location)
        }
    }

    private mutating func reportUnknownNeed(_ step: Runbook.Step, _ name: Located<String>) {
        if context.positions[name.value] != nil {
            let help =
                step.section == .finally
                ? "All of 'steps' has ended when 'finally' begins; remove it."
                : "A step cannot wait for one in 'finally'."
            report("foreign-need", "'\(name.value)' stands in the other section", help: help, at: name.location)
        } else {
            let others = context.steps.lazy.filter { $0.section == step.section && $0.id.value != step.id.value }
            report(
                "unknown-need", "There is no step '\(name.value)'",
                help: suggestion(for: name.value, in: context.candidates(others.map(\.id.value))),
                at: name.location)
        }
    }
}
