// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Glibc
import MusterTestSupport
import Testing

/// The real engine is killed, anywhere, and goes on: nothing that was acknowledged is lost, and nothing is done twice.
@Suite(.timeLimit(.minutes(120)))
struct KillTests {
    private func killPoints(_ template: LedgerDrill, _ traced: Traced) throws -> [CallPoint] {
        let log = "\(template.catalog.root)/calls-\(traced).log"
        var trial = try Trial(template)
        #expect(try trial.end(try trial.start(under: SystemCalls.trace(traced, into: log))).status == 0)
        return try SystemCalls.points(in: log, ofChildren: traced == .all, readers: CampaignScale.isFull)
    }

    private func kill(_ traced: Traced, _ kind: String, sample: Int) throws {
        let template = try Trial.template()
        var findings = Findings()
        for point in try killPoints(template, traced).spread(CampaignScale.pick(full: .max, sample: sample)) {
            var trial = try Trial(template)
            let wrapper = SystemCalls.inject("signal=KILL", at: point, traced, log: trial.log)
            let result = try trial.end(try trial.start(under: wrapper))
            // Now and then a run has fewer calls than the one that was counted.
            guard try SystemCalls.hasHappened(in: trial.log) else { continue }
            try trial.checkClaim(result)
            try trial.goOn()
            findings.add(trial.findings, at: "\(point)")
        }
        try findings.report(kind, atLeast: CampaignScale.pick(full: 500, sample: sample / 2))
    }

    @Test func `the engine is killed at every call that changes something`() throws {
        try kill(.engine, "engine killed at a system call", sample: 25)
    }

    @Test func `the git worker and the plugins are killed at every call that changes something`() throws {
        try kill(.all, "git worker or plugin killed at a system call", sample: 12)
    }

    /// How long a run takes from its first word to its end.
    private func duration(_ template: LedgerDrill) throws -> Duration {
        let trial = try Trial(template)
        let start = ContinuousClock.now
        _ = try trial.start().finish()
        return ContinuousClock.now - start
    }

    @Test func `the engine, or all of its group, is killed at random moments`() throws {
        let template = try Trial.template()
        let longest = try duration(template)
        var random = Seed.generator("moments")
        var findings = Findings()
        for round in 1...CampaignScale.pick(full: 1000, sample: 20) {
            var trial = try Trial(template)
            try kill(try trial.start(), &trial, after: longest, group: round.isMultiple(of: 2), &random)
            try trial.goOn()
            findings.add(trial.findings, at: "round \(round)")
        }
        try findings.report(
            "engine or its group killed at a random moment", atLeast: CampaignScale.pick(full: 900, sample: 20))
    }

    @Test func `killed again while it is resumed, up to three deep, a run comes to its end`() throws {
        let template = try Trial.template()
        let longest = try duration(template)
        var random = Seed.generator("resumes")
        var findings = Findings()
        for round in 1...CampaignScale.pick(full: 300, sample: 8) {
            var trial = try Trial(template)
            try kill(try trial.start(), &trial, after: longest, group: false, &random)
            for _ in 1...Int.random(in: 1...3, using: &random) where !trial.drill.catalog.runFolders.isEmpty {
                try kill(try trial.startResume(), &trial, after: longest, group: false, &random)
            }
            try trial.goOn()
            findings.add(trial.findings, at: "round \(round)")
        }
        try findings.report(
            "engine killed while it resumes, up to three deep", atLeast: CampaignScale.pick(full: 270, sample: 8))
    }

    private func kill(
        _ command: RunningCommand, _ trial: inout Trial, after longest: Duration, group: Bool,
        _ random: inout SplitMix
    ) throws {
        let share = Double.random(in: 0...1, using: &random)
        try command.read(until: ContinuousClock.now + longest * share)
        if group { command.signalGroup(SIGKILL) } else { command.signal(SIGKILL) }
        try trial.end(command)
    }
}
