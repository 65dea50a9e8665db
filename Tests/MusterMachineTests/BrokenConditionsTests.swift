// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

/// What a failure says of conditions that do not hold: the gravest first.
struct BrokenConditionsTests {
    @Test func `a failed proof names all that it could not show, and what helps`() throws {
        var plan = PlanFixture.plan([PlanFixture.step("a", uses: "test/proof")])
        plan.definitions["test/proof@1.0.0"]?.postconditions = ["one", "two", "three", "four"].map {
            .init(id: $0, says: "It is so", remedy: "Mend \($0)")
        }
        var state = RunState(plan: plan)
        let results: [ConditionResult] = [
            .init(id: "one", verdict: .unverifiable, says: "Nobody knows."),
            .init(id: "two", verdict: .unmet, says: "It is not."), .init(id: "three", verdict: .met, says: "It is."),
            .init(id: "four", verdict: .unmet, says: "It is not."),
        ]
        for event in [
            PlanFixture.created, PlanFixture.started, StepEvents.started(), StepEvents.checked(),
            .stepVerified(StepVerified(step: "a", attempt: 1, postconditions: results)),
        ] {
            try state.apply(event, at: PlanFixture.time)
        }
        let events = state.decisions(now: PlanFixture.time)
        guard case .attemptFailed(let body)? = events.first else { throw Unexpected(events: events) }
        #expect(
            body.failure.message
                == "Postcondition \"two\" is unmet: It is not. \"four\" is unmet as well. \"one\" is unverifiable: Nobody knows."
        )
        #expect(body.failure.code == "postcondition.unmet")
        #expect(body.failure.remedy == "two: Mend two. four: Mend four. one: Mend one.")
    }

    private struct Unexpected: Error { let events: [Event] }
}
