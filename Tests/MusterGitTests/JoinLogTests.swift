// SPDX-License-Identifier: Apache-2.0

import MusterGit
import MusterModel
import MusterSystem
import MusterTestSupport
import Testing

/// Machines that each have a log of executions of their own, and one remote.
struct JoinLogTests {
    private let log = "refs/heads/muster/records"

    private func order(_ runs: [UInt32] = []) -> PushOrder {
        PushOrder(
            remote: "forge", refs: [log] + runs.map { runID($0).ref },
            log: LogJoin(branch: "muster/records", author: someone, time: moment))
    }

    private func record(_ number: UInt32, _ catalog: Catalog, parent: ObjectID? = nil, _ text: String = "") throws
        -> ObjectID
    {
        let tip = try catalog.commitRun(runCommit(runID(number), parent: parent, ["README.md": "\(number) \(text)\n"]))
        _ = try catalog.mergeRecord(recordMerge(runID(number)))
        return tip
    }

    private func runs(_ catalog: Catalog) throws -> Set<RunID> {
        Set(try catalog.records(RecordQuery(branch: "muster/records", limit: 1000)).map(\.run))
    }

    private func text(_ number: UInt32, _ catalog: Catalog) throws -> String? {
        let place = RecordPlace(run: runID(number), branch: "muster/records")
        return try catalog.readRecord(place, paths: ["README.md"])?["README.md"]?.content.text
    }

    private func reason(_ report: PushReport) -> String {
        if case .rejected(let why) = report.refs[0].outcome { why } else { "\(report)" }
    }

