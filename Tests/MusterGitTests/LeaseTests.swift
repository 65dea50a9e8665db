// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterGit
import MusterModel
import MusterSystem
import Testing

/// What machine `host` claims for a run of its own.
func leaseClaim(
    _ host: String, run: UInt32 = 1, until: Timestamp = moment.advanced(by: .seconds(60)), name: String = "sql/group",
    note: String? = nil
) -> LeaseClaim {
    LeaseClaim(
        name: name, run: runID(run), holder: "Ada <ada@example.org>", host: host, bootID: "boot of \(host)",
        until: until, note: note)
}

func leaseOrder(_ claim: LeaseClaim, _ intent: LeaseIntent = .take, now: Timestamp = moment) -> LeaseOrder {
    LeaseOrder(remote: "forge", claim: claim, intent: intent, now: now, author: someone)
}

struct LeaseTests {
    private let ref = Lease.ref(name: "sql/group")
    private let later = moment.advanced(by: .seconds(61))

    private func won(_ answer: LeaseAnswer) throws -> PlacedLease {
        guard case .won(let placed) = answer else { throw ProgramFailed(command: "lease", errors: "\(answer)") }
        return placed
    }

    @Test func `a lease is taken, renewed, given back and taken by another machine, and stock git reads it`() throws {
        let forge = try Forge(machines: 2)
        let (one, two) = (forge.machines[0].catalog(), forge.machines[1].catalog())
        #expect(try two.lease(of: "sql/group", on: "forge") == nil)
        let taken = try won(one.takeLease(leaseOrder(leaseClaim("one"))))
        #expect(taken.lease.epoch == 1 && taken.lease.since == moment)
        #expect(try two.lease(of: "sql/group", on: "forge") == taken)
        #expect(try two.takeLease(leaseOrder(leaseClaim("two", run: 2))) == .lost(.held, current: taken))
        let renewal = leaseClaim("one", until: moment.advanced(by: .seconds(120)))
        let renewed = try won(one.takeLease(leaseOrder(renewal, .renew(epoch: 1), now: later)))
        #expect(renewed.lease.epoch == 1 && renewed.lease.until == renewal.until && renewed.lease.since == moment)
        let released = try won(one.takeLease(leaseOrder(renewal, .release(epoch: 1), now: later)))
        #expect(try won(one.takeLease(leaseOrder(renewal, .release(epoch: 1), now: later))) == released)
        let next = try won(two.takeLease(leaseOrder(leaseClaim("two", run: 2), now: later)))
        #expect(next.lease.epoch == 2 && next.lease.host == "two" && next.lease.since == later)
        #expect(
            try one.takeLease(leaseOrder(renewal, .renew(epoch: 1), now: later)) == .lost(.superseded, current: next))
        let log = try forge.fixture.git(["log", "--format=%s", ref], in: forge.folder).text
        let verbs = log.split(separator: "\n").map { $0.replacing(" the lease of sql/group", with: "") }
        #expect(verbs == ["Take", "Give back", "Renew", "Take"])
        let file = try forge.fixture.git(["show", "\(ref):lease.json"], in: forge.folder).output
        #expect(try JSON.parse(file).decode(Lease.self) == next.lease)
    }

    @Test func `a lease leaves nothing in the repositories of its askers, not even when they die`() throws {
        let forge = try Forge(machines: 2)
        for (index, machine) in forge.machines.enumerated() {
            let own = "\(machine.gitFolder)/muster"
            for _ in 1...3 {
                let catalog = machine.catalog()
                _ = try catalog.takeLease(leaseOrder(leaseClaim("machine \(index)", run: UInt32(index))))
                let worker = try #require(catalog.client.workerID)
                let stores = try machine.run("/bin/ls", [own]).text.split(separator: "\n")
                // The one of the worker before, which was killed, is gone.
                #expect(stores.count == 1 && stores[0].hasPrefix("leases-\(worker)-"), "\(stores)")
                catalog.client.close()
            }
            #expect(try machine.git(["for-each-ref"]).text == "")
            #expect(try machine.git(["count-objects", "-v"]).text.hasPrefix("count: 0\n"))
            #expect(try machine.git(["count-objects", "-v"]).text.contains("\npacks: 0\n"))
            #expect(access("\(machine.gitFolder)/FETCH_HEAD", F_OK) != 0)
        }
    }

    @Test func `a store of leases is begun anew in time, and when somebody cleared it away`() throws {
        let forge = try Forge(machines: 1)
        let machine = forge.machines[0]
        let client = machine.catalog().client
        _ = try client.call(.leaseTake(leaseOrder(leaseClaim("one"))), as: LeaseAnswer.self)
        let own = "\(machine.gitFolder)/muster"
        let store = try "\(own)/\(machine.run("/bin/ls", [own]).line)"
        try machine.writeFile("\(store)/mark", [])
        for _ in 1...201 {
            _ = try client.call(.leaseRead(remote: "forge", name: "sql/group"), as: PlacedLease?.self)
        }
        #expect(access("\(store)/HEAD", F_OK) == 0 && access("\(store)/mark", F_OK) != 0)
        // Somebody cleared it away under the worker.
        _ = try machine.run("/bin/rm", ["-rf", store])
        let placed: PlacedLease? = try client.call(.leaseRead(remote: "forge", name: "sql/group"))
        #expect(placed?.lease.host == "one")
    }

    @Test func `a worker whose engine ends takes its store of leases along`() throws {
        let forge = try Forge(machines: 1)
        let machine = forge.machines[0]
        let worker = try ChildProcess(path: musterExecutable, arguments: [gitWorkerArgument], environment: [:])
        let opening: JSON = ["folder": .string(machine.repository), "seed": 1, "userConfigFiles": .array([])]
        let request = try JSON(encoding: GitRequest.leaseRead(remote: "forge", name: "x"))
        #expect(worker.send(try Frame.encode(opening) + Frame.encode(["id": 1, "request": request])))
        worker.closeInput()
        #expect(worker.reap(blocking: true) == .exited(0))
        #expect(try machine.run("/bin/ls", ["-A", "\(machine.gitFolder)/muster"]).text == "")
    }

    @Test func `an expired lease of another run is taken over by decision alone`() throws {
        let forge = try Forge(machines: 2)
        let (one, two) = (forge.machines[0].catalog(), forge.machines[1].catalog())
        let dead = try won(one.takeLease(leaseOrder(leaseClaim("one"))))
        let claim = leaseClaim("two", run: 2, until: later.advanced(by: .seconds(60)), note: "Ada: one is dead")
        #expect(try two.takeLease(leaseOrder(claim, .takeOver)) == .lost(.held, current: dead))
        #expect(try two.takeLease(leaseOrder(claim, now: later)) == .lost(.expired, current: dead))
        let placed = try won(two.takeLease(leaseOrder(claim, .takeOver, now: later)))
        #expect(placed.lease.epoch == 2 && placed.lease.note == "Ada: one is dead")
        // The machine that was thought dead wakes up.
        for intent in [LeaseIntent.renew(epoch: 1), .release(epoch: 1), .take] {
            guard case .lost(_, placed) = try one.takeLease(leaseOrder(leaseClaim("one"), intent, now: later)) else {
                Issue.record("\(intent) went through")
                continue
            }
        }
        let subject = try forge.fixture.git(["log", "-1", "--format=%s", ref], in: forge.folder).line
        #expect(subject == "Take over the lease of sql/group")
    }

    @Test func `who comes first between a look and a push wins, and the other is told who`() throws {
        let forge = try Forge(machines: 2)
        let (one, two) = (forge.machines[0].catalog(), forge.machines[1].catalog())
        _ = try won(two.takeLease(leaseOrder(leaseClaim("two", run: 2))))
        try forge.fixture.git(["branch", "-m", "muster/leases/\(ref.suffix(64))", "aside"], in: forge.folder)
        // The server puts the other's lease in place when it has ours in hand.
        try forge.hook("update", "git update-ref \"$1\" refs/heads/aside")
        guard case .lost(.held, let current) = try one.takeLease(leaseOrder(leaseClaim("one"))) else {
            Issue.record("two winners")
            return
        }
        #expect(try current?.commit == forge.fixture.head("aside", in: forge.folder))
        #expect(current?.lease.host == "two")
    }

    @Test func `a connection that is lost after the lease arrived is no defeat`() throws {
        let forge = try Forge(machines: 1)
        try forge.hook("reference-transaction", "test \"$1\" = committed && kill -9 $PPID; exit 0")
        let placed = try won(forge.machines[0].catalog().takeLease(leaseOrder(leaseClaim("one"))))
        #expect(try placed.commit == forge.fixture.head(ref, in: forge.folder))
    }

    @Test func `a hook's refusal is an error of its own and changes nothing`() throws {
        let forge = try Forge(machines: 1)
        try forge.hook("update", "exit 1")
        do {
            _ = try forge.machines[0].catalog().takeLease(leaseOrder(leaseClaim("one")))
            Issue.record("the hook was passed over")
        } catch {
            #expect(error.code == "git.lease-refused" && error.summary.contains("hook declined"))
        }
        #expect(try forge.refs() == "")
    }

    @Test func `a remote that does not compare is refused by name, with the way out`() throws {
        let forge = try Forge(machines: 1)
        let catalog = forge.machines[0].catalog()
        for url in [forge.folder, "file://\(forge.folder)", "../forge.git", "odd://forge/x.git"] {
            try forge.machines[0].git(["remote", "set-url", "forge", url])
            do {
                _ = try catalog.takeLease(leaseOrder(leaseClaim("one")))
                Issue.record("a lease was taken on \(url)")
            } catch {
                #expect(error.code == "git.lease-needs-smart-remote")
                #expect(error.summary.contains("does not compare") && error.help?.contains("set-url forge") == true)
            }
            #expect(try errorCode { try catalog.lease(of: "x", on: "forge") } == "git.lease-needs-smart-remote")
        }
        #expect(try forge.refs() == "")
        #expect(try errorCode { try catalog.lease(of: "x", on: "nowhere") } == "git.unknown-remote")
    }

    @Test func `where pushes go is where a lease is read and taken`() throws {
        let forge = try Forge(machines: 1)
        let (machine, catalog) = (forge.machines[0], forge.machines[0].catalog())
        let url = try machine.git(["remote", "get-url", "forge"]).line
        try machine.git(["remote", "set-url", "forge", "/nowhere/mirror.git"])
        try machine.git(["remote", "set-url", "--push", "forge", url])
        let placed = try won(catalog.takeLease(leaseOrder(leaseClaim("one"))))
        #expect(try forge.machines[0].catalog().lease(of: "sql/group", on: "forge") == placed)
        try machine.git(["remote", "set-url", "forge", url])
        try machine.git(["remote", "set-url", "--push", "forge", forge.folder])
        let code = try errorCode { try catalog.takeLease(leaseOrder(leaseClaim("one"))) }
        #expect(code == "git.lease-needs-smart-remote")
    }

    @Test func `a lock's name can not forge what the commit says`() throws {
        let forge = try Forge(machines: 1)
        let claim = leaseClaim("one", name: "a\n\nRun: another\u{1B}[2J")
        _ = try won(forge.machines[0].catalog().takeLease(leaseOrder(claim)))
        let text = try forge.fixture.git(["log", "--format=%B", "--all"], in: forge.folder).text
        #expect(text.hasPrefix("Take the lease of a⏎⏎Run: another⟨U+001B⟩[2J\n\nRun: \(claim.run)\n"))
        #expect(text.split(separator: "\n").filter { $0.hasPrefix("Run: ") }.count == 1)
    }

    @Test func `a remote that is down, silent or not trusted is unreachable, not lost, and tells no password`() throws {
        let forge = try Forge(machines: 1)
        let catalog = forge.machines[0].catalog()
        let silent = try Listener()
        let urls = [
            "git://127.0.0.1:1/forge.git", "git://127.0.0.1:\(silent.port)/forge.git",
            "https://ada:secret@127.0.0.1:1/x.git", "ssh://git@127.0.0.1:1/x.git", "git@127.0.0.1:x.git",
        ]
        for url in urls {
            try forge.machines[0].git(["remote", "set-url", "forge", url])
            do {
                _ = try catalog.takeLease(leaseOrder(leaseClaim("one")), deadline: .milliseconds(500))
                Issue.record("a lease was taken on \(url)")
            } catch {
                #expect(error.code == "git.remote-unreachable" && !error.description.contains("secret"), "\(error)")
            }
        }
    }

    @Test func `what is no lease under a lease's branch is an error, never a free lease`() throws {
        let forge = try Forge(machines: 1)
        let (machine, catalog) = (forge.machines[0], forge.machines[0].catalog())
        let good = try won(catalog.takeLease(leaseOrder(leaseClaim("one")))).lease
        func text(_ change: (inout [String: JSON]) -> Void) throws -> String {
            guard case .object(var members) = try JSON(encoding: good) else { return "" }
            change(&members)
            return JSON.object(members).canonicalText
        }
        let files = try [
            ["other.json": "{}"], ["lease.json": "{}"], ["lease.json": "no"], ["lease.json": "{}", "x": "y"],
            ["lease.json": text { $0["name"] = "other" }], ["lease.json": text { $0["format"] = 2 }],
            ["lease.json": text { $0["epoch"] = 0 }], ["lease.json": text { $0["epoch"] = .int(.max) }],
            ["lease.json": text { $0["run"] = "x" }],
            ["lease.json": String(repeating: " ", count: GitLimits.leaseBytes + 1)],
        ]
        for (number, files) in files.enumerated() {
            let commit = try machine.catalog().commitRun(runCommit(runID(UInt32(100 + number)), files))
            try machine.git(["push", "-q", "--force", "forge", "\(commit):\(ref)"])
            let code = try errorCode { try catalog.takeLease(leaseOrder(leaseClaim("two", run: 2), .takeOver)) }
            let isLarge = (files["lease.json"]?.utf8.count ?? 0) > GitLimits.leaseBytes
            #expect(code == (isLarge ? "git.too-large" : "git.lease-unreadable"), "number \(number)")
        }
    }
}
