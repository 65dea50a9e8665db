// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

/// Drives a state as the engine does, with a table of answers instead of plugins.
struct Driver {
    var state: RunState
    var now = PlanFixture.time
    var log: [String] = []
    /// What `step verb` answers; everything else goes well.
    var answers: [String: Event] = [:]
    /// The step whose effect begins and is then lost: neither its answer nor a read-back tells what became of it.
    var failsAfterBeginning: String?
    private(set) var finish: RunFinished?

    init(_ steps: [PlannedStep], answers: [String: Event] = [:]) throws {
        state = try PlanFixture.running(steps)
        self.answers = answers
    }

    /// Runs until nothing follows any more, jumping over pauses. Answers one task at a time, in order.
    mutating func run() throws {
        for _ in 0..<10_000 {
            let events = state.decisions(now: now)
            for event in events { try take(event) }
            if !events.isEmpty { continue }
            if let task = state.tasks.first {
                try answer(task)
            } else if let due = state.nextDue {
                now = due
            } else {
                return
            }
        }
        Issue.record("the run does not end")
    }

    mutating func take(_ event: Event) throws {
        try state.apply(event, at: now)
        if case .runFinished(let body) = event { finish = body }
        if let step = event.step { log.append("\(step) \(event.kind)") }
    }

    private mutating func answer(_ task: StepTask) throws {
        if task.step == failsAfterBeginning, task.verb == .apply || task.verb == .readBack {
            if task.verb == .apply { try take(StepEvents.begun(task.step)) }
            return try take(StepEvents.attemptFailed(task.step))
        }
        if let event = answers["\(task.step) \(task.verb.rawValue)"] {
            return try take(event)
        }
        switch task.verb {
        case .check: try take(StepEvents.checked(task.step))
        case .observe: try take(StepEvents.observed(.needed, .beforeEffect, task.step))
        case .readBack: try take(StepEvents.observed(.needed, .readBack, task.step))
        case .apply:
            try take(StepEvents.begun(task.step))
            try take(StepEvents.applied(task.step))
        case .verify: try take(StepEvents.verified(task.step))
        case .askPerson: try take(StepEvents.confirmed)
        case .undoCheck, .undoObserve, .undo, .undoProof, .askDecision, .askApproval:
            Issue.record("these runs follow the rules of Muster 0.2: \(task)")
        }
    }

    func phase(_ id: String) -> StepPhase? { state.state(of: id)?.phase }
}

@Suite struct InterpreterTests {
    typealias F = PlanFixture
    typealias E = StepEvents

    @Test func `steps run in the order of their needs and the run succeeds`() throws {
        var driver = try Driver([F.step("a"), F.step("b", needs: ["a"]), F.step("c", uses: "test/proof", needs: ["b"])])
        try driver.run()
        #expect(driver.state.phase == .finished(.succeeded))
        let ends = driver.log.filter { $0.hasSuffix("step-done") }
        #expect(ends == ["a step-done", "b step-done", "c step-done"])
        #expect(driver.phase("c") == .done(.shown))
    }

    @Test func `a satisfied step is done without an effect`() throws {
        var driver = try Driver([F.step("a")], answers: ["a observe": E.observed(.satisfied)])
        try driver.run()
        #expect(driver.phase("a") == .done(.satisfied))
        #expect(!driver.log.contains("a step-applying"))
        #expect(driver.state.state(of: "a")?.outputs == ["value": "v"])
    }

    @Test func `a failure stops the main steps and finally still runs`() throws {
        var driver = try Driver(
            [F.step("a"), F.step("b", needs: ["a"]), F.step("back", section: .finally)],
            answers: ["a apply": E.attemptFailed()])
        try driver.run()
        #expect(driver.phase("a") == .failed)
        #expect(driver.phase("b") == .skipped(.stopped))
        #expect(driver.phase("back") == .done(.verified))
        #expect(driver.state.phase == .finished(.failed))
    }

    @Test func `finally asks whether there is anything to be brought back`() throws {
        let steps = [
            F.step("a"), F.step("b", needs: ["a"]), F.step("back", section: .finally, condition: "steps.a.inPlace"),
        ]
        var refused = try Driver(steps, answers: ["a apply": E.attemptFailed()])
        try refused.run()
        #expect(refused.phase("back") == .skipped(.condition))
        var changed = try Driver(steps, answers: ["b apply": E.attemptFailed("b")])
        try changed.run()
        #expect(changed.phase("a") == .done(.verified) && changed.phase("back") == .done(.verified))
        var doubted = try Driver(steps)
        doubted.failsAfterBeginning = "a"
        try doubted.run()
        #expect(doubted.phase("back") == .done(.verified))
    }

