// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Glibc
import MusterModel
import Testing

/// What a machine keeps of its runs is damaged or gone: it is told as it is, and nothing begins on a half-done target.
struct DamagedStateTests {
    private func cutOff(locks: [String] = []) throws -> LedgerDrill {
        let drill = try LedgerDrill(
            [.init("one"), .init("two", "waitsIn: apply-begun, waitsOnce: true")], locks: locks)
        let command = try drill.start()
        try command.wait(for: "waits in ")
        let run = drill.catalog.unfinishedRecord(of: drill.runID)
        try eventually("the beginning is committed") { try run.file("journal.jsonl").contains("\"step-begun\"") }
        try drill.killWhereItWaits(command)
        return drill
    }

    private func journalPath(_ drill: LedgerDrill) -> String {
        "\(drill.catalog.state)/runs/\(drill.runID)/journal.jsonl"
    }

    // MARK: Locks

    @Test(arguments: ["garbage\n", "", nil])
    func `a lock whose note is damaged or gone does not free a half-done target`(note: String?) throws {
        let drill = try cutOff(locks: ["target:lab", "target:other"])
        try setLocks(drill, note)
        if note == "garbage\n" {
            for refused in try [drill.run(), drill.resume()] {
                #expect(refused.status == 3 && refused.errors.contains("[run.lock-damaged]"), "\(refused)")
            }
            // As the message says.
            try setLocks(drill, nil)
        }
        let refused = try drill.run()
        #expect(refused.status == 3 && refused.errors.contains("[run.unfinished]"), "\(refused)")
        #expect(try drill.effects() == ["apply one": 1])
        #expect(try drill.resume().status == 0)
        #expect(try drill.run().status == 0)
    }