    @Test func `two logs become one that holds what both did, and the other machine moves forward to it`() throws {
        let forge = try Forge(machines: 2)
        let (one, two) = (forge.machines[0].catalog(), forge.machines[1].catalog())
        _ = try record(1, one)
        _ = try record(2, two)
        #expect(try one.push(order([1])).isComplete)
        let (mine, theirs) = (try forge.machines[1].head(log), try forge.machines[0].head(log))
        #expect(try two.push(order([2])).isComplete)
        let joined = try forge.machines[1].head(log)
        #expect(try forge.machines[1].head("\(log)^1") == mine)
        #expect(try forge.machines[1].head("\(log)^2") == theirs)
        #expect(try forge.fixture.head(log, in: forge.folder) == joined)
        let lines = try forge.machines[1].git(["log", "--first-parent", "--format=%s", log]).text
        #expect(
            lines == "Join the log of executions with forge's\nRecord \(runID(2))\nOpen the log of executions\n")
        // The first machine has nothing of its own to add.
        for _ in 1...2 { #expect(try one.push(order()).isComplete) }
        #expect(try forge.machines[0].head(log) == joined)
        for catalog in [one, two] { #expect(try runs(catalog) == [runID(1), runID(2)]) }
        #expect(try forge.machines[1].isSound())
    }

    @Test func `a machine without a log takes the remote's, and an empty remote takes this machine's`() throws {
        let forge = try Forge(machines: 2)
        let (one, two) = (forge.machines[0].catalog(), forge.machines[1].catalog())
        _ = try record(1, one)
        #expect(try one.push(order([1])).isComplete)
        #expect(try two.push(order()).isComplete)
        #expect(try forge.machines[1].head(log) == forge.machines[0].head(log))
        #expect(try runs(two) == [runID(1)])
    }

    @Test(arguments: [false, true])
    func `of a run that went on elsewhere the later record stays, whoever joins`(laterJoins: Bool) throws {
        let forge = try Forge(machines: 2)
        let (one, two) = (forge.machines[0].catalog(), forge.machines[1].catalog())
        let first = try record(1, one)
        #expect(try one.push(PushOrder(remote: "forge", refs: [runID(1).ref])).isComplete)
        _ = try two.fetchRun(runID(1), from: "forge")
        let later = try record(1, two, parent: first, "rolled back")
        #expect(try two.push(PushOrder(remote: "forge", refs: [runID(1).ref])).isComplete)
        let turns = laterJoins ? [one, two, one] : [two, one, two]
        for catalog in turns { #expect(try catalog.push(order()).isComplete) }
        for catalog in [one, two] { #expect(try text(1, catalog) == "1 rolled back\n") }
        // The machine that had the earlier one never had the later commit on its own branch.
        #expect(try forge.machines[0].head(runID(1).ref) == first && later != first)
    }

    @Test func `two records of one run of which neither is the later are an error that names it, and nothing moves`()
        throws
    {
        let forge = try Forge(machines: 2)
        let (one, two) = (forge.machines[0].catalog(), forge.machines[1].catalog())
        _ = try record(1, one, "here")
        _ = try record(1, two, "there")
        let other = try record(2, two)
        #expect(try one.push(order([1])).isComplete)
        let before = try forge.machines[1].head(log)
        let report = try two.push(order([2]))
        #expect(reason(report).contains("git.record-differs") && reason(report).contains(runID(1).text))
        #expect(report.refs[1].outcome == .accepted)
        #expect(try forge.machines[1].head(log) == before)
        #expect(try forge.fixture.head(log, in: forge.folder) == forge.machines[0].head(log))
        #expect(try forge.refs().contains("\(runID(2).ref) \(other)"))
    }

    @Test func `a log that holds what no log may is refused before a branch leads to it`() throws {
        let forge = try Forge(machines: 2)
        let (machine, two) = (forge.machines[0], forge.machines[1].catalog())
        _ = try record(2, two)
        let before = try forge.machines[1].head(log)
        let link = try machine.rawCommit(tree: machine.rawTree([("120000", "link", machine.blob("/etc/passwd"))]))
        let file = try machine.rawCommit(tree: machine.rawTree([("100644", "records", machine.blob("x"))]))
        let tag = try machine.git(["hash-object", "-t", "tag", "-w", "--stdin"], input: tagText(of: link)).line
        try machine.git(["push", "-q", "forge", "\(link):\(log)"])
        for (commit, code) in [(link.hex, "git.unsafe-entry"), (file.hex, "git.log-clash"), (tag, "git.odd-log")] {
            // git refuses a branch that leads to no commit; a broken remote would not.
            try machine.git(["push", "-q", "--force", "forge", "\(commit):refs/tags/odd"])
            try forge.fixture.writeFile("\(forge.folder)/\(log)", Array("\(commit)\n".utf8))
            #expect(reason(try two.push(order())).contains(code), "\(code)")
        }
        #expect(try forge.machines[1].head(log) == before)
    }

    private func tagText(of commit: ObjectID) -> [UInt8] {
        Array("object \(commit)\ntype commit\ntag odd\ntagger A <a@example.org> 0 +0000\n\nodd\n".utf8)
    }

    @Test func `machines that publish their logs at the same moment all arrive`() throws {
        let rounds = CampaignScale.pick(full: 100, sample: 4)
        let forge = try Forge(machines: 3)
        let catalogs = forge.machines.map { $0.catalog() }
        let clients = forge.machines.enumerated().map {
            GitClient(folder: $1.repository, options: $1.options(seed: UInt64($0)))
        }
        var expected: Set<RunID> = []
        var refused = 0
        for round in 0..<rounds {
            for (index, catalog) in catalogs.enumerated() {
                let number = UInt32(round * 3 + index)
                _ = try record(number, catalog)
                expected.insert(runID(number))
                _ = try clients[index].send(.push(order([number])))
            }
            refused += try reports(clients).count { !$0.isComplete }
        }
        #expect(try catalogs[0].push(order()).isComplete)
        let lost = expected.subtracting(try runs(catalogs[0])).count
        try CampaignLog.add(
            kind: "3 machines publish one log at once", points: 3 * rounds, lost: lost, doubled: 0,
            notResumable: refused, wrongEnd: try runs(catalogs[0]).subtracting(expected).count)
        #expect(lost == 0 && refused == 0)
        #expect(try forge.machines[0].isSound())
    }

    private func reports(_ clients: [GitClient]) throws -> [PushReport] {
        var reports: [PushReport] = []
        while reports.count < clients.count {
            _ = waitUntilReady(clients.flatMap(\.pollTargets), timeout: .seconds(30))
            for answer in clients.flatMap({ $0.receive() }) {
                reports.append(try GitClient.decode(answer.result.get(), as: PushReport.self))
            }
        }
        return reports
    }

    @Test func `what becomes of a name follows from what either log has under it`() {
        let (one, two) = (ObjectID(blob: [1]), ObjectID(blob: [2]))
        let run = runID(1)
        func choose(_ mine: ObjectID?, _ theirs: ObjectID?, _ path: String, folders: Bool = true) -> LogUnion {
            LogUnion.choose(mine, theirs, areFolders: folders, at: path)
        }
        #expect(choose(one, nil, "x", folders: false) == .mine && choose(nil, two, "x", folders: false) == .theirs)
        #expect(choose(one, one, run.recordPath) == .mine)
        #expect(choose(one, two, "records") == .both && choose(one, two, "records/2026/11/21") == .both)
        #expect(choose(one, two, run.recordPath) == .laterRecord(of: run))
        #expect(choose(one, two, run.recordPath, folders: false) == .clash)
        #expect(choose(one, two, "README.md", folders: false) == .clash)
        // A run in another day's folder is none, and neither is what has no run's name.
        #expect(choose(one, two, "records/1999/01/01/\(run)") == .clash)
        #expect(choose(one, two, "records/2026/11/21/x") == .clash)
    }
}
