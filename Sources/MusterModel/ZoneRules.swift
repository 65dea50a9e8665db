// SPDX-License-Identifier: Apache-2.0

/// When the clocks of a time zone are set, and by how much they differ from UTC.
package struct ZoneRules: Hashable, Sendable {
    /// From a moment on, the zone's clocks show UTC and so many seconds.
    package struct Transition: Hashable, Sendable {
        /// In seconds since 1970 UTC.
        package var at: Int64
        package var offset: Int64
        package init(at: Int64, offset: Int64) {
            self.at = at
            self.offset = offset
        }
    }

    /// Before the first transition.
    package var first: Int64
    /// In order of time.
    package var transitions: [Transition]

    package init(first: Int64, transitions: [Transition]) {
        self.first = first
        self.transitions = transitions
    }

    package static let utc = ZoneRules(first: 0, transitions: [])

    /// What the zone's clocks show more than UTC, in seconds.
    package func offset(at moment: Timestamp) -> Int64 {
        transitions[..<firstIndex(after: Self.seconds(moment))].last?.offset ?? first
    }

    package func local(_ moment: Timestamp) -> LocalTime {
        LocalTime(seconds: Self.seconds(moment) + offset(at: moment))
    }

    private static func seconds(_ moment: Timestamp) -> Int64 {
        (moment.milliseconds >= 0 ? moment.milliseconds : moment.milliseconds - 999) / 1000
    }

    /// The moments at which the zone's clocks show this: none when they are set forward over it, two when they are set
    /// back over it.
    package func moments(of local: LocalTime) -> [Timestamp] {
        // Clocks differ from UTC by less than a day and a half.
        let near = transitions.indices.filter { abs(transitions[$0].at - local.seconds) < 130_000 }
        var offsets = Set(near.map { transitions[$0].offset })
        let before = near.first ?? firstIndex(after: local.seconds)
        offsets.insert(before > 0 ? transitions[before - 1].offset : first)
        return offsets.map { Timestamp(milliseconds: (local.seconds - $0) * 1000) }
            .filter { self.local($0) == local }.sorted()
    }

    /// The moment at which clocks are set forward over a time that they never show; nil where they show it.
    package func gap(over local: LocalTime) -> Timestamp? {
        for (index, transition) in transitions.enumerated() {
            let before = index > 0 ? transitions[index - 1].offset : first
            guard transition.offset > before else { continue }
            if (transition.at + before..<transition.at + transition.offset).contains(local.seconds) {
                return Timestamp(milliseconds: transition.at * 1000)
            }
        }
        return nil
    }

    private func firstIndex(after seconds: Int64) -> Int {
        var (low, high) = (0, transitions.count)
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle].at <= seconds { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
