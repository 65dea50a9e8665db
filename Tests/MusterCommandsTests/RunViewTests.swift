// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterCommands

/// What the live view says an end of the run would leave.
@Suite struct RunViewTests {
    private func observed(_ standing: Observation.Standing, _ purpose: StepObserved.Purpose) -> Event {
        .stepObserved(
            StepObserved(step: "a", attempt: 1, purpose: purpose, observation: Observation(standing: standing)))
    }

    /// Step `a` has begun its effect, and its answer was lost.
    private func lines(readBack standing: Observation.Standing?) throws -> [String] {
        var state = try PlanFixture.running([PlanFixture.step("a", attempts: 3)], rules: RunCreated.currentRules)
        let lost = StepFailure(kind: .retryable, code: "lost", message: "lost")
        let met = ConditionResult(id: "target-ready", verdict: .met, says: "seen")
        var events: [Event] = [
            .stepStarted(StepStarted(step: "a", attempt: 1, inputs: [:])),
            .stepChecked(StepChecked(step: "a", attempt: 1, preconditions: [met])), observed(.needed, .beforeEffect),
            .stepApplying(StepApplying(step: "a", attempt: 1, idempotencyKey: "k")),
            .stepBegun(StepBegun(step: "a", attempt: 1, undo: ["was": 1])),
        ]
        if let standing {
            events.append(
                .attemptFailed(AttemptFailed(step: "a", attempt: 1, failure: lost, retryAt: PlanFixture.time)))
            events.append(observed(standing, .readBack))
        }
        for event in events { try state.apply(event, at: PlanFixture.time) }
        return RunView(style: Style(isColoured: false), width: .max, stepsMax: .max).lines(state, now: PlanFixture.time)
    }

    @Test func `an effect that has begun is in place and would be undone`() throws {
        #expect(try lines(readBack: nil).contains("  an abort would leave in place: a; a rollback would undo 1 of it"))
    }

    @Test func `one that was read back as gone is not in place, and would be looked for`() throws {
        let lines = try lines(readBack: .needed)
        #expect(lines.contains("  an abort would leave in place: nothing"), "\(lines)")
        #expect(lines.contains("  may be in place: a; a rollback looks first"), "\(lines)")
    }
}
