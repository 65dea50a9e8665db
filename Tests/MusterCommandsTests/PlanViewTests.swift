// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterCommands

@Suite struct PlanViewTests {
    private func step(
        _ id: String, _ standing: Observation.Standing?, section: PlannedStep.Section = .steps
    ) -> PlannedStep {
        var step = PlanFixture.step(id, section: section)
        let observation = standing.map { Observation(standing: $0) }
        step.preview = PlannedStep.Preview(preconditions: [], observation: observation, knownAfter: [])
        return step
    }

    private func text(_ steps: [PlannedStep]) -> String {
        PlanView(style: Style(isColoured: false)).text(PlanFixture.plan(steps), digest: Digest(of: []), window: nil)
    }

    @Test func `a main step that is as wanted counts as already so`() {
        let text = text([step("a", .satisfied), step("b", .needed), step("c", nil)])
        #expect(text.contains("✓ a: already so"))
        #expect(text.hasSuffix("3 steps: 1 to change, 1 already so, 1 known later, 0 without an effect."))
    }

    @Test(arguments: [
        (Observation.Standing.satisfied, "◷ back: as wanted now, looked at again when it runs"),
        (.needed, "◷ back: not as wanted now, looked at again when it runs"),
        (.unknown, "◷ back: cannot be told now, looked at again when it runs"),
    ])
    func `what finally will meet is not known beforehand, so none of it counts as done`(
        standing: Observation.Standing, says: String
    ) {
        let text = text([step("over", .needed), step("back", standing, section: .finally)])
        #expect(text.contains(says) && !text.contains("back: already so"))
        #expect(
            text.hasSuffix(
                "2 steps: 1 to change, 0 already so, 1 of finally, looked at again when it runs, 0 without an effect."))
    }

    @Test(arguments: [
        (Configuration.Leases.local, "keep other machines away from them yourself"),
        (.remote, "by leases on the remote, where it can be reached"), (.required, "kept by leases on the remote"),
    ])
    func `who holds the locks says how far they hold`(leases: Configuration.Leases, says: String) {
        var plan = PlanFixture.plan([step("a", .needed)])
        plan.kind = .drill
        plan.locks = ["group:a"]
        let view = PlanView(style: Style(isColoured: false), leases: leases)
        #expect(view.text(plan, digest: Digest(of: []), window: nil).contains(says))
    }
}
