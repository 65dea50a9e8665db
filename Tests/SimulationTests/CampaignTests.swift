// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

/// Thousands of runs with faults: the real interpreter, loop and journal, on a simulated disk with simulated clocks, plugins,
/// clouds and people.
///
/// Each run follows from its seed alone: `MUSTER_SEED=123 swift test --filter SimulationTests` makes one of them again, and
/// tells its journal. `MUSTER_TORTURE=full` makes a hundred thousand.
@Suite struct CampaignTests {
    static let runs = CampaignScale.pick(full: 100_000, sample: 2000)

    /// Also says what is done to the run: each kind has every so many-th seed.
    static func kind(_ seed: Int) -> FaultKind { FaultKind.allCases[seed % FaultKind.allCases.count] }

    static let seeds: [FaultKind: [Int]] = {
        if let only = getenv("MUSTER_SEED").flatMap({ Int(String(cString: $0)) }) { return [kind(only): [only]] }
        return Dictionary(grouping: 0..<runs, by: kind)
    }()

    @Test(arguments: FaultKind.allCases)
    func `no event is lost, no effect is sent blindly, every run comes to an end, and the end is true`(
        kind: FaultKind
    ) throws {
        var total = Findings()
        for seed in Self.seeds[kind] ?? [] {
            let run = SimulatedRun(seed: UInt64(seed), kind: kind)
            let findings = run.perform()
            total.add(findings)
            if !findings.all.isEmpty || Self.seeds.count == 1 { tell(run, findings) }
        }
        let mayLandLate = [FaultKind.effectDelayed, .undoTwice, .all].contains(kind)
        #expect(mayLandLate || total.late == 0, "only what a cloud shows late may be unknown at the end")
        try CampaignLog.add(
            kind: kind.rawValue, points: total.points, lost: total.lost.count, doubled: total.doubled.count,
            notResumable: total.notResumable.count, wrongEnd: total.wrongEnd.count)
    }

    private func tell(_ run: SimulatedRun, _ findings: Findings) {
        if Self.seeds.count == 1 {
            for step in run.world.plan.steps { print(step.id, step.uses, step.needs, step.onFailure, step.section) }
            for entry in run.entries { print(entry.sequence, entry.at, entry.event) }
            print(findings)
        }
        for finding in findings.all {
            Issue.record(
                "\(finding)\nMake it again: MUSTER_SEED=\(run.seed) swift test --filter SimulationTests")
        }
    }
}
