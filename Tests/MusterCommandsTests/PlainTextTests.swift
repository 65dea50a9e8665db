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
}
