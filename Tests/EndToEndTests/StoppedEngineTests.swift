// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Glibc
import MusterModel
import Testing

/// An engine that does not answer, and those who ask it.
struct StoppedEngineTests {
    @Test func `what a stopped engine was asked is withdrawn when whoever asked gives up`() throws {
        let drill = try LedgerDrill([.init("one"), .init("two", "sleepMilliseconds: 3000"), .init("three")])
        let command = try drill.start()
        try command.wait(for: "two: effect begun")
        command.signal(SIGSTOP)
        let words = [
            ["cancel", "last", "--reason", "Maybe not"], ["pause", "last"],
            ["rollback", "last", "--reason", "Back", "--yes"],
        ]
        let askers = try words.map { try drill.catalog.start($0) }
        for asker in askers {
            let told = try asker.finish()
            #expect(told.status == 5 && told.errors.contains("[run.no-answer]"), "\(told)")
            let says = "note: Process \(command.processID), which has the run \(drill.runID), is stopped"
            #expect(told.errors.contains(says) && told.errors.contains("was withdrawn"), "\(told)")
            #expect(told.errors.contains("kill -CONT \(command.processID)"), "\(told)")
        }
        command.signal(SIGCONT)
        let result = try command.finish()
        #expect(result.status == 0 && result.output.contains("✓ succeeded"), "\(result)")
        let asked = try drill.journal().compactMap { $0["kind"]?.string }.filter { $0.hasSuffix("-requested") }
        #expect(asked == [])
    }

    @Test func `what a stopped engine was asked is done once it goes on, while somebody waits`() throws {
        let drill = try LedgerDrill([.init("one"), .init("two", "sleepMilliseconds: 3000"), .init("three")])
        let command = try drill.start()
        try command.wait(for: "two: effect begun")
        command.signal(SIGSTOP)
        let asker = try drill.catalog.start(["pause", "last", "--reason", "Lunch"])
        var isTold = false
        let told = try asker.finish {
            if !isTold, asker.errorText.contains("is stopped") {
                isTold = true
                command.signal(SIGCONT)
            }
        }
        #expect(told.status == 0 && told.output.contains("comes to rest"), "\(told)")
        #expect(try command.finish().status == 4)
        let status = try drill.catalog.muster("status", "last")
        #expect(status.output.contains("brought to rest at ") && status.output.contains(": Lunch"), "\(status)")
        #expect(try drill.catalog.muster("status", "last", "--json").json["pause"]?["reason"] == "Lunch")
    }
}
