// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterGit
import MusterModel
import MusterTestSupport
import Testing

/// A system call of the worker that changes something outside of it: the n-th of its name.
private struct KillPoint: CustomStringConvertible {
    var call: String
    var number: Int

    var description: String { "\(call) \(number)" }

    static let calls = [
        "openat", "write", "sendto", "fsync", "rename", "link", "unlink", "mkdir", "chmod", "ftruncate", "flock",
    ]

    /// The points of a trace, in its order. Opening a file to read changes nothing.
    static func all(inTrace text: String) -> [KillPoint] {
        var counts: [Substring: Int] = [:]
        return text.split(separator: "\n").compactMap { line in
            guard let match = line.firstMatch(of: /^\d+ +(\w+)\(/), calls.contains(String(match.1)) else { return nil }
            counts[match.1, default: 0] += 1
            guard match.1 != "openat" || line.contains("O_CREAT") else { return nil }
            return KillPoint(call: String(match.1), number: counts[match.1]!)
        }
    }
}

/// `kill -9` of the worker at each system call that changes something, while it commits a run and merges it, or takes a lease.
@Suite(.enabled(if: access("/usr/bin/strace", X_OK) == 0, "strace injects the deaths"))
struct KillPointTests {
    private let run = runID(1)

    private func commitAndMerge(_ catalog: Catalog) throws {
        _ = try catalog.commitRun(runCommit(run, ["README.md": "x\n", "evidence/a/b.json": "{}\n"]))
        _ = try catalog.mergeRecord(recordMerge(run))
    }

    /// A catalog whose worker runs under strace with these options.
    private func traced(_ fixture: Fixture, _ options: [String]) -> Catalog {
        let command = ["/usr/bin/strace", "-f", "-qq"] + options + [musterExecutable, gitWorkerArgument]
        return fixture.catalog(fixture.options(command: command))
    }

    private func killPoints(_ fixture: Fixture, _ work: (Catalog) throws -> Void) throws -> [KillPoint] {
        let trace = "\(fixture.root)/trace"
        let catalog = traced(fixture, ["-o", trace, "-e", "trace=\(KillPoint.calls.joined(separator: ","))"])
        try work(catalog)
        catalog.client.close()
        let all = KillPoint.all(inTrace: try fixture.run("/bin/cat", [trace]).text)
        #expect(all.count > 20)
        guard !CampaignScale.isFull else { return all }
        return all.enumerated().filter { $0.offset % 7 == 3 }.map(\.element)
    }

    /// Whether the worker died at the point.
    private func die(at point: KillPoint, _ fixture: Fixture, _ work: (Catalog) throws -> Void) throws -> Bool {
        let injection = "inject=\(point.call):signal=KILL:when=\(point.number)"
        let catalog = traced(fixture, ["-o", "/dev/null", "-e", injection])
        let code = try errorCode { try work(catalog) }
        catalog.client.close()
        return code == "git.worker-ended"
    }

    @Test func `a worker that is killed while it commits keeps no later one from committing`() throws {
        // A log with one record, made anew for each death, so that the calls of all are the same.
        func fresh() throws -> Fixture {
            let fixture = try Fixture(bare: true)
            _ = try fixture.catalog().commitRun(runCommit(runID(0), ["a": "0\n"]))
            _ = try fixture.catalog().mergeRecord(recordMerge(runID(0)))
            return fixture
        }
        let points = try killPoints(fresh(), commitAndMerge)
        var (deaths, lost, stuck) = (0, 0, 0)
        for point in points {
            let fixture = try fresh()
            if try die(at: point, fixture, commitAndMerge) { deaths += 1 }
            let code = try errorCode { try commitAndMerge(fixture.catalog()) }
            #expect(code == nil, "\(point)")
            if code != nil { stuck += 1 }
            let records = try fixture.catalog().records(RecordQuery(branch: "muster/records", limit: 9)).map(\.run)
            let locks = try fixture.run("/usr/bin/find", ["\(fixture.gitFolder)/refs", "-name", "*.lock"]).text
            if try records != [run, runID(0)] || !fixture.isSound() || !locks.isEmpty { lost += 1 }
        }
        try CampaignLog.add(
            kind: "kill -9 while a run is committed", points: deaths, lost: lost, doubled: 0, notResumable: stuck,
            wrongEnd: 0)
        #expect(deaths >= points.count * 9 / 10 && lost == 0 && stuck == 0, "\(deaths) of \(points.count)")
    }

    @Test func `a worker that is killed while it takes a lease took it once or not at all`() throws {
        let order = leaseOrder(leaseClaim("one"))
        func take(_ catalog: Catalog) throws {
            let answer = try catalog.client.call(.leaseTake(order), as: LeaseAnswer.self)
            guard case .won = answer else { throw ProgramFailed(command: "take", errors: "\(answer)") }
        }
        let model = try Forge(machines: 1)
        let points = try withExtendedLifetime(model) { try killPoints(model.machines[0], take) }
        var (deaths, doubled, stuck, wrong) = (0, 0, 0, 0)
        for point in points {
            let forge = try Forge(machines: 2)
            if try die(at: point, forge.machines[0], take) { deaths += 1 }
            let code = try errorCode { try take(forge.machines[0].catalog()) }
            #expect(code == nil, "\(point)")
            if code != nil { stuck += 1 }
            let seen = try forge.machines[1].catalog().takeLease(leaseOrder(leaseClaim("two", run: 2)))
            guard case .lost(.held, let current?) = seen else {
                wrong += 1
                continue
            }
            if current.lease.epoch != 1 || current.lease.host != "one" { doubled += 1 }
        }
        try CampaignLog.add(
            kind: "kill -9 while a lease is taken", points: deaths, lost: 0, doubled: doubled, notResumable: stuck,
            wrongEnd: wrong)
        #expect(deaths >= points.count * 9 / 10 && doubled == 0 && stuck == 0 && wrong == 0, "\(deaths)")
    }
}
