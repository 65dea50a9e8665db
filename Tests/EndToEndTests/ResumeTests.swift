// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Glibc
import MusterModel
import Testing

/// Runs that were cut off go on where they were: what is done is not done again, and what had begun is read back first.
struct ResumeTests {
    /// `two` waits in the place given, once.
    private static func drill(waiting place: String) throws -> LedgerDrill {
        try LedgerDrill(
            [.init("one"), .init("two", "waitsIn: \(place), waitsOnce: true"), .init("three")],
            finally: [.init("back")], locks: ["target:lab"])
    }

    private static let allOnce = ["apply one": 1, "apply two": 1, "apply three": 1, "apply back": 1]

    @Test(arguments: ["check", "observe", "apply", "apply-begun", "apply-done"])
    func `killed in any call of a step, a run goes on and does nothing twice`(place: String) throws {
        let drill = try Self.drill(waiting: place)
        try drill.killWhereItWaits()
        let status = try drill.catalog.muster("status")
        #expect(status.status == 5 && status.output.contains("cut off"), "\(status)")
        let result = try drill.resume()
        #expect(result.status == 0 && result.output.contains("✓ succeeded"), "\(result)")
        #expect(try drill.effects() == Self.allOnce)
        #expect(try drill.count("step-started", "one") == 1 && drill.count("run-resumed") == 1)
        let readBacks = try drill.journal().count { $0["purpose"] == "read-back" && $0["step"] == "two" }
        #expect(readBacks == (place.hasPrefix("apply-") ? 1 : 0))
        let run = try drill.catalog.onlyRun
        #expect(try run.outcome == "succeeded" && run.result(of: "two") == "verified")
        #expect(try drill.verify().status == 0)
        let again = try drill.resume()
        #expect(again.status == 2 && again.errors.contains("[run.finished]"), "\(again)")
    }

    @Test func `killed again and again while it is resumed, a run still ends as it should`() throws {
        let drill = try LedgerDrill([
            .init("one", "waitsIn: apply-begun, waitsOnce: true"),
            .init("two", "waitsIn: apply-done, waitsOnce: true"),
            .init("three", "waitsIn: observe, waitsOnce: true"), .init("four", "waitsIn: apply, waitsOnce: true"),
        ])
        try drill.killWhereItWaits()
        for _ in 1...3 { try drill.killWhereItWaits(try drill.startResume()) }
        let result = try drill.resume()
        #expect(result.status == 0, "\(result)")
        #expect(try drill.effects() == ["apply one": 1, "apply two": 1, "apply three": 1, "apply four": 1])
        #expect(try drill.count("run-resumed") == 4)
        #expect(try drill.verify().status == 0)
    }

    @Test func `brought to rest by hand, a run goes on with the steps that are left`() throws {
        let drill = try LedgerDrill([.init("one", "sleepMilliseconds: 700"), .init("two"), .init("three")])
        let command = try drill.start()
        try command.wait(for: "one: effect begun")
        command.signal(SIGINT)
        let rest = try command.finish()
        #expect(rest.status == 130 && rest.output.contains("In place: one\n    one: one = done (verified)"), "\(rest)")
        #expect(try drill.verify().status == 0)
        #expect(try drill.effects() == ["apply one": 1])
        let result = try drill.resume()
        #expect(result.status == 0, "\(result)")
        #expect(try drill.effects() == ["apply one": 1, "apply two": 1, "apply three": 1])
        #expect(try drill.count("step-started", "one") == 1)
        #expect(try drill.verify().status == 0)
    }

    @Test func `an effect that another had undone meanwhile is done again, under the same key`() throws {
        let drill = try Self.drill(waiting: "apply-done")
        try drill.killWhereItWaits()
        try drill.put("", into: "two")
        let result = try drill.resume()
        #expect(result.status == 0, "\(result)")
        #expect(try drill.effects()["apply two"] == 2)
        let keys = try drill.journal().filter { $0["kind"] == "step-applying" && $0["step"] == "two" }
        #expect(keys.count == 2 && keys[0]["idempotencyKey"] == keys[1]["idempotencyKey"])
    }

    @Test func `what was done is committed along the way, and each commit's record is sound`() throws {
        let drill = try LedgerDrill([.init("one"), .init("two", "waitsIn: apply-begun, waitsOnce: true")])
        let command = try drill.start()
        try command.wait(for: "waits in")
        let branch = "refs/heads/muster/runs/\(drill.runID)"
        try eventually("the first step is committed") {
            try drill.catalog.unfinishedRecord(of: drill.runID).result(of: "one") == "verified"
        }
        command.signal(SIGKILL)
        _ = try command.finish()
        #expect(try drill.verify().status == 0)
        #expect(try drill.catalog.unfinishedRecord(of: drill.runID).result(of: "one") == "verified")
        #expect(try drill.resume().status == 0)
        let commits = try drill.catalog.git("log", "--reverse", "--format=%s", branch).split(separator: "\n")
        #expect(commits.count >= 3 && commits[0].contains("planned") && commits.last!.contains("succeeded"))
        #expect(try drill.verify().status == 0)
    }

    // MARK: Kept apart

