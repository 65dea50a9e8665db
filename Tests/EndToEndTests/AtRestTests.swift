// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// What people say of a run that nobody runs: where it goes, and what of it is given back.
struct AtRestTests {
    private func leased(_ two: String, _ forge: GitForge) throws -> LedgerDrill {
        let drill = try LedgerDrill([.init("one"), .init("two", two)], locks: ["target:lab"])
        try drill.catalog.write(
            "muster.yaml",
            "catalog: test\nsummary: For tests\nrecords: { remote: origin }\nleases: required\nlease-life: 30s\n")
        try drill.catalog.commit("Leases")
        try drill.catalog.git("remote", "add", "origin", try forge.repository("drill"))
        return drill
    }

    private func cancel(_ drill: LedgerDrill, _ more: String...) throws -> CommandResult {
        try drill.catalog.muster(["cancel", "last", "--reason", "The window closes"] + more)
    }

    @Test func `a run that is ended at rest gives its leases back`() throws {
        let forge = try GitForge()
        let drill = try leased("failsIn: apply", forge)
        #expect(try drill.run().status == 4)
        #expect(try drill.decide("two", "skip").status == 0)
        let ended = try cancel(drill)
        #expect(ended.status == 0 && ended.output.hasPrefix("■ cancelled\n  In place: one\n"), "\(ended)")
        #expect(ended.output.contains("\n    one: one = done (verified)\n"), "\(ended)")
        let status = try drill.catalog.muster("status", "last")
        #expect(status.output.contains("  in place: one\n    one: one = done (verified)\n"), "\(status)")
        // To look at a rollback of a run that is over takes nothing for good.
        let looked = try drill.catalog.muster(
            "rollback", "last", "--plugins", drill.catalog.plugins, "--reason", "Look")
        #expect(looked.errors.contains("[run.not-confirmed]"), "\(looked)")
        let next = try drill.run()
        #expect(next.status == 4 && !next.errors.contains("[run.leased]"), "\(next)")
    }

    @Test func `a run that rests elsewhere is told as one that rests, and not as dead`() throws {
        let forge = try GitForge()
        let drill = try leased("failsIn: apply", forge)
        #expect(try drill.run().status == 4)
        let resting = drill.runID
        drill.catalog.state = "\(drill.catalog.root)/elsewhere"
        let refused = try drill.run()
        #expect(refused.status == 3 && refused.errors.contains("[run.leased]"), "\(refused)")
        #expect(refused.errors.contains("at rest, half done: paused, waits for a decision about two"), "\(refused)")
        #expect(refused.errors.contains("muster resume \(resting)"), "\(refused)")
    }

    @Test func `a decision and an end at rest are sent to the remote`() throws {
        let forge = try GitForge()
        let drill = try leased("failsIn: apply", forge)
        #expect(try drill.run().status == 4)
        let branch = "refs/heads/muster/runs/\(drill.runID)"
        func published() throws -> String { try forge.file("journal.jsonl", of: branch, in: "drill") ?? "" }
        #expect(try drill.decide("two", "skip").status == 0)
        #expect(try published().contains("\"step-decided\""))
        #expect(try cancel(drill).status == 0)
        #expect(try published().contains("\"run-finished\""))
        #expect(try forge.file("README.md", of: "refs/heads/muster/records", in: "drill") == nil)
        #expect(try drill.catalog.muster("publish").status == 0)
    }

    @Test func `a rollback at rest that is ended is told as it is, stuck`() throws {
        let drill = try LedgerDrill([.init("one"), .init("two", "waitsIn: undo, waitsOnce: true")])
        #expect(try drill.run().status == 0)
        let words = ["rollback", "last", "--plugins", drill.catalog.plugins, "--reason", "Back", "--yes"]
        let rollback = try drill.catalog.start(words)
        try rollback.wait(for: "waits in undo")
        #expect(try drill.catalog.muster("pause", "last").status == 0)
        #expect(try rollback.finish().status == 4)
        let ended = try cancel(drill, "--yes")
        #expect(ended.status == 5 && ended.output.contains("? stuck") && ended.output.contains("one"), "\(ended)")
        #expect(try drill.catalog.onlyRun.outcome == "stuck")
    }

    @Test func `what stands against one run keeps no other from being published`() throws {
        let drill = try LedgerDrill([.init("one", "value: first")])
        let remote = "\(drill.catalog.root)/remote.git"
        try drill.catalog.git("init", "-q", "--bare", "-b", "main", remote)
        try drill.catalog.write("muster.yaml", "catalog: test\nsummary: For tests\nrecords: { remote: origin }\n")
        try drill.catalog.commit("Records go to the remote")
        try drill.catalog.git("remote", "add", "origin", "/nowhere.git")
        #expect(try drill.run().status == 0)
        let broken = drill.runID
        #expect(try drill.run().status == 0)
        try drill.catalog.git("remote", "set-url", "origin", remote)
        let path = "\(drill.catalog.state)/runs/\(broken)/journal.jsonl"
        let journal = try String(contentsOfFile: path, encoding: .utf8)
        try journal.replacing("\"step-begun\"", with: "\"step-begin\"").write(
            toFile: path, atomically: false, encoding: .utf8)
        let result = try drill.catalog.muster("publish")
        #expect(result.status == 1 && result.errors.contains("\(broken): error: "), "\(result)")
        #expect(result.output.contains("✓ refs/heads/muster/records is on origin"), "\(result)")
        #expect(result.output.contains("✓ refs/heads/muster/runs/\(drill.runID) is on origin"), "\(result)")
    }

    @Test(arguments: [
        ["resume", "last"], ["cancel", "last", "--reason", "Old"], ["decide", "last", "two", "skip", "--reason", "x"],
    ])
    func `a run of newer rules is left alone by name`(words: [String]) throws {
        let drill = try LedgerDrill([.init("one"), .init("two", "failsIn: apply")])
        #expect(try drill.run().status == 4)
        let path = "\(drill.catalog.state)/runs/\(drill.runID)/journal.jsonl"
        var previous = String(repeating: "0", count: 64)
        let lines = try drill.journalLines(of: drill.runID).enumerated().map { at, line -> String in
            guard case .object(var entry) = try JSON.parse(line) else { return line }
            if at > 0 { entry["prev"] = .string(previous) }
            if entry["kind"] == "run-created" { entry["rules"] = 99 }
            let text = JSON.object(entry).canonicalText
            previous = Digest(of: text.utf8).hex
            return text
        }
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: false, encoding: .utf8)
        let plugins = words[0] == "resume" ? ["--plugins", drill.catalog.plugins] : []
        try drill.catalog.git("update-ref", "-d", "refs/heads/muster/runs/\(drill.runID)")
        let result = try drill.catalog.muster(words + plugins)
        #expect(result.status != 0 && result.errors.contains("[run.newer-rules]"), "\(result)")
    }
}
