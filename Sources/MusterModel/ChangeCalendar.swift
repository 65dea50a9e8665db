// SPDX-License-Identifier: Apache-2.0

/// All that says when an environment may be changed, taken together: a change needs a window of each list that there is, and
/// no freeze.
package struct ChangeCalendar: Hashable, Sendable {
    /// A freeze, worked out.
    package struct Frozen: Hashable, Sendable {
        package var window: ChangeWindow
        package var why: String
        package init(window: ChangeWindow, why: String) {
            self.window = window
            self.why = why
        }
    }

    /// Windows are looked for so far behind and ahead.
    package static let horizon = Duration.seconds(400 * 86_400)

    /// Each of them is asked; an empty one asks nothing.
    package var lists: [[WindowRule]]
    package var freezes: [Freeze]

    package init(lists: [[WindowRule]], freezes: [Freeze]) {
        self.lists = lists.filter { !$0.isEmpty }
        self.freezes = freezes
    }

    package var isEmpty: Bool { lists.isEmpty && freezes.isEmpty }

    package var zones: Set<String> { Set((lists.flatMap(\.self) + freezes.map(\.rule)).flatMap(\.zones)) }

    /// When the environment may be changed, in order of time and apart from each other.
    ///
    /// - Parameter zones: has each of ``zones``.
    /// - Returns: nil where nothing limits it, within the horizon.
    package func windows(around now: Timestamp, _ zones: [String: ZoneRules]) -> [ChangeWindow]? {
        let stretch = Self.stretch(around: now)
        var open = [stretch]
        for list in lists {
            open = open.meeting(joined(list.flatMap { $0.windows(in: stretch, zones) }))
        }
        let frozen = joined(frozen(around: now, zones).map(\.window))
        open = open.without(frozen)
        return open == [stretch] ? nil : open
    }

    /// The freezes around a moment, in order of time.
    package func frozen(around now: Timestamp, _ zones: [String: ZoneRules]) -> [Frozen] {
        let stretch = Self.stretch(around: now)
        return freezes.flatMap { freeze in
            freeze.rule.windows(in: stretch, zones, isWide: true).map { Frozen(window: $0, why: freeze.why) }
        }.sorted { $0.window.opens < $1.window.opens }
    }

    private static func stretch(around now: Timestamp) -> ChangeWindow {
        ChangeWindow(opens: now.advanced(by: .zero - horizon), closes: now.advanced(by: horizon))
    }
}

/// In order of time, and those that touch are one.
private func joined(_ windows: [ChangeWindow]) -> [ChangeWindow] {
    var joined: [ChangeWindow] = []
    for window in windows.sorted(by: { $0.opens < $1.opens }) {
        if let last = joined.last, window.opens <= last.closes {
            joined[joined.count - 1].closes = max(last.closes, window.closes)
        } else {
            joined.append(window)
        }
    }
    return joined
}

extension [ChangeWindow] {
    /// What is in both; both are in order of time and have no two windows that touch.
    package func meeting(_ others: [ChangeWindow]) -> [ChangeWindow] {
        flatMap { one in
            others.compactMap { other in
                let both = ChangeWindow(
                    opens: Swift.max(one.opens, other.opens), closes: Swift.min(one.closes, other.closes))
                return both.opens < both.closes ? both : nil
            }
        }
    }

    fileprivate func without(_ others: [ChangeWindow]) -> [ChangeWindow] {
        others.reduce(self) { open, frozen in
            open.flatMap { window in
                [
                    ChangeWindow(opens: window.opens, closes: Swift.min(window.closes, frozen.opens)),
                    ChangeWindow(opens: Swift.max(window.opens, frozen.closes), closes: window.closes),
                ].filter { $0.opens < $0.closes }
            }
        }
    }
}
