// SPDX-License-Identifier: Apache-2.0

import MusterModel

/// The order of a runbook's steps: what each waits for, and what follows from that.
package struct RunbookOrdering: Sendable {
    /// By position in ``Runbook/allSteps``: positions of the steps that it waits for.
    package let needs: [[Int]]
    /// Positions, every step after those it needs; steps on or behind a cycle are missing.
    package let sequence: [Int]
    /// Names in `needs` that are no step of the same section, by position.
    let unknown: [(step: Int, name: Located<String>)]
    /// The steps that a step certainly comes after, as sets of bits.
    private let ancestors: [[UInt64]]

    package init(_ runbook: Runbook) {
        let steps = runbook.allSteps
        var positions: [Runbook.Section: [String: Int]] = [:]
        for (index, step) in steps.enumerated() { positions[step.section, default: [:]][step.id.value] = index }
        var needs: [[Int]] = []
        var unknown: [(step: Int, name: Located<String>)] = []
        for (index, step) in steps.enumerated() {
            guard let written = step.needs else {
                let hasStepAbove = index > 0 && steps[index - 1].section == step.section
                needs.append(hasStepAbove ? [index - 1] : [])
                continue
            }
            var found: [Int] = []
            for name in written {
                if let position = positions[step.section]?[name.value] {
                    if !found.contains(position) { found.append(position) }
                } else {
                    unknown.append((index, name))
                }
            }
            needs.append(found)
        }
        self.needs = needs
        self.unknown = unknown
        sequence = Self.sort(needs)
        ancestors = Self.ancestors(needs, in: sequence)
    }

    /// Whether the step certainly runs after the other one, both by position.
    package func isAfter(_ step: Int, _ other: Int) -> Bool {
        ancestors[step][other / 64] & (1 << UInt64(other % 64)) != 0
    }

    /// Kahn's algorithm; among steps that could come next, the order of the document holds.
    private static func sort(_ needs: [[Int]]) -> [Int] {
        var waiting = needs.map(\.count)
        var dependents = Array(repeating: [Int](), count: needs.count)
        for (step, list) in needs.enumerated() { for need in list { dependents[need].append(step) } }
        var ready = needs.indices.filter { waiting[$0] == 0 }
        var sequence: [Int] = []
        var next = 0
        while next < ready.count {
            let step = ready[next]
            next += 1
            sequence.append(step)
            for dependent in dependents[step] {
                waiting[dependent] -= 1
                if waiting[dependent] == 0 { ready.append(dependent) }
            }
        }
        return sequence
    }

    private static func ancestors(_ needs: [[Int]], in sequence: [Int]) -> [[UInt64]] {
        let words = needs.count / 64 + 1
        var ancestors = Array(repeating: [UInt64](repeating: 0, count: words), count: needs.count)
        for step in sequence {
            var own = ancestors[step]
            for need in needs[step] {
                own[need / 64] |= 1 << UInt64(need % 64)
                for word in 0..<words { own[word] |= ancestors[need][word] }
            }
            ancestors[step] = own
        }
        return ancestors
    }

    /// One cycle by position, in the order of waiting; nil when there is none.
    func cycle() -> [Int]? {
        guard sequence.count < needs.count else { return nil }
        let settled = Set(sequence)
        guard var step = needs.indices.first(where: { !settled.contains($0) }) else { return nil }
        var path: [Int] = []
        var places: [Int: Int] = [:]
        // Every unsettled step waits for another unsettled one, so this walk must come round.
        while places[step] == nil {
            places[step] = path.count
            path.append(step)
            guard let next = needs[step].first(where: { !settled.contains($0) }) else { return nil }
            step = next
        }
        return Array(path[places[step]!...])
    }
}

extension Runbook {
    /// Resolved needs by step id: without `needs`, the step above; `finally` begins when all else has ended.
    package var ordering: RunbookOrdering { RunbookOrdering(self) }
}
