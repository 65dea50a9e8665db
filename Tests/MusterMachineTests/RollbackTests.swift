// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

/// What a run did is undone in reverse order of completion, and its end says what is left.
@Suite struct RollbackTests {
    typealias F = PlanFixture
    typealias E = StepEvents

    static let chain = [
        F.step("a"), F.step("b", needs: ["a"]), F.step("p", uses: "test/proof", needs: ["b"]),
        F.step("c", needs: ["p"]), F.step("last", uses: "muster/manual", needs: ["c"]),
    ]

    /// All but the last step is done, and a person is asked for that one.
    func done(_ steps: [PlannedStep] = chain) throws -> PeopleDriver {
        var driver = try PeopleDriver(steps)
        try driver.run { $0.tasks.contains { $0.verb == .askPerson } }
        return driver
    }

    @Test func `steps are undone one after the other, the last completed first`() throws {
        var driver = try done()
        #expect(driver.state.rollbackPlan().map(\.step) == ["c", "b", "a"])
        try driver.take(E.rollback())
        try driver.run()
        #expect(driver.undone == ["c", "b", "a"])
        #expect(driver.phase("last") == .skipped(.stopped))
        #expect(driver.state.inPlace.isEmpty)
        #expect(driver.finish == RunFinished(outcome: .rolledBack, why: "op rolled it back: back"))
        let starts = driver.log.indices.filter { driver.log[$0].hasSuffix("undo-started") }
        let ends = driver.log.indices.filter { driver.log[$0].hasSuffix("step-undone") }
        #expect(zip(ends, starts.dropFirst()).allSatisfy { $0 < $1 }, "no undo starts before the one before it ended")
    }

    @Test func `it is completion that counts, not the plan's order`() throws {
        var driver = try PeopleDriver([
            F.step("a", attempts: 2), F.step("b"), F.step("m", uses: "muster/manual", needs: ["a", "b"]),
        ])
        driver.answers["a check"] = [E.checked("a", .unmet), E.checked("a")]
        try driver.run { $0.tasks.contains { $0.verb == .askPerson } }
        try driver.take(E.rollback())
        try driver.run()
        #expect(driver.undone == ["a", "b"])
    }

    @Test(arguments: [("a", ["c", "b"]), ("b", ["c"]), ("p", ["c"]), ("c", [])])
    func `a rollback to a step leaves it in place with all before it, effect or not`(kept: String, undone: [String])
        throws
    {
        var driver = try done()
        #expect(driver.state.rollbackPlan(to: kept).map(\.step) == undone)
        try driver.take(E.rollback(to: kept))
        try driver.run()
        #expect(driver.undone == undone)
        #expect(driver.state.phase == .finished(.cancelled))
        let why = driver.finish?.why ?? ""
        #expect(why.contains("still in place is a"), "\(why)")
    }

    @Test func `nothing is rolled back to a step that was not carried out`() throws {
        let driver = try done()
        for id in ["last", "x"] {
            let request = RollbackRequested(by: "op", reason: "back", to: id)
            #expect(driver.state.whyNot(request) != nil)
            var state = driver.state
            #expect(throws: IllegalTransition.self) { try state.apply(.rollbackRequested(request), at: F.time) }
        }
    }

    @Test func `an effect under way comes to its end before anything is undone`() throws {
        var driver = try PeopleDriver([F.step("a"), F.step("b")])
        try driver.run { $0.state(of: "a")?.phase == .done(.verified) }
        try driver.run { $0.state(of: "b")?.phase == .applying(begun: false) }
        try driver.take([E.begun("b"), E.rollback()])
        #expect(driver.state.tasks.map(\.verb) == [.apply])
        try driver.run()
        #expect(driver.undone == ["b", "a"])
        #expect(driver.state.phase == .finished(.rolledBack))
    }

    @Test func `what brings things back and has begun is waited for, and stands in no plan of a rollback`() throws {
        var driver = try PeopleDriver([F.step("a"), F.step("back", section: .finally)])
        try driver.run { $0.state(of: "back")?.phase == .applying(begun: false) }
        try driver.take(E.begun("back"))
        #expect(driver.state.rollbackPlan().map(\.step) == ["a"])
        #expect(driver.state.finallyUnderWay.map { driver.state.plan.steps[$0].id } == ["back"])
        try driver.take(E.rollback())
        try driver.run()
        #expect(driver.undone == ["a"])
        #expect(driver.state.finallyUnderWay.isEmpty)
    }

