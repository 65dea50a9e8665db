// SPDX-License-Identifier: Apache-2.0

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
    /// The runbook's steps whose effect cannot be taken back, in the plan's order, each once. No general go-ahead covers
    /// them: each needs a word of its own, except in a rehearsal, whose clouds are simulated.
    package var pointsOfNoReturn: [String] {
        var seen: Set<String> = []
        return steps.compactMap { step in
            guard definitions[step.uses]?.effect == .irreversible else { return nil }
            let id = step.group?.id ?? step.id
            return seen.insert(id).inserted ? id : nil
        }
    }

    /// The points of no return that nobody has accepted.
    package func pointsOfNoReturn(without accepted: [String]) -> [String] {
        kind == .rehearsal ? [] : pointsOfNoReturn.filter { !accepted.contains($0) }
    }
}
