// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// From moments to places on a line. A stretch in which nothing ran is drawn short, or a night at rest would leave no room
/// for the run itself.
struct TimelineScale {
    struct Stretch: Hashable {
        var from: Int64
        var to: Int64
        var left: Double
        var right: Double
        /// Nothing ran.
        var isIdle: Bool
    }

    let stretches: [Stretch]
    let left: Double
    let right: Double

    /// So much of the time that something ran may pass idly and is still drawn to scale.
    private static let idleShare = 0.15
    private static let idleWidth = 26.0

    /// - Parameter busy: from when to when something ran, in milliseconds; in any order, and they may overlap.
    init(busy: [(from: Int64, to: Int64)], left: Double, right: Double) {
        self.left = left
        self.right = right
        let merged = Self.merged(busy)
        let worked = merged.reduce(0.0) { $0 + Double($1.to - $1.from) }
        var parts: [(from: Int64, to: Int64, isIdle: Bool)] = []
        for stretch in merged {
            guard let last = parts.last else {
                parts.append((stretch.from, stretch.to, false))
                continue
            }
            if Double(stretch.from - last.to) > worked * Self.idleShare {
                parts.append((last.to, stretch.from, true))
                parts.append((stretch.from, stretch.to, false))
            } else {
                parts[parts.count - 1].to = stretch.to
            }
        }
        let drawn = parts.reduce(0.0) { $0 + ($1.isIdle ? 0 : Double($1.to - $1.from)) }
        let idle = parts.count(where: \.isIdle)
        // Many rests leave each the less.
        let idleWidth = min(Self.idleWidth, (right - left) / 2 / Double(max(1, idle)))
        let perMillisecond = (right - left - Double(idle) * idleWidth) / max(1, drawn)
        var at = left
        stretches = parts.map { part in
            let width = part.isIdle ? idleWidth : Double(part.to - part.from) * perMillisecond
            defer { at += width }
            return Stretch(from: part.from, to: part.to, left: at, right: at + width, isIdle: part.isIdle)
        }
    }

    private static func merged(_ spans: [(from: Int64, to: Int64)]) -> [(from: Int64, to: Int64)] {
        var merged: [(from: Int64, to: Int64)] = []
        for span in spans.sorted(by: { ($0.from, $0.to) < ($1.from, $1.to) }) {
            let end = max(span.from, span.to)
            if let last = merged.last, span.from <= last.to {
                merged[merged.count - 1].to = max(last.to, end)
            } else {
                merged.append((span.from, end))
            }
        }
        return merged
    }

    func place(_ moment: Int64) -> Double {
        guard let stretch = stretches.last(where: { $0.from <= moment }) ?? stretches.first else { return left }
        guard stretch.to > stretch.from else { return stretch.left }
        let share = Double(moment - stretch.from) / Double(stretch.to - stretch.from)
        return stretch.left + min(1, max(0, share)) * (stretch.right - stretch.left)
    }

    /// Round times of the day, far enough apart to be read.
    func ticks(apart: Double = 74) -> [(at: Double, text: String)] {
        let drawn = stretches.filter { !$0.isIdle }
        let time = drawn.reduce(Int64(0)) { $0 + $1.to - $1.from }
        let width = drawn.reduce(0.0) { $0 + $1.right - $1.left }
        guard time > 0, width > 0 else { return [] }
        let steps: [Int64] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400]
        let step = 1000 * (steps.first { Double($0 * 1000) / Double(time) * width >= apart } ?? 864_000)
        var ticks: [(at: Double, text: String)] = []
        for stretch in drawn {
            var moment = (stretch.from + step - 1) / step * step
            while moment <= stretch.to {
                let at = place(moment)
                if at <= right - 24, at - (ticks.last?.at ?? -apart) >= apart {
                    let text = Timestamp(milliseconds: moment).timeOfDay
                    ticks.append((at, step % 60_000 == 0 ? String(text.prefix(5)) : text))
                }
                moment += step
            }
        }
        return ticks
    }
}
