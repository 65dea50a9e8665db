// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterGit
import MusterModel
import MusterSystem
import MusterTestSupport
import Testing

struct MergeRecordTests {
    @Test func `the log lists runs by first parents and the runs' steps by second parents`() throws {
        let fixture = try Fixture()
        try fixture.commit(["muster.yaml": "a\n"])
        let catalog = fixture.catalog()
        var tips: [ObjectID] = []
        for number in 1...2 as ClosedRange<UInt32> {
            tips.append(try catalog.commitRun(runCommit(runID(number), ["README.md": "run \(number)\n"])))
            let merged = try catalog.mergeRecord(recordMerge(runID(number)))
            #expect(!merged.wasThere && merged.attempts == 1)
        }
        let lines = try fixture.git(["log", "--first-parent", "--format=%s", "muster/records"]).text
        #expect(lines == "Record \(runID(2))\nRecord \(runID(1))\nOpen the log of executions\n")
        #expect(try fixture.head("muster/records^2") == tips[1])
        let path = "muster/records:\(runID(1).recordPath)/README.md"
        #expect(try fixture.git(["show", path]).text == "run 1\n")
        #expect(try fixture.isSound())
    }

    @Test func `a record that is there stays, grows with its run's branch, and another one is an error`() throws {
        let fixture = try Fixture(bare: true)
        let catalog = fixture.catalog()
        let first = try catalog.commitRun(runCommit(runID(1), ["a": "1\n"]))
        let merged = try catalog.mergeRecord(recordMerge(runID(1)))
        #expect(try catalog.mergeRecord(recordMerge(runID(1))).wasThere)
        let second = try catalog.commitRun(runCommit(runID(1), parent: first, ["a": "2\n"]))
        let grown = try catalog.mergeRecord(recordMerge(runID(1)))
        #expect(!grown.wasThere)
        #expect(try fixture.head("muster/records^1") == merged.commit)
        // A branch that was begun anew does not hold what the log has of the run.
        try fixture.git(["update-ref", "-d", runID(1).ref, second.hex])
        _ = try catalog.commitRun(runCommit(runID(1), ["a": "3\n"]))
        #expect(try errorCode { try catalog.mergeRecord(recordMerge(runID(1))) } == "git.record-differs")
        #expect(try fixture.head("muster/records") == grown.commit)
        #expect(try errorCode { try catalog.mergeRecord(recordMerge(runID(9))) } == "git.unknown-run")
        for branch in ["", "a..b", "a b", "../x", "x.lock"] {
            #expect(
                try errorCode { try catalog.mergeRecord(recordMerge(runID(1), branch: branch)) } == "git.invalid-branch"
            )
        }
    }

    /// Eight worker processes, each with its own queue of runs, driven by one loop that never waits for a single one.
    @Test func `eight writers at once lose nothing`() throws {
        let each = CampaignScale.pick(full: 200, sample: 15)
        let fixture = try Fixture(bare: true)
        let writers = (0..<8).map { GitClient(folder: fixture.repository, options: fixture.options(seed: UInt64($0))) }
        let runs = try write(each, by: writers)
        let lines = try fixture.git(["log", "--first-parent", "--format=%s|%P", "muster/records"]).text.split(
            separator: "\n")
        let merges = lines.dropLast().filter { $0.hasPrefix("Record ") && $0.split(separator: " ").count == 3 }
        let paths = try fixture.git(["ls-tree", "-r", "--name-only", "muster/records"]).text.split(separator: "\n")
        let lost = Set(runs.map { "\($0.recordPath)/README.md" }).subtracting(paths.map(String.init)).count
        try CampaignLog.add(
            kind: "8 writers of one log", points: runs.count, lost: lost, doubled: max(0, merges.count - runs.count),
            notResumable: 0, wrongEnd: lines.count - 1 - merges.count)
        #expect(lost == 0 && paths.count == runs.count && merges.count == runs.count && lines.count == runs.count + 1)
        let records = try fixture.catalog().records(RecordQuery(branch: "muster/records", limit: 2 * runs.count))
        #expect(Set(records.map(\.run)) == Set(runs))
        #expect(try fixture.isSound())
    }

    /// The runs that were acknowledged as merged, once each.
    private func write(_ each: Int, by writers: [GitClient]) throws -> [RunID] {
        var left = Array(repeating: each, count: writers.count)
        var merged: [RunID] = []
        func run(_ writer: Int) -> RunID { runID(UInt32(writer * 1000 + left[writer])) }
        func sendNext(_ writer: Int) throws {
            _ = try writers[writer].send(.commitRun(runCommit(run(writer), ["README.md": "\(run(writer))\n"])))
            _ = try writers[writer].send(.mergeRecord(recordMerge(run(writer))))
        }
        for writer in writers.indices { try sendNext(writer) }
        while merged.count < each * writers.count {
            _ = waitUntilReady(writers.flatMap(\.pollTargets), timeout: .seconds(30))
            for (index, writer) in writers.enumerated() {
                for answer in writer.receive() where try answer.result.get()["wasThere"] == false {
                    merged.append(run(index))
                    left[index] -= 1
                    if left[index] > 0 { try sendNext(index) }
                }
            }
        }
        return merged
    }

    /// Stock git knows nothing of Muster's own queue: only compare-and-swap keeps its commits and ours.
    @Test func `a foreign writer on the log loses nothing and neither do we`() throws {
        let fixture = try Fixture(bare: true)
        let client = GitClient(folder: fixture.repository, options: fixture.options())
        _ = try client.call(.commitRun(runCommit(runID(0), ["a": "0"])), as: ObjectID.self)
        _ = try client.call(.mergeRecord(recordMerge(runID(0))), as: MergedRecord.self)
        for number in 1...20 as ClosedRange<UInt32> {
            _ = try client.send(.commitRun(runCommit(runID(number), ["a": "\(number)"])))
            _ = try client.send(.mergeRecord(recordMerge(runID(number))))
        }
        var foreign = 0
        while client.nextDeadline != nil {
            for answer in client.receive() { _ = try answer.result.get() }
            let tip = try fixture.head("muster/records")
            let commit = try fixture.git(["commit-tree", "\(tip)^{tree}", "-p", tip.hex, "-m", "foreign"]).line
            if try fixture.tryGit(["update-ref", "refs/heads/muster/records", commit, tip.hex]).succeeded {
                foreign += 1
            }
        }
        let subjects = try fixture.git(["log", "--first-parent", "--format=%s", "muster/records"]).text.split(
            separator: "\n")
        #expect(subjects.filter { $0 == "foreign" }.count == foreign)
        #expect(subjects.filter { $0.hasPrefix("Record ") }.count == 21)
        #expect(try fixture.isSound())
    }
}
