// SPDX-License-Identifier: Apache-2.0

import MusterGit
import MusterModel
import Testing

struct RecordListTests {
    private let times = [
        "2024-12-31T23:59:59Z", "2025-01-01T00:00:00Z", "2026-11-20T10:00:00Z", "2026-11-21T09:00:00Z",
    ]

    /// A log with one run at each of the times; the runs, oldest first.
    private func fill(_ catalog: Catalog) throws -> [RunID] {
        try times.map { time in
            let run = runID(7, at: Timestamp(time)!)
            _ = try catalog.commitRun(runCommit(run, ["record.json": "{\"at\":\"\(time)\"}\n", "evidence/a/b": "x\n"]))
            _ = try catalog.mergeRecord(recordMerge(run))
            return run
        }
    }

    @Test func `records are listed newest first, in pages, with a file of each`() throws {
        let fixture = try Fixture(bare: true)
        let catalog = fixture.catalog()
        #expect(try catalog.records(RecordQuery(branch: "muster/records", limit: 10)) == [])
        let runs = try fill(catalog)
        let page = try catalog.records(RecordQuery(branch: "muster/records", limit: 2, file: "record.json"))
        #expect(page.map(\.run) == [runs[3], runs[2]])
        #expect(page[0].file?.text == "{\"at\":\"\(times[3])\"}\n")
        #expect(page[0].tree.hex == (try fixture.git(["rev-parse", "muster/records:\(runs[3].recordPath)"]).line))
        let next = try catalog.records(RecordQuery(branch: "muster/records", limit: 9, before: runs[2], file: "none"))
        #expect(next.map(\.run) == [runs[1], runs[0]] && next.allSatisfy { $0.file == nil })
        #expect(try catalog.records(RecordQuery(branch: "muster/records", limit: 9, before: runs[0])) == [])
        #expect(try catalog.records(RecordQuery(branch: "muster/records", limit: 0)) == [])
    }

    @Test func `a record's files are listed and read, from the log or from the run's branch`() throws {
        let fixture = try Fixture(bare: true)
        let catalog = fixture.catalog()
        let run = try fill(catalog)[1]
        for branch in ["muster/records", nil] {
            let place = RecordPlace(run: run, branch: branch)
            let files = try catalog.recordFiles(place)
            #expect(files?.map(\.path) == ["evidence/a/b", "record.json"])
            #expect(files?[0].size == 2 && files?[0].id == ObjectID(blob: Array("x\n".utf8)))
            let read = try catalog.readRecord(place, paths: ["evidence/a/b", "evidence", "nothing"])
            #expect(read?.mapValues(\.content.text) == ["evidence/a/b": "x\n"])
            let absent = RecordPlace(run: runID(99), branch: branch)
            #expect(try catalog.recordFiles(absent) == nil)
            #expect(try catalog.readRecord(absent, paths: ["record.json"]) == nil)
        }
    }

    @Test func `folders that are not of the log's layout are passed over`() throws {
        let fixture = try Fixture(bare: true)
        let blob = try fixture.blob("x\n")
        let leaf = try fixture.rawTree([("100644", "f", blob)])
        let run = runID(3)
        let day = try fixture.rawTree([
            ("40000", run.text, leaf), ("100644", "README.md", blob), ("40000", "not-a-run", leaf),
        ])
        let month = try fixture.rawTree([("40000", "21", day), ("40000", "zz", leaf)])
        let year = try fixture.rawTree([("40000", "11", month), ("40000", "123456", day)])
        let root = try fixture.rawTree([("40000", "records", fixture.rawTree([("40000", "2026", year)]))])
        try fixture.git(["update-ref", "refs/heads/muster/records", try fixture.rawCommit(tree: root).hex])
        let found = try fixture.catalog().records(RecordQuery(branch: "muster/records", limit: 10))
        #expect(found.map(\.run) == [run])
    }
}