    @Test func `on-failure continue lets the next steps run, and the run succeeds`() throws {
        var driver = try Driver(
            [F.step("a", onFailure: .continue), F.step("b", needs: ["a"])], answers: ["a check": E.checked("a", .unmet)]
        )
        try driver.run()
        #expect(driver.phase("a") == .failed)
        #expect(driver.phase("b") == .done(.verified))
        #expect(driver.state.phase == .finished(.succeeded))
    }

    @Test func `a begun effect that failed is read back before it is tried again`() throws {
        var state = try F.running([F.step("a", attempts: 2)])
        let retryAt = F.time.advanced(by: .seconds(1))
        for event in [
            E.started(), E.checked(), E.observed(.needed), E.applying(), E.begun(), E.attemptFailed(retryAt: retryAt),
        ] {
            try state.apply(event, at: F.time)
        }
        #expect(state.tasks.map(\.verb) == [.readBack])
        try state.apply(E.observed(.needed, .readBack), at: F.time)
        #expect(state.decisions(now: F.time).isEmpty)
        #expect(state.nextDue == retryAt)
        guard case .stepStarted(let again) = state.decisions(now: retryAt).first else { throw Failure.notRetried }
        #expect(again.attempt == 2)
    }

    @Test func `a begun effect that the read-back finds done is verified`() throws {
        var driver = try Driver([F.step("a")], answers: ["a read-back": E.observed(.satisfied, .readBack)])
        for event in [E.started(), E.checked(), E.observed(.needed), E.applying(), E.begun(), E.attemptFailed()] {
            try driver.state.apply(event, at: F.time)
        }
        try driver.run()
        #expect(driver.phase("a") == .done(.verified))
    }

    @Test(arguments: [Observation.Standing.partial, .unknown])
    func `a read-back that cannot tell leaves the step in doubt and the run stuck`(standing: Observation.Standing)
        throws
    {
        var driver = try Driver([F.step("a")], answers: ["a read-back": E.observed(standing, .readBack)])
        for event in [E.started(), E.checked(), E.observed(.needed), E.applying(), E.begun(), E.attemptFailed()] {
            try driver.state.apply(event, at: F.time)
        }
        try driver.run()
        #expect(driver.phase("a") == .inDoubt)
        #expect(driver.state.phase == .finished(.stuck))
    }

    @Test func `an unverifiable postcondition is never verified`() throws {
        var effect = try Driver([F.step("a")], answers: ["a verify": E.verified("a", .unverifiable)])
        try effect.run()
        #expect(effect.phase("a") == .done(.unverified))
        var proof = try Driver([F.step("a", uses: "test/proof")], answers: ["a verify": E.verified("a", .unverifiable)])
        try proof.run()
        #expect(proof.phase("a") == .failed)
    }

    @Test func `attempts are bounded and pauses grow within their bounds`() throws {
        var driver = try Driver([F.step("a", attempts: 4)], answers: ["a check": E.checked("a", .unmet)])
        try driver.run()
        #expect(driver.log.filter { $0 == "a step-started" }.count == 4)
        #expect(driver.phase("a") == .failed)
        let waited = driver.now.duration(since: F.time)
        // 1, 2 and 4 seconds, each less up to half.
        #expect(waited >= .milliseconds(3500) && waited <= .milliseconds(7000))
    }

    @Test func `a for-each runs no more instances at once than it may`() throws {
        let steps = (0..<5).map { F.step("g[\($0)]", group: .init(id: "g", parallel: 2, item: .int(Int64($0)))) }
        let state = try F.running(steps)
        #expect(state.decisions(now: F.time).count == 2)
    }