    @Test func `a point of no return stays, and the run is stuck`() throws {
        var driver = try PeopleDriver([F.step("a"), F.step("n", uses: "test/final"), F.step("c", needs: ["a"])])
        try driver.run { $0.steps.allSatisfy { $0.phase.isEnded } }
        let plan = driver.state.rollbackPlan()
        #expect(plan.first { $0.step == "n" }?.how == .irreversible)
        try driver.take(E.rollback())
        try driver.run()
        #expect(driver.undoing("n") == .failed)
        #expect(driver.undone.sorted() == ["a", "c"])
        #expect(driver.state.phase == .finished(.stuck))
        #expect(driver.finish?.why?.contains("still in place is n") == true)
    }

    @Test func `a step that another one in place needs is not undone`() throws {
        var driver = try PeopleDriver([F.step("a"), F.step("n", uses: "test/final", needs: ["a"])])
        try driver.run { $0.steps.allSatisfy { $0.phase.isEnded } }
        #expect(driver.state.rollbackPlan().map(\.how) == [.irreversible, .blocked(by: "n")])
        try driver.take(E.rollback())
        try driver.run()
        #expect(driver.state.state(of: "a")?.undoFailure?.code == "undo.blocked")
        #expect(driver.undone.isEmpty)
        #expect(driver.state.phase == .finished(.stuck))
    }

    @Test func `an undo that fails is tried again, and then leaves the run stuck with the rest undone`() throws {
        var driver = try done([F.step("a"), F.step("b"), F.step("m", uses: "muster/manual", needs: ["a", "b"])])
        driver.answers["a undo"] = [E.undoAttemptFailed("a")]
        try driver.take(E.rollback())
        try driver.run { $0.state(of: "a")?.undoing == .calling(begun: false) }
        let task = try #require(driver.state.tasks.first { $0.verb == .undo })
        let failed = try #require(driver.state.attemptFailed(task, E.failure, now: driver.now))
        try driver.take(failed)
        #expect(driver.state.nextDue != nil)
        driver.answers["a undo-proof"] = [E.observed(.partial, .undoProof, "a")]
        driver.answers["a undo"] = nil
        try driver.run()
        #expect(driver.state.state(of: "a")?.undoAttempt == 2)
        #expect(driver.undoing("a") == .failed && driver.undoing("b") == .undone(.proven))
        #expect(driver.state.inPlace == [0])
        #expect(driver.state.phase == .finished(.stuck))
    }

    @Test func `the undo's own precondition is asked for first and keeps it from beginning`() throws {
        var driver = try PeopleDriver([
            F.step("a", uses: "test/guarded"), F.step("m", uses: "muster/manual", needs: ["a"]),
        ])
        try driver.run { $0.tasks.contains { $0.verb == .askPerson } }
        driver.answers["a undo-check"] = [E.undoChecked("a", .unverifiable)]
        try driver.take(E.rollback())
        try driver.run()
        #expect(!driver.log.contains("a undo-applying"))
        #expect(driver.state.phase == .finished(.stuck))
    }

    @Test func `on-failure rollback undoes what was done, asks nobody, and finally runs after it`() throws {
        var driver = try PeopleDriver([
            F.step("a"), F.step("b", needs: ["a"], onFailure: .rollback), F.step("back", section: .finally),
        ])
        driver.answers["b verify"] = [E.verified("b", .unmet)]
        try driver.run()
        #expect(driver.undone == ["b", "a"])
        let last = try #require(driver.log.lastIndex(of: "a step-undone"))
        #expect(try #require(driver.log.firstIndex(of: "back step-started")) > last)
        #expect(driver.phase("back") == .done(.verified))
        #expect(driver.state.phase == .finished(.rolledBack))
    }

    @Test func `a step in doubt asks before anything is rolled back`() throws {
        var driver = try PeopleDriver([F.step("a", onFailure: .rollback)])
        try driver.take(E.inDoubtPath)
        try driver.run()
        #expect(driver.phase("a") == .waitingForDecision(.inDoubt))
        try driver.take(E.rollback())
        try driver.run()
        #expect(driver.undone == ["a"])
        #expect(driver.state.phase == .finished(.rolledBack))
    }

    @Test func `a rollback while a person's undo is under way waits for it`() throws {
        var driver = try PeopleDriver([F.step("z"), F.step("a", needs: ["z"])])
        try driver.run { $0.state(of: "z")?.phase.isEnded == true }
        try driver.take(E.toFailedInPlace + [E.decided(.undo), E.undoStarted(), E.rollback()])
        try driver.run()
        #expect(driver.undone == ["a", "z"])
        #expect(driver.state.phase == .finished(.rolledBack))
    }

