// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterGit
import MusterModel
import MusterSystem
import Testing

struct PushTests {
    private let ref = runID(1).ref
    private let log = "refs/heads/muster/records"

    /// A repository with one recorded run and, as the remote `forge`, an empty one.
    private func recorded() throws -> (Fixture, Catalog, String) {
        let fixture = try Fixture(bare: true)
        let forge = "\(fixture.root)/forge.git"
        try fixture.git(["init", "-q", "--bare", "-b", "main", forge], in: fixture.root)
        try fixture.git(["remote", "add", "forge", forge])
        let catalog = fixture.catalog()
        _ = try catalog.commitRun(runCommit(runID(1), ["a": "1\n"]))
        _ = try catalog.mergeRecord(recordMerge(runID(1)))
        return (fixture, catalog, forge)
    }

    /// Everything that a push could change here.
    private func refs(_ fixture: Fixture, in folder: String? = nil) throws -> String {
        try fixture.git(["for-each-ref", "--format=%(refname) %(objectname)"], in: folder).text
    }

    @Test func `branches arrive as they are, and again is no error`() throws {
        let (fixture, catalog, forge) = try recorded()
        let before = try refs(fixture)
        for _ in 1...2 {
            let report = try catalog.push(PushOrder(remote: "forge", refs: [ref, log]))
            #expect(report.isComplete && report.refs.map(\.ref) == [ref, log])
            #expect(try refs(fixture, in: forge) == before)
        }
        #expect(try refs(fixture) == before)
    }

    @Test func `a remote that went another way is a rejection, and nothing is forced`() throws {
        let (fixture, catalog, forge) = try recorded()
        let other = try fixture.git(["commit-tree", "-m", "other", "\(ref)^{tree}"]).line
        try fixture.git(["push", "-q", "forge", "\(other):\(log)"])
        let before = try refs(fixture)
        let report = try catalog.push(PushOrder(remote: "forge", refs: [log]))
        guard case .rejected(let why) = report.refs[0].outcome else {
            Issue.record("\(report)")
            return
        }
        #expect(why.contains("never forces"))
        #expect(try refs(fixture, in: forge) == "\(log) \(other)\n")
        #expect(try refs(fixture) == before)
    }

    @Test func `a hook's refusal of one branch is told, the other branch arrives`() throws {
        let (fixture, catalog, forge) = try recorded()
        let hook = "#!/bin/sh\ncase $1 in */records) echo no records here >&2; exit 1;; esac\n"
        try fixture.writeFile("\(forge)/hooks/update", Array(hook.utf8))
        #expect(chmod("\(forge)/hooks/update", 0o755) == 0)
        let daemon = try GitDaemon(serving: fixture.root, home: fixture.home)
        try fixture.git(["remote", "set-url", "forge", "git://127.0.0.1:\(daemon.port)/forge.git"])
        let report = try catalog.push(PushOrder(remote: "forge", refs: [ref, log]))
        #expect(report.refs[0].outcome == .accepted)
        #expect(report.refs[1].outcome == .rejected("hook declined"))
        #expect(try refs(fixture, in: forge) == "\(ref) \(fixture.head(ref))\n")
    }

    @Test func `a remote that is not there or does not answer is unreachable, and the worker serves on`() throws {
        let (fixture, catalog, _) = try recorded()
        let before = try refs(fixture)
        let silent = try Listener()
        let order = PushOrder(remote: "forge", refs: [ref])
        for url in [
            "/nowhere/forge.git", "odd://ada:secret@forge/x.git", "https://ada:secret@127.0.0.1:1/x.git",
            "git://127.0.0.1:1/forge.git", "git://127.0.0.1:\(silent.port)/forge.git",
        ] {
            try fixture.git(["remote", "set-url", "forge", url])
            let report = try catalog.push(order, deadline: .seconds(2))
            guard case .unreachable(let why) = report.refs[0].outcome else {
                Issue.record("\(url): \(report)")
                continue
            }
            #expect(!why.isEmpty && !why.contains("secret") && !report.isComplete)
        }
        #expect(try refs(fixture) == before)
        #expect(try catalog.runTips().count == 1)
    }

