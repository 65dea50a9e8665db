// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

extension MeasureRecord {
    /// How the measure stands against its objective.
    package enum Verdict: Hashable, Sendable { case met, missed, unknown, noObjective }

    package var verdict: Verdict {
        switch (objective, met) {
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
    /// How many of the objectives were met, of how many there are; nil when there is none.
    package var objectives: (met: Int, all: Int)? {
        let held = measures.filter { $0.objective != nil }
        return held.isEmpty ? nil : (held.count { $0.met == true }, held.count)
    }
}

/// A duration; nothing at all is no matter of milliseconds.
func timeText(_ milliseconds: Int64) -> String { milliseconds == 0 ? "0 s" : duration(milliseconds) }
