// SPDX-License-Identifier: Apache-2.0

import MusterEngine
import MusterMachine
import MusterModel
import MusterPluginProtocol
import MusterTestSupport
import Testing

/// A plan that also has the proofs given, as the doctor wants it.
@Suite struct PlanProofTests {
    private func look(
        _ steps: [PlannedStep], proving: Bool = true, _ arrange: (SimulatedWorld) -> Void = { _ in }
    ) -> (world: SimulatedWorld, preview: PlanPreview, plan: Plan, problems: [PlanPreview.Problem]) {
        let world = SimulatedWorld()
        arrange(world)
        var preview = PlanPreview(PlanFixture.plan(steps), world, proving: proving)
        let (plan, problems) = preview.look()
        return (world, preview, plan, problems)
    }

    @Test func `only steps without an effect are asked for proofs, and only where that is wanted`() {
        let steps = [PlanFixture.step("a", uses: "test/proof"), PlanFixture.step("b")]
        let proved = look(steps)
        #expect(proved.world.trace.sorted() == ["call a check", "call a verify", "call b check", "call b observe"])
        #expect(proved.preview.proofs.mapValues { $0.map(\.id) } == ["a": ["is-so"]])
        let planned = look(steps, proving: false)
        #expect(planned.world.trace.sorted() == ["call a check", "call b check", "call b observe"])
        #expect(planned.preview.proofs.isEmpty)
    }

    @Test func `what a proof hands on is known to later steps, but only when all is shown`() {
        let steps = [
            PlanFixture.step("a", uses: "test/proof"),
            PlanFixture.step("b", uses: "test/proof", needs: ["a"], with: ["of": "${{ steps.a.outputs.value }}"]),
        ]
        let shown = look(steps) { world in
            let met = ConditionResult(id: "is-so", verdict: .met, says: "so")
            world.answers["a verify"] = [.success(.verified([met], outputs: ["value": "v"]))]
        }
        #expect(Set(shown.preview.proofs.keys) == ["a", "b"])
        let open = look(steps) { world in
            let unmet = ConditionResult(id: "is-so", verdict: .unmet, says: "not so")
            world.answers["a verify"] = [.success(.verified([unmet]))]
        }
        #expect(Set(open.preview.proofs.keys) == ["a"])
        #expect(open.plan.steps[1].preview?.knownAfter == ["a"])
    }

    @Test func `nobody waits for what a step would hand on that the plan leaves out`() {
        var left = PlanFixture.step("a", uses: "test/proof")
        left.condition = "1 == 2"
        let reads = PlanFixture.step(
            "b", uses: "test/proof", with: ["of": "${{ default(steps.a.outputs.value, 'none') }}"])
        let looked = look([left, reads])
        #expect(looked.problems.isEmpty && Set(looked.preview.proofs.keys) == ["b"])
        #expect(looked.plan.steps[1].preview?.knownAfter == [])
    }

    @Test func `a proof that fails is a problem of its step`() {
        let failed = look([PlanFixture.step("a", uses: "test/proof")]) { $0.answers["a verify"] = [.failed("Denied")] }
        #expect(failed.problems.map(\.step) == ["a"])
        #expect(failed.problems.map(\.failure.code) == ["Denied"])
        #expect(failed.preview.proofs.isEmpty)
    }
}
