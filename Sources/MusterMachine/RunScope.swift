// SPDX-License-Identifier: Apache-2.0

internal import MusterExpressions
internal import MusterModel

/// What the expressions of one step can see: the run's inputs and environment, its own item of a `for-each`, the
/// outputs of steps that are done, and whether an effect of a step is, or may be, in place.
struct RunScope: Scope {
    let state: RunState
    let item: JSON?

    func value(of reference: Reference) -> JSON? {
        var path = reference.path[...]
        var value: JSON?
        switch reference.root {
        case "inputs": value = .object(state.plan.inputs)
        case "environment": value = .object(state.plan.environment.values)
        case "run": value = state.created.map { ["id": .string($0.run.text), "kind": .string($0.kind.rawValue)] }
        case "item": value = item
        case "steps":
            if path.count == 2, path[1] == "inPlace" {
                return state.positions[path[0]].map { .bool(state.mayBeInPlace($0)) }
            }
            guard path.count >= 3, path[1] == "outputs", let step = state.state(of: path[0]), case .done = step.phase
            else {
                return nil
            }
            value = step.outputs[path[2]]
            path = path.dropFirst(3)
        default: return nil
        }
        for name in path { value = value?[name] }
        return value
    }
}

extension RunState {
    func scope(for at: Int) -> RunScope { RunScope(state: self, item: plan.steps[at].group?.item) }
}

extension RunScope {
    func isTrue(_ condition: String) throws -> Bool { try Expression(condition).holds(in: self) }

    /// A step's inputs, evaluated and held against the types that its definition declares: what an expression brings is
    /// known only now.
    func values(_ with: [String: JSON], _ definition: PlannedDefinition) throws -> [String: JSON] {
        let values = try with.mapValues { try evaluate($0, in: self) }
        for input in definition.inputs {
            let value = values[input.name] ?? .null
            if value == .null, !input.isRequired { continue }
            guard let type = ValueType(name: input.type, resource: input.resource, values: input.values) else {
                throw InputMismatch(input: input.name, why: "its type \"\(input.type)\" is unknown")
            }
            if let why = type.mismatch(of: value) { throw InputMismatch(input: input.name, why: why) }
        }
        return values
    }
}

/// A value that came of an expression is not what the step takes. A secret's value is not repeated.
struct InputMismatch: Error, CustomStringConvertible {
    let input: String
    let why: String
    var description: String { "the input \"\(input)\" does not fit: \(why)" }
}
