// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Glibc
import MusterModel
import Testing

/// What a run did is undone from what it really did, and never called undone while something is left.
struct RollbackTests {
    private static func three(_ two: String = "", finally: Bool = true) throws -> LedgerDrill {
        try LedgerDrill(
            [.init("one"), .init("two", two), .init("three")], finally: finally ? [.init("back")] : [],
            locks: ["target:lab"])
    }

    private static let allUndone = [
        "apply one": 1, "apply two": 1, "apply three": 1, "apply back": 1, "undo one": 1, "undo two": 1,
        "undo three": 1,
    ]

    private func undone(_ drill: LedgerDrill) throws -> [String] {
        try drill.journal().filter { $0["kind"] == "step-undone" }.compactMap { $0["step"]?.string }
    }

    private func expectRolledBack(_ drill: LedgerDrill, _ result: CommandResult) throws {
        #expect(result.status == 0 && result.output.contains("↺ rolled back"), "\(result)")
        let run = try drill.catalog.onlyRun
        #expect(try run.outcome == "rolled-back")
        #expect(try drill.verify().status == 0)
        #expect(try drill.values().filter { $0.key != "back" }.isEmpty)
        let undone = try undone(drill)
        let proofs = try drill.journal().filter { $0["purpose"] == "undo-proof" }.compactMap { $0["step"]?.string }
        let absent = try drill.journal().filter { $0["how"] == "nothing-there" }.compactMap { $0["step"]?.string }
        #expect(undone.filter { !absent.contains($0) } == proofs, "each undo is proven by a look of its own")
    }

    // MARK: When

    @Test func `a finished run is undone, the last step first, and only once`() throws {
        let drill = try Self.three()
        #expect(try drill.run().status == 0)
        let before = (try drill.catalog.refs, try drill.journal().count, try drill.effects())
        let plan = try drill.catalog.muster("rollback", "last", "--plan")
        #expect(plan.status == 0 && plan.output.contains("1. undo three"), "\(plan)")
        #expect(plan.output.contains("3. undo one") && plan.output.contains("three: done → none"), "\(plan)")
        let json = try drill.catalog.muster("rollback", "last", "--plan", "--json").json
        #expect(json["steps"]?.array?.map { $0["step"]?.string } == ["three", "two", "one"])
        #expect(try (drill.catalog.refs, drill.journal().count, drill.effects()) == before)
        try expectRolledBack(drill, try drill.rollBack())
        #expect(try undone(drill) == ["three", "two", "one"])
        #expect(try drill.effects() == Self.allUndone)
        let again = try drill.rollBack()
        #expect(again.status == 2 && again.errors.contains("[run.nothing-to-undo]"), "\(again)")
        #expect(try drill.effects() == Self.allUndone)
        // The targets are free again.
        #expect(try drill.run().status == 0)
    }

    @Test(arguments: ["apply-begun", "apply-done"])
    func `a run that was cut off is undone, and what nobody knows of is looked at first`(place: String) throws {
        let drill = try Self.three("waitsIn: \(place), waitsOnce: true")
        try drill.killWhereItWaits()
        let plan = try drill.catalog.muster("rollback", "last", "--plan")
        #expect(plan.output.contains("may or may not be there"), "\(plan)")
        try expectRolledBack(drill, try drill.rollBack())
        #expect(try drill.effects()["undo one"] == 1 && drill.effects()["apply three"] == nil)
        #expect(try drill.effects()["apply two"] == drill.effects()["undo two"])
        #expect(try drill.effects()["apply back"] == 1)
    }

    @Test func `a run at rest is undone instead of being decided about`() throws {
        let drill = try Self.three("failsIn: verify")
        #expect(try drill.run().status == 4)
        try expectRolledBack(drill, try drill.rollBack())
        #expect(try undone(drill) == ["two", "one"])
    }

