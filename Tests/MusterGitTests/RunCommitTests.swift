// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterGit
import MusterModel
import Testing

struct RunCommitTests {
    @Test(arguments: [false, true])
    func `a run's commits are a line of their own that stock git reads`(bare: Bool) throws {
        let fixture = try Fixture(bare: bare)
        let catalog = fixture.catalog()
        let run = runID(1)
        let definition = try fixture.blob("step: a/b\n")
        var request = runCommit(
            run, ["README.md": "# Drill\n", "evidence/one/shown.json": "{}\n", "journal.jsonl": "1\n"])
        request.files.append(.init(path: "definitions/x.yaml", .blob(definition)))
        let first = try catalog.commitRun(request)
        let second = try catalog.commitRun(
            runCommit(run, parent: first, ["journal.jsonl": "1\n2\n"], message: "Step one"))
        #expect(try fixture.git(["log", "--format=%H %P", run.ref]).text == "\(second) \(first)\n\(first) \n")
        let files = try fixture.git(["ls-tree", "-r", "--name-only", first.hex]).text
        #expect(files == "README.md\ndefinitions/x.yaml\nevidence/one/shown.json\njournal.jsonl\n")
        #expect(try fixture.git(["show", "\(second):journal.jsonl"]).text == "1\n2\n")
        let heading = try fixture.git([
            "log", "-1", "--format=%an <%ae> %aI|%s|%(trailers:key=Run,valueonly)", first.hex,
        ]).line
        #expect(heading == "Ada Operator <ada@example.org> 2026-11-21T14:03:02+00:00|Plan the run|\(run)")
        #expect(try catalog.runTips().map { "\($0.run) \($0.commit)" } == ["\(run) \(second)"])
        #expect(try fixture.isSound())
    }

    @Test func `work tree, index and checked-out branch are not touched`() throws {
        let fixture = try Fixture()
        let head = try fixture.commit(["muster.yaml": "a\n"])
        try fixture.write("muster.yaml", "edited\n")
        let before = try fixture.git(["status", "--porcelain"]).text
        _ = try fixture.catalog().commitRun(runCommit(runID(1), ["README.md": "x\n"]))
        #expect(try fixture.git(["status", "--porcelain"]).text == before)
        #expect(try fixture.head() == head)
    }

    @Test func `the same request twice is one commit`() throws {
        let fixture = try Fixture(bare: true)
        let catalog = fixture.catalog()
        let first = try catalog.commitRun(runCommit(runID(1), ["a": "1\n"]))
        #expect(try catalog.commitRun(runCommit(runID(1), ["a": "1\n"])) == first)
        let second = try catalog.commitRun(runCommit(runID(1), parent: first, ["a": "2\n"]))
        #expect(try catalog.commitRun(runCommit(runID(1), parent: first, ["a": "2\n"])) == second)
        #expect(try catalog.commitRun(runCommit(runID(1), parent: second, ["a": "2\n"])) == second)
        #expect(try fixture.git(["rev-list", "--count", runID(1).ref]).line == "2")
    }

    @Test func `a branch that somebody else moved is left alone`() throws {
        let fixture = try Fixture(bare: true)
        let catalog = fixture.catalog()
        let first = try catalog.commitRun(runCommit(runID(1), ["a": "1\n"]))
        let second = try catalog.commitRun(runCommit(runID(1), parent: first, ["a": "2\n"]))
        for parent in [nil, first, ObjectID(blob: [])] {
            #expect(
                try errorCode { try catalog.commitRun(runCommit(runID(1), parent: parent, ["a": "3\n"])) }
                    == "git.ref-moved")
        }
        #expect(try fixture.head(runID(1).ref) == second)
    }

    @Test func `a branch in the way of the runs' branches is named`() throws {
        let fixture = try Fixture()
        try fixture.commit(["muster.yaml": "a\n"])
        try fixture.git(["branch", "muster"])
        do {
            _ = try fixture.catalog().commitRun(runCommit(runID(1), ["a": "1\n"]))
            Issue.record("a branch below a branch was made")
        } catch {
            #expect(error.code == "git.write-failed" && error.help?.contains("branch -m") == true, "\(error)")
        }
    }

    @Test func `paths that no tree should hold and blobs that are not there are refused`() throws {
        let fixture = try Fixture(bare: true)
        let catalog = fixture.catalog()
        for path in ["", "../x", "/x", "a//b", ".git/config", "evidence/.GIT/x", "a\u{0}b"] {
            #expect(
                try errorCode { try catalog.commitRun(runCommit(runID(1), [path: "x"])) } == "git.unsafe-path",
                "\(path)")
        }
        for files in [["a": "1", "A": "2"], ["a": "1", "a/b": "2"], ["\u{E9}": "1", "E\u{301}": "2"]] {
            #expect(try errorCode { try catalog.commitRun(runCommit(runID(1), files)) } == "git.doubled-path")
        }
        var absent = runCommit(runID(1), [:])
        absent.files = [.init(path: "x", .blob(ObjectID(blob: [1])))]
        #expect(try errorCode { try catalog.commitRun(absent) } == "git.missing-object")
        #expect(try catalog.runTips() == [])
    }

    @Test func `a journal of a mebibyte goes in and comes out, one over the limit is refused by its header`() throws {
        let fixture = try Fixture(bare: true)
        let catalog = fixture.catalog()
        let journal = FileContent([UInt8](repeating: UInt8(ascii: "\""), count: 1 << 20))
        var request = runCommit(runID(1), [:])
        request.files = [.init(path: "journal.jsonl", .content(journal))]
        let first = try catalog.commitRun(request)
        let place = RecordPlace(run: runID(1), branch: nil)
        let read = try catalog.readRecord(place, paths: ["journal.jsonl", "none"])
        #expect(read?["journal.jsonl"]?.content == journal && read?.count == 1)
        let large = [UInt8](repeating: 0, count: GitLimits.recordFileBytes + 1)
        let blob = ObjectID(try fixture.git(["hash-object", "-w", "--stdin"], input: large).line)!
        request = runCommit(runID(1), parent: first, [:])
        request.files = [.init(path: "journal.jsonl", .blob(blob))]
        _ = try catalog.commitRun(request)
        #expect(try errorCode { try catalog.readRecord(place, paths: ["journal.jsonl"]) } == "git.too-large")
    }
}
