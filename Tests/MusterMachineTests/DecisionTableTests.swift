// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

/// Every pair of a step that waits for a person, or is being undone, and an event about it.
@Suite struct DecisionTableTests {
    typealias Start = TransitionTableTests.Start
    typealias E = StepEvents
    static let later = TransitionTableTests.later

    static let undoEvents: [(name: String, event: Event)] = [
        ("undo started", E.undoStarted()), ("undo started again", E.undoStarted(attempt: 2)),
        ("undo checked", E.undoChecked()), ("observed before undo", E.observed(.satisfied, .beforeUndo)),
        ("undo applying", E.undoApplying()), ("undo begun", E.undoBegun()), ("undo claimed", E.undoClaimed()),
        ("undo proof", E.observed(.needed, .undoProof)), ("undo attempt failed", E.undoAttemptFailed()),
        ("undone proven", E.undone(.proven)), ("undone nothing there", E.undone(.nothingThere)),
        ("undo failed", E.undoFailed()),
    ]
    static let decisions: [(name: String, event: Event)] = StepDecided.Choice.allCases.map {
        ("decided \($0.rawValue)", E.decided($0))
    }
    static let events = TransitionTableTests.events + undoEvents + decisions

    private static func choices(_ choices: StepDecided.Choice...) -> Set<String> {
        Set(choices.map { "decided \($0.rawValue)" })
    }

    static let waiting: [Start] = [
        Start(name: "failed", path: E.toFailed, allowed: choices(.retry, .skip, .done, .abandon)),
        Start(
            name: "failed, in place", path: E.toFailedInPlace, allowed: choices(.retry, .undo, .skip, .done, .abandon)),
        Start(
            name: "failed, in place, irreversible", uses: "test/final", path: E.toFailedInPlace,
            allowed: choices(.retry, .skip, .done, .abandon)),
        Start(name: "in doubt", path: E.inDoubtPath, allowed: choices(.retry, .undo, .done, .abandon)),
        Start(
            name: "in doubt, irreversible", uses: "test/final", path: E.inDoubtPath,
            allowed: choices(.retry, .done, .abandon)),
        Start(name: "undone", path: E.toUndone, allowed: choices(.retry, .skip, .abandon)),
        Start(name: "undo failed", path: E.toUndoFailed, allowed: choices(.retry, .undo, .done, .abandon)),
        Start(
            name: "failed, stopping", path: E.toFailed + [E.stop()],
            allowed: choices(.retry, .skip, .done, .abandon).union(["failed"])),
        Start(
            name: "in doubt, stopping", path: E.inDoubtPath + [E.stop()],
            allowed: choices(.retry, .undo, .done, .abandon).union(["in doubt", "failed"])),
        Start(
            name: "in doubt, rolling back", path: E.inDoubtPath + [E.rollback()],
            allowed: choices(.retry, .undo, .done, .abandon).union(["in doubt", "failed"])),
        Start(name: "declared done", path: E.toFailed + [E.decided(.done)], allowed: []),
        Start(name: "skipped by decision", path: E.toFailed + [E.decided(.skip)], allowed: []),
        Start(name: "abandoned", path: E.toFailed + [E.decided(.abandon)], allowed: []),
    ]

    static let wanted = E.toFailedInPlace + [E.decided(.undo)]
    static let observing = wanted + [E.undoStarted()]
    static let ready = observing + [E.observed(.satisfied, .beforeUndo)]
    static let calling = ready + [E.undoApplying()]
    static let proving = calling + [E.undoBegun(), E.undoClaimed()]
    static let told: Set<String> = ["undo attempt failed", "progress", "evidence"]
    static let quiet: Set<String> = ["progress", "evidence"]

    static let undoing: [Start] = [
        Start(name: "wanted", path: wanted, allowed: quiet.union(["undo started"])),
        Start(
            name: "wanted, stopping", path: wanted + [E.stop()], allowed: quiet.union(["undo started", "undo failed"])),
        Start(
            name: "checking", uses: "test/guarded", path: observing, allowed: told.union(["undo checked"])),
        Start(name: "observing", path: observing, allowed: told.union(["observed before undo"])),
        Start(name: "ready", path: ready, allowed: quiet.union(["undo applying"])),
        Start(name: "calling", path: calling, allowed: told.union(["undo begun", "undo claimed"])),
        Start(
            name: "calling, begun", path: calling + [E.undoBegun()],
            allowed: told.union(["undo begun", "undo claimed"])),
        Start(name: "proving", path: proving, allowed: told.union(["undo proof"])),
        Start(
            name: "deciding proven", path: proving + [E.observed(.needed, .undoProof)],
            allowed: quiet.union(["undone proven"])),
        Start(
            name: "deciding nothing there", path: observing + [E.observed(.needed, .beforeUndo)],
            allowed: quiet.union(["undone nothing there"])),
        Start(
            name: "deciding attempt failed", path: proving + [E.observed(.satisfied, .undoProof)],
            allowed: quiet.union(["undo attempt failed"])),
        Start(
            name: "deciding failed", path: observing + [E.undoAttemptFailed()], allowed: quiet.union(["undo failed"])),
        Start(
            name: "waiting to retry", path: observing + [E.undoAttemptFailed(retryAt: later)],
            allowed: quiet.union(["undo started again"])),
        Start(
            name: "waiting to retry, stopping", path: observing + [E.undoAttemptFailed(retryAt: later), E.stop()],
            allowed: quiet.union(["undo started again", "undo failed"])),
    ]