    @Test func `a live run is undone when it is told to`() throws {
        let drill = try Self.three("waitsIn: apply, waitsOnce: true")
        let command = try drill.start()
        try command.wait(for: "waits in apply")
        let told = try drill.rollBack()
        #expect(told.status == 0 && told.output.contains("is being rolled back"), "\(told)")
        let result = try command.finish()
        #expect(result.status == 1 && result.output.contains("↺ rolled back"), "\(result)")
        #expect(try drill.catalog.onlyRun.outcome == "rolled-back")
        #expect(try drill.effects() == ["apply one": 1, "undo one": 1, "apply back": 1])
        #expect(try drill.verify().status == 0)
    }

    @Test(arguments: ["check-undo", "undo", "undo-begun", "undo-done"])
    func `killed in the middle, a rollback goes on and undoes nothing twice`(place: String) throws {
        let drill = try Self.three("waitsIn: \(place), waitsOnce: true")
        #expect(try drill.run().status == 0)
        try drill.killWhereItWaits(
            try drill.catalog.start([
                "rollback", "last", "--plugins", drill.catalog.plugins, "--reason", "Back", "--yes",
            ]))
        #expect(try drill.catalog.muster("status").status == 5)
        let result = try drill.resume()
        #expect(result.output.contains("↺ rolled back"), "\(result)")
        #expect(try drill.effects() == Self.allUndone)
        #expect(try drill.catalog.onlyRun.outcome == "rolled-back")
        #expect(try drill.verify().status == 0)
    }

    @Test func `brought to rest in the middle, a rollback goes on`() throws {
        let drill = try Self.three("waitsIn: undo, waitsOnce: true")
        #expect(try drill.run().status == 0)
        let command = try drill.catalog.start([
            "rollback", "last", "--plugins", drill.catalog.plugins, "--reason", "Back", "--yes",
        ])
        try command.wait(for: "waits in undo")
        #expect(try drill.catalog.muster("pause", "last").status == 0)
        let rest = try command.finish()
        #expect(rest.status == 4 && rest.output.contains("‖ at rest"), "\(rest)")
        #expect(try drill.verify().status == 0)
        #expect(try drill.resume().output.contains("↺ rolled back"))
        #expect(try drill.effects() == Self.allUndone)
    }

    // MARK: What was brought back

    private static func roundTrip(_ back: String = "") throws -> LedgerDrill {
        let drill = try LedgerDrill(
            [.init("keep"), .init("there", "place: role, value: away")],
            finally: [.init("back", "place: role, value: home" + back)])
        try drill.put("home", into: "role")
        return drill
    }

    @Test func `where a later step brought back what a step changed, the plan says there is nothing to do`() throws {
        let drill = try Self.roundTrip()
        #expect(try drill.run().status == 0)
        let plan = try drill.catalog.muster("rollback", "last", "--plan")
        #expect(plan.output.contains("role: nothing to do unless it changed since: back brought it back"), "\(plan)")
        #expect(plan.output.contains("is looked at when each undo begins, not now"), "\(plan)")
        #expect(!plan.output.contains("away → home") && plan.output.contains("keep: done → none"), "\(plan)")
        let json = try drill.catalog.muster("rollback", "last", "--plan", "--json").json["steps"]?.array
        #expect(json?.map { $0["broughtBackBy"]?.array?.compactMap(\.string) } == [["back"], nil])
        let result = try drill.rollBack()
        #expect(result.status == 0, "\(result)")
        #expect(try drill.values() == ["role": "home"])
    }

    @Test func `cut off on its way back, a drill's plan undoes none of finally`() throws {
        let drill = try Self.roundTrip(", waitsIn: apply-begun, waitsOnce: true")
        try drill.killWhereItWaits()
        let plan = try drill.catalog.muster("rollback", "last", "--plan")
        #expect(plan.output.contains("First comes to its end what brings things back and has begun: back"), "\(plan)")
        #expect(plan.output.contains("1. undo there") && !plan.output.contains("undo back"), "\(plan)")
        #expect(plan.output.contains("role: away → home, unless back brings it back"), "\(plan)")
        #expect(try drill.rollBack().output.contains("↺ rolled back"))
        #expect(try drill.values() == ["role": "home"])
        #expect(try drill.effects()["undo back"] == nil)
    }