    @Test func `finally that failed makes a rollback failed`() throws {
        var driver = try PeopleDriver([F.step("a", onFailure: .rollback), F.step("back", section: .finally)])
        driver.answers["a check"] = [E.checked("a", .unmet)]
        driver.answers["back check"] = [E.checked("back", .unmet)]
        try driver.run()
        #expect(driver.state.phase == .finished(.failed))
        #expect(driver.finish?.why?.hasPrefix("It was rolled back, but") == true)
    }

    @Test(arguments: [(nil, StepPhase.skipped(.stopped)), (true, .done(.verified))])
    func `a cancel runs finally where it says so`(finally: Bool?, phase: StepPhase) throws {
        var driver = try PeopleDriver([F.step("a"), F.step("b", needs: ["a"]), F.step("back", section: .finally)])
        try driver.run { $0.state(of: "a")?.phase == .applying(begun: false) }
        try driver.take(E.stop(finally: finally))
        try driver.run()
        #expect(driver.phase("a") == .skipped(.stopped))
        #expect(driver.phase("back") == phase)
        #expect(driver.state.phase == .finished(.cancelled))
    }

    @Test func `a stop ends a rollback after the undo that is under way`() throws {
        var driver = try done()
        try driver.take(E.rollback())
        try driver.run { $0.state(of: "c")?.undoing == .calling(begun: false) }
        try driver.take([E.undoBegun("c"), E.stop()])
        try driver.run()
        #expect(driver.undone == ["c"])
        #expect(driver.state.phase == .finished(.stuck))
        #expect(driver.finish?.why?.contains("still in place is a, b") == true, "\(driver.finish?.why ?? "")")
    }

    @Test func `an undo that failed before the rollback is tried again in it`() throws {
        var driver = try PeopleDriver([F.step("a"), F.step("b", needs: ["a"])])
        try driver.take(E.toUndoFailed + [E.rollback()])
        try driver.run()
        #expect(driver.undone == ["a"])
        #expect(driver.state.phase == .finished(.rolledBack))
    }

    @Test func `a rollback to a step forgets neither its failed undo nor its doubt`() throws {
        for path in [E.toUndoFailed, E.inDoubtPath] {
            var driver = try PeopleDriver([F.step("a"), F.step("b", needs: ["a"])])
            try driver.take(path + [E.decided(.abandon)])
            try driver.run()
            try driver.take([E.resumed, E.rollback(to: "a")])
            try driver.run()
            #expect(driver.state.phase == .finished(.stuck))
        }
    }

    @Test func `an effect that lands after an undo found nothing is this run's, and can be undone`() throws {
        var driver = try PeopleDriver([F.step("a")])
        driver.answers["a observe"] = [E.observed(.satisfied)]
        try driver.take(E.toUndone + [E.decided(.retry)])
        driver.answers["a read-back"] = [E.observed(.satisfied, .readBack)]
        try driver.run()
        #expect(driver.phase("a") == .done(.verified))
        #expect(driver.state.inPlace == [0])
        try driver.take([E.resumed, E.rollback()])
        try driver.run()
        #expect(driver.undone == ["a", "a"])
        #expect(driver.undoing("a") == .undone(.proven))
    }

    @Test func `what is there in part is undone, and counts as gone only when nothing is left`() throws {
        func needed(_ purpose: StepObserved.Purpose, _ why: String?) -> Event {
            let observation = Observation(standing: .needed, why: why)
            return .stepObserved(StepObserved(step: "a", attempt: 1, purpose: purpose, observation: observation))
        }
        var driver = try PeopleDriver([F.step("a", onFailure: .rollback)])
        driver.answers["a verify"] = [E.verified("a", .unmet)]
        driver.answers["a undo-observe"] = [needed(.beforeUndo, "one of two is there")]
        driver.answers["a undo-proof"] = [needed(.undoProof, nil)]
        try driver.run()
        #expect(driver.undone == ["a"] && driver.undoing("a") == .undone(.proven))
        var left = try PeopleDriver([F.step("a", onFailure: .rollback)])
        left.answers["a verify"] = [E.verified("a", .unmet)]
        left.answers["a undo-observe"] = [E.observed(.satisfied, .beforeUndo)]
        left.answers["a undo-proof"] = [needed(.undoProof, "one of two is there")]
        try left.run()
        #expect(left.undone.isEmpty && left.undoing("a") == .failed)
    }

