// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

/// Every pair of a step's phase and an event about the step: those listed lead on, all others are refused.
@Suite struct TransitionTableTests {
    struct Start: Sendable, CustomTestStringConvertible {
        let name: String
        var uses = "test/effect"
        var inputs: [String: JSON] = [:]
        let path: [Event]
        /// Names of the events that may follow.
        let allowed: Set<String>
        var testDescription: String { name }
    }

    typealias E = StepEvents
    static let later = PlanFixture.time.advanced(by: .seconds(60))
    static let toReady = [E.started(), E.checked(), E.observed(.needed)]
    static let toBegun = toReady + [E.applying(), E.begun()]
    static let toReadBack = toBegun + [E.attemptFailed()]
    static let toVerifying = toBegun + [E.applied()]

    static let events: [(name: String, event: Event)] = [
        ("started", E.started()), ("started again", E.started(attempt: 2)), ("checked", E.checked()),
        ("observed", E.observed(.needed)), ("read back", E.observed(.needed, .readBack)), ("applying", E.applying()),
        ("begun", E.begun()), ("applied", E.applied()), ("verified", E.verified()),
        ("attempt failed", E.attemptFailed()),
        ("done verified", E.done(.verified)), ("done satisfied", E.done(.satisfied)), ("done shown", E.done(.shown)),
        ("failed", E.failed()), ("in doubt", E.inDoubt), ("skipped condition", E.skipped(.condition)),
        ("skipped stopped", E.skipped(.stopped)), ("confirmed", E.confirmed), ("progress", E.progress),
        ("evidence", E.evidence),
    ]

    static let stop = Event.stopRequested(StopRequested(by: "op", reason: "enough"))
    static let told: Set<String> = ["attempt failed", "progress", "evidence"]
    static let starts: [Start] = [
        Start(name: "pending", path: [], allowed: ["started", "failed", "skipped condition", "skipped stopped"]),
        Start(name: "checking", path: [E.started()], allowed: told.union(["checked"])),
        Start(name: "observing", path: [E.started(), E.checked()], allowed: told.union(["observed"])),
        Start(name: "ready", path: toReady, allowed: ["applying"]),
        Start(name: "applying", path: toReady + [E.applying()], allowed: told.union(["begun", "applied"])),
        Start(name: "applying, begun", path: toBegun, allowed: told.union(["begun", "applied"])),
        Start(name: "reading back", path: toReadBack, allowed: told.union(["read back"])),
        Start(name: "verifying", path: toVerifying, allowed: told.union(["verified"])),
        Start(name: "deciding done", path: toVerifying + [E.verified()], allowed: ["done verified"]),
        Start(
            name: "deciding satisfied", path: [E.started(), E.checked(), E.observed(.satisfied)],
            allowed: ["done satisfied"]),
        Start(
            name: "deciding attempt failed", path: toVerifying + [E.verified("a", .unmet)], allowed: ["attempt failed"]),
        Start(name: "deciding failed", path: [E.started(), E.attemptFailed()], allowed: ["failed"]),
        Start(
            name: "deciding in doubt", path: toReadBack + [E.observed(.unknown, .readBack)], allowed: ["in doubt"]),
        Start(
            name: "waiting to retry", path: [E.started(), E.attemptFailed(retryAt: later)],
            allowed: ["started again", "failed"]),
        Start(
            name: "waiting", uses: "muster/wait", path: [E.started(inputs: ["for": "1m"])],
            allowed: ["verified"]),
        Start(
            name: "waiting for a person", uses: "muster/manual", path: [E.started()],
            allowed: ["confirmed"]),
        Start(name: "done", path: toVerifying + [E.verified(), E.done(.verified)], allowed: []),
        Start(name: "failed", path: [E.started(), E.attemptFailed(), E.failed()], allowed: []),
        Start(name: "in doubt", path: toReadBack + [E.observed(.partial, .readBack), E.inDoubt], allowed: []),
        Start(name: "skipped", path: [E.skipped(.condition)], allowed: []),
    ]
    /// Once a stop was asked for.
    static let stopping: [Start] = [
        Start(name: "checking", path: [E.started(), stop], allowed: told.union(["checked", "skipped stopped"])),
        Start(
            name: "observing", path: [E.started(), E.checked(), stop],
            allowed: told.union(["observed", "skipped stopped"])),
        Start(name: "ready", path: toReady + [stop], allowed: ["applying", "skipped stopped"]),
        Start(
            name: "applying", path: toReady + [E.applying(), stop],
            allowed: told.union(["begun", "applied", "skipped stopped"])),
        Start(name: "applying, begun", path: toBegun + [stop], allowed: told.union(["begun", "applied"])),
        Start(name: "reading back", path: toReadBack + [stop], allowed: told.union(["read back"])),
        Start(name: "verifying an effect", path: toVerifying + [stop], allowed: told.union(["verified"])),
        Start(
            name: "proving", uses: "test/proof", path: [E.started(), E.checked(), stop],
            allowed: told.union(["verified", "skipped stopped"])),
        Start(
            name: "deciding attempt failed", path: toVerifying + [E.verified("a", .unmet), stop],
            allowed: ["attempt failed"]),
        Start(
            name: "waiting to retry", path: [E.started(), E.attemptFailed(retryAt: later), stop],
            allowed: ["started again", "failed"]),
        Start(
            name: "checking again", path: [E.started(), E.attemptFailed(retryAt: later), E.started(attempt: 2), stop],
            allowed: told.union(["checked", "failed"])),
        Start(
            name: "ready again",
            path: [
                E.started(), E.attemptFailed(retryAt: later), E.started(attempt: 2), E.checked(), E.observed(.needed),
                stop,
            ],
            allowed: ["applying", "failed", "skipped stopped"]),
        Start(
            name: "waiting", uses: "muster/wait", path: [E.started(inputs: ["for": "1m"]), stop],
            allowed: ["verified", "skipped stopped"]),
        Start(
            name: "waiting for a person", uses: "muster/manual", path: [E.started(), stop],
            allowed: ["confirmed", "skipped stopped"]),
        Start(name: "done", path: toVerifying + [E.verified(), E.done(.verified), stop], allowed: []),
    ]

    @Test(arguments: starts + stopping) func `only the listed events may follow`(start: Start) throws {
        var state = try PlanFixture.running([PlanFixture.step("a", uses: start.uses, attempts: 3)])
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

    @Test func `before the run is confirmed no step event is taken`() throws {
        for (_, event) in Self.events {
            var state = RunState(plan: PlanFixture.plan([PlanFixture.step("a")]))
            #expect(throws: IllegalTransition.self) { try state.apply(event, at: PlanFixture.time) }
            try state.apply(PlanFixture.created, at: PlanFixture.time)
            #expect(throws: IllegalTransition.self) { try state.apply(event, at: PlanFixture.time) }
        }
    }

    @Test func `an event about a step that the plan does not hold is refused`() throws {
        var state = try PlanFixture.running([PlanFixture.step("a")])
        #expect(throws: IllegalTransition.self) { try state.apply(E.started("b"), at: PlanFixture.time) }
    }
}
