// SPDX-License-Identifier: Apache-2.0

import MusterEngine
import MusterMachine
import MusterModel
import MusterPluginProtocol
import MusterTestSupport
import Testing

/// What people and leases do to a run that is under way, through the loop.
@Suite struct InterventionTests {
    typealias F = PlanFixture

    static let resumed = Event.runResumed(
        RunResumed(by: "op", host: "host", bootID: "boot", processID: 2, engine: "0.3.0"))

    func engine(_ steps: [PlannedStep], _ world: SimulatedWorld) -> Engine {
        Engine(state: RunState(plan: F.plan(steps)), journal: world, world: world, followers: [world])
    }

    func run(_ steps: [PlannedStep], _ world: SimulatedWorld) throws(MusterError) -> RunState {
        var engine = engine(steps, world)
        return try engine.run(opening: [F.created(rules: RunCreated.currentRules), F.started])
    }

    /// As another process would: from the journal alone.
    func resume(_ steps: [PlannedStep], _ world: SimulatedWorld, with: [Event] = []) throws -> RunState {
        var state = RunState(plan: F.plan(steps))
        for entry in world.entries { try state.apply(entry.event, at: entry.at) }
        var engine = Engine(state: state, journal: world, world: world, followers: [world])
        return try engine.run(opening: [Self.resumed] + with)
    }

    // MARK: Leases

    @Test func `an effect is held while the lease is late, and begins under the epoch that is had again`() throws {
        let world = SimulatedWorld()
        world.leases = [0: .held(epoch: 7), 3: .late, 6: .held(epoch: 8)]
        for wait in 4...6 { world.interruptions[wait] = .pluginLog(PluginLog(plugin: "p", stream: "log", text: "x")) }
        let state = try run([F.step("a")], world)
        #expect(state.phase == .finished(.succeeded))
        #expect(world.refusals.isEmpty)
        let begun = world.entries.compactMap { if case .stepBegun(let body) = $0.event { body.lease } else { nil } }
        #expect(begun == [8])
    }

    @Test func `an effect that waited for a lease that is lost does not begin, and the run comes to rest`() throws {
        let world = SimulatedWorld()
        world.leases = [3: .late, 5: .lost("h2 has it")]
        for wait in 4...5 { world.interruptions[wait] = .pluginLog(PluginLog(plugin: "p", stream: "log", text: "x")) }
        let state = try run([F.step("a")], world)
        #expect(state.phase == .paused)
        #expect(world.refusals == ["h2 has it"])
        #expect(!world.trace.contains("proceed a"))
        #expect(state.pause == PauseRequested(by: "engine", reason: "h2 has it"))
    }

    /// Runs a step whose lease runs out between the look at it and the end of the journal's write.
    private func runOverslept(then standing: LeaseStanding) throws -> (SimulatedWorld, RunState) {
        let world = SimulatedWorld()
        world.leases = [0: .held(epoch: 7), 4: standing]
        world.leaseOnceBegun = .late
        world.interruptions[4] = .pluginLog(PluginLog(plugin: "p", stream: "log", text: "x"))
        let state = try run([F.step("a")], world)
        #expect(world.entries.count { $0.event.kind == "step-begun" } == 1)
        return (world, state)
    }

    @Test func `an effect is not told to begin when the lease ran out while its beginning was written`() throws {
        let (lost, state) = try runOverslept(then: .lost("h2 has it"))
        #expect(lost.refusals == ["h2 has it"] && !lost.trace.contains("proceed a"))
        #expect(state.phase == .paused && state.pause?.reason == "h2 has it")
        let (kept, end) = try runOverslept(then: .held(epoch: 7))
        #expect(kept.refusals.isEmpty && kept.trace.count { $0 == "proceed a" } == 1)
        #expect(end.phase == .finished(.succeeded))
    }

