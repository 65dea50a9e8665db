// SPDX-License-Identifier: Apache-2.0

import MusterGit
import MusterModel
import MusterTestSupport
import Testing

struct OutageTests {
    private let log = "refs/heads/muster/records"

    /// A whole drill's commits, and after each a try to publish; how many of these were told to have arrived.
    private func drill(_ run: RunID, _ catalog: Catalog) throws -> Int {
        var tip: ObjectID?
        var arrived = 0
        var journal = ""
        for step in 1...4 {
            journal += "{\"seq\":\(step)}\n"
            let files = ["README.md": "# Step \(step)\n", "journal.jsonl": journal, "evidence/s\(step)/a.json": "{}\n"]
            tip = try catalog.commitRun(runCommit(run, parent: tip, files, message: "Step \(step)"))
            let report = try catalog.push(PushOrder(remote: "forge", refs: [run.ref]), deadline: .seconds(2))
            for ref in report.refs { if case .unreachable = ref.outcome {} else { arrived += 1 } }
        }
        _ = try catalog.mergeRecord(recordMerge(run))
        return arrived
    }

    /// Every object that a repository's branches lead to.
    private func objects(_ fixture: Fixture, in folder: String? = nil) throws -> Set<Substring> {
        let lines = try fixture.git(["rev-list", "--objects", "--all"], in: folder).text.split(separator: "\n")
        return Set(lines.map { $0.prefix(40) })
    }

    @Test func `drills while the remote is down are published later, the same in every object`() throws {
        let drills = CampaignScale.pick(full: 100, sample: 4)
        let forge = try Forge(machines: 1)
        let (machine, catalog) = (forge.machines[0], forge.machines[0].catalog())
        var (lost, toldWrongly) = (0, 0)
        for number in 1...drills {
            let run = runID(UInt32(number))
            let port = try forge.goAway()
            toldWrongly += try drill(run, catalog)
            try forge.comeBack(on: port)
            let report = try catalog.push(PushOrder(remote: "forge", refs: [run.ref, log]))
            #expect(report.isComplete, "\(report)")
            lost += try objects(machine).symmetricDifference(objects(forge.fixture, in: forge.folder)).count
            #expect(try forge.refs() == machine.git(["for-each-ref", "--format=%(refname) %(objectname)"]).text)
        }
        try CampaignLog.add(
            kind: "remote down for a whole drill", points: drills, lost: lost, doubled: 0, notResumable: 0,
            wrongEnd: toldWrongly)
        #expect(lost == 0 && toldWrongly == 0)
        let check = try forge.fixture.tryGit(["fsck", "--full", "--strict"], in: forge.folder)
        #expect(check.succeeded)
    }

    @Test func `a remote that takes the connection and says nothing holds up no request beyond its deadline`() throws {
        let tries = CampaignScale.pick(full: 50, sample: 2)
        let fixture = try Fixture(bare: true)
        let silent = try Listener()
        try fixture.git(["remote", "add", "forge", "git://127.0.0.1:\(silent.port)/forge.git"])
        let catalog = fixture.catalog()
        let run = runID(1)
        var tip = try catalog.commitRun(runCommit(run, ["a": "0\n"]))
        let deadline = Duration.milliseconds(200)
        var (hung, toldWrongly) = (0, 0)
        let clock = ContinuousClock()
        for number in 1...tries {
            let began = clock.now
            let report = try catalog.push(PushOrder(remote: "forge", refs: [run.ref]), deadline: deadline)
            let codes = try [
                errorCode { try catalog.takeLease(leaseOrder(leaseClaim("one")), deadline: deadline) },
                errorCode { try catalog.lease(of: "x", on: "forge", deadline: deadline) },
                errorCode { try catalog.fetchRun(run, from: "forge", deadline: deadline) },
            ]
            // Five deadlines (a lease that may have arrived is looked at once more), and a slow machine's patience.
            if clock.now - began > deadline * 5 + .seconds(20) { hung += 1 }
            if case .unreachable = report.refs[0].outcome {} else { toldWrongly += 1 }
            toldWrongly += codes.filter { $0 != "git.remote-unreachable" }.count
            tip = try catalog.commitRun(runCommit(run, parent: tip, ["a": "\(number)\n"]))
        }
        try CampaignLog.add(
            kind: "silent remote", points: 4 * tries, lost: 0, doubled: 0, notResumable: hung, wrongEnd: toldWrongly)
        #expect(hung == 0 && toldWrongly == 0)
        #expect(try fixture.head(run.ref) == tip)
    }
}
