// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterCommands

/// What a run says line by line where no live view is drawn.
@Suite struct PlainTextTests {
    /// The line of each event, without its time of day.
    private func lines(_ events: [Event]) throws -> [String] {
        let state = try PlanFixture.running([PlanFixture.step("a", attempts: 2)])
        var text = PlainText(style: Style(isColoured: false))
        return events.enumerated().compactMap { number, event in
            let entry = JournalEntry(
                sequence: Int64(number), at: PlanFixture.time, boot: 0, previous: JournalEntry.firstPrevious,
                event: event)
            return text.line(entry, state).map { String($0.dropFirst("14:03:02  ".count)) }
        }
    }

    private func begun(_ attempt: Int, undo: JSON) -> Event {
        .stepBegun(StepBegun(step: "a", attempt: attempt, undo: undo))
    }

    @Test func `an effect begins once an attempt, however often its undo data is renewed`() throws {
        let says = try lines([begun(1, undo: ["rows": 1]), begun(1, undo: ["rows": 2]), begun(2, undo: ["rows": 2])])
        #expect(says == ["▶ a: effect begun", "▶ a: effect begun"])
    }

    @Test func `what a step says is told once until it says something else, or begins anew`() throws {
        func says(_ words: String) -> Event { .progress(Progress(step: "a", message: words, fraction: nil)) }
        let anew = Event.stepStarted(StepStarted(step: "a", attempt: 2, inputs: [:]))
        let lines = try lines([
            says("50 %"), says("50 %"), says("done"), says("50 %"), anew, says("50 %"), says("50 %"),
        ])
        #expect(lines == ["  a: 50 %", "  a: done", "  a: 50 %", "↻ a: attempt 2", "  a: 50 %"])
    }

    @Test(arguments: [
        ("Busy", "Busy. Next try at 14:03:12"), ("The server is busy.", "The server is busy. Next try at 14:03:12"),
    ])
    func `the next try stands in a sentence of its own`(message: String, says: String) throws {
        let failure = StepFailure(kind: .retryable, code: "429", message: message)
        func failed(_ retryAt: Timestamp?) -> Event {
            .attemptFailed(AttemptFailed(step: "a", attempt: 1, failure: failure, retryAt: retryAt))
        }
        let due = PlanFixture.time.advanced(by: .seconds(10))
        #expect(try lines([failed(due)]) == ["! a: attempt 1 failed: \(says)"])
        #expect(try lines([failed(nil)]) == ["! a: attempt 1 failed: \(message)"])
    }

    @Test func `a step's end is told as it was, though its undo is asked for at once`() throws {
        var state = try PlanFixture.running([PlanFixture.step("a")], rules: RunCreated.currentRules)
        let done = Event.stepDone(StepDone(step: "a", how: .verified, outputs: [:]))
        let met = ConditionResult(id: "is-so", verdict: .met, says: "seen")
        let events: [Event] = [
            .stepStarted(StepStarted(step: "a", attempt: 1, inputs: [:])),
            .stepChecked(
                StepChecked(
                    step: "a", attempt: 1,
                    preconditions: [ConditionResult(id: "target-ready", verdict: .met, says: "seen")])),
            .stepObserved(
                StepObserved(step: "a", attempt: 1, purpose: .beforeEffect, observation: Observation(standing: .needed))
            ),
            .stepApplying(StepApplying(step: "a", attempt: 1, idempotencyKey: "k")), begun(1, undo: ["was": 1]),
            .stepApplied(StepApplied(step: "a", attempt: 1, outputs: ["value": "v"])),
            .stepVerified(StepVerified(step: "a", attempt: 1, postconditions: [met])), done,
            .rollbackRequested(RollbackRequested(by: "op", reason: "back")),
            .undoStarted(UndoStarted(step: "a", attempt: 1)),
        ]
        for event in events { try state.apply(event, at: PlanFixture.time) }
        var text = PlainText(style: Style(isColoured: false))
        let entry = JournalEntry(
            sequence: 0, at: PlanFixture.time, boot: 0, previous: JournalEntry.firstPrevious, event: done)
        #expect(text.line(entry, state)?.contains("✓ a: verified") == true)
        let resumed = Event.runResumed(RunResumed(by: "op", host: "h", bootID: "b", processID: 1, engine: "1"))
        let taken = JournalEntry(
            sequence: 1, at: PlanFixture.time, boot: 0, previous: JournalEntry.firstPrevious, event: resumed)
        #expect(text.line(taken, state)?.contains("taken up by op on h") == true)
        #expect(try lines([resumed]) == ["▶ resumed by op on h"])
    }
}