    @Test func `a run that slept past its lease is not told as ended before it is known whose the target was`() throws {
        let world = SimulatedWorld()
        world.leases = [0: .held(epoch: 1), 4: .late, 7: .lost("h2 has it")]
        for wait in 5...6 { world.interruptions[wait] = .pluginLog(PluginLog(plugin: "p", stream: "log", text: "x")) }
        world.interruptions[7] = .lease(LeaseChanged(what: .lost, lock: "t", epoch: 2, says: "h2 has it"))
        #expect(try run([F.step("a")], world).phase == .finished(.succeeded))
        #expect(world.entries.suffix(2).map(\.event.kind) == ["lease-changed", "run-finished"])
    }

    @Test func `with a lost lease what has begun ends and nothing else begins`() throws {
        let world = SimulatedWorld()
        world.beginsTwice = ["a"]
        world.leases = [0: .held(epoch: 1), 4: .lost("h2 has it")]
        let steps = [F.step("a"), F.step("b", needs: ["a"])]
        let state = try run(steps, world)
        #expect(state.phase == .paused)
        #expect(state.state(of: "a")?.phase == .done(.verified))
        #expect(!world.trace.contains("proceed b"))
        world.leases = [0: .held(epoch: 3)]
        #expect(try resume(steps, world).phase == .finished(.succeeded))
    }

    @Test func `an undo needs the lease like an effect`() throws {
        let world = SimulatedWorld()
        let steps = [F.step("a"), F.step("m", uses: "muster/manual", needs: ["a"])]
        _ = try run(steps, world)
        world.leases = [0: .lost("h2 has it")]
        let state = try resume(steps, world, with: [.rollbackRequested(RollbackRequested(by: "op", reason: "back"))])
        #expect(state.phase == .paused)
        #expect(!world.entries.contains { $0.event.kind == "undo-begun" })
        #expect(state.inPlace == [0])
    }

    // MARK: Decisions

    @Test func `a person is asked about a failure, told when the answer is on disk, and the run goes on`() throws {
        let world = SimulatedWorld()
        world.answers["a check"] = [.failed("Busy"), .success(SimulatedWorld.good("check"))]
        world.choices["a"] = [.retry]
        let state = try run([F.step("a")], world)
        #expect(state.phase == .finished(.succeeded))
        #expect(world.replies == [1: nil])
        #expect(world.withdrawn == ["a"], "the question is over wherever its answer came from")
        let asked = try #require(world.trace.firstIndex(of: "ask about a: failed"))
        #expect(Array(world.trace[asked...].prefix(3)) == ["ask about a: failed", "sync", "reply taken"])
    }

    @Test func `after an undo the person is asked anew, and not while it is under way`() throws {
        let world = SimulatedWorld()
        let unmet = ConditionResult(id: "is-so", verdict: .unmet, says: "not so")
        world.answers["a verify"] = [.success(.verified([unmet])), .success(SimulatedWorld.good("verify"))]
        world.choices["a"] = [.undo, .retry]
        let state = try run([F.step("a")], world)
        #expect(state.phase == .finished(.succeeded))
        #expect(world.trace.filter { $0.hasPrefix("ask about") } == ["ask about a: failed", "ask about a: undone"])
        #expect(world.trace.filter { $0 == "proceed a" }.count == 3)
    }

    @Test func `a decision that cannot be taken is refused with the reason`() throws {
        let world = SimulatedWorld()
        let skip = StepDecided(step: "b", choice: .skip, person: "op", reason: "no")
        world.interruptions[1] = .decided(skip, 40)
        world.interruptions[2] = .rollBack(RollbackRequested(by: "op", reason: "no", to: "b"), 41)
        let state = try run([F.step("a"), F.step("b", needs: ["a"])], world)
        #expect(state.phase == .finished(.succeeded))
        #expect(world.replies[40] == "step \"b\" does not wait for a decision")
        #expect(world.replies[41] == "step \"b\" was not carried out, so nothing can be rolled back to it")
        #expect(!world.entries.contains { $0.event.kind == "step-decided" })
    }

