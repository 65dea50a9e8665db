// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Glibc
import MusterModel
import Testing

/// What fails, or is in doubt, waits for a person, and each choice does what it says.
struct DecisionTests {
    /// `two` fails with its effect in place.
    private static func failing() throws -> LedgerDrill {
        try LedgerDrill([.init("one"), .init("two", "failsIn: verify"), .init("three")], finally: [.init("back")])
    }

    /// `two` ends half-way, which a read-back finds.
    private static func halfWay() throws -> LedgerDrill {
        try LedgerDrill([.init("one"), .init("two", "failsIn: apply-half"), .init("three")], finally: [.init("back")])
    }

    private func expectWaiting(_ drill: LedgerDrill, _ result: CommandResult, _ choices: String) throws {
        #expect(result.status == 4 && result.output.contains("‖ at rest"), "\(result)")
        #expect(result.output.contains("decide \(drill.runID) two \(choices) --reason"), "\(result)")
        #expect(result.output.contains(" resume \(drill.runID)"), "\(result)")
        #expect(try drill.standing()["three"] == "waiting")
        #expect(try drill.count("run-paused") == 1)
        #expect(try drill.verify().status == 0)
    }

    // MARK: At rest

    struct Choice: Sendable, CustomTestStringConvertible {
        let choice: String
        var testDescription: String { choice }
        let status: Int32
        let outcome: String?
        let effects: [String: Int]
        /// How `two` ended.
        var result: String?
    }

    static let afterFailure = [
        Choice(choice: "retry", status: 4, outcome: nil, effects: ["apply one": 1, "apply two": 1]),
        Choice(
            choice: "undo", status: 4, outcome: nil, effects: ["apply one": 1, "apply two": 1, "undo two": 1]),
        Choice(
            choice: "skip", status: 0, outcome: "succeeded",
            effects: ["apply one": 1, "apply two": 1, "apply three": 1, "apply back": 1], result: "skipped"),
        Choice(
            choice: "done", status: 0, outcome: "succeeded",
            effects: ["apply one": 1, "apply two": 1, "apply three": 1, "apply back": 1], result: "declared"),
        Choice(
            choice: "abandon", status: 1, outcome: "failed",
            effects: ["apply one": 1, "apply two": 1, "apply back": 1], result: "failed"),
    ]

    @Test(arguments: afterFailure)
    func `a decision about a failed step is taken at rest and carried out by resume`(choice: Choice) throws {
        let drill = try Self.failing()
        try expectWaiting(drill, try drill.run(), "retry | undo | skip | done | abandon")
        let decided = try drill.decide("two", choice.choice, reason: "Because it is so")
        #expect(decided.status == 0 && decided.output.contains("muster resume \(drill.runID)"), "\(decided)")
        #expect(try drill.verify().status == 0)
        let result = try drill.resume()
        #expect(result.status == choice.status, "\(result)")
        #expect(try drill.effects() == choice.effects)
        #expect(try drill.verify().status == 0)
        let event = try #require(try drill.journal().first { $0["kind"] == "step-decided" })
        #expect(event["reason"] == "Because it is so" && event["person"]?.string?.isEmpty == false)
        guard let outcome = choice.outcome else { return }
        let run = try drill.catalog.onlyRun
        #expect(try run.outcome == outcome && run.result(of: "two") == choice.result)
        #expect(try run.file("README.md").contains("Because it is so"))
    }

    static let inDoubt = [
        // Half of it is there, so that nothing is sent again.
        Choice(choice: "retry", status: 4, outcome: nil, effects: ["apply one": 1, "apply two": 1]),
        Choice(
            choice: "undo", status: 4, outcome: nil, effects: ["apply one": 1, "apply two": 1, "undo two": 1]),
        Choice(
            choice: "done", status: 0, outcome: "succeeded",
            effects: ["apply one": 1, "apply two": 1, "apply three": 1, "apply back": 1], result: "declared"),
        Choice(
            choice: "abandon", status: 5, outcome: "stuck",
            effects: ["apply one": 1, "apply two": 1, "apply back": 1], result: "in-doubt"),
    ]

    @Test func `nobody goes on without a step whose effect is in doubt`() throws {
        let drill = try Self.halfWay()
        try expectWaiting(drill, try drill.run(), "retry | undo | done | abandon")
        let refused = try drill.decide("two", "skip")
        #expect(refused.errors.contains("choose retry, undo, done, abandon"), "\(refused)")
        #expect(refused.status == 2 && refused.errors.contains("[run.not-to-decide]"), "\(refused)")
        #expect(try drill.count("step-decided") == 0)
    }

    @Test(arguments: inDoubt)
    func `a decision about a step in doubt is taken at rest and carried out by resume`(choice: Choice) throws {
        let drill = try Self.halfWay()
        #expect(try drill.run().status == 4)
        #expect(try drill.decide("two", choice.choice).status == 0)
        let result = try drill.resume()
        #expect(result.status == choice.status, "\(result)")
        #expect(try drill.effects() == choice.effects)
        #expect(try drill.verify().status == 0)
        if let outcome = choice.outcome {
            #expect(try drill.catalog.onlyRun.outcome == outcome)
            #expect(try drill.catalog.onlyRun.result(of: "two") == choice.result)
        }
    }

