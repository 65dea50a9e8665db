// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport

/// Events of undos and of people, with everything that does not matter filled in.
extension StepEvents {
    static func undoStarted(_ step: String = "a", attempt: Int = 1) -> Event {
        .undoStarted(UndoStarted(step: step, attempt: attempt))
    }
    static func undoChecked(_ step: String = "a", _ verdict: ConditionResult.Verdict = .met) -> Event {
        let result = ConditionResult(id: "may-go-back", verdict: verdict, says: "seen")
        return .undoChecked(UndoChecked(step: step, attempt: 1, preconditions: [result]))
    }
    static func undoApplying(_ step: String = "a") -> Event {
        .undoApplying(UndoApplying(step: step, attempt: 1, idempotencyKey: "u"))
    }
    static func undoBegun(_ step: String = "a", undo: JSON = ["was": 1]) -> Event {
        .undoBegun(UndoBegun(step: step, attempt: 1, undo: undo))
    }
    static func undoClaimed(_ step: String = "a") -> Event { .undoClaimed(UndoClaimed(step: step, attempt: 1)) }
    static func undoAttemptFailed(_ step: String = "a", retryAt: Timestamp? = nil) -> Event {
        .undoAttemptFailed(AttemptFailed(step: step, attempt: 1, failure: failure, retryAt: retryAt))
    }
    static func undone(_ how: StepUndone.How, _ step: String = "a") -> Event {
        .stepUndone(StepUndone(step: step, how: how))
    }
    static func undoFailed(_ step: String = "a") -> Event { .undoFailed(UndoFailed(step: step, failure: failure)) }
    static func decided(_ choice: StepDecided.Choice, _ step: String = "a") -> Event {
        .stepDecided(StepDecided(step: step, choice: choice, person: "op", reason: "looked"))
    }
    static func stop(finally: Bool? = nil) -> Event {
        .stopRequested(StopRequested(by: "op", reason: "enough", runsFinally: finally))
    }
    static func rollback(to: String? = nil) -> Event {
        .rollbackRequested(RollbackRequested(by: "op", reason: "back", to: to))
    }
    static let pause = Event.pauseRequested(PauseRequested(by: "op", reason: "lunch"))
    static let resumed = Event.runResumed(
        RunResumed(by: "op", host: "host", bootID: "boot", processID: 2, engine: "0.3.0"))
    static let inDoubtPath: [Event] =
        [started(), checked(), observed(.needed), applying(), begun(), attemptFailed(), observed(.unknown, .readBack)]
        + [inDoubt]
    /// Step `a` waits for a person: it failed before any effect.
    static let toFailed: [Event] = [started(), attemptFailed(), failed()]
    /// The same, with its effect in place: it was applied, and could not be verified.
    static let toFailedInPlace: [Event] = [
        started(), checked(), observed(.needed), applying(), begun(), applied(), verified("a", .unmet),
        attemptFailed(), failed(),
    ]
    static let toUndone: [Event] =
        toFailedInPlace + [decided(.undo), undoStarted(), observed(.needed, .beforeUndo), undone(.nothingThere)]
    static let toUndoFailed: [Event] =
        toFailedInPlace + [decided(.undo), undoStarted(), undoAttemptFailed(), undoFailed()]
}
