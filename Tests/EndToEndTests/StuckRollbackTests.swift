// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Glibc
import MusterModel
import Testing

/// An undo that fails leaves the run stuck, with what is still in place, until somebody puts it right.
struct StuckRollbackTests {
    private static func drill(_ two: String, needs: String = "") throws -> LedgerDrill {
        try LedgerDrill([.init("one"), .init("two", two), .init("three", more: "needs: [one]")])
    }

    private func expectStuck(_ drill: LedgerDrill, _ result: CommandResult, says: String) throws {
        #expect(result.status == 5 && result.output.contains("? stuck"), "\(result)")
        #expect(result.output.contains(says), "\(says) is not said: \(result)")
        #expect(!result.output.contains("↺ rolled back"))
        #expect(try drill.catalog.onlyRun.outcome == "stuck")
        #expect(try drill.verify().status == 0)
        #expect(try drill.catalog.muster("status").status == 5)
    }

    @Test(arguments: [
        ("undoFails: 9, undoFailsAs: permanent", "It fails", 0), ("undoFails: 9", "It fails", 0),
        ("undoLies: true", "the effect is still there", 0), ("undoHalves: 9", "the effect is still there", 2),
    ])
    func `what could not be undone is named, and the rest is undone`(with: String, says: String, undos: Int) throws {
        let drill = try Self.drill(with)
        #expect(try drill.run().status == 0)
        let says = says == "It fails" ? "The undo fails, as asked" : says
        try expectStuck(drill, try drill.rollBack(), says: says)
        #expect(try drill.effects()["undo three"] == 1)
        #expect(try drill.effects()["undo two", default: 0] == undos)
        // It came before the step that is still in place.
        #expect(try drill.values()["one"] == "done")
    }

