// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Glibc
import MusterModel
import MusterTestSupport
import Testing

/// The shipped swap of keys against a cloud of its own, which counts what is really changed: killed at random moments, it
/// changes each thing once, and comes to the same end.
@Suite(.timeLimit(.minutes(120)))
struct CloudKillTests {
    /// What the cloud counts when all is done once: two keys on two servers, and a protector each.
    private static let wanted: Int64 = 6

    private func template() throws -> Catalog {
        let catalog = try Catalog(.shipped)
        try catalog.write("runbooks/\(KeySwap.runbook).yaml", try KeySwap.withoutFailover(catalog))
        try catalog.replace("backoff: 5s..2m }", by: "backoff: 50ms..100ms }", in: "runbooks/\(KeySwap.runbook).yaml")
        try catalog.commit("Without the failover")
        try catalog.lock(KeySwap.runbook)
        return catalog
    }

    private func trial(_ template: Catalog, _ kill: (RunningCommand) throws -> Void) throws -> Findings {
        let catalog = try Catalog(copyOf: template)
        let cloud = try LabCloud(scenario: catalog.scenario(of: KeySwap.runbook), speed: 2000)
        try catalog.write("environments/lab.yaml", cloud.environment())
        try catalog.commit("The lab")
        catalog.variables[LabCloud.secretName] = cloud.secret
        let arguments = [
            "run", KeySwap.runbook, "-e", "lab", "--inputs", try KeySwap.inputs(catalog), "--yes", "--json",
        ]
        let command = try catalog.start(arguments)
        try kill(command)
        var shown = try command.finish().output
        var findings = Findings()
        findings.points = 1
        var result = try catalog.muster("resume", "last", "--json")
        for _ in 1...5 where result.status == 4 {
            for step in try result.lastJSON["waitsFor"]?.array?.compactMap({ $0["step"]?.string }) ?? [] {
                _ = try catalog.muster("decide", "last", step, "retry", "--reason", "It was killed")
            }
            shown += result.output
            result = try catalog.muster("resume", "last", "--json")
        }
        let hasRun = try !catalog.runFolders.isEmpty && catalog.onlyRun(says: "run-started")
        if !hasRun { result = try catalog.muster(arguments) }
        if result.status != 0, !result.errors.contains("[run.finished]") { findings.cannotResume("\(result)") }
        try check(catalog, cloud, shown, &findings)
        return findings
    }

    private func check(_ catalog: Catalog, _ cloud: LabCloud, _ shown: String, _ findings: inout Findings) throws {
        let effects = try cloud.effects()
        let count = effects.values.reduce(0, +)
        if count > Self.wanted { findings.double("\(effects)") }
        if count < Self.wanted { findings.endWrongly("\(effects)") }
        // Two runs of one second are in no order: the one that was cut off before it began is not meant.
        let begun = try catalog.runFolders.last { run in
            try catalog.journalLines(of: run).contains { $0.contains("\"run-started\"") }
        }
        let run = try #require(begun)
        let journal = Set(try catalog.journalLines(of: run))
        for line in shown.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        where line.contains("\"seq\"") && line.contains("\"prev\"") && !journal.contains(String(line)) {
            if try !catalog.runFolders.dropLast().contains(where: {
                try catalog.journalLines(of: $0).contains(String(line))
            }) {
                findings.lose("\(line.prefix(200))")
            }
        }
        let proof = try catalog.muster("verify", run)
        if proof.status != 0 { findings.endWrongly("\(proof)") }
        if try catalog.record(of: run).outcome != "succeeded" { findings.endWrongly("it did not succeed") }
    }

    @Test func `the engine is killed at random moments of a drill in a cloud`() throws {
        let template = try template()
        let start = ContinuousClock.now
        let undisturbed = try trial(template) { _ in }
        let longest = ContinuousClock.now - start
        #expect(undisturbed.points == 1)
        var random = Seed.generator("clouds")
        var findings = Findings()
        for round in 1...CampaignScale.pick(full: 200, sample: 4) {
            let share = Double.random(in: 0...0.7, using: &random)
            let found = try trial(template) { command in
                try command.read(until: ContinuousClock.now + longest * share)
                command.signal(SIGKILL)
            }
            findings.add(found, at: "round \(round)")
        }
        try findings.report("engine killed at a random moment of a drill in a cloud", atLeast: 4)
    }
}

extension Catalog {
    fileprivate func onlyRun(says word: String) throws -> Bool {
        try journalLines(of: runFolders.last ?? "").contains { $0.contains("\"\(word)\"") }
    }
}