    @Test func `only branches go, and only to remotes with a name`() throws {
        let (fixture, catalog, forge) = try recorded()
        for remote in ["", "origin", forge, "file://\(forge)"] {
            #expect(try errorCode { try catalog.push(PushOrder(remote: remote, refs: [ref])) } == "git.unknown-remote")
        }
        for odd in ["+\(ref)", ":\(ref)", "\(ref):refs/heads/main", "refs/tags/v1", "HEAD", "refs/heads/a b"] {
            #expect(try errorCode { try catalog.push(PushOrder(remote: "forge", refs: [odd])) } == "git.push-refused")
        }
        #expect(try refs(fixture, in: forge) == "")
    }

    @Test func `a run that went another way on the remote is kept beside it, and what else there is arrives`() throws {
        let forge = try Forge(machines: 2)
        let (one, two) = (forge.machines[0].catalog(), forge.machines[1].catalog())
        let mine = try one.commitRun(runCommit(runID(1), ["a": "mine\n"]))
        let other = try two.commitRun(runCommit(runID(1), ["a": "other\n"]))
        let second = try two.commitRun(runCommit(runID(2), ["a": "2\n"]))
        #expect(try one.push(PushOrder(remote: "forge", refs: [ref])).isComplete)
        let order = PushOrder(remote: "forge", refs: [ref, runID(2).ref, "refs/heads/none"])
        var kept = ""
        for _ in 1...2 {
            let report = try two.push(order)
            kept = try #require(report.refs[0].conflict)
            #expect(kept.hasPrefix("refs/heads/muster/conflicts/\(runID(1))/"))
            guard case .rejected(let why) = report.refs[0].outcome else {
                Issue.record("\(report)")
                return
            }
            #expect(why.contains(mine.short) && why.contains(other.short) && why.contains(kept))
            #expect(report.refs[1].outcome == .accepted)
            #expect(report.refs[2].outcome == .rejected("this repository has no such branch"))
        }
        #expect(try forge.refs() == "\(kept) \(other)\n\(ref) \(mine)\n\(runID(2).ref) \(second)\n")
    }

    @Test func `a run whose branch on the remote cannot be fetched is not taken for one that went another way`() throws
    {
        let (fixture, catalog, forge) = try recorded()
        #expect(try catalog.push(PushOrder(remote: "forge", refs: [ref])).isComplete)
        // Somebody else went on with it, and the forge takes pushes only.
        let tree = try fixture.git(["rev-parse", "\(ref)^{tree}"]).line
        let tip = try fixture.head(ref)
        let ahead = try fixture.git(["commit-tree", tree, "-p", tip.hex, "-m", "ahead"]).line
        try fixture.git(["push", "-q", "forge", "\(ahead):\(ref)"])
        try fixture.git(["update-ref", "-d", "refs/remotes/forge/muster/runs/\(runID(1))"])
        try fixture.git(["reflog", "expire", "--expire=now", "--all"])
        try fixture.git(["gc", "-q", "--prune=now"])
        try fixture.git(["-C", forge, "config", "daemon.uploadpack", "false"])
        try fixture.git(["-C", forge, "config", "daemon.receivepack", "true"])
        let daemon = try GitDaemon(serving: fixture.root, home: fixture.home)
        try fixture.git(["remote", "set-url", "forge", "git://127.0.0.1:\(daemon.port)/forge.git"])
        let report = try fixture.catalog().push(PushOrder(remote: "forge", refs: [ref]))
        guard case .unreachable(let why) = report.refs[0].outcome else {
            Issue.record("\(report)")
            return
        }
        #expect(why.contains("could not be fetched") && report.refs[0].conflict == nil)
        #expect(try refs(fixture, in: forge) == "\(ref) \(ahead)\n")
    }

    @Test func `a remote that refuses the place beside it too is told with both reasons`() throws {
        let forge = try Forge(machines: 2)
        let (one, two) = (forge.machines[0].catalog(), forge.machines[1].catalog())
        let mine = try one.commitRun(runCommit(runID(1), ["a": "mine\n"]))
        _ = try two.commitRun(runCommit(runID(1), ["a": "other\n"]))
        #expect(try one.push(PushOrder(remote: "forge", refs: [ref])).isComplete)
        try forge.hook("update", "exit 1")
        let report = try two.push(PushOrder(remote: "forge", refs: [ref]))
        guard case .rejected(let why) = report.refs[0].outcome else {
            Issue.record("\(report)")
            return
        }
        #expect(why.contains("another way") && why.contains("hook declined") && report.refs[0].conflict == nil)
        #expect(try forge.refs() == "\(ref) \(mine)\n")
    }
}
