// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Glibc
import MusterModel
import Testing

/// A run goes on on another machine, from its branch, when a person says so.
struct HandOverTests {
    private func drill(waiting place: String = "apply-begun") throws -> LedgerDrill {
        try LedgerDrill([.init("one"), .init("two", "waitsIn: \(place), waitsOnce: true"), .init("three")])
    }

    /// Runs up to the step that waits, whose beginning is published, and is cut off there.
    private func cutOff(_ drill: LedgerDrill) throws {
        let command = try drill.start()
        try command.wait(for: "waits in ")
        let run = drill.catalog.unfinishedRecord(of: drill.runID)
        try eventually("the beginning is published") { try run.file("journal.jsonl").contains("\"step-begun\"") }
        command.signal(SIGKILL)
        _ = try command.finish()
    }

    private func resume(_ drill: LedgerDrill, _ run: String, _ more: String..., host: String? = nil) throws
        -> CommandResult
    {
        let words = ["resume", run, "--plugins", drill.catalog.plugins] + more
        guard let host else { return try drill.catalog.muster(words) }
        return try drill.catalog.muster(words, onHost: host)
    }

    private static let once = ["apply one": 1, "apply two": 1, "apply three": 1]

    @Test func `a machine without the journal takes the run over from its branch, with a reason`() throws {
        let drill = try drill()
        try cutOff(drill)
        let run = drill.runID
        drill.catalog.state = "\(drill.catalog.root)/other"
        let refused = try resume(drill, run)
        #expect(refused.status == 4 && refused.errors.contains("[run.elsewhere]"), "\(refused)")
        #expect(drill.catalog.runFolders.isEmpty)
        let unreasoned = try resume(drill, run, "--take-over")
        #expect(unreasoned.status == 2 && unreasoned.errors.contains("--reason"), "\(unreasoned)")
        let result = try resume(drill, run, "--take-over", "--reason", "The first machine is gone", host: "elsewhere")
        #expect(result.status == 0 && result.output.contains("taken over from"), "\(result)")
        #expect(try drill.effects() == Self.once)
        let resumed = try #require(try drill.journal().first { $0["kind"] == "run-resumed" })
        #expect(resumed["host"] == "elsewhere")
        #expect(resumed["takeOver"]?["reason"] == "The first machine is gone")
        #expect(try drill.catalog.record(of: run).file("README.md").contains("The first machine is gone"))
        #expect(try drill.verify().status == 0)
    }

    @Test func `a run of which only the plan was published is not ended by another machine`() throws {
        let drill = try drill()
        try cutOff(drill)
        let (run, catalog) = (drill.runID, drill.catalog)
        let branch = "refs/heads/muster/runs/\(run)"
        let whole = try catalog.git("rev-parse", branch)
        let plan = try catalog.git("rev-list", "--max-parents=0", branch)
        try catalog.git("update-ref", branch, plan.trimmingCharacters(in: .whitespacesAndNewlines))
        let here = catalog.state
        catalog.state = "\(catalog.root)/other"
        let refused = try resume(drill, run, "--take-over", "--reason", "Gone", host: "elsewhere")
        #expect(refused.status == 5 && refused.errors.contains("[run.only-planned]"), "\(refused)")
        #expect(catalog.runFolders.isEmpty)
        catalog.state = here
        try catalog.git("update-ref", branch, whole.trimmingCharacters(in: .whitespacesAndNewlines))
        let result = try resume(drill, run)
        #expect(result.status == 0 && result.output.contains("✓ succeeded"), "\(result)")
        #expect(try drill.effects() == Self.once)
    }

    @Test func `a machine whose run went on elsewhere is refused, and takes it back with a reason`() throws {
        let waits = "waitsIn: apply-begun, waitsOnce: true"
        let drill = try LedgerDrill([.init("one"), .init("two", waits), .init("three", waits)])
        try cutOff(drill)
        let run = drill.runID
        let here = drill.catalog.state
        drill.catalog.state = "\(drill.catalog.root)/other"
        let other = try drill.catalog.start(
            ["resume", run, "--plugins", drill.catalog.plugins, "--take-over", "--reason", "Gone"])
        // It is cut off, too, where the last step waits.
        try drill.killWhereItWaits(other)
        #expect(try drill.catalog.muster("publish").status == 0)
        drill.catalog.state = here
        let refused = try resume(drill, run)
        #expect(refused.status == 4 && refused.errors.contains("[run.taken-over]"), "\(refused)")
        let result = try resume(drill, run, "--take-over", "--reason", "It is back")
        #expect(result.status == 0 && result.errors.contains("comes from the run's branch"), "\(result)")
        #expect(try drill.effects() == Self.once)
        #expect(try drill.verify().status == 0)
    }

    @Test func `what another state folder took to its end is not gone on with here`() throws {
        let drill = try drill(waiting: "apply")
        try cutOff(drill)
        let run = drill.runID
        // Both believe that the run is theirs.
        let here = drill.catalog.state
        drill.catalog.state = "\(drill.catalog.root)/other"
        #expect(try drill.catalog.program("/bin/cp", ["-r", here, drill.catalog.state]).status == 0)
        let elsewhere = try resume(drill, run)
        #expect(elsewhere.status == 0, "\(elsewhere)")
        let finished = try drill.effects()
        drill.catalog.state = here
        let refused = try resume(drill, run)
        #expect(refused.status == 4 && refused.errors.contains("[run.taken-over]"), "\(refused)")
        #expect(refused.errors.contains("it is over there: succeeded"), "\(refused)")
        #expect(refused.errors.contains("muster publish") && !refused.errors.contains("muster resume"), "\(refused)")
        #expect(try drill.effects() == finished && drill.count("run-resumed") == 0)
        let adopted = try resume(drill, run, "--take-over", "--reason", "Look at it here")
        #expect(adopted.status == 2 && adopted.errors.contains("[run.finished]"), "\(adopted)")
        #expect(try drill.effects() == finished)
        #expect(try drill.verify().status == 0)
    }

    @Test func `a run that another machine had is not resumed by chance`() throws {
        let drill = try drill()
        try cutOff(drill)
        let refused = try resume(drill, "last", host: "elsewhere")
        #expect(refused.status == 4 && refused.errors.contains("[run.elsewhere]"), "\(refused)")
        #expect(try drill.count("run-resumed") == 0)
        let result = try resume(drill, "last", "--take-over", "--reason", "It moved", host: "elsewhere")
        #expect(result.status == 0, "\(result)")
        #expect(try drill.effects() == Self.once)
        let takeOver = try drill.journal().first { $0["kind"] == "run-resumed" }?["takeOver"]
        #expect(takeOver?["knownUpTo"]?.int.map { $0 > 5 } == true)
    }

    @Test func `who only looks is told that this machine's journal is not all there is of the run`() throws {
        let drill = try drill()
        try cutOff(drill)
        let path = "\(drill.catalog.state)/runs/\(drill.runID)/journal.jsonl"
        let lines = try drill.journalLines(of: drill.runID)
        try (lines.prefix(4).joined(separator: "\n") + "\n").write(toFile: path, atomically: false, encoding: .utf8)
        for words in [["status", "last"], ["rollback", "last", "--plan"]] {
            let result = try drill.catalog.muster(words)
            #expect(result.errors.contains("[journal.damaged]") && result.errors.contains("line 5"), "\(result)")
        }
    }
}
