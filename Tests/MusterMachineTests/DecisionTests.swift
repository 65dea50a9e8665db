// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

/// What becomes of a step that failed or is in doubt, by what a person decides about it.
@Suite struct DecisionTests {
    typealias F = PlanFixture
    typealias E = StepEvents

    /// Step `a` waits for a person, and `b` for it.
    func waiting(_ path: [Event]) throws -> PeopleDriver {
        var driver = try PeopleDriver([F.step("a"), F.step("b", needs: ["a"]), F.step("back", section: .finally)])
        try driver.take(path)
        return driver
    }

    static let waits: [(path: [Event], phase: StepPhase)] = [
        (E.toFailed, .waitingForDecision(.failed)), (E.inDoubtPath, .waitingForDecision(.inDoubt)),
    ]

    @Test(arguments: waits)
    func `a step that fails or is in doubt waits, and nothing else of the run begins`(
        path: [Event], phase: StepPhase
    ) throws {
        var driver = try waiting(path)
        try driver.run()
        #expect(driver.phase("a") == phase)
        #expect(driver.state.phase == .running)
        #expect(driver.state.tasks.map(\.verb) == [.askDecision])
        #expect(driver.state.waitsOnlyForDecisions)
        #expect(driver.phase("b") == .pending)
        #expect(driver.phase("back") == .pending)
    }

    @Test(arguments: waits, [nil, 1])
    func `by the old rules the run ends there`(wait: (path: [Event], phase: StepPhase), rules: Int?) throws {
        var driver = try PeopleDriver([F.step("a"), F.step("b", needs: ["a"])], rules: rules)
        try driver.take(wait.path)
        try driver.run()
        #expect(driver.phase("a")?.isEnded == true)
        #expect(driver.phase("b") == .skipped(.stopped))
        #expect(driver.state.isFinished)
    }

    @Test func `retry before any effect starts another attempt`() throws {
        var driver = try waiting(E.toFailed)
        try driver.take(E.decided(.retry))
        try driver.run()
        #expect(driver.state.state(of: "a")?.attempt == 2)
        #expect(driver.state.phase == .finished(.succeeded))
    }

    @Test(arguments: [E.toFailedInPlace, E.inDoubtPath])
    func `retry after an effect was begun reads the target back first`(path: [Event]) throws {
        var driver = try waiting(path)
        try driver.take(E.decided(.retry))
        #expect(driver.state.decisions(now: driver.now).isEmpty)
        #expect(driver.state.tasks.map(\.verb) == [.readBack])
        try driver.take(E.observed(.satisfied, .readBack))
        try driver.run()
        #expect(driver.phase("a") == .done(.verified))
        #expect(!driver.log.dropFirst(path.count).contains("a step-applying"))
    }

    @Test func `a retry whose read-back cannot tell asks again`() throws {
        var driver = try waiting(E.inDoubtPath)
        driver.choices["a"] = [.retry]
        driver.answers["a read-back"] = [E.observed(.partial, .readBack)]
        try driver.run()
        #expect(driver.phase("a") == .waitingForDecision(.inDoubt))
    }

    @Test func `undo puts the effect back and then asks again`() throws {
        var driver = try waiting(E.toFailedInPlace)
        try driver.take(E.decided(.undo))
        #expect(driver.state.tasks.isEmpty, "nobody is asked while the step is being undone")
        #expect(driver.state.choices(for: "a").isEmpty)
        try driver.run()
        #expect(driver.phase("a") == .waitingForDecision(.undone))
        #expect(driver.state.state(of: "a")?.effectLeft == EffectLeft.none)
        #expect(driver.state.tasks.map(\.verb) == [.askDecision])
        driver.choices["a"] = [.retry]
        try driver.run()
        #expect(driver.state.phase == .finished(.succeeded))
        #expect(driver.log.filter { $0 == "a step-applying" }.count == 2)
    }

    @Test func `an undo that fails asks again, and done vouches that it was put back by hand`() throws {
        var driver = try waiting(E.toFailedInPlace)
        driver.answers["a undo-proof"] = [E.observed(.satisfied, .undoProof)]
        driver.choices["a"] = [.undo]
        try driver.run()
        #expect(driver.phase("a") == .waitingForDecision(.undoFailed))
        #expect(driver.log.filter { $0 == "a undo-started" }.count == 2, "an undo is tried twice at least")
        #expect(driver.state.troubleText("a").hasPrefix("It could not be undone: "))
        driver.choices["a"] = [.done, .abandon]
        try driver.run()
        #expect(driver.undoing("a") == .undoneByHand)
        #expect(driver.phase("a") == .failed)
        #expect(driver.state.inPlace.isEmpty || driver.state.inPlace == [2])
        #expect(driver.state.phase == .finished(.failed))
    }