    @Test func `a stop skips what has not begun and lets an effect under way end`() throws {
        var driver = try Driver([F.step("a"), F.step("b", needs: ["a"]), F.step("back", section: .finally)])
        for event in [E.started(), E.checked(), E.observed(.needed), E.applying(), E.begun()] {
            try driver.state.apply(event, at: F.time)
        }
        try driver.state.apply(.stopRequested(StopRequested(by: "op", reason: "enough")), at: F.time)
        try driver.run()
        #expect(driver.phase("a") == .done(.verified))
        #expect(driver.phase("b") == .skipped(.stopped))
        #expect(driver.phase("back") == .skipped(.stopped))
        #expect(driver.state.phase == .finished(.cancelled))
    }

    struct Stopped: Sendable, CustomTestStringConvertible {
        let name: String
        var uses = "test/effect"
        let path: [Event]
        /// What the stop makes of the step at once; nil when it goes on.
        let end: StepPhase?
        var tasks: [StepTask.Verb] = []
        var testDescription: String { name }
    }

    typealias T = TransitionTableTests
    static let again = E.started(attempt: 2)
    static let absent =
        T.toReadBack.dropLast() + [
            E.attemptFailed(retryAt: T.later), E.observed(.needed, .readBack), again,
        ]
    static let stopped: [Stopped] = [
        Stopped(name: "checking", path: [E.started()], end: .skipped(.stopped)),
        Stopped(name: "observing", path: [E.started(), E.checked()], end: .skipped(.stopped)),
        Stopped(name: "ready", path: T.toReady, end: .skipped(.stopped)),
        Stopped(name: "applying, not begun", path: T.toReady + [E.applying()], end: .skipped(.stopped)),
        Stopped(name: "proving", uses: "test/proof", path: [E.started(), E.checked()], end: .skipped(.stopped)),
        Stopped(
            name: "verifying what needed no effect", path: T.toReady + [E.applying(), E.applied()],
            end: .skipped(.stopped)),
        Stopped(
            name: "checking again after a failure", path: [E.started(), E.attemptFailed(retryAt: T.later), again],
            end: .failed),
        Stopped(name: "checking again after an effect that is gone", path: Array(absent), end: .failed),
        Stopped(name: "begun", path: T.toBegun, end: nil, tasks: [.apply]),
        Stopped(name: "reading back", path: T.toReadBack, end: nil, tasks: [.readBack]),
        Stopped(name: "verifying an effect", path: T.toVerifying, end: nil, tasks: [.verify]),
    ]

    @Test(arguments: stopped) func `a stop ends at once what has begun no effect`(start: Stopped) throws {
        var state = try F.running([F.step("a", uses: start.uses, attempts: 3)])
        for event in start.path { try state.apply(event, at: F.time) }
        try state.apply(.stopRequested(StopRequested(by: "op", reason: "enough")), at: F.time)
        for event in state.decisions(now: F.time) { try state.apply(event, at: F.time) }
        #expect(state.tasks.map(\.verb) == start.tasks)
        if let end = start.end {
            #expect(state.state(of: "a")?.phase == end)
            #expect(state.state(of: "a")?.effectLeft == EffectLeft.none)
        } else {
            #expect(state.state(of: "a")?.phase.isEnded == false)
        }
    }

    @Test func `a stop before another attempt tells of the effect that the last one left`() throws {
        var state = try F.running([F.step("a", attempts: 2)])
        for event in T.toVerifying + [E.verified("a", .unmet), E.attemptFailed(retryAt: F.time), Self.again] {
            try state.apply(event, at: F.time)
        }
        try state.apply(.stopRequested(StopRequested(by: "op", reason: "enough")), at: F.time)
        guard case .stepFailed(let end) = state.decisions(now: F.time).first else { throw Failure.notGivenUp }
        #expect(end.effect == .applied)
    }

    @Test func `manual and wait steps need no plugin`() throws {
        var driver = try Driver([
            F.step("a", uses: "muster/manual"), F.step("w", uses: "muster/wait", needs: ["a"], with: ["for": "90s"]),
        ])
        try driver.run()
        #expect(driver.state.phase == .finished(.succeeded))
        #expect(driver.now.duration(since: F.time) == .seconds(90))
    }

    @Test func `the idempotency key is a UUID, the same over attempts and different for each step`() throws {
        let state = try F.running([F.step("a"), F.step("b")])
        #expect(state.idempotencyKey("a") == state.idempotencyKey("a"))
        #expect(state.idempotencyKey("a") != state.idempotencyKey("b"))
        #expect(state.idempotencyKey("a").split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
    }

    enum Failure: Error { case notRetried, notGivenUp }
}
