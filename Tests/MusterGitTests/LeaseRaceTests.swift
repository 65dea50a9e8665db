// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterGit
import MusterModel
import MusterSystem
import MusterTestSupport
import Testing

/// Four machines, each with a repository and a worker process of its own, go for one lease at the same moment.
struct LeaseRaceTests {
    private static let seed: UInt64 = 20_261_121

    private struct Tally {
        var doubled = 0
        var withoutWinner = 0
        var toldWrongly = 0
    }

    @Test func `of four machines that go for a lease at once one wins, and the others are told who`() throws {
        let rounds = CampaignScale.pick(full: 1000, sample: 25)
        let forge = try Forge(machines: 4)
        let clients = forge.machines.enumerated().map {
            GitClient(folder: $1.repository, options: $1.options(seed: Self.seed + UInt64($0)))
        }
        var tally = Tally()
        var epochs: [String: Int64] = [:]
        for round in 0..<rounds {
            // A lock's first round races for a branch that is not there, its later ones for one that was given back.
            let name = "target \(round / 5)"
            let winner = try race(clients, name, round, &tally)
            guard let winner else { continue }
            #expect(winner.lease.epoch == (epochs[name] ?? 0) + 1)
            epochs[name] = winner.lease.epoch
            try giveBack(winner, clients)
            // More pushes than winners: the forge had to compare, and not only the machines' own look at it.
            if round == 19 { #expect(try pushes(forge) > 20) }
        }
        try CampaignLog.add(
            kind: "lease races of 4 machines", points: rounds, lost: tally.withoutWinner, doubled: tally.doubled,
            notResumable: 0, wrongEnd: tally.toldWrongly, seed: Self.seed)
        #expect(tally.doubled == 0 && tally.withoutWinner == 0 && tally.toldWrongly == 0, "\(tally)")
        // One take and one giving back a round and nothing else: no winner's commit was lost or doubled on the forge.
        let count = try forge.fixture.git(["rev-list", "--count", "--all"], in: forge.folder).line
        #expect(Int(count) == 2 * rounds)
    }

    /// How often machines wrote a lease's commit to take it: more often than they won, when another's push came first.
    private func pushes(_ forge: Forge) throws -> Int {
        try forge.machines.enumerated().map { index, machine in
            let own = "\(machine.gitFolder)/muster"
            let store = try "\(own)/\(machine.run("/bin/ls", [own]).line)"
            let listing = ["cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)"]
            let commits = try machine.git(listing, in: store).text.split(separator: "\n").filter {
                $0.hasPrefix("commit ")
            }
            let input = Array(commits.map { $0.dropFirst("commit ".count) }.joined(separator: "\n").utf8)
            let format = "--format=%s|%(trailers:key=Host,valueonly,separator=)"
            let lines = try machine.git(["log", "--no-walk", "--stdin", format], in: store, input: input).text
            let host = "|machine \(index)"
            return lines.split(separator: "\n").filter { $0.hasPrefix("Take") && $0.hasSuffix(host) }.count
        }.reduce(0, +)
    }

    private func claim(_ machine: Int, _ name: String, _ round: Int) -> LeaseClaim {
        leaseClaim("machine \(machine)", run: UInt32(round * 4 + machine), name: name)
    }

    private func race(
        _ clients: [GitClient], _ name: String, _ round: Int, _ tally: inout Tally
    ) throws -> PlacedLease? {
        for (index, client) in clients.enumerated() {
            _ = try client.send(.leaseTake(leaseOrder(claim(index, name, round))))
        }
        let answers = try gather(clients)
        let winners = answers.compactMap { if case .won(let placed) = $0 { placed } else { nil } }
        if winners.isEmpty { tally.withoutWinner += 1 }
        if winners.count > 1 { tally.doubled += 1 }
        for case .lost(let refusal, let current) in answers where refusal != .held || current != winners.first {
            tally.toldWrongly += 1
        }
        return winners.first
    }

    private func giveBack(_ placed: PlacedLease, _ clients: [GitClient]) throws {
        let lease = placed.lease
        let holder = clients[Int(lease.host.suffix(1))!]
        var claim = leaseClaim(lease.host, name: lease.name)
        claim.run = lease.run
        let answer = try holder.call(
            .leaseTake(leaseOrder(claim, .release(epoch: lease.epoch))), as: LeaseAnswer.self)
        guard case .won(let released) = answer, released.lease.isReleased else {
            throw ProgramFailed(command: "release", errors: "\(answer)")
        }
    }

    /// One answer of each, while none waits for another.
    private func gather(_ clients: [GitClient]) throws -> [LeaseAnswer] {
        var answers: [Int: LeaseAnswer] = [:]
        while answers.count < clients.count {
            _ = waitUntilReady(clients.flatMap(\.pollTargets), timeout: .seconds(30))
            for (index, client) in clients.enumerated() {
                for answer in client.receive() {
                    answers[index] = try GitClient.decode(answer.result.get(), as: LeaseAnswer.self)
                }
            }
        }
        return clients.indices.map { answers[$0]! }
    }
}