    @Test func `rolled back again once the cause is gone, it ends rolled back`() throws {
        let drill = try Self.drill("undoNeeds: \"\(NSTemporaryDirectory())muster-\(UUID().uuidString)\"")
        let needed = try #require(
            try drill.catalog.read("runbooks/drill.yaml").firstMatch(of: /undoNeeds: "([^"]+)"/)?.1)
        defer { unlink(String(needed)) }
        #expect(try drill.run().status == 0)
        try expectStuck(drill, try drill.rollBack(), says: "is missing")
        let plan = try drill.catalog.muster("rollback", "last", "--plan")
        #expect(plan.output.contains("1. undo two") && plan.output.contains("2. undo one"), "\(plan)")
        try "".write(toFile: String(needed), atomically: false, encoding: .utf8)
        let result = try drill.rollBack()
        #expect(result.status == 0 && result.output.contains("↺ rolled back"), "\(result)")
        #expect(try drill.values().isEmpty)
        #expect(try drill.effects()["undo three"] == 1)
        #expect(try drill.verify().status == 0)
    }

    @Test func `a lost answer of an undo leaves nothing stuck`() throws {
        let drill = try Self.drill("undoFails: 1, undoFailsAs: unknown")
        #expect(try drill.run().status == 0)
        let result = try drill.rollBack()
        #expect(result.status == 0, "\(result)")
        #expect(try drill.effects()["undo two"] == 1)
    }

    @Test func `what a person put back by hand is told, and the rest is undone`() throws {
        let drill = try Self.drill("undoFails: 9, undoFailsAs: permanent")
        #expect(try drill.run().status == 0)
        try expectStuck(drill, try drill.rollBack(), says: "The undo fails, as asked")
        let other = try drill.decide("two", "skip")
        #expect(other.status == 2 && other.errors.contains("choose done"), "\(other)")
        let none = try drill.decide("three", "done")
        #expect(none.status == 2 && none.errors.contains("[run.not-to-decide]"), "\(none)")
        try drill.put("", into: "two")
        let told = try drill.decide("two", "done", reason: "Put back by hand")
        #expect(told.status == 0, "\(told)")
        #expect(try drill.verify().status == 0)
        let result = try drill.rollBack()
        #expect(result.status == 0 && result.output.contains("↺ rolled back"), "\(result)")
        #expect(try drill.values().isEmpty)
        #expect(
            try drill.effects() == ["apply one": 1, "apply two": 1, "apply three": 1, "undo one": 1, "undo three": 1])
        let run = try drill.catalog.onlyRun
        #expect(try run.outcome == "rolled-back" && run.file("README.md").contains("Put back by hand"))
        #expect(try drill.verify().status == 0)
    }

    @Test func `a run that a person's word opens anew is at rest, and resume undoes the rest`() throws {
        let drill = try Self.drill("undoFails: 9, undoFailsAs: permanent")
        #expect(try drill.run().status == 0)
        try expectStuck(drill, try drill.rollBack(), says: "The undo fails, as asked")
        try drill.put("", into: "two")
        let told = try drill.decide("two", "done", reason: "Put back by hand")
        #expect(told.status == 0 && told.output.contains("Go on with: muster resume"), "\(told)")
        let status = try drill.catalog.muster("status")
        #expect(status.status == 4 && status.output.contains(": paused\n"), "\(status)")
        #expect(status.output.contains("decided done at ") && !status.output.contains("cut off"), "\(status)")
        #expect(try drill.verify().status == 0)
        let result = try drill.resume()
        #expect(result.output.contains("↺ rolled back") && !result.output.contains("without a word"), "\(result)")
        #expect(try drill.values().isEmpty)
        #expect(try !drill.catalog.onlyRun.file("README.md").contains("without a word"))
        #expect(try drill.verify().status == 0)
    }

    @Test func `what is to stay is no longer told as left behind by the rollback before`() throws {
        let drill = try LedgerDrill([
            .init("one"), .init("two"), .init("three", "undoFails: 1, undoFailsAs: permanent"),
        ])
        #expect(try drill.run().status == 0)
        try expectStuck(drill, try drill.rollBack(), says: "The undo fails, as asked")
        let result = try drill.rollBack("--to", "one")
        #expect(result.status == 0 && result.output.contains("■ cancelled"), "\(result)")
        #expect(!result.output.contains("one: Was not undone"), "\(result)")
        #expect(try drill.values() == ["one": "done"])
        let status = try drill.catalog.muster("status")
        #expect(!status.output.contains("still in place"), "\(status)")
        #expect(try drill.verify().status == 0)
    }

    @Test func `the last thing put back by hand ends the rollback`() throws {
        let drill = try LedgerDrill([.init("one", "undoFails: 9, undoFailsAs: permanent")])
        #expect(try drill.run().status == 0)
        try expectStuck(drill, try drill.rollBack(), says: "The undo fails, as asked")
        try drill.put("", into: "one")
        #expect(try drill.decide("one", "done", reason: "Put back by hand").status == 0)
        #expect(try drill.catalog.onlyRun.outcome == "rolled-back")
        let status = try drill.catalog.muster("status")
        #expect(status.output.contains("rolled-back"), "\(status)")
        #expect(try drill.verify().status == 0)
    }

    @Test func `what another changed meanwhile is not overwritten`() throws {
        let drill = try Self.drill("")
        #expect(try drill.run().status == 0)
        try drill.put("another", into: "two")
        let result = try drill.rollBack()
        #expect(try drill.values()["two"] == "another", "\(result)")
    }

    // MARK: A point of no return

    private func irreversible() throws -> LedgerDrill {
        let drill = try LedgerDrill([.init("one"), .init("harm"), .init("two")])
        try drill.catalog.write(
            "plugins/Noop/steps/one-way.yaml",
            try String(contentsOfFile: "\(projectFolder)/Tests/Fakes/noop-plugin/steps/one-way.yaml", encoding: .utf8))
        try drill.catalog.replace(
            "id: harm, uses: noop/nothing", by: "id: harm, uses: noop/one-way", in: "runbooks/drill.yaml")
        try drill.catalog.commit("No way back")
        try drill.catalog.lock("drill")
        return drill
    }

    @Test func `a point of no return is in the way of what it needs, and the record never says rolled back`() throws {
        let drill = try irreversible()
        let done = try drill.run("--confirm-irreversible", "harm")
        #expect(done.status == 0, "\(done)")
        let plan = try drill.catalog.muster("rollback", "last", "--plan")
        #expect(plan.output.contains("1. undo two") && !plan.output.contains("undo one"), "\(plan)")
        #expect(
            plan.output.contains("harm: a point of no return")
                && plan.output.contains("Restore \(drill.ledger) from the backup"))
        #expect(plan.output.contains("one: harm needs it and stays in place"), "\(plan)")
        try expectStuck(drill, try drill.rollBack(), says: "harm")
        #expect(try drill.values() == ["one": "done", "harm": "gone"])
        #expect(try drill.decide("harm", "done", reason: "Restored from the backup").status == 0)
        let result = try drill.rollBack()
        #expect(result.status == 0 && result.output.contains("↺ rolled back"), "\(result)")
        #expect(try drill.values() == ["harm": "gone"])
        #expect(try drill.verify().status == 0)
    }
}
