// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import Testing

/// What is concluded from a ticket system's answer.
struct TicketAssessmentTests {
    private static let now = Timestamp("2026-11-22T21:00:00Z")!
    private static let allowed = ["Scheduled", "Implement"]

    private static func assessment(_ answer: TicketAnswer, at now: Timestamp = now) -> TicketAssessment {
        TicketAssessment("CHG1", system: .serviceNow, address: "https://snow.example.org", answer: answer, at: now)
    }

    private static func standing(
        _ value: String = "-1", _ shown: String = "Implement", opens: String? = nil, closes: String? = nil
    ) -> TicketStanding {
        TicketStanding(
            value: value, shown: shown, allowed: allowed, opens: opens.flatMap { Timestamp($0) },
            closes: closes.flatMap { Timestamp($0) })
    }

    @Test(
        arguments: [
            (.standing(standing()), .met, #"The change ticket CHG1 is in state "Implement (-1)"; it names no window."#),
            (
                .standing(standing(opens: "2026-11-22T21:00:00Z", closes: "2026-11-22T21:00:00.001Z")), .met,
                #"The change ticket CHG1 is in state "Implement (-1)"; its window closes at 2026-11-22T21:00:00.001Z, in 1 ms."#
            ),
            (
                .standing(standing(opens: "2026-11-22T20:00:00Z")), .met,
                #"The change ticket CHG1 is in state "Implement (-1)"; its window has no end."#
            ),
            (.notFound, .unmet, "There is no change ticket CHG1 at https://snow.example.org."),
            (
                .standing(standing("-5", "New")), .unmet,
                #"The change ticket CHG1 is in state "New (-5)", not in "Scheduled" or "Implement"."#
            ),
            (
                .standing(standing(opens: "2026-11-22T21:00:00.001Z")), .unmet,
                "The change ticket CHG1 has a window that opens only at 2026-11-22T21:00:00.001Z."
            ),
            (
                .standing(standing(closes: "2026-11-22T21:00:00Z")), .unmet,
                "The change ticket CHG1 has a window that closed at 2026-11-22T21:00:00.000Z."
            ),
            (
                .standing(standing(opens: "2026-11-22T22:00:00Z", closes: "2026-11-22T20:00:00Z")), .unmet,
                "The change ticket CHG1 has a window that closes before it opens."
            ),
            (
                .standing(standing("3", "Closed", closes: "2026-11-21T00:00:00Z")), .unmet,
                #"The change ticket CHG1 is in state "Closed (3)", not in "Scheduled" or "Implement", and it has a window that closed at 2026-11-21T00:00:00.000Z."#
            ),
            (
                .standing(TicketStanding(state: "Draft", isAllowed: false, says: "Two approvals are open")), .unmet,
                #"The change ticket CHG1 is refused by its system, in state "Draft". It says: Two approvals are open"#
            ),
            (
                .unknown("it answers HTTP 500"), .unverifiable,
                "The change ticket CHG1 cannot be verified at https://snow.example.org: it answers HTTP 500."
            ),
        ] as [(TicketAnswer, ConditionResult.Verdict, String)])
    func `each answer has its verdict and its sentence`(
        answer: TicketAnswer, verdict: ConditionResult.Verdict, says: String
    ) {
        let assessment = Self.assessment(answer)
        #expect(assessment.verdict == verdict)
        #expect(assessment.says == says)
    }

    @Test func `a window with one end reaches far on the other side, and none is none`() {
        let opens = Timestamp("2026-11-22T20:00:00Z")!
        let open = Self.assessment(.standing(Self.standing(opens: opens.description))).window
        #expect(open?.opens == opens && open?.closes.description == "9999-12-31T23:59:59.999Z")
        let closing = Self.assessment(.standing(Self.standing(closes: opens.description))).window
        #expect(closing?.closes == opens && closing.map { $0.opens < opens } == true)
        #expect(Self.assessment(.standing(Self.standing())).window == nil)
        #expect(Self.assessment(.notFound).window == nil)
    }

    @Test func `of two systems the worse word counts, and of two windows what both allow`() {
        let met = Self.assessment(
            .standing(Self.standing(opens: "2026-11-22T20:00:00Z", closes: "2026-11-22T23:00:00Z")))
        let narrow = Self.assessment(.standing(Self.standing(opens: "2026-11-22T20:30:00Z")))
        #expect(met.joined(with: narrow).window == narrow.joined(with: met).window)
        #expect(met.joined(with: narrow).opens == narrow.opens && met.joined(with: narrow).closes == met.closes)
        let (unknown, none) = (Self.assessment(.unknown("?")), Self.assessment(.notFound))
        for (one, other, worst) in [(met, unknown, unknown), (unknown, none, none), (met, none, none)] {
            #expect(one.joined(with: other).verdict == worst.verdict)
            #expect(other.joined(with: one).verdict == worst.verdict)
        }
    }

    @Test func `it is in the journal as it was, and journals from before it are read`() throws {
        var assessment = Self.assessment(.standing(Self.standing(closes: "2026-11-22T23:00:00Z")))
        assessment.override = .init(by: "Ada <ada@example.org>", reason: "It burns")
        for one in [assessment, .missing(in: "lab", at: Self.now), .malformed("a^b", at: Self.now)] {
            let started = RunStarted(confirmation: "--yes", ticket: one)
            #expect(try JSON(encoding: started).decode(RunStarted.self) == started)
            let resumed = RunResumed(
                by: "op", host: "h", bootID: "b", processID: 1, engine: "1", takeOver: nil, ticket: one)
            #expect(try JSON(encoding: resumed).decode(RunResumed.self) == resumed)
        }
        let old = try JSON.parse(#"{"confirmation":"--yes"}"#).decode(RunStarted.self)
        #expect(old.ticket == nil)
        #expect(try JSON(encoding: old) == ["confirmation": "--yes"])
    }
}
