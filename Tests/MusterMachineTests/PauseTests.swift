// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

/// A run comes to rest: what has begun ends, what has not is asked anew by the engine that takes the run up.
@Suite struct PauseTests {
    typealias F = PlanFixture
    typealias E = StepEvents
    typealias T = TransitionTableTests

    struct Point: Sendable, CustomTestStringConvertible {
        let name: String
        var uses = "test/effect"
        let path: [Event]
        /// What is still asked for before the run rests.
        var ends: [StepTask.Verb] = []
        /// What is asked for first after it was resumed.
        let anew: [StepTask.Verb]
        var testDescription: String { name }
    }

    static let retrying = [E.started(), E.attemptFailed(retryAt: T.later)]
    static let wanted = DecisionTableTests.wanted
    static let points: [Point] = [
        Point(name: "checking", path: [E.started()], anew: [.check]),
        Point(name: "observing", path: [E.started(), E.checked()], anew: [.check]),
        Point(name: "ready", path: T.toReady, anew: [.check]),
        Point(name: "applying", path: T.toReady + [E.applying()], anew: [.check]),
        Point(name: "begun", path: T.toBegun, ends: [.apply, .verify], anew: []),
        Point(name: "reading back", path: T.toReadBack, ends: [.readBack], anew: [.askDecision]),
        Point(name: "verifying", path: T.toVerifying, ends: [.verify], anew: []),
        Point(name: "proving", uses: "test/proof", path: [E.started(), E.checked()], anew: [.check]),
        Point(name: "a person", uses: "muster/manual", path: [E.started()], anew: [.askPerson]),
        Point(name: "a wait", uses: "muster/wait", path: [E.started(inputs: ["for": "1m"])], anew: []),
        Point(name: "waiting to retry", path: retrying, anew: []),
        Point(name: "a decision", path: E.toFailed, anew: [.askDecision]),
        Point(name: "undo wanted", path: wanted, anew: [.undoObserve]),
        Point(name: "undo observing", path: DecisionTableTests.observing, anew: [.undoObserve]),
        Point(name: "undo calling", path: DecisionTableTests.calling, anew: [.undoObserve]),
        Point(
            name: "undo begun", path: DecisionTableTests.calling + [E.undoBegun()], ends: [.undo, .undoProof],
            anew: [.askDecision]),
        Point(name: "undo proving", path: DecisionTableTests.proving, ends: [.undoProof], anew: [.askDecision]),
    ]

    @Test(arguments: points) func `it rests once what has begun has ended, and goes on from there`(point: Point) throws
    {
        var driver = try PeopleDriver([F.step("a", uses: point.uses, attempts: 1), F.step("b", needs: ["a"])])
        try driver.take(point.path)
        try driver.take(E.pause)
        var asked: [StepTask.Verb] = []
        while driver.state.phase != .paused {
            while let event = driver.state.decisions(now: driver.now).first { try driver.take(event) }
            guard let task = driver.state.tasks.first else { break }
            asked.append(task.verb)
            try driver.take(PeopleDriver.good(task))
        }
        #expect(driver.state.phase == .paused)
        #expect(asked == point.ends)
        #expect(
            driver.state.nextDue == nil && driver.state.tasks.isEmpty && driver.state.decisions(now: T.later).isEmpty)
        try driver.take(E.resumed)
        for event in driver.state.decisions(now: driver.now) where event.step == "a" { try driver.take(event) }
        #expect(driver.state.tasks.filter { $0.step == "a" }.map(\.verb) == point.anew)
    }

    @Test func `it is at rest only when nothing is under way`() throws {
        var driver = try PeopleDriver([F.step("a")])
        try driver.take(T.toBegun + [E.pause])
        #expect(throws: IllegalTransition.self) {
            try driver.state.apply(.runPaused(RunPaused(waitsFor: [])), at: F.time)
        }
        try driver.run()
        #expect(driver.state.phase == .paused)
    }

    @Test func `no step starts while it comes to rest, and all of them after it was resumed`() throws {
        var driver = try PeopleDriver([F.step("a"), F.step("b", needs: ["a"]), F.step("c", needs: ["b"])])
        try driver.take(T.toBegun + [E.pause])
        try driver.run()
        #expect(driver.phase("a") == .done(.verified))
        #expect(driver.phase("b") == .pending)
        try driver.take(E.resumed)
        try driver.run()
        #expect(driver.state.phase == .finished(.succeeded))
    }

    @Test func `it names the steps that wait for a person`() throws {
        var driver = try PeopleDriver([F.step("a"), F.step("b")])
        driver.answers["a check"] = [E.checked("a", .unmet)]
        driver.answers["b check"] = [E.checked("b", .unmet)]
        try driver.run()
        try driver.take(E.pause)
        try driver.run()
        #expect(driver.events.last == .runPaused(RunPaused(waitsFor: ["a", "b"])))
    }

    @Test func `a decision may be taken while the run is at rest`() throws {
        var driver = try PeopleDriver([F.step("a"), F.step("b", needs: ["a"])])
        try driver.take(E.toFailed + [E.pause])
        try driver.run()
        try driver.take(E.decided(.retry))
        #expect(driver.state.phase == .paused && driver.state.decisions(now: T.later).isEmpty)
        try driver.take(E.resumed)
        try driver.run()
        #expect(driver.state.phase == .finished(.succeeded))
    }

    @Test func `a stop ends a run at rest once it is resumed`() throws {
        var driver = try PeopleDriver([F.step("a"), F.step("b", needs: ["a"])])
        try driver.take([E.pause])
        try driver.run()
        try driver.take([E.stop(), E.resumed])
        try driver.run()
        #expect(driver.state.phase == .finished(.cancelled))
        #expect(driver.phase("a") == .skipped(.stopped))
    }

    @Test func `a wait that came to rest ends when its time is over, not later`() throws {
        var driver = try PeopleDriver([F.step("a", uses: "muster/wait", with: ["for": "90s"])])
        try driver.take([E.started(inputs: ["for": "90s"]), E.pause])
        try driver.run()
        driver.now = T.later
        try driver.take(E.resumed)
        try driver.run()
        #expect(driver.now.duration(since: F.time) == .seconds(90))
    }

    @Test(arguments: [Int64(-3_600_000), 3_600_000])
    func `what waits for a time waits as long as it was to, whatever the wall clock does`(jump: Int64) throws {
        var driver = try PeopleDriver([
            F.step("a", uses: "muster/wait", with: ["for": "90s"]), F.step("b"), F.step("c", attempts: 3),
        ])
        try driver.take(E.started(inputs: ["for": "90s"]))
        try driver.take([E.started("c"), E.attemptFailed("c", retryAt: T.later)])
        driver.now = F.time.advanced(by: .milliseconds(jump))
        try driver.take(.clockJumped(ClockJumped(milliseconds: jump)))
        #expect(driver.phase("a") == .waiting(until: driver.now.advanced(by: .seconds(90))))
        #expect(driver.phase("c") == .waitingToRetry(until: driver.now.advanced(by: .seconds(60))))
    }
}