    @Test func `an unfinished run keeps others off its targets until it is over`() throws {
        let drill = try Self.drill(waiting: "apply-begun")
        let command = try drill.start()
        try command.wait(for: "waits in ")
        let first = drill.runID
        let beside = try drill.run()
        #expect(beside.status == 3 && beside.errors.contains("[run.locked]"), "\(beside)")
        command.signal(SIGKILL)
        _ = try command.finish()
        let after = try drill.run()
        #expect(after.status == 3 && after.errors.contains("[run.unfinished]"), "\(after)")
        #expect(after.errors.contains("muster resume \(first)"), "\(after)")
        #expect(drill.catalog.runFolders == [first])
        #expect(try drill.resume().status == 0)
        let last = try drill.run()
        #expect(last.status == 0, "\(last)")
    }

    @Test func `a run at rest keeps others off its targets too, and a cancelled one does not`() throws {
        let drill = try Self.drill(waiting: "apply")
        try drill.killWhereItWaits(signal: SIGTERM)
        let first = drill.runID
        let beside = try drill.run()
        #expect(beside.status == 3 && beside.errors.contains("[run.unfinished]"), "\(beside)")
        let cancelled = try drill.catalog.muster(
            "cancel", first, "--yes", "--reason", "Another one", "--plugins", drill.catalog.plugins)
        #expect(cancelled.status == 0, "\(cancelled)")
        try drill.killWhereItWaits()
        #expect(drill.catalog.runFolders.count == 2)
    }

    @Test(arguments: [true, false])
    func `a journal that was lost frees no target`(isThere: Bool) throws {
        let drill = try Self.drill(waiting: "apply")
        try drill.killWhereItWaits(signal: SIGTERM)
        let first = drill.runID
        let journal = "\(drill.catalog.state)/runs/\(first)/journal.jsonl"
        try FileManager.default.removeItem(atPath: journal)
        if isThere { try Data().write(to: URL(filePath: journal)) }
        let beside = try drill.run()
        #expect(beside.status == 3 && beside.errors.contains("[run.journal-lost]"), "\(beside)")
        #expect(beside.errors.contains("muster resume \(first) --take-over"), "\(beside)")
    }

    @Test func `a name that is hardly one names no run`() throws {
        let drill = try Self.drill(waiting: "apply")
        try drill.killWhereItWaits(signal: SIGTERM)
        for name in ["", String(drill.runID.suffix(1))] {
            let told = try drill.catalog.muster("cancel", name, "--reason", "Another one")
            #expect(told.status == 2 && told.errors.contains("[state.unknown-run]"), "\(told)")
        }
        let wordless = try drill.catalog.muster("cancel", drill.runID, "--reason", " ")
        #expect(wordless.status == 2 && wordless.errors.contains("needs words"), "\(wordless)")
    }

    // MARK: Refused

    /// A folder with the plugin as another file, as a build makes one.
    private static func rebuilt(_ drill: LedgerDrill) throws -> String {
        let other = "\(drill.catalog.root)/other"
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: product("noop-plugin"), toPath: "\(other)/Noop")
        let file = try #require(FileHandle(forWritingAtPath: "\(other)/Noop"))
        try file.seekToEnd()
        try file.write(contentsOf: Data([0]))
        try file.close()
        return other
    }

    private static func kept(_ drill: LedgerDrill) throws -> [String] {
        let folder = "\(drill.catalog.state)/plugins"
        return try FileManager.default.contentsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }
    }

    @Test(arguments: [
        ["resume"], ["rollback", "--yes", "--reason", "Back"], ["cancel", "--finally", "--reason", "Enough"],
    ])
    func `a plugin that was built anew keeps nobody from going on with the file that was agreed to`(
        words: [String]
    ) throws {
        let drill = try Self.drill(waiting: "apply-begun")
        try drill.killWhereItWaits()
        let other = try Self.rebuilt(drill)
        let result = try drill.catalog.muster([words[0], "last", "--plugins", other] + words.dropFirst())
        #expect(result.status == 0 && result.errors.contains("built anew since the run began"), "\(result)")
        #expect(try drill.verify().status == 0)
        let file = try #require(try Self.kept(drill).first)
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
    }

    @Test func `a run whose plugin is another file now, and none is kept whole, waits for the right one`() throws {
        let drill = try Self.drill(waiting: "apply-begun")
        try drill.killWhereItWaits()
        let other = try Self.rebuilt(drill)
        let file = try #require(try Self.kept(drill).first)
        #expect(try Self.kept(drill).count == 1)
        try Data("damaged".utf8).write(to: URL(filePath: file))
        let refused = try drill.catalog.muster("resume", "last", "--plugins", other)
        #expect(refused.status == 3 && refused.errors.contains("[run.plugin-changed]"), "\(refused)")
        #expect(try drill.count("run-resumed") == 0)
        #expect(try drill.resume().status == 0)
    }

    @Test func `a rehearsal is not resumed, for its clouds are gone`() throws {
        let catalog = try Catalog(.shipped)
        let command = try catalog.start(["rehearse", KeySwap.runbook, "--speed", "5"])
        try command.wait(for: "effect begun")
        command.signal(SIGKILL)
        _ = try command.finish()
        let result = try catalog.muster("resume", "last")
        #expect(result.status == 2 && result.errors.contains("[run.rehearsal]"), "\(result)")
        let unknown = try catalog.muster("resume", "20260101-000000-drill-000000")
        #expect(unknown.status == 2 && unknown.errors.contains("[run.not-here]"), "\(unknown)")
    }
}
