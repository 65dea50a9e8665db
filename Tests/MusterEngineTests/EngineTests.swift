// SPDX-License-Identifier: Apache-2.0

import MusterEngine
import MusterMachine
import MusterModel
import MusterPluginProtocol
import MusterTestSupport
import Testing

@Suite struct EngineTests {
    typealias F = PlanFixture

    /// Runs the steps in the world; the world itself insists that journal syncs come before effects and before showing.
    func run(_ steps: [PlannedStep], _ world: SimulatedWorld) throws(MusterError) -> RunState {
        var engine = Engine(state: RunState(plan: F.plan(steps)), journal: world, world: world, followers: [world])
        return try engine.run(opening: [F.created, F.started])
    }

    @Test func `a step goes check, observe, apply, begin, verify with three syncs`() throws {
        let world = SimulatedWorld()
        let state = try run([F.step("a")], world)
        #expect(state.phase == .finished(.succeeded))
        #expect(
            world.trace == [
                "sync", "call a check", "call a observe", "sync", "call a apply", "sync", "proceed a", "call a verify",
                "sync",
            ])
        #expect(world.syncedCount == world.entries.count)
    }

    @Test func `steps that are ready together share their syncs`() throws {
        let world = SimulatedWorld()
        _ = try run((0..<50).map { F.step("s\($0)") }, world)
        #expect(world.trace.filter { $0 == "sync" }.count == 4)
        #expect(world.trace.filter { $0.hasPrefix("proceed") }.count == 50)
    }

    @Test func `begin asked again adds undo data before the plugin goes on`() throws {
        let world = SimulatedWorld()
        world.beginsTwice = ["a"]
        let state = try run([F.step("a")], world)
        #expect(state.state(of: "a")?.undo == ["was": "old", "made": "new"])
    }

    @Test func `a failure before begin is tried again, after begin only when the read-back says needed`() throws {
        let world = SimulatedWorld()
        world.answers["a apply"] = [
            .failed("BeforeBegin"), .failed("Lost", .unknownOutcome), .success(SimulatedWorld.good("apply")),
        ]
        let state = try run([F.step("a", attempts: 3)], world)
        #expect(state.phase == .finished(.succeeded))
        #expect(world.trace.filter { $0 == "call a apply" }.count == 3)
        #expect(world.trace.filter { $0 == "call a read-back" }.count == 1)
    }

    @Test func `an effect that a lost answer hid is found by the read-back and not repeated`() throws {
        let world = SimulatedWorld()
        world.answers["a apply"] = [.failed("Lost", .unknownOutcome)]
        world.answers["a read-back"] = [.success(SimulatedWorld.satisfied())]
        let state = try run([F.step("a", attempts: 3)], world)
        #expect(state.state(of: "a")?.phase == .done(.verified))
        #expect(world.trace.filter { $0 == "call a apply" }.count == 1)
    }

    @Test func `who reports an effect without having asked to begin has changed nothing`() throws {
        let world = SimulatedWorld()
        world.neverBegins = ["a"]
        let state = try run([F.step("a")], world)
        #expect(state.state(of: "a")?.phase == .done(.satisfied))
        #expect(state.state(of: "a")?.effectLeft == EffectLeft.none)
    }

    @Test func `an effect that lands after a read-back missed it is this run's all the same`() throws {
        let world = SimulatedWorld()
        world.answers["a apply"] = [.failed("Lost", .unknownOutcome)]
        world.answers["a observe"] = [
            .success(SimulatedWorld.good("observe")), .success(SimulatedWorld.satisfied()),
        ]
        let state = try run([F.step("a", attempts: 2)], world)
        #expect(state.state(of: "a")?.phase == .done(.verified))
        #expect(state.state(of: "a")?.undo == ["was": "old"])
        #expect(world.trace.filter { $0 == "call a apply" }.count == 1)
    }

    @Test(arguments: PlannedDefinition.Input.samples)
    func `an input that does not fit its declared type fails the step before any call`(input: PlannedDefinition.Input)
        throws
    {
        let world = SimulatedWorld()
        var plan = F.plan([F.step("a", with: ["x": "plain text"])])
        plan.definitions["test/effect@1.0.0"]?.inputs = [input]
        var engine = Engine(state: RunState(plan: plan), journal: world, world: world, followers: [world])
        let state = try engine.run(opening: [F.created, F.started])
        #expect(state.state(of: "a")?.phase == .failed)
        #expect(world.trace.allSatisfy { !$0.hasPrefix("call") })
        let journal = try world.entries.map { try String(decoding: $0.line(), as: UTF8.self) }.joined()
        if input.type == "secret" { #expect(!journal.contains("plain text")) }
    }

    @Test(arguments: [
        PluginAnswer.checked([]), .checked([ConditionResult(id: "other", verdict: .met, says: "x")]),
        .checked(Array(repeating: ConditionResult(id: "target-ready", verdict: .met, says: "x"), count: 2)),
        .checked([ConditionResult(id: "target-ready", verdict: .unverifiable, says: "x")]), .verified([]),
        .observed(Observation(standing: .satisfied)),
    ])
    func `an answer that does not prove the preconditions lets no effect begin`(answer: PluginAnswer) throws {
        let world = SimulatedWorld()
        world.answers["a check"] = [.success(answer)]
        let state = try run([F.step("a")], world)
        #expect(state.state(of: "a")?.phase == .failed)
        #expect(!world.trace.contains("call a apply"))
    }

    @Test func `outputs that the definition does not declare never reach the journal`() throws {
        let world = SimulatedWorld()
        world.answers["a apply"] = [.success(.applied(outputs: ["value": "v", "password": "hunter2-hunter2"]))]
        let state = try run([F.step("a")], world)
        #expect(state.state(of: "a")?.outputs == ["value": "v"])
        #expect(try world.entries.allSatisfy { try !String(decoding: $0.line(), as: UTF8.self).contains("hunter2") })
    }

    @Test func `an output of another type than declared is an error of the step`() throws {
        var plan = F.plan([F.step("a", attempts: 3)])
        plan.definitions["test/effect@1.0.0"]?.outputTypes = [
            "value": .init(type: "duration", resource: nil, values: nil)
        ]
        let world = SimulatedWorld()
        world.answers["a observe"] = [
            .success(.observed(Observation(standing: .satisfied, changes: [], why: nil, outputs: ["value": "soon"])))
        ]
        var engine = Engine(state: RunState(plan: plan), journal: world, world: world, followers: [world])
        let state = try engine.run(opening: [F.created, F.started])
        #expect(state.state(of: "a")?.phase == .failed)
        #expect(state.state(of: "a")?.failure?.code == "plugin.output-type")
        #expect(world.trace.filter { $0 == "call a observe" }.count == 1)
    }

    @Test func `an effect whose answer has an output of the wrong type is read back`() throws {
        var plan = F.plan([F.step("a")])
        plan.definitions["test/effect@1.0.0"]?.outputTypes = [
            "value": .init(type: "integer", resource: nil, values: nil)
        ]
        let world = SimulatedWorld()
        world.answers["a apply"] = [.success(.applied(outputs: ["value": "seven"]))]
        world.answers["a read-back"] = [
            .success(.observed(Observation(standing: .satisfied, changes: [], why: nil, outputs: ["value": 7])))
        ]
        var engine = Engine(state: RunState(plan: plan), journal: world, world: world, followers: [world])
        let state = try engine.run(opening: [F.created, F.started])
        #expect(state.state(of: "a")?.phase == .done(.verified))
        #expect(state.state(of: "a")?.outputs == ["value": 7])
    }

    @Test func `a stop request keeps effects that have not begun from beginning`() throws {
        let world = SimulatedWorld()
        // The second wait brings what the step's observe found; the stop comes with it.
        world.interruptions[2] = .stop(StopRequested(by: "op", reason: "enough"))
        let state = try run([F.step("a"), F.step("b", needs: ["a"])], world)
        #expect(state.phase == .finished(.cancelled))
        #expect(state.state(of: "a")?.phase == .skipped(.stopped))
        #expect(!world.trace.contains("call a apply"))
        #expect(state.state(of: "b")?.phase == .skipped(.stopped))
    }

    @Test(arguments: [("a", "check"), ("a", "observe"), ("a", "apply"), ("p", "verify")])
    func `a stop gives up a call without effect, while an effect under way ends and is verified`(
        step: String, verb: String
    ) throws {
        let world = SimulatedWorld()
        world.hanging = ["\(step) \(verb)"]
        world.beginsTwice = ["b"]
        // The fourth wait brings the second begin request of b, whose effect goes on then.
        world.interruptions[4] = .stop(StopRequested(by: "op", reason: "enough"))
        let state = try run(
            [F.step("a"), F.step("p", uses: "test/proof"), F.step("b"), F.step("c", needs: ["b"])], world)
        #expect(state.phase == .finished(.cancelled))
        #expect(state.state(of: step)?.phase == .skipped(.stopped))
        #expect(state.state(of: step)?.undo == nil)
        #expect(state.state(of: "b")?.phase == .done(.verified))
        #expect(state.state(of: "c")?.phase == .skipped(.stopped))
        #expect(world.trace.filter { $0.hasPrefix("cancel") } == ["cancel \(step) \(verb)"])
        #expect(world.entries.last?.event.kind == "run-finished")
    }

    @Test func `a begin that crosses with the stop is refused`() throws {
        let world = SimulatedWorld()
        world.interruptions[3] = .stop(StopRequested(by: "op", reason: "enough"))
        world.bringsInterruptionsFirst = true
        let state = try run([F.step("a")], world)
        #expect(state.state(of: "a")?.phase == .skipped(.stopped))
        #expect(world.refusals == ["the run is stopping: enough"])
        #expect(!world.trace.contains("proceed a"))
    }

    @Test func `whichever append or sync fails, nothing is sent after it`() throws {
        for number in 1...8 {
            for failsSync in [true, false] {
                let world = SimulatedWorld()
                if failsSync { world.failingSync = number } else { world.failingAppend = number }
                do {
                    _ = try run([F.step("a")], world)
                    #expect(number > 4, "the journal failed and the run went on")
                } catch {
                    #expect(error.code == "journal.failed")
                    let synced = world.trace.filter { $0 == "sync" }.count
                    if failsSync { #expect(synced == number - 1) }
                }
            }
        }
    }

    @Test func `manual steps wait for their person and wait steps for their time`() throws {
        let world = SimulatedWorld()
        let state = try run(
            [F.step("a", uses: "muster/manual"), F.step("w", uses: "muster/wait", needs: ["a"], with: ["for": "2m"])],
            world)
        #expect(state.phase == .finished(.succeeded))
        #expect(state.state(of: "a")?.outputs["note"] == "looked")
    }
}

extension PlannedDefinition.Input {
    fileprivate static let samples = ["secret", "integer", "duration", "list of string", "key-vault-key-id"].map {
        PlannedDefinition.Input(name: "x", type: $0, resource: nil, values: [], isRequired: true)
    }
}
