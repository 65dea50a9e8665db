// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterEngine
import MusterMachine
import MusterModel
import MusterPluginProtocol
import MusterTestSupport
import Testing

private typealias F = PlanFixture

/// What must hold before a step is undone is nobody's business before it is done.
@Suite struct UndoPreconditionTests {
    private func run(_ world: SimulatedWorld) throws -> RunState {
        var plan = F.plan([F.step("a")])
        plan.definitions["test/effect@1.0.0"]?.preconditions.append(
            .init(id: "old-key-there", at: .undo, says: "The old key is there", why: nil, remedy: nil))
        var engine = Engine(state: RunState(plan: plan), journal: world, world: world, followers: [world])
        return try engine.run(opening: [F.created, F.started])
    }

    @Test func `a condition of the undo is not asked for before the step`() throws {
        let state = try run(SimulatedWorld())
        #expect(state.state(of: "a")?.phase == .done(.verified))
        #expect(state.state(of: "a")?.preconditions.map(\.id) == ["target-ready"])
    }

    @Test func `a plugin that answers it before the step breaks its word`() throws {
        let world = SimulatedWorld()
        world.answers["a check"] = [
            .success(
                .checked(
                    ["target-ready", "old-key-there"].map { ConditionResult(id: $0, verdict: .met, says: "It is so.") })
            )
        ]
        let state = try run(world)
        #expect(state.state(of: "a")?.phase == .failed)
        #expect(state.state(of: "a")?.failure?.message.contains("\"old-key-there\", which is not declared") == true)
    }

    @Test func `a plan holds when each condition is looked at`() throws {
        let text = """
            step: test/put
            version: 1.0.0
            summary: Puts something
            effect: reversible
            timeout: 1m
            preconditions:
              - { id: first, at: start, says: One }
              - { id: second, says: Two }
              - { id: third, at: undo, says: Three }
            rollback: Takes it away.
            """
        let steps = "runbook: r\nversion: 1.0.0\nsummary: s\nsteps:\n  - { id: a, uses: test/put@1.0.0 }\n"
        let runbook = try Runbook.parse(Array(steps.utf8), file: "runbooks/r.yaml").get()
        let definition = try StepDefinition.parse(Array(text.utf8), file: "s.yaml").get()
        let material = PlanMaterial(
            kind: .rehearsal, runbook: runbook, runbookDocument: .init(path: "runbooks/r.yaml", blob: F.blob),
            commit: nil, lock: nil,
            environment: .init(name: "lab", document: nil, digest: Digest(of: []), values: [:]), change: nil,
            inputs: [:],
            definitions: [
                try #require(StepUse("test/put@1.0.0")): .init(definition: definition, document: nil, commit: nil)
            ], plugins: [])
        let planned = try material.draft().definitions["test/put@1.0.0"]
        #expect(planned?.preconditions.map(\.at) == [.start, .step, .undo])
    }
}
