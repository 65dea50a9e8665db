// SPDX-License-Identifier: Apache-2.0

package import MusterMachine
package import MusterModel

/// A measure of a run beside what earlier runs of the same runbook measured.
package struct MeasureTrend: Hashable, Sendable, Codable {
    /// What one run measured.
    package struct Point: Hashable, Sendable, Codable {
        package var run: RunID
        package var kind: RunKind
        /// As people read it; nil when it is not known.
        package var value: String?
        /// Milliseconds of a time, or the number itself; nil for a text, and when it is not known.
        package var number: Double?
        package var met: Bool?
    }

    /// Against the median of the earlier runs of the same kind. A tenth more or less is as usual.
    package enum Trend: String, Sendable, Codable { case lower, usual, higher }

    package var id: String
    /// Whether the numbers are milliseconds.
    package var isTime: Bool
    package var now: Point
    /// Runs of this one's kind first, each kind newest first.
    package var earlier: [Point]
    /// Against the newest earlier run of the same kind that knows the measure.
    package var change: Double?
    package var trend: Trend?
}

extension MeasureTrend {
    /// So many earlier runs are shown.
    package static let runsMax = 10

    /// - Parameter earlier: records of the same runbook, in any order; those that are not older are left out.
    package static func trends(of record: RunRecord, among earlier: [RunRecord]) -> [MeasureTrend] {
        let older = earlier.filter { $0.run < record.run && $0.runbook.name == record.runbook.name }
            .sorted { $0.run > $1.run }
        let compared = (older.filter { $0.kind == record.kind } + older.filter { $0.kind != record.kind })
            .prefix(runsMax)
        return record.measures.map { measure in
            let points = compared.compactMap { other in
                other.measures.first { $0.id == measure.id }.map { Point($0, of: other) }
            }
            return MeasureTrend(measure, Point(measure, of: record), points)
        }
    }

    private init(_ measure: MeasureRecord, _ now: Point, _ earlier: [Point]) {
        id = measure.id
        isTime = measure.kind == .clock || measure.output?.type == "duration"
        self.now = now
        self.earlier = earlier
        let before = earlier.filter { $0.kind == now.kind }.compactMap(\.number)
        guard let number = now.number, let last = before.first else { return }
        change = number - last
        guard before.count >= 2 else { return }
        let usual = Self.median(before)
        trend = abs(number - usual) <= abs(usual) / 10 ? .usual : number < usual ? .lower : .higher
    }

    private static func median(_ numbers: [Double]) -> Double {
        let sorted = numbers.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// The numbers of this run's kind, oldest first, as bars; nil for fewer than two.
    package var sparkline: String? {
        let numbers =
            earlier.filter { $0.kind == now.kind }.compactMap(\.number).reversed() + [now.number].compactMap(\.self)
        guard now.number != nil, numbers.count >= 2, let least = numbers.min(), let most = numbers.max() else {
            return nil
        }
        let bars = Array("▁▂▃▄▅▆▇█")
        return String(
            numbers.map { number in
                guard most > least else { return bars[3] }
                return bars[Int(((number - least) / (most - least) * Double(bars.count - 1)).rounded())]
            })
    }
}

extension MeasureTrend.Point {
    fileprivate init(_ measure: MeasureRecord, of record: RunRecord) {
        run = record.run
        kind = record.kind
        met = measure.met
        value = measure.measuredText
        guard value != nil else { return }
        let told = measure.measuredMilliseconds.map(Double.init) ?? measure.value?.number
        // What no run can have measured (thirty thousand years) is a damaged record's, and would swamp the others.
        number = told.flatMap { abs($0) < 1e15 ? $0 : nil }
    }
}
