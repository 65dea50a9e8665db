// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterGit
import MusterModel
import Testing

struct FetchRunTests {
    private let run = runID(1)

    /// A run with one commit on machine 0, published.
    private func published() throws -> (Forge, Catalog, Catalog, ObjectID) {
        let forge = try Forge(machines: 2)
        let (one, two) = (forge.machines[0].catalog(), forge.machines[1].catalog())
        let first = try one.commitRun(runCommit(run, ["a": "1\n", "evidence/x": "shown\n"]))
        try publish(one)
        return (forge, one, two, first)
    }

    private func publish(_ catalog: Catalog) throws {
        let report = try catalog.push(PushOrder(remote: "forge", refs: [run.ref]))
        #expect(report.isComplete, "\(report)")
    }

    @Test func `a run arrives as it is, moves forwards with the remote's, and again changes nothing`() throws {
        let (forge, one, two, first) = try published()
        #expect(try two.fetchRun(runID(9), from: "forge") == nil)
        let fetched = try two.fetchRun(run, from: "forge")
        #expect(fetched?.tip == first && fetched?.isNew == true)
        let files = try two.readRecord(RecordPlace(run: run, branch: nil), paths: ["a", "evidence/x"])
        #expect(files?["evidence/x"]?.content.text == "shown\n")
        let second = try one.commitRun(runCommit(run, parent: first, ["a": "2\n"]))
        try publish(one)
        for isNew in [true, false] {
            let next = try two.fetchRun(run, from: "forge")
            #expect(next?.tip == second && next?.isNew == isNew && next?.isAhead == false)
        }
        let machine = forge.machines[1]
        #expect(try machine.git(["for-each-ref", "--format=%(refname)"]).text == "\(run.ref)\n")
        #expect(access("\(machine.gitFolder)/FETCH_HEAD", F_OK) != 0)
        #expect(try machine.isSound())
    }

    @Test func `a branch that is ahead of the remote's stays`() throws {
        let (forge, one, two, first) = try published()
        _ = try two.fetchRun(run, from: "forge")
        let second = try two.commitRun(runCommit(run, parent: first, ["a": "2\n"]))
        let fetched = try two.fetchRun(run, from: "forge")
        #expect(fetched?.tip == second && fetched?.remoteTip == first && fetched?.isAhead == true)
        // The remote goes on; who is behind publishes without a conflict.
        try publish(two)
        try publish(one)
        #expect(try one.runTips().map(\.commit) == [first])
        #expect(try forge.refs() == "\(run.ref) \(second)\n")
    }

    @Test func `a run that went two ways is an error that names both tips, and nothing moves`() throws {
        let (forge, one, two, first) = try published()
        _ = try two.fetchRun(run, from: "forge")
        let mine = try one.commitRun(runCommit(run, parent: first, ["a": "mine\n"]))
        let other = try two.commitRun(runCommit(run, parent: first, ["a": "other\n"]))
        try publish(one)
        do {
            _ = try two.fetchRun(run, from: "forge")
            Issue.record("one of two ways was given up")
        } catch {
            #expect(error.code == "git.run-diverged")
            #expect(error.summary.contains(mine.hex) && error.summary.contains(other.hex))
        }
        #expect(try forge.machines[1].head(run.ref) == other)
    }

    @Test func `a repository that gives way takes the remote's, and keeps its own beside it`() throws {
        let (forge, one, two, first) = try published()
        _ = try two.fetchRun(run, from: "forge")
        let mine = try one.commitRun(runCommit(run, parent: first, ["a": "mine\n"]))
        let other = try two.commitRun(runCommit(run, parent: first, ["a": "other\n"]))
        try publish(one)
        let fetched = try #require(try two.fetchRun(run, from: "forge", givingWay: true))
        #expect(fetched.tip == mine && fetched.isNew)
        let aside = try #require(fetched.aside)
        #expect(aside.hasPrefix("refs/heads/muster/conflicts/\(run)/"))
        #expect(try two.asideTips().map { [$0.ref, $0.commit.hex] } == [[aside, other.hex]])
        #expect(try two.runTips().map(\.commit) == [mine])
        #expect(try two.fetchRun(run, from: "forge", givingWay: true)?.aside == nil)
        // A second way of the same machine gets a place of its own.
        let third = try two.commitRun(runCommit(run, parent: mine, ["a": "third\n"]))
        _ = try one.commitRun(runCommit(run, parent: mine, ["a": "fourth\n"]))
        try publish(one)
        #expect(try two.fetchRun(run, from: "forge", givingWay: true)?.aside == "\(aside)-2")
        #expect(try two.asideTips().map(\.commit) == [other, third])
        #expect(try forge.machines[1].isSound())
    }

    @Test func `what is no run under a run's name is refused before a branch leads to it`() throws {
        let (forge, _, two, first) = try published()
        let machine = forge.machines[0]
        let tree = try machine.git(["rev-parse", "\(first)^{tree}"]).line
        let root = try machine.rawCommit(tree: ObjectID(tree)!)
        let twice = try machine.git(["commit-tree", tree, "-p", first.hex, "-p", root.hex, "-m", "merge"]).line
        let link = try machine.rawTree([("120000", "link", machine.blob("/etc/passwd"))])
        let odd = try machine.rawCommit(tree: link)
        for (commit, code) in [(twice, "git.odd-run"), (odd.hex, "git.unsafe-entry")] {
            try machine.git(["push", "-q", "--force", "forge", "\(commit):\(run.ref)"])
            #expect(try errorCode { try two.fetchRun(run, from: "forge") } == code)
        }
        #expect(try two.runTips() == [])
    }

    @Test func `a remote that lost a part of the run is found out`() throws {
        let (forge, one, two, first) = try published()
        let second = try one.commitRun(runCommit(run, parent: first, ["a": "2\n", "evidence/x": "shown\n"]))
        try publish(one)
        _ = try two.fetchRun(run, from: "forge")
        // This machine has the newest commit, but lost a file of it.
        let machine = forge.machines[1]
        try machine.git(["update-ref", "-d", run.ref])
        let blob = ObjectID(blob: Array("2\n".utf8))
        let objects = try forge.pack(of: second)
        for pack in try machine.run("/usr/bin/find", ["\(machine.gitFolder)/objects/pack", "-type", "f"]).text.split(
            separator: "\n")
        {
            unlink(String(pack))
        }
        try machine.git(["unpack-objects", "-q"], input: objects)
        #expect(unlink(machine.looseFile(blob)) == 0)
        let again = machine.catalog()  // a worker that has read an object keeps it
        #expect(try errorCode { try again.fetchRun(run, from: "forge") } == "git.corrupt-repository")
        #expect(access("\(machine.gitFolder)/\(run.ref)", F_OK) != 0)
    }

    @Test func `a remote that is down or silent is unreachable`() throws {
        let (forge, _, two, _) = try published()
        let silent = try Listener()
        for port in [1, silent.port] {
            try forge.machines[1].git(["remote", "set-url", "forge", "git://127.0.0.1:\(port)/forge.git"])
            let code = try errorCode { try two.fetchRun(run, from: "forge", deadline: .milliseconds(500)) }
            #expect(code == "git.remote-unreachable")
        }
        #expect(try errorCode { try two.fetchRun(run, from: "nowhere") } == "git.unknown-remote")
        #expect(try two.runTips() == [])
    }
}