    private func setLocks(_ drill: LedgerDrill, _ note: String?) throws {
        let folder = "\(drill.catalog.state)/locks"
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            unlink("\(folder)/\(name)")
            try note?.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
        }
    }

    @Test func `a lock that is no file is refused and not waited for`() throws {
        let drill = try cutOff(locks: ["target:lab"])
        let folder = "\(drill.catalog.state)/locks"
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
        unlink("\(folder)/\(name)")
        mkfifo("\(folder)/\(name)", 0o600)
        let refused = try drill.run()
        #expect(
            refused.status == 3 && refused.errors.contains("it is no regular file. [run.cannot-lock]"), "\(refused)")
    }

    @Test func `a socket's place that something else has is told`() throws {
        let drill = try cutOff()
        let control = "\(drill.catalog.state)/runs/\(drill.runID)/control"
        unlink(control)
        mkdir(control, 0o700)
        let refused = try drill.resume()
        #expect(refused.status == 1 && refused.errors.contains("something else has its place"), "\(refused)")
        rmdir(control)
        #expect(try drill.resume().status == 0)
    }

    // MARK: Journals

    @Test(arguments: [1, 6])
    func `a journal that was cut short tells no story of its own`(lines: Int) throws {
        let drill = try cutOff()
        let kept = try drill.journalLines(of: drill.runID).prefix(lines).joined(separator: "\n") + "\n"
        try kept.write(toFile: journalPath(drill), atomically: false, encoding: .utf8)
        let status = try drill.catalog.muster("status", "last")
        #expect(status.status == 6 && status.errors.contains("[journal.damaged]"), "\(status)")
        #expect(status.output == "\(drill.runID): journal damaged, the branch tells more\n", "\(status)")
        let json = try drill.catalog.muster("status", "last", "--json")
        #expect(json.status == 6)
        #expect(try json.json["caveat"] == "journal.damaged" && json.json["steps"] == nil, "\(json)")
        let plan = try drill.catalog.muster("rollback", "last", "--plan")
        #expect(plan.status == 6 && plan.errors.contains("error: ") && plan.output.isEmpty, "\(plan)")
        #expect(plan.errors.contains("[journal.damaged]"), "\(plan)")
    }

    @Test func `a run whose journal is gone is not told as none`() throws {
        let drill = try cutOff()
        unlink(journalPath(drill))
        for words in [["status"], ["status", drill.runID], ["rollback", "last", "--plan"]] {
            let told = try drill.catalog.muster(words)
            #expect(told.status == 3 && told.errors.contains("[run.journal-lost]"), "\(told)")
            #expect(told.errors.contains(drill.runID) && told.errors.contains("--take-over"), "\(told)")
        }
        let result = try drill.resume("--take-over", "--reason", "The journal is lost")
        #expect(result.status == 0 && result.output.contains("✓ succeeded"), "\(result)")
        // What was never begun is no run.
        mkdir("\(drill.catalog.state)/runs/20991231-235959-drill-abcdef", 0o700)
        #expect(try drill.catalog.muster("status").output.contains("succeeded"))
    }

    // MARK: The whole folder

    @Test(arguments: ["", "/runs"])
    func `a place for runs that cannot be looked into is not told as an empty one`(below: String) throws {
        let drill = try LedgerDrill([.init("one")])
        let state = drill.catalog.state
        if !below.isEmpty { mkdir(state, 0o700) }
        try "".write(toFile: state + below, atomically: false, encoding: .utf8)
        for words in [["status"], ["list"], ["publish"], drill.arguments + ["--yes"]] {
            let told = try drill.catalog.muster(words)
            #expect(told.status == 3 && told.errors.contains("\(state)\(below), which keeps"), "\(told)")
            #expect(told.errors.contains("is no folder") && told.errors.contains("[state.unreadable]"), "\(told)")
        }
    }

    @Test func `a run that cannot be locked leaves no folder of it`() throws {
        let drill = try LedgerDrill([.init("one")])
        mkdir(drill.catalog.state, 0o700)
        try "".write(toFile: "\(drill.catalog.state)/engines", atomically: false, encoding: .utf8)
        let refused = try drill.run()
        #expect(refused.status == 3 && refused.errors.contains("[run.cannot-lock]"), "\(refused)")
        #expect(drill.catalog.runFolders.isEmpty)
    }

    // MARK: Branches

    @Test func `a repository that nobody can write to is not told as damaged`() throws {
        let drill = try LedgerDrill([.init("one")])
        let script = "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\" && exec \"$@\""
        let readOnly = [
            "/usr/bin/unshare", "--user", "--map-root-user", "--mount", "/bin/sh", "-c", script, drill.catalog.folder,
        ]
        let refused = try drill.catalog.start(drill.arguments + ["--yes"], under: readOnly).finish()
        #expect(refused.status == 3 && refused.errors.contains("[git.failed]"), "\(refused)")
        #expect(refused.errors.contains("disk is read-only") && !refused.errors.contains("fsck"), "\(refused)")
        #expect(try drill.effects().isEmpty)
    }

    @Test func `verify reports a run's branch that cannot be read, and says when there is nothing to verify`() throws {
        let drill = try LedgerDrill([.init("one")])
        let nothing = try drill.catalog.muster("verify", "--all")
        #expect(nothing.status == 0 && nothing.output.hasPrefix("Nothing to verify"), "\(nothing)")
        #expect(try drill.run().status == 0)
        let ref = "refs/heads/muster/runs/\(drill.runID)"
        let path = "\(drill.catalog.folder)/.git/\(ref)"
        try "garbage\n".write(toFile: path, atomically: false, encoding: .utf8)
        let told = try drill.catalog.muster("verify", "--all")
        #expect(told.status == 6 && told.output.contains("✗ \(drill.runID)"), "\(told)")
        #expect(told.errors.contains(ref) && told.errors.contains("[record.branch-damaged]"), "\(told)")
        // The log is gone as well: the branch was all that told of the run.
        try drill.catalog.git("update-ref", "-d", "refs/heads/muster/records")
        let alone = try drill.catalog.muster("verify", "--all", "--json")
        #expect(alone.status == 6, "\(alone)")
        #expect(try alone.json.array?.first?["verified"] == false)
    }

    @Test func `verify names a record with a link in its tree, and proves the others still`() throws {
        let drill = try LedgerDrill([.init("one")])
        #expect(try drill.run().status == 0)
        let sound = drill.runID
        #expect(try drill.run().status == 0)
        let evil = try #require(drill.catalog.runFolders.first { $0 != sound })
        let script = """
            cd '\(drill.catalog.folder)' && ref=refs/heads/muster/runs/\(evil) && id=$(printf /etc/passwd | git hash-object -w --stdin)
            tree=$( (git ls-tree $ref; printf '120000 blob %s\tzz\n' $id) | git mktree) || exit 1
            git update-ref $ref $(git -c user.name=E -c user.email=e@example.org commit-tree -m Evil -p $ref $tree)
            """
        #expect(try drill.catalog.program("/bin/sh", ["-c", script]).status == 0)
        let told = try drill.catalog.muster("verify", "--all")
        #expect(told.status == 6 && told.errors.contains("[git.unsafe-entry]"), "\(told)")
        #expect(told.output.contains("✗ \(evil)") && told.output.contains("✓ \(sound)"), "\(told)")
        #expect(!told.everything.contains("root:"))
    }
}
