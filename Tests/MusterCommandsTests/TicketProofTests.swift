// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterCommands

/// A journal that was written anew does not pass for one whose run had its ticket's consent.
struct TicketProofTests {
    private static let now = Timestamp("2026-11-22T21:00:00Z")!

    private static func assessed(_ answer: TicketAnswer, as ticket: String = "CHG1", by name: String? = nil)
        -> TicketAssessment
    {
        var assessment = TicketAssessment(
            ticket, system: .webhook, address: "https://hooks.example.org", answer: answer, at: now)
        assessment.override = name.map { .init(by: $0, reason: "It burns") }
        return assessment
    }

    private static let met = assessed(.standing(TicketStanding(state: "Approved", isAllowed: true)))

    private func codes(
        asking: Bool = true, needing: Bool = false, change: String? = "CHG1", started ticket: TicketAssessment?,
        resumed: TicketAssessment? = nil, resumedEffect: HeldEffect? = nil
    ) throws -> [String] {
        var plan = PlanFixture.plan([PlanFixture.step("one")])
        plan.change = change
        let section = asking ? "change-ticket: { type: webhook, url: \"https://hooks.example.org/muster\" }\n" : ""
        let environment = try Environment.parse(Array("environment: lab\n\(section)".utf8), file: "lab.yaml").get()
        let list = needing ? "change-tickets: [lab]\n" : ""
        let catalog = try Configuration.parse(Array("catalog: test\n\(list)".utf8), file: "muster.yaml").get()
        let again = RunResumed(by: "op", host: "h", bootID: "b", processID: 1, engine: "1", ticket: resumed)
        let events: [Event] = [.runStarted(RunStarted(confirmation: "--yes", ticket: ticket)), .runResumed(again)]
        let entries = events.enumerated().map { at, event in
            JournalEntry(sequence: Int64(at), at: Self.now, boot: Int64(at), previous: "", event: event)
        }
        let effects = resumedEffect.map { [$0] } ?? []
        return TicketProof(plan: plan, rules: ChangeRules(environment: environment, configuration: catalog))
            .findings(entries, effects).map { "\($0.severity.rawValue) \($0.code)" }
    }

    @Test func `a consent is one, and where nobody asks none is missing`() throws {
        #expect(try codes(started: Self.met).isEmpty)
        #expect(try codes(started: Self.met, resumed: Self.met).isEmpty)
        #expect(try codes(asking: false, change: nil, started: nil).isEmpty)
        #expect(try codes(asking: false, needing: true, started: nil).isEmpty)
    }

    @Test func `a consent that is missing, refused, or another ticket's is found`() throws {
        #expect(try codes(started: nil) == ["error record.no-ticket"])
        #expect(try codes(asking: false, needing: true, change: nil, started: nil) == ["error record.no-ticket"])
        for answer: TicketAnswer in [.notFound, .unknown("it answers HTTP 500")] {
            #expect(try codes(started: Self.assessed(answer)) == ["error record.ticket-unmet"])
            #expect(
                try codes(started: Self.met, resumed: Self.assessed(answer)) == ["error record.ticket-unmet"])
        }
        #expect(try codes(change: "CHG2", started: Self.met) == ["error record.other-ticket"])
    }

    @Test func `an effect of a run that was taken up without asking is found`() throws {
        func effect(isResumed: Bool, _ ticket: TicketAssessment?) -> HeldEffect {
            HeldEffect(
                line: 9, step: "one", moment: Self.now, outside: nil, isForced: false, isResumed: isResumed,
                ticket: ticket)
        }
        #expect(
            try codes(started: Self.met, resumedEffect: effect(isResumed: true, nil)) == ["error record.no-ticket"])
        #expect(try codes(started: Self.met, resumedEffect: effect(isResumed: true, Self.met)).isEmpty)
        #expect(
            try codes(asking: false, needing: true, started: nil, resumedEffect: effect(isResumed: true, nil)).isEmpty)
    }

    @Test func `what somebody decided is a warning`() throws {
        let overridden = Self.assessed(.notFound, by: "Ada <ada@example.org>")
        #expect(try codes(started: overridden) == ["warning record.without-ticket"])
    }
}
