// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// The shipped drill, from a commit to the record, with the command lines that a user has.
struct DrillTests {
    @Test func `the shipped drill is rehearsed and its record can be read, verified and checked without muster`() throws
    {
        let catalog = try Catalog(.shipped)
        let before = try WorkTree(catalog)
        let result = try catalog.muster("rehearse", "failover-group-key-swap", "--speed", "200")
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains("✓ succeeded"))
        #expect(try WorkTree(catalog) == before)

        let run = try catalog.onlyRun
        try run.expectSwapped()
        try expectReadableWithGit(catalog, run)
        try expectCommandsAgree(catalog, run)
        try expectJournalChecker(catalog, run)
    }

    private func expectReadableWithGit(_ catalog: Catalog, _ run: RecordedRun) throws {
        let log = try catalog.git(
            "log", "--first-parent",
            "--format=%s|%(trailers:key=Run,valueonly,separator=%x2C)|"
                + "%(trailers:key=Outcome,valueonly,separator=%x2C)", RecordedRun.branch)
        #expect(log.hasPrefix("failover-group-key-swap: rehearsal succeeded|\(run.run)|succeeded\n"))
        let digests = try catalog.git(
            "log", "--format=%(trailers:key=Plan-Digest,valueonly,separator=%x2C)", "refs/heads/muster/runs/\(run.run)")
        #expect(Set(digests.split(separator: "\n")).count == 1 && digests.hasPrefix("sha256:"))
        let check = try catalog.tryGit(["fsck", "--strict", "--full"])
        #expect(check.status == 0 && check.everything.allSatisfy(\.isWhitespace), "\(check)")
        #expect(try run.file("README.md").contains("failover-group-key-swap"))
    }

    private func expectCommandsAgree(_ catalog: Catalog, _ run: RecordedRun) throws {
        let list = try catalog.muster("list", "--json").json
        #expect(list.array?.map { $0["run"]?.string } == [run.run])
        #expect(try catalog.muster("list").output.contains("\(run.run)  rehearsal  simulated: default"))
        let rollback = try catalog.muster("rollback", "last", "--plan")
        #expect(rollback.status == 2 && rollback.errors.contains("[run.rehearsal]"), "\(rollback)")
        var shown = try #require(try catalog.muster("show", "last", "--json").json.object)
        #expect(shown.removeValue(forKey: "comparison")?.array?.isEmpty == false)
        #expect(shown.removeValue(forKey: "reviews")?.array?.isEmpty == true)
        #expect(shown.removeValue(forKey: "standing")?["text"]?.string == "not reviewed")
        #expect(JSON.object(shown) == (try run.record))
        #expect(try catalog.muster("show", run.run, "--file", "README.md").output == (try run.file("README.md")))
        #expect(try catalog.muster("show", run.run).output.hasPrefix(try run.file("README.md")))
        let proof = try catalog.muster("verify", "last", "--json")
        #expect(proof.status == 0)
        #expect(try proof.json.array?.first?["verified"]?.bool == true)
        let status = try catalog.muster("status", "--json")
        #expect(status.status == 0)
        #expect(try status.json["run"]?.string == run.run)
        #expect(try status.json["phase"]?.string == "succeeded")
        #expect(try status.json["steps"]?.array?.count == 24)
    }

    /// The chain of the committed journal, checked by the script that ships for those who do not trust muster.
    private func expectJournalChecker(_ catalog: Catalog, _ run: RecordedRun) throws {
        let path = "\(catalog.root)/journal.jsonl"
        let journal = try run.file("journal.jsonl")
        func check(_ text: String) throws -> CommandResult {
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            return try catalog.program("/usr/bin/python3", ["\(projectFolder)/docs/verify/check-journal.py", path])
        }
        #expect(try check(journal).status == 0)
        let changed = journal.replacingOccurrences(of: "\"verdict\":\"met\"", with: "\"verdict\":\"not\"")
        #expect(changed != journal)
        #expect(try check(changed).status == 1)
        let onDisk = try String(contentsOfFile: "\(catalog.state)/runs/\(run.run)/journal.jsonl", encoding: .utf8)
        #expect(onDisk == journal)
    }
}

/// What a run must leave alone: files, index and HEAD.
private struct WorkTree: Equatable {
    let head: String
    let status: String
    let index: Data
    let files: String

    init(_ catalog: Catalog) throws {
        head = try catalog.git("rev-parse", "--symbolic-full-name", "HEAD", "HEAD^{commit}")
        files = try catalog.program(
            "/usr/bin/find",
            [
                catalog.folder, "-path", "*/.git", "-prune", "-o", "-type", "f", "-printf", "%p %s %T@\n",
            ]
        ).output
        // Read before git looks, which may refresh it.
        index = try Data(contentsOf: URL(filePath: "\(catalog.folder)/.git/index"))
        status = try catalog.git("status", "--porcelain")
    }
}
