// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport

/// A random plan: 1 to 12 steps, most often few, with needs, lists, retries and something that brings things back.
struct Workload {
    private(set) var steps: [PlannedStep] = []
    private var random: SeededRandom
    private var count = 0

    init(_ random: inout SeededRandom) {
        self.random = random
        let main = min(self.random.number(1...12), self.random.number(1...12))
        while count < main { addMain(upTo: main) }
        if self.random.chance(40) { addFinally() }
        random = self.random
    }

    private mutating func addMain(upTo main: Int) {
        let needs = needs(of: .steps)
        if random.chance(15), main - count >= 2 {
            let (size, parallel) = (random.number(2...min(4, main - count)), random.number(1...2))
            let id = "g\(count)"
            for at in 0..<size {
                let group = PlannedStep.Group(id: id, parallel: parallel, item: .int(Int64(at)))
                add("\(id)[\(at)]", .steps, needs, uses: "test/effect", group: group)
            }
        } else {
            add("s\(count)", .steps, needs, uses: random.pick(Self.kinds))
        }
    }

    private static let kinds =
        Array(repeating: "test/effect", count: 13)
        + [
            "test/final", "test/guarded", "test/guarded", "test/proof", "test/proof", "muster/wait", "muster/manual",
        ]

    private mutating func addFinally() {
        for at in 0..<random.number(1...2) {
            add("back\(at)", .finally, needs(of: .finally), uses: random.chance(80) ? "test/effect" : "test/proof")
        }
    }

    /// The step above, or some earlier ones.
    private mutating func needs(of section: PlannedStep.Section) -> [String] {
        let above = steps.filter { $0.section == section }.map(\.id)
        guard let last = above.last else { return [] }
        if random.chance(55) { return [last] }
        return Array(Set((0..<random.number(0...2)).map { _ in random.pick(above) })).sorted()
    }

    private mutating func add(
        _ id: String, _ section: PlannedStep.Section, _ needs: [String], uses: String, group: PlannedStep.Group? = nil
    ) {
        var with: [String: JSON] = uses == "muster/wait" ? ["for": .string("\(random.number(1...90))s")] : [:]
        if random.chance(8), let source = needs.first, !uses.hasPrefix("muster/") {
            with["x"] = .string("${{ steps.\(source).outputs.value }}")
        }
        let reactions: [PlannedStep.OnFailure] = [.stop, .stop, .stop, .continue, .rollback]
        steps.append(
            PlanFixture.step(
                id, uses: uses, needs: needs, section: section, attempts: random.number(1...3),
                onFailure: section == .steps ? random.pick(reactions) : .stop,
                condition: random.chance(4) ? "run.kind == 'drill'" : nil, with: with, group: group))
        count += 1
    }
}
