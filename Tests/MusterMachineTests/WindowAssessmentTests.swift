// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import Testing

@Suite struct WindowAssessmentTests {
    private static func time(_ text: String) -> Timestamp { Timestamp("2026-11-22T\(text):00Z")! }
    private static let windows = [
        ChangeWindow(opens: time("20:00"), closes: time("21:00")),
        ChangeWindow(opens: time("22:00"), closes: time("23:00")),
    ]

    private static func run(
        _ minutes: Int64, _ kind: RunKind = .drill, succeeded: Bool = true
    ) -> WindowAssessment.EarlierRun {
        let id = RunID(started: time("01:00"), runbook: "drill", random: UInt32(minutes))
        return .init(run: id, kind: kind, hasSucceeded: succeeded, tookMilliseconds: minutes * 60_000)
    }

    static let cases: [(String, [WindowAssessment.EarlierRun], ConditionResult.Verdict, String)] = [
        (
            "20:00", [run(28)], .met,
            "The change window closes at 2026-11-22T21:00:00.000Z, in 1 h; the longest of the last run took 28 min."
        ),
        ("20:32", [run(20), run(28)], .met, "in 28 min; the longest of the last 2 runs took 28 min."),
        ("20:33", [run(20), run(28)], .unmet, "in 27 min, but the longest of the last 2 runs took 28 min."),
        ("20:59", [], .unverifiable, "and no earlier run of this runbook that succeeded tells how long one takes."),
        (
            "20:59", [run(1, succeeded: false), run(25, .rehearsal)], .unmet,
            "but the longest of the last rehearsal, whose clouds were simulated, took 25 min."
        ),
        ("20:59", [run(1, succeeded: false)], .unverifiable, "that succeeded tells how long one takes."),
        ("20:31", [run(40, succeeded: false), run(20)], .unmet, "but the longest of the last 2 runs took 40 min."),
        ("21:00", [run(1)], .unmet, "No change window is open; the next one opens at 2026-11-22T22:00:00.000Z."),
        ("19:59", [run(1)], .unmet, "No change window is open; the next one opens at 2026-11-22T20:00:00.000Z."),
        ("23:00", [run(1)], .unmet, "The last change window closed at 2026-11-22T23:00:00.000Z."),
        ("20:30", [run(90, .rehearsal), run(20)], .met, "the longest of the last run took 20 min."),
        (
            "20:30", [run(3, .rehearsal), run(2, .rehearsal)], .met,
            "the longest of the last 2 rehearsals, whose clouds were simulated, took 3 min."
        ),
    ]

    @Test(arguments: cases)
    func `a run begins inside a window that is as long as the longest of the last runs`(
        now: String, earlier: [WindowAssessment.EarlierRun], verdict: ConditionResult.Verdict, says: String
    ) {
        let assessment = WindowAssessment(Self.windows, earlier: earlier, at: Self.time(now))
        #expect(assessment.verdict == verdict)
        #expect(assessment.says.hasSuffix(says))
        #expect(assessment.isDeclared && assessment.closes != nil)
    }

    @Test func `only the last five runs tell`() {
        let runs = [1, 2, 3, 4, 5, 600].map { Self.run($0) }
        let assessment = WindowAssessment(Self.windows, earlier: runs, at: Self.time("20:30"))
        #expect(assessment.earlier.count == 5 && assessment.longestMilliseconds == 300_000)
        #expect(assessment.verdict == .met)
    }

    @Test func `without windows there is nothing to hold a run against, and that is said`() {
        let assessment = WindowAssessment(nil, earlier: [Self.run(600)], at: Self.time("20:30"))
        #expect(assessment.verdict == nil && !assessment.isDeclared && assessment.opens == nil)
        #expect(assessment.says.contains("No change window is declared") && assessment.window == nil)
    }

    @Test func `where windows are declared and none is near, nothing begins`() throws {
        let assessment = WindowAssessment([], earlier: [Self.run(600)], at: Self.time("20:30"))
        #expect(assessment.verdict == .unmet && assessment.says.contains("none is near"))
        let window = try #require(assessment.window)
        #expect(!window.contains(Self.time("20:30")))
    }

    @Test func `a freeze is named with its reason, and the next window beside it`() {
        let freeze = ChangeCalendar.Frozen(
            window: ChangeWindow(opens: Self.time("19:00"), closes: Self.time("22:00")), why: "Year end")
        let assessment = WindowAssessment(
            [Self.windows[1]], frozen: [freeze], earlier: [], at: Self.time("20:30"))
        #expect(assessment.verdict == .unmet)
        #expect(
            assessment.says
                == "A freeze holds until 2026-11-22T22:00:00.000Z: Year end. The next window opens at 2026-11-22T22:00:00.000Z."
        )
    }
}