    static let inPlace = TransitionTableTests.toVerifying + [E.verified(), E.done(.verified)]
    static let rolling: [Start] = [
        Start(name: "done, no rollback", path: inPlace, allowed: []),
        Start(name: "next in a rollback", path: inPlace + [E.rollback()], allowed: ["undo started", "undo failed"]),
        Start(name: "next in a rollback, stopped", path: inPlace + [E.rollback(), E.stop()], allowed: []),
        Start(
            name: "undone in a rollback",
            path: inPlace + [E.rollback(), E.undoStarted(), E.observed(.needed, .beforeUndo), E.undone(.nothingThere)],
            allowed: []),
        Start(
            name: "undo failed in a rollback", path: inPlace + [E.rollback(), E.undoFailed()],
            allowed: choices(.done)),
        Start(
            name: "put back by hand", path: inPlace + [E.rollback(), E.undoFailed(), E.decided(.done)], allowed: []),
    ]

    @Test(arguments: waiting + undoing + rolling) func `only the listed events may follow`(start: Start) throws {
        var state = try PlanFixture.running(
            [PlanFixture.step("a", uses: start.uses, attempts: 3)], rules: RunCreated.currentRules)
        for event in start.path { try state.apply(event, at: PlanFixture.time) }
        for (name, event) in Self.events {
            var next = state
            do {
                try next.apply(event, at: PlanFixture.time)
                #expect(start.allowed.contains(name), "\(name) was taken in \(start.name)")
            } catch {
                #expect(!start.allowed.contains(name), "\(name) was refused in \(start.name): \(error)")
                #expect(next.state(of: "a") == state.state(of: "a"), "a refused event changes nothing")
            }
        }
    }

    @Test(arguments: waiting) func `the choices that are offered are those that are taken`(start: Start) throws {
        var state = try PlanFixture.running(
            [PlanFixture.step("a", uses: start.uses, attempts: 3)], rules: RunCreated.currentRules)
        for event in start.path { try state.apply(event, at: PlanFixture.time) }
        let offered = Set(state.choices(for: "a").map { "decided \($0.rawValue)" })
        #expect(offered == start.allowed.filter { $0.hasPrefix("decided") })
    }

    static let runEvents: [(name: String, event: Event)] = [
        ("created", PlanFixture.created), ("started", PlanFixture.started), ("resumed", E.resumed), ("pause", E.pause),
        ("paused", .runPaused(RunPaused(waitsFor: []))), ("stop", E.stop()), ("rollback", E.rollback()),
        ("rollback to a stranger", E.rollback(to: "x")), ("rollback to what has not been", E.rollback(to: "a")),
        ("clock", .clockJumped(ClockJumped(milliseconds: 5000))),
        ("cancelled", .runFinished(RunFinished(outcome: .cancelled, why: nil))),
        ("succeeded", .runFinished(RunFinished(outcome: .succeeded, why: nil))),
    ]
    static let runs: [Start] = [
        Start(name: "empty", path: [], allowed: ["created"]),
        Start(name: "created", path: [PlanFixture.created], allowed: ["started", "stop", "clock", "cancelled"]),
        Start(
            name: "running", path: [PlanFixture.created, PlanFixture.started],
            allowed: ["resumed", "pause", "stop", "rollback", "clock"]),
        Start(
            name: "coming to rest", path: [PlanFixture.created, PlanFixture.started, E.pause],
            allowed: ["resumed", "pause", "paused", "stop", "rollback", "clock"]),
        Start(
            name: "paused",
            path: [PlanFixture.created, PlanFixture.started, E.pause, .runPaused(RunPaused(waitsFor: []))],
            allowed: ["resumed", "stop", "clock"]),
        Start(
            name: "finished",
            path: [
                PlanFixture.created, PlanFixture.started, E.skipped(.condition),
                .runFinished(RunFinished(outcome: .succeeded, why: nil)),
            ], allowed: ["resumed", "clock"]),
    ]

    @Test(arguments: runs) func `only the listed events of the run may follow`(start: Start) throws {
        var state = RunState(plan: PlanFixture.plan([PlanFixture.step("a")]))
        for event in start.path { try state.apply(event, at: PlanFixture.time) }
        for (name, event) in Self.runEvents {
            var next = state
            let isTaken = (try? next.apply(event, at: PlanFixture.time)) != nil
            #expect(isTaken == start.allowed.contains(name), "\(name) in \(start.name)")
        }
    }
}
