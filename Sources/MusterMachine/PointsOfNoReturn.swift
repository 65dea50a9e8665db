// SPDX-License-Identifier: Apache-2.0

internal import MusterExpressions
internal import MusterModel

/// A person's word for one step whose effect cannot be taken back.
package struct Acceptance: Hashable, Sendable, Codable {
    /// The runbook's id of the step; of a `for-each` it stands for all its instances.
    package var step: String
    package var person: String
    /// How it was given: `typed` at the terminal, or `--confirm-irreversible`.
    package var how: String
    package init(step: String, person: String, how: String) {
        self.step = step
        self.person = person
        self.how = how
    }
}

extension Plan {
    /// The runbook's steps whose effect cannot be taken back, in the plan's order, each once, without those that the plan
    /// leaves out. No general go-ahead covers them: each needs a word of its own, except in a rehearsal, whose clouds are
    /// simulated.
    package var pointsOfNoReturn: [String] { irreversible { !leavesOut($0) } }

    /// Those that are left out as well: a word for one of them is one too many, and does no harm.
    package var irreversibleSteps: [String] { irreversible { _ in true } }

    private func irreversible(_ counts: (PlannedStep) -> Bool) -> [String] {
        var seen: Set<String> = []
        return steps.compactMap { step in
            guard definitions[step.uses]?.effect == .irreversible, counts(step) else { return nil }
            let id = step.group?.id ?? step.id
            return seen.insert(id).inserted ? id : nil
        }
    }

    /// Whether the step's condition is false by what stands in the plan itself, its inputs and its environment: then the run
    /// skips it, whatever other steps find.
    package func leavesOut(_ step: PlannedStep) -> Bool {
        // A text that is no expression was refused by lint.
        guard let text = step.condition, let condition = try? Expression(text) else { return false }
        var roots: [String: JSON] = ["inputs": .object(inputs), "environment": .object(environment.values)]
        roots["item"] = step.group?.item
        return condition.conjuncts.contains { part in
            guard part.references.allSatisfy({ roots[$0.root] != nil }) else { return false }
            // Without a value it is a problem of the plan, which tells it.
            return (try? part.holds(in: ValueScope(roots: roots))) == false
        }
    }

    /// The points of no return that nobody has accepted.
    package func pointsOfNoReturn(without accepted: [String]) -> [String] {
        kind == .rehearsal ? [] : pointsOfNoReturn.filter { !accepted.contains($0) }
    }
}