    @Test func `of two decisions about the same step the first counts`() throws {
        let world = SimulatedWorld()
        world.answers["a check"] = [.failed("Busy"), .success(SimulatedWorld.good("check"))]
        world.choices["a"] = [.retry]
        world.interruptions[2] = .decided(StepDecided(step: "a", choice: .skip, person: "op2", reason: "no"), 40)
        let state = try run([F.step("a")], world)
        #expect(state.state(of: "a")?.phase == .done(.verified))
        #expect(world.replies[1] == .some(nil))
        #expect(world.replies[40] == "step \"a\" does not wait for a decision")
    }

    @Test func `a journal that cannot be synced tells nobody that a decision was taken`() throws {
        let world = SimulatedWorld()
        world.answers["a check"] = [.failed("Busy")]
        world.choices["a"] = [.retry]
        // The first sync is that of the opening, the second that of the failure.
        world.failingSync = 3
        #expect(throws: MusterError.self) { try run([F.step("a")], world) }
        #expect(world.replies.isEmpty)
    }

    // MARK: Pause, rollback, stop

    static let reasons: [(EngineInput, String, RunState.Phase)] = [
        (.pause(PauseRequested(by: "op", reason: "lunch")), "the run is coming to rest: lunch", .paused),
        (
            .rollBack(RollbackRequested(by: "op", reason: "wrong"), nil), "the run is being rolled back: wrong",
            .finished(.rolledBack)
        ),
    ]

    @Test(arguments: reasons)
    func `a begin that crosses with a word of a person is refused`(
        input: EngineInput, refusal: String, phase: RunState.Phase
    ) throws {
        let world = SimulatedWorld()
        world.interruptions[3] = input
        world.bringsInterruptionsFirst = true
        let state = try run([F.step("a")], world)
        #expect(state.phase == phase)
        #expect(world.refusals == [refusal])
        #expect(!world.trace.contains("proceed a"))
    }

    @Test func `a paused run is resumed from its journal and asks anew what had begun nothing`() throws {
        let world = SimulatedWorld()
        world.hanging = ["a check"]
        world.interruptions[1] = .pause(PauseRequested(by: "op", reason: "lunch"))
        let steps = [F.step("a"), F.step("b", needs: ["a"])]
        #expect(try run(steps, world).phase == .paused)
        #expect(world.trace.contains("cancel a check"))
        world.hanging = []
        #expect(try resume(steps, world).phase == .finished(.succeeded))
        #expect(world.trace.filter { $0 == "call a check" }.count == 2)
    }

    @Test func `a cancel that runs finally lets its effects begin`() throws {
        let world = SimulatedWorld()
        world.interruptions[1] = .stop(StopRequested(by: "op", reason: "enough", runsFinally: true))
        let state = try run([F.step("a"), F.step("back", section: .finally)], world)
        #expect(state.state(of: "back")?.phase == .done(.verified))
        #expect(state.phase == .finished(.cancelled))
        #expect(world.refusals.isEmpty)
    }

    @Test func `a call that was given up ends before the same is asked again`() throws {
        let world = SimulatedWorld()
        // The look of `back` is given up by the pause; the cancel that follows wants it again, and its late answer is no
        // answer to the new one.
        world.hanging = ["back observe"]
        world.answers["back observe"] = [
            .failed("Cancelled", .permanent), .success(SimulatedWorld.good("observe")),
        ]
        let steps = [F.step("back", section: .finally), F.step("other", section: .finally)]
        world.beginsTwice = ["other"]
        // The fourth wait brings the second begin of the other step, whose effect keeps the run from resting.
        world.interruptions[4] = .pause(PauseRequested(by: "op", reason: "lunch"))
        world.onCancel["back observe"] = [.stop(StopRequested(by: "op", reason: "enough", runsFinally: true))]
        let state = try run(steps, world)
        #expect(state.state(of: "back")?.phase == .done(.verified))
        #expect(world.trace.filter { $0 == "call back observe" }.count == 2)
    }
}
