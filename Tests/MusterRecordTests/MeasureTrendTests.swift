// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import Testing

@testable import MusterRecord

@Suite struct MeasureTrendTests {
    /// A drill of the minute, with a clock of so many seconds and a state.
    private func record(_ minute: Int, _ seconds: Int64?, state: String? = nil, kind: RunKind = .drill) throws
        -> RunRecord
    {
        var record = try RunScript.succeeded().files().record
        record.run = RunID(
            started: Timestamp(milliseconds: Int64(minute) * 60_000), runbook: "failover-group-key-swap", random: 1)
        record.kind = kind
        record.measures = [record.measures[0], record.measures[2]]
        record.measures[0].measuredMilliseconds = seconds.map { $0 * 1000 }
        if seconds == nil { record.measures[0].unknown = "It was not done" }
        record.measures[1].value = state.map { .string($0) }
        return record
    }

    @Test(
        arguments: [
            ([100, 110, 90], 100, 0.0, MeasureTrend.Trend.usual, "▁█▅▅"),
            ([100, 110, 90], 80, -20_000, .lower, "▃█▆▁"),
            ([100, 100, 100], 130, 30_000, .higher, "▁▁▁█"), ([5, 5], 5, 0, .usual, "▄▄▄"),
        ] as [([Int64], Int64, Double, MeasureTrend.Trend, String)])
    func `a time is set against the last one and against what is usual`(
        earlier: [Int64], now: Int64, change: Double, trend: MeasureTrend.Trend, bars: String
    ) throws {
        let before = try earlier.enumerated().map { try record(50 - $0, $1) }
        let found = try #require(MeasureTrend.trends(of: record(60, now), among: before).first)
        #expect(found.change == change && found.trend == trend)
        #expect(found.sparkline == bars)
        #expect(found.earlier.compactMap(\.number) == earlier.map { Double($0 * 1000) })
    }

    @Test func `runs of the same kind come first and alone make the trend`() throws {
        let earlier = [
            try record(50, 3, kind: .rehearsal), try record(40, 100), try record(45, 4, kind: .rehearsal),
            try record(30, 110),
        ]
        let found = try #require(MeasureTrend.trends(of: record(60, 105), among: earlier).first)
        #expect(found.earlier.map(\.kind) == [.drill, .drill, .rehearsal, .rehearsal])
        #expect(found.change == 5000 && found.trend == .usual)
    }

    @Test func `later runs, other runbooks and more than ten are left out`() throws {
        var other = try record(10, 1)
        other.runbook.name = "other"
        let earlier = try (20..<35).map { try record($0, Int64($0)) } + [other, record(70, 1)]
        let found = try #require(MeasureTrend.trends(of: record(60, 30), among: earlier).first)
        #expect(found.earlier.compactMap(\.number) == (25..<35).reversed().map { Double($0 * 1000) })
    }

    @Test func `what is not known makes neither change nor bar, and is said`() throws {
        let trends = MeasureTrend.trends(
            of: try record(60, nil, state: "SEEDING"), among: [try record(50, 100, state: "CATCH_UP")])
        #expect(trends[0].change == nil && trends[0].sparkline == nil && trends[0].trend == nil)
        let page = comparisonPage(trends)
        #expect(page.contains("| **swap-time** | not known |  |  | 1 min 40 s |"))
        #expect(page.contains("| **secondary-protector** | SEEDING | was CATCH\\_UP |  | CATCH\\_UP |"))
    }

    @Test func `the page tells values, change and trend`() throws {
        let earlier = try [record(50, 100, state: "OK"), record(40, 110, state: "OK"), record(45, 3, kind: .rehearsal)]
        let page = comparisonPage(MeasureTrend.trends(of: try record(60, 70, state: "OK"), among: earlier))
        #expect(
            page.contains(
                "| **swap-time** | 1 min 10 s | 30 s shorter | █▆▁ shorter than usual | 1 min 40 s, 1 min 50 s, 3 s (rehearsal) |"
            ))
        #expect(page.contains("| **secondary-protector** | OK | the same |"))
        #expect(comparisonPage(MeasureTrend.trends(of: try record(60, 70), among: [])).contains("No earlier run"))
        #expect(comparisonPage([]) == "")
    }
}