    @Test func `a later rollback looks again where an undo found nothing, and a stop leaves that standing`() throws {
        var driver = try PeopleDriver([F.step("a", onFailure: .rollback)])
        driver.answers["a verify"] = [E.verified("a", .unmet)]
        driver.answers["a undo-observe"] = [
            E.observed(.needed, .beforeUndo), E.observed(.satisfied, .beforeUndo),
        ]
        try driver.run()
        #expect(driver.undoing("a") == .undone(.nothingThere))
        var stopped = driver
        try stopped.take([E.resumed, E.rollback(), E.stop()])
        try stopped.run()
        #expect(stopped.undoing("a") == .undone(.nothingThere))
        try driver.take([E.resumed, E.rollback()])
        try driver.run()
        #expect(driver.undoing("a") == .undone(.proven))
        #expect(driver.state.phase == .finished(.rolledBack))
    }

    @Test func `an effect that a read-back missed and a later look shows is in place`() throws {
        var driver = try PeopleDriver([F.step("a", attempts: 2)])
        driver.answers["a apply"] = [E.attemptFailed(retryAt: F.time)]
        driver.answers["a observe"] = [E.observed(.needed), E.observed(.satisfied)]
        try driver.run()
        #expect(driver.phase("a") == .done(.verified))
        #expect(driver.state.inPlace == [0])
    }

    @Test func `an effect that a read-back missed and a later attempt claims without a begin is in place`() throws {
        var driver = try PeopleDriver([F.step("a", attempts: 2)])
        try driver.take(TransitionTableTests.toBegun + [E.attemptFailed(retryAt: F.time)])
        try driver.take([E.observed(.needed, .readBack), E.started(attempt: 2), E.checked(), E.observed(.needed)])
        #expect(driver.state.inPlace.isEmpty)
        try driver.take([E.applying(), E.applied()])
        try driver.run()
        #expect(driver.phase("a") == .done(.verified))
        #expect(driver.state.inPlace == [0])
    }

    // MARK: After the end

    @Test func `a finished run can be reopened and rolled back`() throws {
        var driver = try PeopleDriver([F.step("a"), F.step("b", needs: ["a"]), F.step("back", section: .finally)])
        try driver.run()
        #expect(driver.state.phase == .finished(.succeeded))
        try driver.take([E.resumed, E.rollback()])
        try driver.run()
        #expect(driver.undone == ["b", "a"])
        #expect(driver.state.phase == .finished(.rolledBack))
        #expect(driver.phase("back") == .done(.verified), "what brought things back is not undone")
    }

    @Test func `a rollback after a cancel gives what was left out of finally its turn`() throws {
        var driver = try PeopleDriver([
            F.step("a"), F.step("m", uses: "muster/manual", needs: ["a"]), F.step("back", section: .finally),
        ])
        try driver.run { $0.tasks.contains { $0.verb == .askPerson } }
        try driver.take(E.stop())
        try driver.run()
        #expect(driver.phase("back") == .skipped(.stopped))
        try driver.take([E.resumed, E.rollback()])
        try driver.run()
        #expect(driver.phase("back") == .done(.verified))
        #expect(driver.state.phase == .finished(.rolledBack))
    }

    @Test func `what could not be undone and was put back by hand lets a reopened run end as rolled back`() throws {
        var driver = try PeopleDriver([F.step("a"), F.step("n", uses: "test/final", needs: ["a"])])
        try driver.run()
        try driver.take([E.resumed, E.rollback()])
        try driver.run()
        #expect(driver.state.phase == .finished(.stuck))
        try driver.take([E.resumed, E.decided(.done, "n"), E.rollback()])
        try driver.run()
        #expect(driver.undone == ["a"])
        #expect(driver.state.phase == .finished(.rolledBack))
    }

    @Test func `a reopened run that is asked for nothing ends as before`() throws {
        var driver = try PeopleDriver([F.step("a")])
        try driver.run()
        try driver.take(E.resumed)
        try driver.run()
        #expect(driver.state.phase == .finished(.succeeded))
    }

    @Test func `a pause during a rollback lets the undo that has begun end`() throws {
        var driver = try done()
        try driver.take(E.rollback())
        try driver.run { $0.state(of: "c")?.undoing == .calling(begun: false) }
        try driver.take([E.undoBegun("c"), E.pause])
        try driver.run()
        #expect(driver.state.phase == .paused)
        #expect(driver.undone == ["c"])
        try driver.take(E.resumed)
        try driver.run()
        #expect(driver.state.phase == .finished(.rolledBack))
    }
}