    @Test func `skip goes on without the step, whose effect may stay`() throws {
        var driver = try waiting(E.toFailedInPlace)
        driver.choices["a"] = [.skip]
        try driver.run()
        #expect(driver.phase("a") == .skipped(.decision))
        #expect(driver.phase("b") == .done(.verified))
        #expect(driver.state.inPlace.contains(0))
        #expect(driver.state.phase == .finished(.succeeded))
    }

    @Test(arguments: [E.toFailed, E.inDoubtPath])
    func `done lets the next steps start on a person's word`(path: [Event]) throws {
        var driver = try waiting(path)
        driver.choices["a"] = [.done]
        try driver.run()
        #expect(driver.phase("a") == .done(.declared))
        #expect(driver.phase("b") == .done(.verified))
        #expect(driver.state.phase == .finished(.succeeded))
    }

    @Test(arguments: [(E.toFailed, RunFinished.Outcome.failed), (E.inDoubtPath, .stuck), (E.toUndoFailed, .stuck)])
    func `abandon gives the run up, and what brings things back still runs`(
        path: [Event], outcome: RunFinished.Outcome
    ) throws {
        var driver = try waiting(path)
        driver.choices["a"] = [.abandon]
        try driver.run()
        #expect(driver.phase("b") == .skipped(.stopped))
        #expect(driver.phase("back") == .done(.verified))
        #expect(driver.state.phase == .finished(outcome))
    }

    @Test func `a step that was undone and is in doubt again is in doubt`() throws {
        var driver = try waiting(E.toUndone)
        driver.choices["a"] = [.retry, .abandon]
        driver.answers["a apply"] = [E.attemptFailed()]
        driver.answers["a read-back"] = [E.observed(.unknown, .readBack)]
        try driver.run()
        #expect(driver.phase("a") == .inDoubt)
        #expect(driver.state.phase == .finished(.stuck))
    }

    @Test func `a step whose inputs still have no value asks again`() throws {
        var driver = try PeopleDriver([F.step("a", with: ["x": "${{ steps.nobody.outputs.value }}"])])
        driver.choices["a"] = [.retry]
        try driver.run()
        #expect(driver.phase("a") == .waitingForDecision(.failed))
        #expect(driver.state.state(of: "a")?.attempt == 0)
        driver.choices["a"] = [.skip]
        try driver.run()
        #expect(driver.state.phase == .finished(.succeeded))
    }

    @Test func `a step that failed where the run goes on anyway asks nobody`() throws {
        var driver = try PeopleDriver([F.step("a", onFailure: .continue), F.step("b", needs: ["a"])])
        driver.answers["a check"] = [E.checked("a", .unmet)]
        try driver.run()
        #expect(driver.phase("a") == .failed)
        #expect(driver.state.phase == .finished(.succeeded))
    }

    @Test func `steps beside the one that waits go on`() throws {
        var driver = try PeopleDriver([F.step("a"), F.step("b"), F.step("c", needs: ["b"])])
        driver.answers["a check"] = [E.checked("a", .unmet)]
        try driver.run()
        #expect(driver.phase("c") == .done(.verified))
        #expect(driver.state.waitsOnlyForDecisions)
    }

    @Test func `a decision that is none now is refused with the ones that are`() throws {
        let driver = try waiting(E.inDoubtPath)
        let skip = StepDecided(step: "a", choice: .skip, person: "op", reason: "")
        #expect(
            driver.state.whyNot(skip) == "\"skip\" is no choice for step \"a\" now; choose retry, undo, done, abandon")
        let other = StepDecided(step: "b", choice: .retry, person: "op", reason: "")
        #expect(driver.state.whyNot(other) == "step \"b\" does not wait for a decision; a does")
        let stranger = StepDecided(step: "x", choice: .retry, person: "op", reason: "")
        #expect(driver.state.whyNot(stranger) == "the run has no step \"x\"")
    }

    @Test func `what may help is what the failure says`() throws {
        var driver = try waiting(Array(E.toFailed.dropLast()))
        #expect(driver.state.troubleRemedy("a") == nil)
        let failure = StepFailure(kind: .permanent, code: "Off", message: "The vault is off.", remedy: "Turn it on.")
        try driver.take([.stepFailed(StepFailed(step: "a", failure: failure, effect: .none))])
        #expect(driver.state.troubleRemedy("a") == "Turn it on." && driver.state.troubleRemedy("b") == nil)
    }
}
