// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Glibc
import MusterModel

/// Two machines with a clone and a place for runs each, a remote between them, and one target that both reach.
struct TwoHosts {
    /// Short enough to wait for; a run renews it three times as often.
    static let leaseLife = Duration.milliseconds(1500)
    static let steps = 6
    /// About how long the steps take.
    static let span = Duration.milliseconds(1000)

    let forge: GitForge
    let name: String
    let one: LedgerDrill
    let two: LedgerDrill

    enum Host: String { case one = "host-one", two = "host-two" }

    /// The drill that each round copies.
    static func template() throws -> LedgerDrill {
        let drill = try LedgerDrill(
            (1...steps - 1).map { .init("s\($0)", "sleepMilliseconds: 120") }, finally: [.init("back")],
            locks: ["target:lab"])
        try drill.catalog.write(
            "muster.yaml",
            """
            catalog: test
            summary: For tests
            records: { remote: origin }
            leases: required
            lease-life: \(leaseLife.milliseconds)ms

            """)
        try drill.catalog.commit("Leases")
        return drill
    }

    init(_ template: LedgerDrill, _ forge: GitForge, round: String) throws {
        (self.forge, name) = (forge, round)
        (one, two) = (try LedgerDrill(copyOf: template), try LedgerDrill(copyOf: template))
        let url = try forge.repository(round)
        for drill in [one, two] { try drill.catalog.git("remote", "add", "origin", url) }
    }

    func drill(_ host: Host) -> LedgerDrill { host == .one ? one : two }

    func start(_ words: [String], on host: Host) throws -> RunningCommand {
        try drill(host).catalog.start(words, under: Catalog.host(host.rawValue))
    }

    func startDrill(on host: Host, _ more: String...) throws -> RunningCommand {
        let words = ["run", "drill", "-e", "lab", "--plugins", drill(host).catalog.plugins, "--yes", "--json"]
        return try start(words + ["--input", "ledger=\(one.ledger)"] + more, on: host)
    }

    /// Another run, or this one, after a person's decision, as soon as the lease has run out.
    ///
    /// - Parameter once: done when it has the lease and begins.
    func takeOver(resuming run: String? = nil, once begun: (() throws -> Void)? = nil) throws -> CommandResult {
        let limit = ContinuousClock.now + RunningCommand.patience
        while true {
            let decided = ["--take-over", "--reason", "The other one does not answer"]
            let words = ["resume", run ?? "", "--plugins", two.catalog.plugins, "--json"] + decided
            let command =
                try run == nil
                ? startDrill(on: .two, decided[0], decided[1], decided[2]) : start(words, on: .two)
            if let begun, (try? command.wait(for: "\"run-started\"")) != nil { try begun() }  // else it was refused
            let result = try command.finish()
            guard result.everything.contains("run.leased"), ContinuousClock.now < limit else { return result }
        }
    }

    /// What the remote has of a run's journal.
    func published(_ run: String) throws -> [String] {
        let text = try forge.file("journal.jsonl", of: "refs/heads/muster/runs/\(run)", in: name) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    func journal(of run: String, on host: Host) throws -> [JSON] {
        guard FileManager.default.fileExists(atPath: "\(drill(host).catalog.state)/runs/\(run)/journal.jsonl") else {
            return []
        }
        // The last line of one that was cut off may be torn.
        return try drill(host).journalLines(of: run).compactMap { try? JSON.parse($0) }
    }

    /// How often each effect came, over both hosts.
    func effects(of run: String? = nil) throws -> [String: Int] {
        try one.effectLines().filter { run == nil || $0.run == run }.reduce(into: [:]) {
            $0["\($1.kind) \($1.step)", default: 0] += 1
        }
    }
}

extension [JSON] {
    func kinds(_ kind: String) -> [JSON] { filter { $0["kind"]?.string == kind } }
    var outcome: String? { kinds("run-finished").last?["outcome"]?.string }
}
