// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Glibc
import MusterModel
import Testing

/// Runs that come to rest because somebody asked, or because their terminal is gone.
struct PauseTests {
    private func drill() throws -> LedgerDrill {
        try LedgerDrill(
            [.init("one", "waitsIn: apply, waitsOnce: true"), .init("two")], finally: [.init("back")])
    }

    private func expectAtRest(_ drill: LedgerDrill, _ result: CommandResult, by: String) throws {
        #expect(result.output.contains("‖ at rest"), "\(result)")
        #expect(try drill.count("run-paused") == 1 && drill.count("stop-requested") == 0)
        let asked = try #require(try drill.journal().first { $0["kind"] == "pause-requested" })
        #expect(asked["reason"]?.string?.contains(by) == true, "\(asked.canonicalText)")
        #expect(try drill.verify().status == 0)
        #expect(try drill.effects().isEmpty)
        let resumed = try drill.resume()
        #expect(resumed.status == 0, "\(resumed)")
        #expect(try drill.effects() == ["apply one": 1, "apply two": 1, "apply back": 1])
        #expect(try drill.verify().status == 0)
    }

    @Test func `another process asks a run to come to rest`() throws {
        let drill = try drill()
        let command = try drill.start()
        try command.wait(for: "waits in apply")
        let asked = try drill.catalog.muster("pause", "last", "--reason", "Lunch")
        #expect(asked.status == 0 && asked.output.contains("muster resume \(drill.runID)"), "\(asked)")
        let result = try command.finish()
        #expect(result.status == 4, "\(result)")
        let again = try drill.catalog.muster("pause", "last")
        #expect(again.status != 0 && again.errors.contains("[run.not-running]"), "\(again)")
        try expectAtRest(drill, result, by: "Lunch")
    }

    @Test func `a lost connection brings a run to rest`() throws {
        let drill = try drill()
        let command = try drill.start()
        try command.wait(for: "waits in apply")
        command.signal(SIGHUP)
        let result = try command.finish()
        #expect(result.status == 130, "\(result)")
        try expectAtRest(drill, result, by: "a lost terminal")
    }

    @Test func `a terminal that goes away brings a run to rest, though nobody reads what it says`() throws {
        let drill = try drill()
        let command = try drill.catalog.startAtTerminal(drill.arguments + ["--yes"])
        try command.wait(for: "waits in apply")
        // What holds the terminal open dies without a word: the kernel hangs it up.
        command.signal(SIGKILL)
        _ = try command.finish()
        try eventually("the run is at rest") { try drill.count("run-paused") == 1 }
        try eventually("its engine ends") {
            try drill.catalog.muster("status").output.contains("paused") && drill.catalog.pluginProcesses.isEmpty
        }
        #expect(try drill.verify().status == 0)
        let resumed = try drill.resume()
        #expect(resumed.status == 0, "\(resumed)")
        #expect(try drill.effects() == ["apply one": 1, "apply two": 1, "apply back": 1])
    }

    @Test func `a pause lets an effect end, and what became of it is known before the run rests`() throws {
        let drill = try LedgerDrill([.init("one", "sleepMilliseconds: 3000, failsIn: apply-half"), .init("two")])
        let command = try drill.start()
        try command.wait(for: "one: effect begun")
        #expect(try drill.catalog.muster("pause", "last").status == 0)
        let result = try command.finish()
        #expect(result.status == 4 && result.output.contains("decide \(drill.runID) one"), "\(result)")
        #expect(try drill.count("run-paused") == 1 && drill.effects() == ["apply one": 1])
        #expect(try drill.journal().contains { $0["purpose"] == "read-back" })
        #expect(try drill.verify().status == 0)
    }

    @Test func `a run whose socket was taken away is told as living, and how it is brought to rest`() throws {
        let drill = try drill()
        let command = try drill.start()
        try command.wait(for: "waits in ")
        let socket = "\(drill.catalog.state)/runs/\(drill.runID)/control"
        try FileManager.default.removeItem(atPath: socket)
        #expect(mkfifo(socket, 0o600) == 0)
        let told = try drill.catalog.muster("pause", "last")
        #expect(told.status == 5 && told.errors.contains("[run.not-listening]"), "\(told)")
        #expect(told.errors.contains("kill -TERM"), "\(told)")
        command.signal(SIGKILL)
        _ = try command.finish()
    }
}
