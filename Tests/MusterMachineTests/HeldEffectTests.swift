// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

/// When effects began by a journal's two clocks, and what they were held to then.
struct HeldEffectTests {
    private static let opens = PlanFixture.time.advanced(by: .seconds(60))
    private static let window = WindowAssessment(
        [ChangeWindow(opens: opens, closes: opens.advanced(by: .seconds(3600)))], earlier: [], at: opens)

    /// A journal of step `a`, whose effect begins as long after the start as the clocks say.
    private func journal(
        rules: Int? = RunCreated.currentRules, opening: [Event]? = nil, wall: Duration, boot: Duration,
        before: [Event] = []
    ) -> [JournalEntry] {
        let first =
            opening ?? [.runStarted(RunStarted(confirmation: "--yes", window: Self.window))]
        let events =
            [PlanFixture.created(rules: rules)] + first + before + [
                StepEvents.started(), StepEvents.checked(), StepEvents.observed(.needed), StepEvents.applying(),
                StepEvents.begun(), StepEvents.begun(),
            ]
        return events.enumerated().map { at, event in
            let isEffect = at >= events.count - 2
            return JournalEntry(
                sequence: Int64(at), at: PlanFixture.time.advanced(by: isEffect ? wall : .zero),
                boot: isEffect ? boot.milliseconds * 1_000_000 : 0, previous: "", event: event)
        }
    }

    private let plan = PlanFixture.plan([PlanFixture.step("a")])

    @Test(arguments: [
        (61, 61, nil), (59, 59, "opens at"), (3659, 3659, nil), (3660, 3660, "closed at"),
        // A wall clock that is set back takes no time away, and one that is set forward brings some.
        (30, 61, nil), (30, 3660, "closed at"), (3660, 70, "closed at"),
    ])
    func `an effect's moment is the later of the two clocks`(wall: Int64, boot: Int64, refused: String?) {
        let effects = HeldEffect.all(in: journal(wall: .seconds(wall), boot: .seconds(boot)), of: plan)
        // Told twice it began once.
        #expect(effects.count == 1)
        #expect(effects.first?.moment == PlanFixture.time.advanced(by: .seconds(max(wall, boot))))
        #expect((effects.first?.outside == nil) == (refused == nil), "\(effects)")
        #expect(effects.first?.outside?.contains(refused ?? "") ?? true)
        #expect(effects.first?.line == 7)
    }

    @Test func `a journal of earlier rules is held to none`() {
        #expect(HeldEffect.all(in: journal(rules: 2, wall: .seconds(59), boot: .seconds(59)), of: plan).isEmpty)
    }

    @Test func `what begins outside as the glass was broken is forced`() {
        let broken = Event.breakGlass(BreakGlass(by: "op <op@example.org>", person: "op", reason: "It burns"))
        let started = Event.runStarted(RunStarted(confirmation: "--yes", window: Self.window))
        let effects = HeldEffect.all(
            in: journal(opening: [broken, started], wall: .seconds(1), boot: .seconds(1)), of: plan)
        #expect(effects.map(\.isForced) == [true] && effects.first?.outside?.contains("opens at") == true)
    }

    @Test func `an effect after a resume is held to what that said`() {
        let resumed = Event.runResumed(
            RunResumed(by: "op", host: "h", bootID: "b", processID: 1, engine: "1", window: nil))
        let effects = HeldEffect.all(
            in: journal(wall: .seconds(1), boot: .seconds(1), before: [resumed]), of: plan)
        #expect(effects.map(\.isResumed) == [true] && effects.map(\.outside) == [nil], "\(effects)")
    }
}
