// SPDX-License-Identifier: Apache-2.0

import MusterExpressions
import MusterModel

extension StepDefinition {
    /// The rules that hold between fields.
    func check(_ root: LocatedValue, into diagnostics: inout [Diagnostic]) {
        checkEffect(root, into: &diagnostics)
        checkMoments(root, into: &diagnostics)
        reportDoubled(preconditions.map(\.id), code: "step.doubled-id", "preconditions", into: &diagnostics)
        reportDoubled(postconditions.map(\.id), code: "step.doubled-id", "postconditions", into: &diagnostics)
        reportDoubled(knownErrors.map(\.match), code: "step.doubled-id", "known errors", into: &diagnostics)
        reportDoubled(
            connections + optionalConnections, code: "step.doubled-id", "connections", into: &diagnostics)
        checkRollback(root, into: &diagnostics)
    }

    private func checkEffect(_ root: LocatedValue, into diagnostics: inout [Diagnostic]) {
        guard let written = root["effect"], let effect = written.string.flatMap(Effect.init) else { return }
        let rollback = root["rollback"]
        if effect != .none, rollback == nil {
            let what = effect == .reversible ? "undoes it" : "can be done instead, since nothing undoes it"
            diagnostics.append(
                Diagnostic(
                    code: "step.missing-rollback", "A step whose effect is \(effect.rawValue) needs 'rollback'",
                    help: "Write what \(what), so that a person without Muster can follow it.", at: written.location))
        }
        if effect == .none, let rollback {
            diagnostics.append(
                Diagnostic(
                    code: "step.needless-rollback", "A step without an effect has nothing to roll back",
                    help: "Remove 'rollback', or name the effect.", at: rollback.location))
        }
        if effect == .none, postconditions.isEmpty {
            diagnostics.append(
                Diagnostic(
                    code: "step.missing-postcondition", "A step without an effect needs 'postconditions'",
                    help: "What it shows is its work.", at: written.location))
        }
    }

    private func checkMoments(_ root: LocatedValue, into diagnostics: inout [Diagnostic]) {
        guard let effect = root["effect"]?.string.flatMap(Effect.init), effect != .reversible else { return }
        for precondition in root["preconditions"]?.list ?? [] {
            guard let at = precondition["at"], at.string == Precondition.Moment.undo.rawValue else { continue }
            diagnostics.append(
                Diagnostic(
                    code: "step.needless-undo-precondition",
                    "A step whose effect is \(effect.rawValue) is never undone, so nothing is looked at before that",
                    help: "Remove the precondition, or make the step reversible.", at: at.location))
        }
    }

    private func checkRollback(_ root: LocatedValue, into diagnostics: inout [Diagnostic]) {
        guard let rollback, let written = root["rollback"] else { return }
        let types = Dictionary(
            inputs.map { ($0.name.value, $0.expressionType) }, uniquingKeysWith: { first, _ in first })
        let scope = RollbackScope(table: TypeTable(roots: ["inputs": types]))
        for issue in rollback.value.check(against: scope).issues { diagnostics.append(issue.diagnostic(in: written)) }
    }
}

/// What a rollback note may read: the step's inputs, and what the step will have stored for its undo.
private struct RollbackScope: TypeScope {
    let table: TypeTable
    private let allowance = SuggestionAllowance()

    init(table: TypeTable) { self.table = table }

    func lookUp(_ reference: Reference, guarded: Bool) -> TypeLookup {
        switch reference.root {
        case "inputs":
            let lookup = table.lookUp(reference, guarded: guarded)
            guard case .unknown(let name, let names) = lookup else { return lookup }
            return .unknown(name: name, candidates: allowance.candidates(names))
        case "undo": return .known(.any)
        default:
            return .refused(
                code: "step.rollback-reference", summary: "Rollback notes read inputs and undo, not '\(reference)'",
                help: "Store what is needed in the undo data.")
        }
    }
}
