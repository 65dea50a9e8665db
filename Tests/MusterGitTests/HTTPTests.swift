// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterGit
import MusterModel
import MusterSystem
import Testing

/// Stock git's own HTTP server side on loopback.
private final class HTTPForge {
    let folder: String
    private let fixture: Fixture
    private let process: ChildProcess
    private let port: String

    init() throws {
        fixture = try Fixture(bare: true)
        folder = "\(fixture.root)/forge.git"
        try fixture.git(["init", "-q", "--bare", "-b", "main", folder], in: fixture.root)
        try fixture.git(["config", "http.receivepack", "true"], in: folder)
        let script = #filePath.replacing("HTTPTests.swift", with: "Servers/git_http.py")
        process = try ChildProcess(
            path: "/usr/bin/python3", arguments: [script, fixture.root],
            environment: ["HOME": fixture.home, "PATH": "/usr/bin:/bin"])
        var said = ""
        while process.output >= 0, !said.contains("\n") {
            _ = waitUntilReady([PollTarget(reading: process.output)], timeout: nil)
            if case .bytes(let bytes) = process.readOutput() { said += String(decoding: bytes, as: UTF8.self) }
        }
        port = said.filter(\.isNumber)
        guard !port.isEmpty else { throw ProgramFailed(command: script, errors: "it names no port") }
    }

    func machine() throws -> Fixture {
        let machine = try Fixture(bare: true)
        try machine.git(["remote", "add", "forge", "http://127.0.0.1:\(port)/forge.git"])
        return machine
    }

    func refs() throws -> String { try fixture.git(["for-each-ref", "--format=%(refname)"], in: folder).text }
}

/// The same over HTTP, where each request is a connection of its own.
@Suite(.enabled(if: access("/usr/lib/git-core/git-http-backend", X_OK) == 0, "git's own server side answers"))
struct HTTPTests {
    @Test func `leases are taken, refused, given back and read`() throws {
        let forge = try HTTPForge()
        let machines = try (0..<2).map { _ in try forge.machine() }
        let (one, two) = (machines[0].catalog(), machines[1].catalog())
        for round in 1...3 as ClosedRange<Int64> {
            guard case .won(let placed) = try one.takeLease(leaseOrder(leaseClaim("one"))) else {
                Issue.record("round \(round)")
                return
            }
            #expect(placed.lease.epoch == round)
            #expect(try two.lease(of: "sql/group", on: "forge") == placed)
            #expect(try two.takeLease(leaseOrder(leaseClaim("two", run: 2))) == .lost(.held, current: placed))
            let answer = try one.takeLease(leaseOrder(leaseClaim("one"), .release(epoch: round)))
            guard case .won = answer else {
                Issue.record("\(answer)")
                return
            }
        }
        #expect(try forge.refs() == "\(Lease.ref(name: "sql/group"))\n")
    }

    @Test func `of two machines at once one wins`() throws {
        let forge = try HTTPForge()
        let machines = try (0..<2).map { _ in try forge.machine() }
        let clients = machines.map { GitClient(folder: $0.repository, options: $0.options()) }
        for round in 0..<5 as Range<UInt32> {
            for (index, client) in clients.enumerated() {
                let claim = leaseClaim("machine \(index)", run: UInt32(index), name: "target \(round)")
                _ = try client.send(.leaseTake(leaseOrder(claim)))
            }
            var won = 0
            var answered = 0
            while answered < 2 {
                _ = waitUntilReady(clients.flatMap(\.pollTargets), timeout: .seconds(30))
                for answer in clients.flatMap({ $0.receive() }) {
                    answered += 1
                    if case .won = try GitClient.decode(answer.result.get(), as: LeaseAnswer.self) { won += 1 }
                }
            }
            #expect(won == 1)
        }
        #expect(try forge.refs().split(separator: "\n").count == 5)
    }

    @Test func `a run goes there and comes back, and one that went two ways is kept beside`() throws {
        let forge = try HTTPForge()
        let machines = try (0..<2).map { _ in try forge.machine() }
        let (one, two) = (machines[0].catalog(), machines[1].catalog())
        let run = runID(1)
        let first = try one.commitRun(runCommit(run, ["a": "1\n"]))
        #expect(try one.push(PushOrder(remote: "forge", refs: [run.ref])).isComplete)
        #expect(try two.fetchRun(run, from: "forge")?.tip == first)
        _ = try one.commitRun(runCommit(run, parent: first, ["a": "2\n"]))
        _ = try two.commitRun(runCommit(run, parent: first, ["a": "other\n"]))
        #expect(try one.push(PushOrder(remote: "forge", refs: [run.ref])).isComplete)
        let report = try two.push(PushOrder(remote: "forge", refs: [run.ref]))
        #expect(try forge.refs() == "\(#require(report.refs[0].conflict))\n\(run.ref)\n")
    }
}
