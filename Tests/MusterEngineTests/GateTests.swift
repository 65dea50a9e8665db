// SPDX-License-Identifier: Apache-2.0

import MusterEngine
import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

/// A gate holds what stands behind it until enough persons have signed, and nobody's decision opens it.
struct GateTests {
    private static func plan(count: Int64 = 2) -> Plan {
        var plan = PlanFixture.plan([
            PlanFixture.step("ask", uses: "muster/approve", with: ["group": "leads", "count": .int(count)]),
            PlanFixture.step("a", needs: ["ask"]),
        ])
        plan.definitions["muster/approve@1.0.0"] = PlanFixture.definition("muster/approve", effect: .none)
        return plan
    }

    private func state(_ events: [Event], count: Int64 = 2) throws -> RunState {
        var state = RunState(plan: Self.plan(count: count))
        for event in [.runCreated(Self.created), .runStarted(RunStarted(confirmation: "--yes"))] + events {
            try state.apply(event, at: Timestamp(milliseconds: 0))
            // What follows by itself is taken in as the engine does.
            var next = state.decisions(now: Timestamp(milliseconds: 0))
            while !next.isEmpty, !state.isFinished, state.phase == .running {
                for event in next { try state.apply(event, at: Timestamp(milliseconds: 0)) }
                next = state.decisions(now: Timestamp(milliseconds: 0))
            }
        }
        return state
    }

    private static let created = RunCreated(
        run: PlanFixture.run, plan: Digest(of: []), kind: .drill, runbook: "test", environment: "lab", change: nil,
        operatorName: "Ada", host: "h", bootID: "b", processID: 1, engine: "0", rules: RunCreated.currentRules)

    private func word(_ person: String, _ decision: ApprovalStatement.Decision = .approve, step: String? = "ask")
        -> Event
    {
        .approvalRecorded(
            ApprovalRecorded(
                step: step, approver: person, decision: decision, id: "\(person) \(decision)", statement: "",
                signature: ""))
    }

    @Test func `it opens once as many persons as it wants have signed, each counted once`() throws {
        #expect(try state([]).waitingForApproval == [0])
        #expect(try state([word("anu")]).waitingForApproval == [0])
        #expect(try state([word("anu"), word("anu")]).waitingForApproval == [0])
        let open = try state([word("anu"), word("ben")])
        #expect(open.steps[0].phase == .done(.shown) && open.steps[1].phase == .checking)
        #expect(open.steps[0].outputs == ["approvers": ["anu", "ben"]])
    }

    @Test func `a rejection leaves only to ask anew or to give up`() throws {
        let rejected = try state([word("anu"), word("ben", .reject)])
        #expect(rejected.choices(for: "ask") == [.retry, .abandon])
        let again = try state([
            word("ben", .reject),
            .stepDecided(StepDecided(step: "ask", choice: .retry, person: "Ada", reason: "again")),
        ])
        #expect(again.waitingForApproval == [0] && again.steps[0].attempt == 2)
        #expect(again.steps[0].approvers.isEmpty, "who approved the last time is asked again")
    }

    @Test func `a word at no gate, or before it opened, cannot happen`() throws {
        #expect(throws: IllegalTransition.self) { try state([word("anu", step: "a")]) }
        #expect(throws: IllegalTransition.self) { try state([word("anu"), word("ben"), word("cy")]) }
        #expect(throws: IllegalTransition.self) { try state([word("anu", .operate)]) }
        #expect(throws: IllegalTransition.self) {
            var fresh = RunState(plan: Self.plan())
            try fresh.apply(word("anu"), at: Timestamp(milliseconds: 0))
        }
    }

    @Test func `break-glass passes it, as a deviation`() throws {
        let glass = Event.breakGlass(BreakGlass(by: "Ada", person: "ada", reason: "fire"))
        let passed = try state([glass])
        #expect(passed.steps[0].phase == .done(.declared) && passed.steps[1].phase == .checking)
    }

    @Test func `a stop gives it up, and a rest keeps it`() throws {
        let stopped = try state([.stopRequested(StopRequested(by: "Ada", reason: "enough"))])
        #expect(stopped.steps[0].phase == .skipped(.stopped))
        let resting = try state([.pauseRequested(PauseRequested(by: "Ada", reason: "later"))])
        #expect(resting.phase == .paused && resting.waitingForApproval == [0])
    }

    @Test func `the engine asks at the gate after its opening is on the disk`() throws {
        let world = SimulatedWorld()
        world.approvers = ["ask": ["anu", "ben"]]
        var engine = Engine(state: RunState(plan: Self.plan()), journal: world, world: world, followers: [])
        let end = try engine.run(opening: [
            .runCreated(Self.created), .runStarted(RunStarted(confirmation: "--yes")),
        ])
        #expect(end.phase == .finished(.succeeded))
        let asked = try #require(world.trace.firstIndex(of: "ask 2 of leads at ask"))
        #expect(world.trace[..<asked].contains("sync"))
        #expect(world.trace[asked...].contains("call a apply"))
    }
}
