// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

/// What people and later engines do stands in the journal as it happened.
@Suite struct InterventionJournalTests {
    typealias E = StepEvents

    static let events: [Event] =
        [
            PlanFixture.created(rules: RunCreated.currentRules), E.resumed,
            .runResumed(
                RunResumed(
                    by: "op", host: "h2", bootID: "b2", processID: 7, engine: "0.3.0",
                    takeOver: TakeOver(reason: "h1 burnt", from: "h1", knownUpTo: 41))),
            E.pause, .runPaused(RunPaused(waitsFor: ["a", "b"])), E.rollback(), E.rollback(to: "a"), E.stop(),
            E.stop(finally: true), .stepBegun(StepBegun(step: "a", attempt: 1, undo: ["was": nil], lease: 9)),
            .undoBegun(UndoBegun(step: "a", attempt: 2, undo: nil, lease: 9)), E.undoAttemptFailed(),
            E.undoAttemptFailed(retryAt: PlanFixture.time), E.undone(.proven), E.undone(.nothingThere), E.undoFailed(),
            E.undoChecked(), E.skipped(.decision), E.done(.declared), E.observed(.partial, .beforeUndo),
            E.observed(.unknown, .undoProof),
        ]
        + DecisionTableTests.undoEvents.map(\.event) + StepDecided.Choice.allCases.map { E.decided($0) }
        + [LeaseChanged.What.taken, .takenOver, .late, .renewed, .lost, .without].map {
            .leaseChanged(LeaseChanged(what: $0, lock: "group", epoch: 3, says: "seen"))
        }

    @Test(arguments: events) func `an event is read from its line as it was written`(event: Event) throws {
        let entry = JournalEntry(
            sequence: 4, at: PlanFixture.time, boot: 5, previous: JournalEntry.firstPrevious, event: event)
        let line = try entry.line()
        let again = try JournalEntry(line: line)
        #expect(again == entry)
        #expect(try again.line() == line)
    }

    @Test func `a run of the old rules writes its first line as before`() throws {
        guard case .runCreated(let body) = PlanFixture.created else { return }
        let entry = JournalEntry(
            sequence: 0, at: PlanFixture.time, boot: 5, previous: JournalEntry.firstPrevious,
            event: .runCreated(body))
        #expect(!String(decoding: try entry.line(), as: UTF8.self).contains("rules"))
    }
}