    @Test func `what no undo takes away is told wherever the run says that nothing is left`() throws {
        let says = "Its name stays taken for 90 days."
        let drill = try LedgerDrill([.init("one", "remains: \(says)"), .init("two")])
        #expect(try drill.run().status == 0)
        let result = try drill.rollBack()
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains("! one: what no undo takes away: \(says)"), "\(result)")
        let end = "  Nothing of it is left in place, but for what no undo takes away:\n    one: \(says)\n"
        #expect(result.output.contains(end), "\(result)")
        let page = try drill.catalog.onlyRun.file("README.md")
        #expect(page.contains("found nothing of it; what remains: \(says)"), "\(page)")
        #expect(page.contains("put back<br>remains of `one`, which is undone: \(says)"), "\(page)")
        let report = try drill.catalog.muster("report", "last")
        #expect(report.output.contains("found nothing of it; what remains: \(says)"), "\(report)")
        #expect(try drill.verify().status == 0)
    }

    // MARK: How far

    @Test func `up to a step, what came before it stays`() throws {
        let drill = try Self.three()
        #expect(try drill.run().status == 0)
        let plan = try drill.catalog.muster("rollback", "last", "--plan", "--to", "one")
        #expect(plan.output.contains("2. undo two") && !plan.output.contains("undo one"), "\(plan)")
        let unknown = try drill.rollBack("--to", "nope")
        #expect(unknown.status == 2 && unknown.errors.contains("[run.unknown-step]"), "\(unknown)")
        let result = try drill.rollBack("--to", "one")
        #expect(result.status == 0 && result.output.contains("rolled back to step \"one\""), "\(result)")
        #expect(try drill.values() == ["one": "done", "back": "done"])
        #expect(try drill.catalog.onlyRun.outcome == "cancelled")
        #expect(try drill.verify().status == 0)
        try expectRolledBack(drill, try drill.rollBack())
    }

    @Test func `a step may ask for it when it fails`() throws {
        let drill = try LedgerDrill(
            [.init("one"), .init("two", "failsIn: verify", more: "on-failure: rollback"), .init("three")],
            finally: [.init("back")])
        let result = try drill.run()
        #expect(result.status == 1 && result.output.contains("↺ rolled back"), "\(result)")
        #expect(try drill.effects()["undo two"] == 1 && drill.effects()["undo one"] == 1)
        #expect(try drill.effects()["apply three"] == nil && drill.effects()["apply back"] == 1)
        #expect(try drill.catalog.onlyRun.outcome == "rolled-back")
        #expect(try drill.verify().status == 0)
    }

    @Test func `without a word nothing is undone`() throws {
        let drill = try Self.three()
        #expect(try drill.run().status == 0)
        let silent = try drill.catalog.muster(
            "rollback", "last", "--plugins", drill.catalog.plugins, "--reason", "Back")
        #expect(silent.status == 4 && silent.errors.contains("[run.not-confirmed]"), "\(silent)")
        let words = ["rollback", "last", "--plugins", drill.catalog.plugins, "--reason", "Back"]
        let no = try drill.catalog.muster(words, typing: "no\n")
        #expect(no.status == 4 && no.output.contains("Nothing was changed"), "\(no)")
        #expect(try drill.count("rollback-requested") == 0)
        let yes = try drill.catalog.muster(words, typing: "yes\n")
        #expect(yes.status == 0 && yes.output.contains("rolled back"), "\(yes)")
    }

    @Test func `of two that roll back at once the second is told who does it already`() throws {
        let drill = try Self.three("waitsIn: undo, waitsOnce: true")
        #expect(try drill.run().status == 0)
        let first = try drill.catalog.start([
            "rollback", "last", "--plugins", drill.catalog.plugins, "--reason", "First", "--yes",
        ])
        try first.wait(for: "waits in ")
        let second = try drill.rollBack()
        #expect(second.status == 2, "\(second)")
        #expect(
            second.errors.contains("being rolled back already, as ") && second.errors.contains(": First"), "\(second)")
        first.signal(SIGKILL)
        #expect(try first.finish().output.contains("taken up by "))
        #expect(try drill.resume().output.contains("↺ rolled back"))
    }
}
