// SPDX-License-Identifier: Apache-2.0

import MusterExpressions
import MusterModel

/// What all scopes of one runbook share. A class, since a thousand steps ask it and none owns it.
final class RunbookLintContext {
    let steps: [Runbook.Step]
    let ordering: RunbookOrdering
    /// By step id.
    let positions: [String: Int]
    let inputs: TypeTable
    /// By position; nil where the step's definition is not known.
    var definitions: [StepDefinition?]
    /// By position of a step with `for-each` over a list of a known type.
    var itemTypes: [Int: ValueType] = [:]
    private let allowance = SuggestionAllowance()
    /// Positions of the steps that are on no cycle and behind none.
    let settled: Set<Int>

    init(_ runbook: Runbook) {
        steps = runbook.allSteps
        ordering = runbook.ordering
        positions = Dictionary(
            steps.enumerated().filter { !$0.element.id.value.isEmpty }.map { ($0.element.id.value, $0.offset) },
            uniquingKeysWith: { first, _ in first })
        let types = runbook.inputs.map { ($0.name.value, $0.expressionType) }
        inputs = TypeTable(roots: ["inputs": Dictionary(types, uniquingKeysWith: { first, _ in first })])
        definitions = Array(repeating: nil, count: steps.count)
        settled = Set(ordering.sequence)
    }

    /// The candidates for the nearest name; none once enough have been looked through.
    func candidates(_ names: @autoclosure () -> [String]) -> [String] { allowance.candidates(names()) }
}

/// The names that an expression at one place of a runbook may read.
struct RunbookScope: TypeScope {
    enum Place {
        /// `with` and `when`.
        case step
        case forEach
        case locks
    }

    let context: RunbookLintContext
    /// The step's position; nil outside a step.
    let step: Int?
    let place: Place

    func lookUp(_ reference: Reference, guarded: Bool) -> TypeLookup {
        switch (reference.root, place) {
        case ("inputs", _): return lookUpInput(reference, guarded: guarded)
        case ("environment", _): return .known(reference.path.isEmpty ? .object : .any)
        case ("steps", .step): return lookUpOutput(reference, guarded: guarded)
        case ("item", .step): return lookUpItem(reference)
        case ("run", .step):
            return TypeTable(roots: ["run": ["id": .string, "kind": .string]]).lookUp(reference, guarded: guarded)
        case ("steps", .forEach), ("run", .forEach), ("item", .forEach):
            return refuse(
                "for-each-source", "'for-each' reads inputs and environment, not '\(reference)'",
                help:
                    "The plan that is shown must be what runs, so the steps there are must be known before the run.")
        case ("steps", .locks), ("run", .locks), ("item", .locks):
            return refuse(
                "lock-source", "A lock reads inputs and environment, not '\(reference)'",
                help: "Locks are taken before the first step.")
        case ("undo", _):
            return refuse(
                "undo-reference", "'undo' is known to the rollback notes of a step definition only", help: nil)
        default:
            return .unknown(name: reference.root, candidates: ["inputs", "environment", "steps", "run", "item"])
        }
    }

    private func lookUpInput(_ reference: Reference, guarded: Bool) -> TypeLookup {
        let lookup = context.inputs.lookUp(reference, guarded: guarded)
        guard case .unknown(let name, let names) = lookup else { return lookup }
        return .unknown(name: name, candidates: context.candidates(names))
    }

    private func lookUpItem(_ reference: Reference) -> TypeLookup {
        guard let step, context.steps[step].forEach != nil else {
            return refuse("item-reference", "'item' exists in a step with 'for-each' only", help: nil)
        }
        let type = context.itemTypes[step] ?? .any
        return reference.path.isEmpty ? .known(type) : memberLookup(of: type)
    }

