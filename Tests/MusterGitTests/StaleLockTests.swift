// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterGit
import MusterModel
import MusterSystem
import Testing

struct StaleLockTests {
    private let ref = runID(1).ref

    /// A repository with a run's first commit, and a lock file on the run's branch with this text.
    private func locked(_ text: String, age: Int = 0) throws -> (Fixture, ObjectID, String) {
        let fixture = try Fixture(bare: true)
        let tip = try fixture.catalog().commitRun(runCommit(runID(1), ["a": "1\n"]))
        let lock = "\(fixture.gitFolder)/\(ref).lock"
        try fixture.writeFile(lock, Array(text.utf8))
        let then = timespec(tv_sec: time(nil) - age, tv_nsec: 0)
        #expect(utimensat(AT_FDCWD, lock, [then, then], 0) == 0)
        return (fixture, tip, lock)
    }

    /// What a writer leaves that died between the note and the ref's new value.
    private func plantNote(
        _ fixture: Fixture, target: ObjectID, process: Int32, boot: String? = nil, host: String? = nil
    ) throws {
        let name = try #require(read("/proc/sys/kernel/hostname"))
        let note: JSON = [
            "process": .int(Int64(process)), "started": 1,
            "boot": .string(boot ?? read("/proc/sys/kernel/random/boot_id") ?? ""),
            "host": .string(host ?? name), "ref": .string(ref), "target": .string(target.hex),
        ]
        try fixture.writeFile("\(fixture.gitFolder)/muster/writer-\(process)", note.canonicalBytes())
    }

    private func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, 256, file) != nil else { return nil }
        return String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private let target = ObjectID(blob: [7])

    @Test(arguments: ["", "5a69", "full"], [nil, "another boot"])
    func `a dead writer's lock is removed by the next writer`(content: String, boot: String?) throws {
        let text = content == "full" ? "\(target)\n" : String(target.hex.prefix(content.utf8.count))
        let (fixture, tip, lock) = try locked(text, age: 60)
        // The same number with another start time: whoever has the number now is not the writer.
        try plantNote(fixture, target: target, process: getpid(), boot: boot)
        let next = try fixture.catalog().commitRun(runCommit(runID(1), parent: tip, ["a": "2\n"]))
        #expect(try fixture.head(ref) == next)
        #expect(access(lock, F_OK) != 0)
        #expect(access("\(fixture.gitFolder)/muster/writer-\(getpid())", F_OK) != 0)
    }

    @Test func `a lock that no dead writer explains is named with its age and left alone`() throws {
        let (fixture, tip, lock) = try locked("\(ObjectID(blob: [9]))\n", age: 3600)
        try plantNote(fixture, target: target, process: getpid())
        do {
            _ = try fixture.catalog().commitRun(runCommit(runID(1), parent: tip, ["a": "2\n"]))
            Issue.record("the foreign lock was ignored")
        } catch {
            #expect(
                error.code == "git.locked" && error.summary.contains(lock.dropFirst(4)) && error.summary.contains("1 h")
            )
        }
        #expect(access(lock, F_OK) == 0)
        #expect(try fixture.head(ref) == tip)
    }

    @Test func `a note of another machine proves nothing`() throws {
        let (fixture, tip, lock) = try locked("\(target)\n", age: 3600)
        try plantNote(fixture, target: target, process: 1, host: "elsewhere.example.org")
        let code = try errorCode { try fixture.catalog().commitRun(runCommit(runID(1), parent: tip, ["a": "2\n"])) }
        #expect(code == "git.locked" && access(lock, F_OK) == 0)
    }

    /// `kill -9` at each rename, link, unlink and fsync of a commit and its merge, until one goes through untouched.
    @Test(
        .enabled(if: access("/usr/bin/strace", X_OK) == 0, "strace injects the deaths"),
        arguments: ["link", "rename", "unlink", "fsync"])
    func `a worker that dies anywhere leaves a sound repository in which the next one commits`(call: String) throws {
        let fixture = try Fixture(bare: true)
        _ = try fixture.catalog().commitRun(runCommit(runID(0), ["a": "0\n"]))
        _ = try fixture.catalog().mergeRecord(recordMerge(runID(0)))
        var deaths = 0
        for point in 1...60 {
            let run = runID(UInt32(point))
            let injection = "inject=\(call):signal=KILL:when=\(point)"
            let dying = fixture.catalog(
                fixture.options(command: [
                    "/usr/bin/strace", "-f", "-qq", "-o", "/dev/null", "-e", injection, musterExecutable,
                    gitWorkerArgument,
                ]))
            let died = try errorCode {
                _ = try dying.commitRun(runCommit(run, ["a": "\(point)\n"]))
                return try dying.mergeRecord(recordMerge(run))
            }
            dying.client.close()
            let catalog = fixture.catalog()
            _ = try catalog.commitRun(runCommit(run, ["a": "\(point)\n"]))
            _ = try catalog.mergeRecord(recordMerge(run))
            guard let died else { break }
            #expect(died == "git.worker-ended")
            deaths += 1
        }
        #expect(deaths >= 1)
        let listed = try fixture.catalog().records(RecordQuery(branch: "muster/records", limit: 100))
        #expect(listed.count == deaths + 2)
        #expect(try fixture.isSound())
    }
}
