// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterCommands

/// Decisions about a run at rest, until somebody acts on them.
@Suite struct StandingDecisionTests {
    private static let decided = Event.stepDecided(
        StepDecided(step: "two", choice: .retry, person: "Ada", reason: "the vault is back"))
    private static let rest = Event.runPaused(RunPaused(waitsFor: ["two"]))
    private static let resumed = Event.runResumed(
        RunResumed(by: "Bea", host: "h", bootID: "b", processID: 7, engine: "1"))

    @Test(arguments: [
        ([Self.rest, Self.decided], 1), ([Self.rest, Self.decided, Self.resumed], 0), ([Self.rest], 0),
        ([Self.decided, Self.rest], 0), ([Self.rest, Self.decided, Self.resumed, Self.rest, Self.decided], 1),
    ])
    func `one stands from the rest until the run is taken up`(events: [Event], count: Int) {
        let entries = events.enumerated().map { number, event in
            JournalEntry(
                sequence: Int64(number), at: PlanFixture.time, boot: 0, previous: JournalEntry.firstPrevious,
                event: event)
        }
        let standing = StandingDecision.all(entries)
        #expect(standing.count == count)
        for one in standing {
            #expect(one.says == "Ada decided retry at \(PlanFixture.time): the vault is back")
        }
    }
}