    private func lookUpOutput(_ reference: Reference, guarded: Bool) -> TypeLookup {
        guard let name = reference.path.first else {
            return refuse("step-reference", "'steps' alone is no value", help: "Write steps.<id>.outputs.<name>.")
        }
        guard let source = context.positions[name], let step else {
            return .unknown(name: name, candidates: context.candidates(Array(context.positions.keys)))
        }
        if reference.path.count == 2, reference.path[1] == "inPlace" { return lookUpInPlace(of: source, step) }
        guard reference.path.count >= 3, reference.path[1] == "outputs" else {
            return refuse(
                "step-reference", "Of a step only its outputs can be read, not '\(reference)'",
                help: "Write steps.\(name).outputs.<name>.")
        }
        if let refusal = refuseOrder(of: source, before: step) ?? refuseMissing(source, step, guarded: guarded) {
            return refusal
        }
        return outputType(reference, of: source)
    }

    /// What brings things back asks whether there is anything to be brought back; before that nobody needs to ask.
    private func lookUpInPlace(of source: Int, _ step: Int) -> TypeLookup {
        let (reader, other) = (context.steps[step], context.steps[source])
        guard reader.section == .finally, other.section == .steps, other.forEach == nil else {
            return refuse(
                "step-reference", "Whether the effect of '\(other.id.value)' is in place is asked by 'finally' only",
                help: "Read its outputs: steps.\(other.id.value).outputs.<name>.")
        }
        return .known(.boolean)
    }

    /// The step must have ended for certain when the one that reads it begins.
    private func refuseOrder(of source: Int, before step: Int) -> TypeLookup? {
        let (reader, other) = (context.steps[step], context.steps[source])
        let id = other.id.value
        if source == step { return refuse("later-step", "A step cannot read its own outputs", help: nil) }
        if reader.section == .finally, other.section == .steps { return nil }
        if reader.section == .steps, other.section == .finally {
            return refuse("later-step", "'\(id)' stands in 'finally' and comes later", help: nil)
        }
        // Steps on a cycle have no order; the cycle has been reported.
        guard context.settled.contains(step), context.settled.contains(source) else { return nil }
        if context.ordering.isAfter(step, source) { return nil }
        if context.ordering.isAfter(source, step) {
            return refuse("later-step", "The step '\(id)' comes later", help: "Move it up, or read an earlier step.")
        }
        return refuse(
            "later-step", "The step '\(reader.id.value)' does not wait for '\(id)'", help: "Add '\(id)' to its 'needs'."
        )
    }

    private func refuseMissing(_ source: Int, _ step: Int, guarded: Bool) -> TypeLookup? {
        let other = context.steps[source]
        let id = other.id.value
        if other.forEach != nil {
            return refuse(
                "for-each-outputs", "'\(id)' is done once for each element and has no outputs of its own",
                help: "Read the same inputs, or look the values up in a later step.")
        }
        if guarded { return nil }
        let help = "Use default(steps.\(id).outputs.<name>, otherwise)."
        if other.section != context.steps[step].section {
            return refuse(
                "conditional-reference", "'\(id)' may not have been done: 'finally' runs whatever happened above",
                help: help)
        }
        if other.condition != nil, !isDone(other, whenever: context.steps[step]) {
            return refuse("conditional-reference", "'\(id)' may be skipped by its condition", help: help)
        }
        if other.onFailure.value == .continue {
            return refuse("conditional-reference", "'\(id)' may fail and the run goes on", help: help)
        }
        return nil
    }

    /// Both have the very same condition, and nothing in it changes while the run goes on.
    private func isDone(_ source: Runbook.Step, whenever reader: Runbook.Step) -> Bool {
        guard let condition = source.condition?.value, let own = reader.condition?.value else { return false }
        return condition.description == own.description
            && condition.references.allSatisfy { ["inputs", "environment"].contains($0.root) }
    }

    private func outputType(_ reference: Reference, of source: Int) -> TypeLookup {
        guard let definition = context.definitions[source] else { return .known(.any) }
        let name = reference.path[2]
        guard let output = definition.outputs.first(where: { $0.name.value == name }) else {
            return .unknown(name: name, candidates: context.candidates(definition.outputs.map(\.name.value)))
        }
        return reference.path.count == 3 ? .known(output.type) : memberLookup(of: output.type)
    }

    private func refuse(_ code: String, _ summary: String, help: String?) -> TypeLookup {
        .refused(code: "runbook." + code, summary: summary, help: help)
    }
}
