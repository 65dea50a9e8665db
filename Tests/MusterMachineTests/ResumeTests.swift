// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

/// An engine ends without a word after any event, and the next one goes on.
@Suite struct ResumeTests {
    typealias F = PlanFixture
    typealias E = StepEvents
    typealias T = TransitionTableTests

    static let steps = [
        F.step("a", uses: "test/guarded"), F.step("w", uses: "muster/wait", with: ["for": "5s"]),
        F.step("b", needs: ["a"], attempts: 2), F.step("p", uses: "test/proof", needs: ["b"]),
        F.step("c", needs: ["b"], onFailure: .rollback), F.step("back", section: .finally),
    ]

    /// A run with a retry, a decision, an undo, a failure, a rollback and `finally`.
    func wholeRun() throws -> PeopleDriver {
        var driver = try PeopleDriver(Self.steps)
        driver.answers["b check"] = [E.checked("b", .unmet), E.checked("b")]
        driver.answers["a verify"] = [E.verified("a", .unmet), E.verified("a")]
        driver.answers["c verify"] = [E.verified("c", .unmet)]
        driver.choices["a"] = [.undo, .retry]
        try driver.run()
        #expect(driver.state.phase == .finished(.rolledBack))
        #expect(driver.undone == ["a", "c", "b", "a"])
        return driver
    }

    @Test func `after every event the same state is read back and the run can be resumed to its end`() throws {
        let whole = try wholeRun()
        for count in 0..<whole.events.count {
            var driver = try PeopleDriver(Self.steps)
            try driver.take(Array(whole.events.prefix(count)))
            try driver.take(E.resumed)
            driver.choices = whole.choices.mapValues { _ in [.retry, .retry, .retry] }
            for id in ["a", "b", "c"] { driver.answers["\(id) read-back"] = [E.observed(.satisfied, .readBack, id)] }
            try driver.run()
            #expect(driver.state.isFinished, "after \(count) events, \(whole.log[count]) follows")
        }
    }

    struct CutOff: Sendable, CustomTestStringConvertible {
        let name: String
        var uses = "test/effect"
        let path: [Event]
        let anew: [StepTask.Verb]
        var testDescription: String { name }
    }

    static let cutOffs: [CutOff] = [
        CutOff(name: "checking", path: [E.started()], anew: [.check]),
        CutOff(name: "observing", path: [E.started(), E.checked()], anew: [.check]),
        CutOff(name: "ready", path: T.toReady, anew: [.check]),
        CutOff(name: "applying", path: T.toReady + [E.applying()], anew: [.check]),
        CutOff(name: "begun", path: T.toBegun, anew: [.readBack]),
        CutOff(name: "reading back", path: T.toReadBack, anew: [.readBack]),
        CutOff(name: "verifying", path: T.toVerifying, anew: [.verify]),
        CutOff(name: "proving", uses: "test/proof", path: [E.started(), E.checked()], anew: [.check]),
        CutOff(name: "a decision", path: E.inDoubtPath, anew: [.askDecision]),
        CutOff(name: "undo observing", path: DecisionTableTests.observing, anew: [.undoObserve]),
        CutOff(
            name: "undo observing, guarded", uses: "test/guarded",
            path: DecisionTableTests.observing + [E.undoChecked()], anew: [.undoCheck]),
        CutOff(name: "undo calling", path: DecisionTableTests.calling, anew: [.undoObserve]),
        CutOff(name: "undo begun", path: DecisionTableTests.calling + [E.undoBegun()], anew: [.undoObserve]),
        CutOff(name: "undo proving", path: DecisionTableTests.proving, anew: [.undoObserve]),
    ]

    @Test(arguments: cutOffs) func `what has begun no effect is asked anew, and what has is read back`(point: CutOff)
        throws
    {
        var driver = try PeopleDriver([F.step("a", uses: point.uses)])
        try driver.take(point.path + [E.resumed])
        #expect(driver.state.tasks.map(\.verb) == point.anew)
    }

    @Test func `attempts that their engine cut off do not count`() throws {
        var driver = try PeopleDriver([F.step("a", attempts: 1)])
        try driver.take(T.toBegun + [E.resumed])
        driver.answers["a read-back"] = [E.observed(.needed, .readBack)]
        try driver.run { $0.state(of: "a")?.attempt == 2 }
        driver.answers["a check"] = [E.checked("a", .unmet)]
        try driver.run()
        #expect(driver.phase("a") == .waitingForDecision(.failed))
        #expect(driver.state.state(of: "a")?.attempt == 2)
    }

    @Test func `the idempotency key is the same over attempts and crashes, and another one after an undo`() throws {
        var driver = try PeopleDriver([F.step("a", attempts: 2)])
        let first = driver.state.idempotencyKey("a")
        let undo = driver.state.undoIdempotencyKey("a")
        try driver.take(E.toFailedInPlace.dropLast(2) + [E.attemptFailed(retryAt: F.time), E.started(attempt: 2)])
        try driver.take(E.resumed)
        #expect(driver.state.idempotencyKey("a") == first)
        var undone = try PeopleDriver([F.step("a")])
        try undone.take(DecisionTableTests.calling + [E.resumed])
        #expect(undone.state.undoIdempotencyKey("a") == undo)
        try undone.take([E.observed(.needed, .beforeUndo), E.undone(.nothingThere)])
        let keys = [first, undo, undone.state.idempotencyKey("a"), undone.state.undoIdempotencyKey("a")]
        #expect(Set(keys).count == 4)
    }

    @Test func `a step of finally that runs again after an undo has a key of its own`() throws {
        var driver = try PeopleDriver([F.step("m"), F.step("a", section: .finally)])
        try driver.run { $0.state(of: "m")?.phase.isEnded == true }
        let first = driver.state.idempotencyKey("a")
        driver.answers["a verify"] = [E.verified("a", .unmet)]
        driver.choices["a"] = [.undo, .abandon]
        try driver.run()
        #expect(driver.state.phase == .finished(.failed))
        try driver.take([E.resumed, E.rollback()])
        #expect(driver.phase("a") == .pending)
        #expect(driver.state.idempotencyKey("a") != first)
    }

    @Test func `folding the same events again gives the same state`() throws {
        let whole = try wholeRun()
        var again = try PeopleDriver(Self.steps)
        // The times of the journal's lines matter to nothing that is compared here but to moments.
        try again.take(whole.events)
        #expect(again.state.phase == whole.state.phase)
        for step in Self.steps {
            #expect(again.phase(step.id) == whole.phase(step.id))
            #expect(again.undoing(step.id) == whole.undoing(step.id))
        }
    }
}
