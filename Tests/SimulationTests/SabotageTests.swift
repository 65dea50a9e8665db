// SPDX-License-Identifier: Apache-2.0

import MusterTestSupport
import Testing

/// A campaign that cannot fail proves nothing: each deliberate fault in what surrounds the interpreter is found, and where
/// it is looked for.
@Suite struct SabotageTests {
    struct Deliberate: Sendable, CustomTestStringConvertible {
        let sabotage: DrillWorld.Sabotage
        let kind: FaultKind
        let isFound: @Sendable (Findings) -> Bool
        var testDescription: String { "\(sabotage)" }
    }

    static let faults = [
        Deliberate(sabotage: .unsynced, kind: .powerLost) { !$0.lost.isEmpty },
        Deliberate(sabotage: .early, kind: .processKilled) { !$0.lost.isEmpty },
        Deliberate(sabotage: .blind, kind: .replyLost) { !$0.doubled.isEmpty },
        Deliberate(sabotage: .falseEnd, kind: .replyLost) { !$0.wrongEnd.isEmpty },
        Deliberate(sabotage: .forgetful, kind: .pluginFails) { !$0.notResumable.isEmpty },
    ]

    @Test(arguments: faults) func `the campaign finds it`(fault: Deliberate) {
        var total = Findings()
        for seed in 0..<30 {
            total.add(SimulatedRun(seed: UInt64(seed), kind: fault.kind, sabotage: fault.sabotage).perform())
        }
        #expect(fault.isFound(total), "\(fault.sabotage) was not found")
    }

    @Test func `the same seed makes the same run`() {
        for kind in FaultKind.allCases {
            let runs = [SimulatedRun(seed: 7, kind: kind), SimulatedRun(seed: 7, kind: kind)]
            let findings = runs.map { $0.perform() }
            #expect(runs[0].entries == runs[1].entries)
            #expect(findings[0].points == findings[1].points)
        }
    }
}
