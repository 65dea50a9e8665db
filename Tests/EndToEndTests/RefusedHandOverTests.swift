// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Glibc
import Testing

/// A machine that may not take a run over keeps nothing of it, and tells truly where it is.
struct RefusedHandOverTests {
    private func leased(_ forge: GitForge) throws -> LedgerDrill {
        let drill = try LedgerDrill(
            [.init("one"), .init("two", "waitsIn: apply-begun, waitsOnce: true")], locks: ["target:lab"])
        try drill.catalog.write(
            "muster.yaml",
            "catalog: test\nsummary: For tests\nrecords: { remote: origin }\nleases: required\nlease-life: 30s\n")
        try drill.catalog.commit("Leases")
        try drill.catalog.git("remote", "add", "origin", try forge.repository("drill"))
        return drill
    }

    private func notes(_ state: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(state)/locks").map {
            try String(contentsOfFile: "\(state)/locks/\($0)", encoding: .utf8)
        }
    }

    @Test func `a take-over that is refused leaves nothing of the run here`() throws {
        let forge = try GitForge()
        let drill = try leased(forge)
        let (catalog, here) = (drill.catalog, drill.catalog.state)
        let command = try drill.start()
        try command.wait(for: "waits in ")
        let run = drill.runID
        let branch = catalog.unfinishedRecord(of: run)
        try eventually("its beginning is committed") { try branch.file("journal.jsonl").contains("\"step-begun\"") }
        catalog.state = "\(catalog.root)/other"
        let words = ["resume", run, "--plugins", catalog.plugins, "--take-over", "--reason", "Mine"]
        let refused = try catalog.muster(words, onHost: "elsewhere")
        #expect(refused.status == 3 && refused.errors.contains("[run.leased]"), "\(refused)")
        #expect(catalog.runFolders.isEmpty)
        #expect(try notes(catalog.state).allSatisfy(\.isEmpty))
        #expect(access("\(catalog.state)/plugins", F_OK) != 0)
        let status = try catalog.muster(["status", run], onHost: "elsewhere")
        #expect(status.status == 4 && status.errors.contains("[run.elsewhere]"), "\(status)")
        let next = try catalog.muster(drill.arguments + ["--yes"], onHost: "elsewhere")
        #expect(next.status == 3 && next.errors.contains("[run.leased]"), "\(next)")
        #expect(catalog.runFolders.isEmpty)
        #expect(try notes(catalog.state).allSatisfy(\.isEmpty))
        catalog.state = here
        command.signal(SIGKILL)
        _ = try command.finish()
    }

    @Test func `a rollback of another machine's run that nobody confirms leaves nothing of the run here`() throws {
        let drill = try LedgerDrill([.init("one")])
        #expect(try drill.run().status == 0)
        let run = drill.runID
        drill.catalog.state = "\(drill.catalog.root)/other"
        let resumed = try drill.catalog.muster(
            "resume", run, "--plugins", drill.catalog.plugins, "--take-over", "--reason", "Look")
        #expect(resumed.status == 2 && resumed.errors.contains("[run.finished]"), "\(resumed)")
        let words = [
            "rollback", run, "--plugins", drill.catalog.plugins, "--take-over", "--reason", "Look",
        ]
        let looked = try drill.catalog.muster(words)
        #expect(looked.status == 4 && looked.errors.contains("[run.not-confirmed]"), "\(looked)")
        #expect(looked.output.contains("1. undo one"), "\(looked)")
        #expect(drill.catalog.runFolders.isEmpty)
        let done = try drill.catalog.muster(words + ["--yes"])
        #expect(done.status == 0 && done.output.contains("↺ rolled back"), "\(done)")
        #expect(try drill.values().isEmpty && drill.verify().status == 0)
    }

    @Test func `a run that another machine had is not told as cut off here`() throws {
        let drill = try LedgerDrill(
            [.init("one"), .init("two", "waitsIn: apply-begun, waitsOnce: true")], locks: ["target:lab"])
        let catalog = drill.catalog
        let command = try catalog.start(drill.arguments + ["--yes"], under: Catalog.host("ops-1"))
        try drill.killWhereItWaits(command)
        let status = try catalog.muster("status", "last")
        #expect(status.status == 4 && status.output.contains("on ops-1, last heard of at "), "\(status)")
        let refused = try drill.run()
        #expect(refused.status == 3 && refused.errors.contains("[run.unfinished]"), "\(refused)")
        #expect(refused.errors.contains("it was on ops-1") && refused.errors.contains("muster publish"), "\(refused)")
    }

    @Test func `a run that went on elsewhere is told so where its target is wanted`() throws {
        let drill = try LedgerDrill(
            [.init("one"), .init("two", "waitsIn: apply, waitsOnce: true")], locks: ["target:lab"])
        let (catalog, here) = (drill.catalog, drill.catalog.state)
        try drill.killWhereItWaits()
        let run = drill.runID
        catalog.state = "\(catalog.root)/other"
        let words = ["resume", run, "--plugins", catalog.plugins, "--take-over", "--reason", "Gone"]
        let other = try catalog.muster(words, onHost: "elsewhere")
        #expect(other.status == 0, "\(other)")
        catalog.state = here
        let refused = try drill.run()
        #expect(refused.status == 3 && refused.errors.contains("it is over there: succeeded"), "\(refused)")
        #expect(!refused.errors.contains("nobody runs it") && refused.errors.contains("muster publish"), "\(refused)")
        let status = try catalog.muster("status", "last")
        #expect(status.status == 4 && !status.output.contains("cut off"), "\(status)")
    }
}
