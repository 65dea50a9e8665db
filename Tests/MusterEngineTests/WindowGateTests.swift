// SPDX-License-Identifier: Apache-2.0

import MusterEngine
import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

/// The gate before an effect, and the change window: at its end no effect begins any more, and a way back stays open.
@Suite struct WindowGateTests {
    typealias F = PlanFixture

    /// Opens an hour before the fixture's clock, and closes so long after it.
    private static func window(closesAfter seconds: Int) -> WindowAssessment {
        let now = F.time
        let window = ChangeWindow(
            opens: now.advanced(by: .seconds(-3600)), closes: now.advanced(by: .seconds(seconds)))
        return WindowAssessment([window], earlier: [], at: now)
    }

    private func run(
        _ steps: [PlannedStep], _ world: SimulatedWorld, closesAfter seconds: Int = 60, rules: Int? = 3,
        with more: [Event] = []
    ) throws -> RunState {
        var engine = Engine(state: RunState(plan: F.plan(steps)), journal: world, world: world, followers: [world])
        let started = Event.runStarted(RunStarted(confirmation: "--yes", window: Self.window(closesAfter: seconds)))
        return try engine.run(opening: [F.created(rules: rules)] + more + [started])
    }

    private func resume(
        _ steps: [PlannedStep], _ world: SimulatedWorld, window: WindowAssessment?, with asks: [Event] = []
    ) throws -> RunState {
        var state = RunState(plan: F.plan(steps))
        for entry in world.entries { try state.apply(entry.event, at: entry.at) }
        var engine = Engine(state: state, journal: world, world: world, followers: [world])
        let resumed = RunResumed(
            by: "op", host: "host", bootID: "boot", processID: 2, engine: "0.4.0", window: window)
        return try engine.run(opening: [.runResumed(resumed)] + asks)
    }

    private func begun(_ world: SimulatedWorld) -> [String] {
        world.entries.compactMap {
            switch $0.event {
            case .stepBegun(let body): body.step
            case .undoBegun(let body): "undo \(body.step)"
            default: nil
            }
        }
    }

    private static let twoSteps = [F.step("a"), F.step("b", needs: ["a"])]

    @Test func `at its end no effect begins, what has begun ends, and the run comes to rest`() throws {
        let world = SimulatedWorld()
        world.takes["a verify"] = .seconds(120)
        let state = try run(Self.twoSteps, world)
        #expect(begun(world) == ["a"])
        #expect(state.phase == .paused && state.pause?.by == "engine")
        #expect(state.pause?.reason == "the change window closed at 2026-11-21T14:04:02.000Z")
        #expect(world.refusals == [state.pause!.reason])
        #expect(state.state(of: "a")?.phase == .done(.verified))
    }

    @Test func `the change ticket's window binds effects like the environment's`() throws {
        for closes in [60, 600] {
            let world = SimulatedWorld()
            world.takes["a verify"] = .seconds(120)
            let standing = TicketStanding(
                state: "Implement", isAllowed: true, closes: F.time.advanced(by: .seconds(closes)))
            let ticket = TicketAssessment(
                "CHG1", system: .webhook, address: "https://tickets.example", answer: .standing(standing), at: F.time)
            let started = RunStarted(confirmation: "--yes", window: Self.window(closesAfter: 3600), ticket: ticket)
            var engine = Engine(
                state: RunState(plan: F.plan(Self.twoSteps)), journal: world, world: world, followers: [world])
            let state = try engine.run(opening: [F.created(rules: 3), .runStarted(started)])
            #expect((state.phase == .paused) == (closes == 60) && begun(world).count == (closes == 60 ? 1 : 2))
        }
    }

    @Test func `in the next window it goes on, and before it opens it only looks`() throws {
        let world = SimulatedWorld()
        world.takes["a verify"] = .seconds(120)
        _ = try run(Self.twoSteps, world)
        let next = ChangeWindow(
            opens: F.time.advanced(by: .seconds(3600)), closes: F.time.advanced(by: .seconds(7200)))
        let early = WindowAssessment([next], earlier: [], at: world.now.wall)
        let resting = try resume(Self.twoSteps, world, window: early)
        #expect(resting.phase == .paused && begun(world) == ["a"])
        #expect(resting.pause?.reason == "the change window opens at 2026-11-21T15:03:02.000Z")
        world.takes["b check"] = .seconds(3600)
        let state = try resume(Self.twoSteps, world, window: early)
        #expect(state.phase == .finished(.succeeded) && begun(world) == ["a", "b"])
    }

    @Test func `a rollback begins its undos at any time`() throws {
        let world = SimulatedWorld()
        world.takes["a verify"] = .seconds(120)
        let steps = [F.step("a", uses: "test/effect"), F.step("b", needs: ["a"])]
        let rested = try run(steps, world)
        #expect(rested.phase == .paused)
        world.answers["a undo-observe"] = [.success(SimulatedWorld.satisfied())]
        let ask = Event.rollbackRequested(RollbackRequested(by: "op", reason: "Back"))
        let state = try resume(steps, world, window: Self.window(closesAfter: 60), with: [ask])
        #expect(state.phase != .paused && begun(world) == ["a", "undo a"], "\(state.phase)")
    }

    @Test func `a clock that is set back opens no window again, and one that is set forward closes it`() throws {
        let back = SimulatedWorld()
        back.takes["a verify"] = .seconds(120)
        back.setsWall["a verify"] = .seconds(-3600)
        #expect(try run(Self.twoSteps, back).phase == .paused && begun(back) == ["a"])
        let forward = SimulatedWorld()
        forward.setsWall["a verify"] = .seconds(3600)
        #expect(try run(Self.twoSteps, forward).phase == .paused && begun(forward) == ["a"])
    }

    @Test func `what was journaled as begun in time goes on, though its write ended late`() throws {
        let world = SimulatedWorld()
        world.beginningTakes = .seconds(120)
        world.beginsTwice = ["a"]
        let state = try run(Self.twoSteps, world)
        #expect(state.phase == .paused && world.trace.contains("proceed a") && begun(world) == ["a", "a"])
        #expect(state.state(of: "a")?.phase == .done(.verified))
    }

    @Test func `whoever broke the glass goes on, and so do runs by the rules of before`() throws {
        for (rules, glass) in [(3, true), (2, false)] {
            let world = SimulatedWorld()
            world.takes["a verify"] = .seconds(120)
            let events = glass ? [Event.breakGlass(BreakGlass(by: "op", person: "op", reason: "Fire"))] : []
            let state = try run(Self.twoSteps, world, rules: rules, with: events)
            #expect(state.phase == .finished(.succeeded) && begun(world) == ["a", "b"])
        }
    }

    @Test func `finally waits for a window like any step, unless the run is ended early`() throws {
        let steps = [F.step("a"), F.step("z", section: .finally)]
        let world = SimulatedWorld()
        world.takes["a verify"] = .seconds(120)
        #expect(try run(steps, world).phase == .paused && begun(world) == ["a"])
        let stop = Event.stopRequested(StopRequested(by: "op", reason: "Enough", runsFinally: true))
        let state = try resume(steps, world, window: Self.window(closesAfter: 60), with: [stop])
        #expect(state.isFinished && begun(world) == ["a", "z"], "\(state.phase)")
    }
}
