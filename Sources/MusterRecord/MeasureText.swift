// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

extension MeasureRecord {
    /// How the measure stands against its objective.
    package enum Verdict: Hashable, Sendable { case met, missed, unknown, notApplicable, noObjective }

    package var verdict: Verdict {
        if notApplicable == true { return .notApplicable }
        return switch (objective, met) {
        case (nil, _): .noObjective
        case (_?, true?): .met
        case (_?, false?): .missed
        case (_?, nil): .unknown
        }
    }

    /// What was measured, as people read it; nil when it is not known.
    package var measuredText: String? {
        if unknown != nil { return nil }
        return measuredMilliseconds.map(timeText) ?? value?.text
    }
}

extension Objective {
    /// `at most 15 min`, `CATCH_UP`
    package var text: String {
        switch self {
        case .longest(let milliseconds): "at most \(timeText(milliseconds))"
        case .atMost(let most): "at most \(most.text)"
        case .equal(let wanted): wanted.text
        }
    }
}

extension RunRecord {
    /// How the objectives were met; nil when there is none.
    package var objectives: ObjectiveCount? {
        let verdicts = measures.map(\.verdict).filter { $0 != .noObjective && $0 != .notApplicable }
        guard !verdicts.isEmpty else { return nil }
        return ObjectiveCount(
            met: verdicts.count { $0 == .met }, missed: verdicts.count { $0 == .missed },
            unknown: verdicts.count { $0 == .unknown })
    }

    /// What a reader of a rehearsal's times must know; nil for any other run.
    package var rehearsalNote: String? {
        kind == .rehearsal ? "A rehearsal: its clouds were simulated, so its times tell nothing of real ones." : nil
    }
}

/// An objective of which nothing is known is neither met nor missed.
package struct ObjectiveCount: Hashable, Sendable {
    package var met: Int
    package var missed: Int
    package var unknown: Int
    package var all: Int { met + missed + unknown }

    /// `2 of 5 met, 1 not met, 2 not known`; what there is none of is left out.
    package var text: String { "\(met) of \(all) met\(rest)" }
    /// `2 of 5 objectives met, 3 not known`
    package var sentence: String { "\(met) of \(all) objectives met\(rest)" }

    private var rest: String {
        (missed > 0 ? ", \(missed) not met" : "") + (unknown > 0 ? ", \(unknown) not known" : "")
    }
}

/// A duration; nothing at all is no matter of milliseconds.
package func timeText(_ milliseconds: Int64) -> String { milliseconds == 0 ? "0 s" : duration(milliseconds) }
