// SPDX-License-Identifier: Apache-2.0

/// When changes are allowed, or are not, as people write it: once, or every week, by the clocks of a place.
package enum WindowRule: Hashable, Sendable {
    case once(opens: Moment, closes: Moment)
    /// On each of the days from a time on, until another time of that day or, where that is not later, of the next.
    case weekly(days: Set<Weekday>, from: TimeOfDay, to: TimeOfDay, zone: String)

    /// A moment in UTC, or by the clocks of a zone.
    package enum Moment: Hashable, Sendable {
        case utc(Timestamp)
        case local(LocalTime, zone: String)
    }

    /// The zones whose clocks it goes by.
    package var zones: Set<String> {
        switch self {
        case .weekly(_, _, _, let zone): [zone]
        case .once(let opens, let closes): Set([opens.zone, closes.zone].compactMap(\.self))
        }
    }

    /// Its windows that are not wholly outside of the stretch of time.
    ///
    /// Where clocks are set forward over a time that is named, it stands for the moment of that.
    ///
    /// - Parameters:
    ///   - zones: has each of ``zones``.
    ///   - isWide: where clocks show a time twice, the window begins at the earlier one and ends at the later one; else the
    ///     other way about, so that what is in doubt is outside.
    package func windows(
        in stretch: ChangeWindow, _ zones: [String: ZoneRules], isWide: Bool = false
    ) -> [ChangeWindow] {
        func window(_ opens: Moment, _ closes: Moment) -> ChangeWindow {
            isWide
                ? ChangeWindow(opens: opens.earliest(zones), closes: closes.latest(zones))
                : ChangeWindow(opens: opens.latest(zones), closes: closes.earliest(zones))
        }
        let all: [ChangeWindow]
        switch self {
        case .once(let opens, let closes): all = [window(opens, closes)]
        case .weekly(let days, let from, let to, let zone):
            let dayLength: Int64 = 86_400_000
            // A day more on each side, for zones are ahead of UTC or behind it, and windows reach into the next day.
            let first = stretch.opens.milliseconds / dayLength - 3
            let last = stretch.closes.milliseconds / dayLength + 2
            all = (first...max(first, last)).filter { days.contains(Weekday(day: $0)) }.map { day in
                let opens = Moment.local(LocalTime(day: day, minutes: from.minutes), zone: zone)
                let end = LocalTime(day: to > from ? day : day + 1, minutes: to.minutes)
                return window(opens, .local(end, zone: zone))
            }
        }
        return all.filter { $0.opens < $0.closes && $0.closes > stretch.opens && $0.opens < stretch.closes }
    }
}

extension WindowRule.Moment {
    var zone: String? { if case .local(_, let zone) = self { zone } else { nil } }

    func earliest(_ zones: [String: ZoneRules]) -> Timestamp { moments(zones).first! }
    func latest(_ zones: [String: ZoneRules]) -> Timestamp { moments(zones).last! }

    /// Never empty.
    private func moments(_ zones: [String: ZoneRules]) -> [Timestamp] {
        switch self {
        case .utc(let moment): return [moment]
        case .local(let local, let zone):
            let rules = zones[zone]!
            let found = rules.moments(of: local)
            // What clocks never show is jumped over at one moment.
            return found.isEmpty ? [rules.gap(over: local)!] : found
        }
    }
}

/// A time in which nothing may be changed, whatever window is open.
package struct Freeze: Hashable, Sendable {
    package var rule: WindowRule
    package var why: String
    /// Nil: all of them.
    package var environments: Set<String>?

    package init(rule: WindowRule, why: String, environments: Set<String>?) {
        self.rule = rule
        self.why = why
        self.environments = environments
    }
}
