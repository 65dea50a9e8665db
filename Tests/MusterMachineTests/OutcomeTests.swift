// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

/// The sentence that says how a run ended.
@Suite struct OutcomeTests {
    typealias F = PlanFixture
    typealias E = StepEvents

    static let steps = [
        F.step("over"), F.step("back", section: .finally), F.step("proof", uses: "test/proof", section: .finally),
    ]
    static let sentences: [(answers: [String: Event], lost: String?, outcome: RunFinished.Outcome, why: String?)] = [
        ([:], nil, .succeeded, nil),
        (["over apply": E.attemptFailed("over")], nil, .failed, "Step \"over\" failed: busy"),
        (
            ["over apply": E.attemptFailed("over"), "back apply": E.attemptFailed("back")], nil, .failed,
            "Step \"over\" failed, and what brings things back failed as well (back): busy"
        ),
        (
            [
                "over apply": E.attemptFailed("over"), "back apply": E.attemptFailed("back"),
                "proof verify": E.attemptFailed("proof"),
            ], nil, .failed, "Step \"over\" failed, and what brings things back failed as well (back, proof): busy"
        ),
        (
            ["back apply": E.attemptFailed("back"), "proof verify": E.attemptFailed("proof")], nil, .failed,
            "Step \"back\", which brings things back, failed, and more of it failed as well (proof): busy"
        ),
        (
            ["proof verify": E.attemptFailed("proof")], "back", .stuck,
            "Step \"back\", which brings things back, is in doubt, and more of it failed as well (proof): "
                + "nobody knows whether its effect happened."
        ),
    ]

    @Test(arguments: sentences)
    func `it names what brings things back where that did not get done`(
        answers: [String: Event], lost: String?, outcome: RunFinished.Outcome, why: String?
    ) throws {
        var driver = try Driver(Self.steps, answers: answers)
        driver.failsAfterBeginning = lost
        try driver.run()
        #expect(driver.finish == RunFinished(outcome: outcome, why: why))
    }

    @Test func `a run that was stopped names what was not brought back`() throws {
        var driver = try Driver([F.step("hand", uses: "muster/manual"), F.step("back", section: .finally)])
        try driver.take(driver.state.decisions(now: driver.now)[0])
        try driver.take(.stopRequested(StopRequested(by: "Anu", reason: "wrong day")))
        try driver.run()
        #expect(
            driver.finish
                == RunFinished(
                    outcome: .cancelled,
                    why: "Anu stopped it, and what brings things back was not run (back): wrong day"))
    }
}
