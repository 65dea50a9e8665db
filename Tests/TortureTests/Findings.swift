// SPDX-License-Identifier: Apache-2.0

import MusterTestSupport
import Testing

/// What a campaign found, point by point.
struct Findings {
    var points = 0
    private(set) var lost: [String] = []
    private(set) var doubled: [String] = []
    private(set) var notResumable: [String] = []
    private(set) var wrongEnd: [String] = []

    mutating func lose(_ what: String) { lost.append(what) }
    mutating func double(_ what: String) { doubled.append(what) }
    mutating func cannotResume(_ what: String) { notResumable.append(what) }
    mutating func endWrongly(_ what: String) { wrongEnd.append(what) }

    mutating func add(_ other: Findings, at point: String) {
        points += other.points
        lost += other.lost.map { "\(point): \($0)" }
        doubled += other.doubled.map { "\(point): \($0)" }
        notResumable += other.notResumable.map { "\(point): \($0)" }
        wrongEnd += other.wrongEnd.map { "\(point): \($0)" }
    }

    /// Writes the campaign's row, and fails the test unless all is zero.
    func report(_ kind: String, atLeast least: Int = 1, sourceLocation: SourceLocation = #_sourceLocation) throws {
        print(
            "\(kind): \(points) points, lost \(lost.count), doubled \(doubled.count), "
                + "not resumable \(notResumable.count), wrong end \(wrongEnd.count), MUSTER_SEED=\(Seed.value)")
        try CampaignLog.add(
            kind: kind, points: points, lost: lost.count, doubled: doubled.count, notResumable: notResumable.count,
            wrongEnd: wrongEnd.count, seed: Seed.value)
        #expect(points >= least, "too few points were tried", sourceLocation: sourceLocation)
        for (what, all) in [
            ("lost", lost), ("doubled", doubled), ("not resumable", notResumable), ("wrong end", wrongEnd),
        ] {
            #expect(all.isEmpty, "\(what): \(all.prefix(5).joined(separator: "\n"))", sourceLocation: sourceLocation)
        }
    }
}

/// What every random choice follows from: `MUSTER_SEED`, else a number that is printed with the figures.
enum Seed {
    static let value = seedFromEnvironment ?? UInt64.random(in: 1...999_999_999)

    /// A generator of its own for each purpose, so that one campaign can be made again without the others.
    static func generator(_ purpose: String) -> SplitMix {
        SplitMix(state: purpose.utf8.reduce(value) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension Array {
    /// So many of them, spread evenly; all where there are no more.
    func spread(_ count: Int) -> [Element] {
        guard count < self.count, count > 0 else { return self }
        return (0..<count).map { self[$0 * self.count / count] }
    }
}
