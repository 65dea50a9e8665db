// SPDX-License-Identifier: Apache-2.0

import MusterTestSupport
import Testing

/// Kills the engine at each of the points of a run, one after the other: before and after every write and sync, and before
/// everything that it sends, shows or waits for.
@Suite struct KillPointTests {
    static let seeds = CampaignScale.pick(full: Array(1000..<1040), sample: [1000, 1001, 1002])
    /// Every so many-th point, from another one in each run.
    static let stride = CampaignScale.pick(full: 1, sample: 5)

    @Test(arguments: seeds) func `whatever the point, the run is taken up and comes to a true end`(seed: Int) throws {
        var total = Findings()
        var point = 1 + seed % Self.stride
        while true {
            let run = SimulatedRun(seed: UInt64(seed), kind: .pluginFails, exactPoint: point)
            total.add(run.perform())
            #expect(total.all.isEmpty, "seed \(seed), killed at point \(point)")
            if !run.hasKilled || !total.all.isEmpty { break }
            point += Self.stride
        }
        #expect(point > 10, "a run has more points than that")
        try CampaignLog.add(
            kind: "process killed at each point", points: total.points, lost: total.lost.count,
            doubled: total.doubled.count, notResumable: total.notResumable.count, wrongEnd: total.wrongEnd.count,
            seed: UInt64(seed))
    }
}
