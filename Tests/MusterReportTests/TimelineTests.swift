// SPDX-License-Identifier: Apache-2.0

import MusterModel
import Testing

@testable import MusterReport

@Suite struct TimelineTests {
    @Test func `time is drawn to scale`() {
        let scale = TimelineScale(busy: [(0, 1000), (1000, 2000)], left: 100, right: 300)
        #expect(scale.place(0) == 100)
        #expect(scale.place(500) == 150)
        #expect(scale.place(2000) == 300)
        #expect(scale.place(-5) == 100)
        #expect(scale.place(9999) == 300)
    }

    @Test func `a night at rest leaves room for the run`() {
        let night: Int64 = 12 * 3_600_000
        let scale = TimelineScale(busy: [(0, 60_000), (night, night + 60_000)], left: 0, right: 1000)
        #expect(scale.stretches.map(\.isIdle) == [false, true, false])
        #expect(scale.place(60_000).rounded() == 487)
        #expect(scale.place(night).rounded() == 513)
        #expect(scale.place(night + 60_000).rounded() == 1000)
    }

    @Test func `many rests fit, too`() {
        let busy = (0..<400).map { (from: Int64($0) * 1_000_000, to: Int64($0) * 1_000_000 + 10) }
        let scale = TimelineScale(busy: busy, left: 0, right: 1000)
        #expect(scale.place(busy[399].to) <= 1000.001)
        #expect(scale.stretches.allSatisfy { $0.right >= $0.left })
    }

    @Test func `a run in which no time passed has its places`() {
        let scale = TimelineScale(busy: [(5, 5)], left: 10, right: 20)
        #expect(scale.place(5) == 10)
        #expect(scale.ticks().isEmpty)
        #expect(TimelineScale(busy: [], left: 10, right: 20).place(1) == 10)
    }

    @Test(arguments: [Int64(3_000), 47_000, 600_000, 5_000_000, 90_000_000])
    func `ticks are round times and stand apart`(length: Int64) {
        let from = Timestamp("2026-11-21T14:03:02.511Z")!.milliseconds
        let ticks = TimelineScale(busy: [(from, from + length)], left: 268, right: 992).ticks()
        #expect(!ticks.isEmpty && ticks.count <= 12)
        #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $1.at - $0.at >= 74 })
    }
}
