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
}

/// A port of the loopback interface that takes connections and never says a word.
final class Listener {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && listen(socket, 8) == 0
                    && getsockname(socket, $0, &length) == 0
            }
        }
        guard bound else { throw ProgramFailed(command: "bind", errors: String(cString: strerror(errno))) }
        descriptor = socket
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }
}

/// Stock git's own server on a free port of the loopback interface.
final class GitDaemon {
    let port: UInt16
    private let process: ChildProcess

    init(serving folder: String, home: String) throws {
        for _ in 1...5 {
            // The port is free for an instant before the daemon takes it; when another process is faster, the next one is tried.
            let port = try Listener().port
            let process = try ChildProcess(
                path: "/usr/lib/git-core/git-daemon",
                arguments: [
                    "--verbose", "--listen=127.0.0.1", "--port=\(port)", "--export-all", "--enable=receive-pack",
                    "--base-path=\(folder)", folder,
                ], environment: ["HOME": home, "PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1"])
            if Self.isReady(process) {
                self.port = port
                self.process = process
                return
            }
        }
        throw ProgramFailed(command: "git-daemon", errors: "no free port was found")
    }

    private static func isReady(_ process: ChildProcess) -> Bool {
        var said = ""
        while process.errors >= 0, !said.contains("Ready to rumble") {
            _ = waitUntilReady([PollTarget(reading: process.errors)], timeout: nil)
            if case .bytes(let bytes) = process.readErrors() { said += String(decoding: bytes, as: UTF8.self) }
        }
        return said.contains("Ready to rumble")
    }
}