    @Test func `what another put right meanwhile is found by a retry, which then does nothing`() throws {
        let drill = try Self.halfWay()
        #expect(try drill.run().status == 4)
        try drill.put("done", into: "two")
        #expect(try drill.decide("two", "retry", reason: "Put right by hand").status == 0)
        let result = try drill.resume()
        #expect(result.status == 0, "\(result)")
        #expect(try drill.effects()["apply two"] == 1)
        #expect(try drill.catalog.onlyRun.outcome == "succeeded")
    }

    @Test func `without a decision resume comes to rest again, and what cannot be decided is refused with its reason`()
        throws
    {
        let drill = try Self.failing()
        #expect(try drill.run().status == 4)
        let again = try drill.resume()
        #expect(again.status == 4 && again.output.contains("decide \(drill.runID) two"), "\(again)")
        for (step, choice, says) in [
            ("nope", "skip", "the run has no step \"nope\""),
            ("one", "skip", "step \"one\" does not wait for a decision"),
            ("two", "nonsense", "nonsense"),
        ] {
            let refused = try drill.decide(step, choice)
            #expect(refused.status == 2 && refused.errors.contains(says), "\(refused)")
        }
        #expect(try drill.catalog.muster("decide", "last", "two", "skip").status == 2)
        #expect(try drill.count("step-decided") == 0)
        #expect(try drill.decide("two", "skip").status == 0)
        let second = try drill.decide("two", "done")
        #expect(second.status == 2 && second.errors.contains("cannot be replaced"), "\(second)")
        #expect(second.errors.contains("decided skip at "), "\(second)")
        let standing = try drill.catalog.muster("status", "last")
        #expect(standing.output.contains("decided skip at ") && standing.output.contains("acts on it"), "\(standing)")
        let json = try drill.catalog.muster("status", "last", "--json").json
        #expect(json["decided"]?.array?.first?["choice"] == "skip")
        #expect(try drill.count("step-decided") == 1)
    }

    @Test func `nobody attends: what fails is given up, and what brings things back runs`() throws {
        let drill = try Self.failing()
        let result = try drill.run("--unattended")
        #expect(result.status == 1 && result.output.contains("✗ failed"), "\(result)")
        #expect(try drill.effects() == ["apply one": 1, "apply two": 1, "apply back": 1])
        let doubt = try Self.halfWay()
        let stuck = try doubt.run("--unattended")
        #expect(stuck.status == 5 && stuck.output.contains("? stuck"), "\(stuck)")
        #expect(try doubt.effects()["apply back"] == 1)
    }

    @Test func `a resumed run that nobody attends gives up what waits`() throws {
        let drill = try Self.failing()
        #expect(try drill.run().status == 4)
        let result = try drill.resume("--unattended")
        #expect(result.status == 1, "\(result)")
        #expect(try drill.effects()["apply back"] == 1)
        #expect(try drill.verify().status == 0)
    }

    // MARK: Live

    @Test(arguments: afterFailure)
    func `a decision reaches a live run over its socket`(choice: Choice) throws {
        let drill = try Self.failing()
        let command = try drill.catalog.startAtTerminal(drill.arguments + ["--yes"])
        try command.wait(for: "☞ two waits for your decision")
        let unknown = try drill.decide("nope", "skip")
        #expect(unknown.status == 2 && unknown.errors.contains("no step \"nope\""), "\(unknown)")
        let decided = try drill.decide("two", choice.choice)
        #expect(decided.status == 0 && decided.output.contains("The run goes on with it"), "\(decided)")
        if choice.outcome == nil {
            // It waits again; this time it is given up.
            try eventually("it waits again") {
                try drill.catalog.muster("status", "--json").json["phase"] == "running, waits for a decision"
            }
            #expect(try drill.decide("two", "abandon").status == 0)
        }
        let result = try command.finish(holdsInput: true)
        #expect(result.status == choice.status || choice.outcome == nil && result.status == 1, "\(result)")
        var effects = choice.effects
        effects["apply back"] = 1
        #expect(try drill.effects() == effects)
        #expect(try drill.verify().status == 0)
    }

    @Test(arguments: [
        ("skip not needed today\n", 0, "succeeded"), ("nonsense\n\nskip\ndone I looked at it\n", 0, "succeeded"),
        ("abandon it is late\n", 1, "failed"),
    ])
    func `a terminal is asked, and takes only an answer with a reason`(typed: String, status: Int32, outcome: String)
        throws
    {
        let drill = try Self.failing()
        let result = try drill.catalog.muster(drill.arguments, typing: "yes\n" + typed)
        #expect(result.output.contains("☞ two waits for your decision"), "\(result)")
        #expect(result.status == status, "\(result)")
        #expect(try drill.catalog.onlyRun.outcome == outcome)
        #expect(try drill.count("step-decided") == 1)
        #expect(try drill.verify().status == 0)
    }

    @Test func `Ctrl-C at the question brings the run to rest`() throws {
        let drill = try Self.failing()
        let command = try drill.catalog.startAtTerminal(drill.arguments + ["--yes"])
        try command.wait(for: "☞ two waits for your decision")
        command.type("\u{3}")
        let result = try command.finish(holdsInput: true)
        #expect(result.status == 130, "\(result)")
        #expect(try drill.count("run-paused") == 1 && drill.count("step-decided") == 0)
        #expect(try drill.decide("two", "skip").status == 0)
        #expect(try drill.resume().status == 0)
    }
}
