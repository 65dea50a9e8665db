// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Glibc
import MusterModel
import Testing

/// Runs that are ended by a person, while they live and after they were cut off.
struct CancelTests {
    private func drill() throws -> LedgerDrill {
        try LedgerDrill(
            [.init("one"), .init("two", "waitsIn: apply, waitsOnce: true"), .init("three")], finally: [.init("back")])
    }

    private func cancel(_ drill: LedgerDrill, _ more: [String]) throws -> CommandResult {
        try drill.catalog.start(
            ["cancel", "last", "--reason", "The window closes", "--plugins", drill.catalog.plugins] + more
        ).finish()
    }

    private func expectCancelled(_ drill: LedgerDrill, runsFinally: Bool) throws {
        let run = try drill.catalog.onlyRun
        #expect(try run.outcome == "cancelled")
        #expect(try run.result(of: "one") == "verified" && run.result(of: "two") == "skipped")
        #expect(try run.result(of: "back") == (runsFinally ? "verified" : "not-reached"))
        #expect(try drill.effects() == (runsFinally ? ["apply one": 1, "apply back": 1] : ["apply one": 1]))
        #expect(try run.record["why"]?.string?.contains("The window closes") == true)
        #expect(try drill.verify().status == 0)
        let resumed = try drill.resume()
        #expect(resumed.status == 2 && resumed.errors.contains("[run.finished]"), "\(resumed)")
        let again = try cancel(drill, [])
        #expect(again.status == 2 && again.errors.contains("[run.finished]"), "\(again)")
    }

    @Test(arguments: [false, true])
    func `a live run ends when it is told to`(runsFinally: Bool) throws {
        let drill = try drill()
        let command = try drill.start()
        try command.wait(for: "waits in apply")
        let told = try cancel(drill, [runsFinally ? "--finally" : "--yes"])
        #expect(told.status == 0 && told.output.contains("ends as soon as"), "\(told)")
        let result = try command.finish()
        #expect(result.status == 130 && result.output.contains("■ cancelled"), "\(result)")
        #expect(result.output.contains("What brings things back has not run: back") == !runsFinally, "\(result)")
        try expectCancelled(drill, runsFinally: runsFinally)
    }

    @Test(arguments: [(false, SIGKILL), (true, SIGKILL), (false, SIGTERM), (true, SIGTERM)])
    func `a run that was cut off, or is at rest, is ended from where it stands`(runsFinally: Bool, signal: Int32) throws
    {
        let drill = try drill()
        try drill.killWhereItWaits(signal: signal)
        let result = try cancel(drill, [runsFinally ? "--finally" : "--yes"])
        #expect(result.status == 0 && result.output.contains("■ cancelled"), "\(result)")
        try expectCancelled(drill, runsFinally: runsFinally)
    }

    @Test func `an end that leaves something in place is asked about, and says what brings it back`() throws {
        let drill = try drill()
        let command = try drill.start()
        try command.wait(for: "waits in apply")
        let refused = try cancel(drill, [])
        #expect(refused.status == 4 && refused.errors.contains("[run.not-brought-back]"), "\(refused)")
        #expect(refused.errors.contains("(one)") && refused.errors.contains("does not run: back."), "\(refused)")
        #expect(refused.errors.contains("By now: one: one = done (verified)."), "\(refused)")
        let status = try drill.catalog.muster("status", "last")
        #expect(
            status.output.contains("leave in place: one; a rollback would undo 1 of it\n    one: one = done (verified)")
        )
        #expect(refused.errors.contains("--finally"), "\(refused)")
        #expect(try drill.count("stop-requested") == 0)
        #expect(try cancel(drill, ["--finally"]).status == 0)
        #expect(try command.finish().status == 130)
        try expectCancelled(drill, runsFinally: true)
    }

    @Test func `an effect of unknown end is read back before the run ends`() throws {
        let drill = try LedgerDrill([.init("one", "waitsIn: apply-done, waitsOnce: true"), .init("two")])
        try drill.killWhereItWaits()
        let result = try cancel(drill, [])
        #expect(result.status == 0, "\(result)")
        let run = try drill.catalog.onlyRun
        #expect(try run.outcome == "cancelled" && run.result(of: "one") == "verified")
        #expect(try drill.effects() == ["apply one": 1])
        #expect(try drill.verify().status == 0)
    }

    @Test func `in the middle of a rollback the end is asked about, for it leaves the run stuck`() throws {
        let drill = try LedgerDrill([.init("one"), .init("two", "waitsIn: undo, waitsOnce: true")])
        #expect(try drill.run().status == 0)
        let words = ["rollback", "last", "--plugins", drill.catalog.plugins, "--reason", "Back", "--yes"]
        let rollback = try drill.catalog.start(words)
        try rollback.wait(for: "waits in undo")
        let refused = try cancel(drill, [])
        #expect(refused.status == 4 && refused.errors.contains("[run.rolling-back]"), "\(refused)")
        #expect(refused.errors.contains("in place: one, two") && refused.errors.contains("muster pause"), "\(refused)")
        #expect(try drill.count("stop-requested") == 0)
        #expect(try cancel(drill, ["--yes"]).status == 0)
        #expect(try rollback.finish().status == 5)
        #expect(try drill.catalog.onlyRun.outcome == "stuck")
    }

    @Test func `a reason is needed`() throws {
        let drill = try drill()
        try drill.killWhereItWaits()
        #expect(try drill.catalog.muster("cancel", "last").status == 2)
        #expect(try drill.count("stop-requested") == 0)
    }
}
