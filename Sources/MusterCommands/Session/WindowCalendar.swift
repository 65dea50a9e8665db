// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterModel
internal import MusterSystem

/// When an environment may be changed by all that binds a run: a freeze that was declared since its plan holds, too.
struct WindowCalendar {
    let calendar: ChangeCalendar
    private let zones: [String: ZoneRules]

    /// - Throws: `zone.unknown`.
    init(_ rules: [ChangeRules]) throws(MusterError) {
        var calendars: [ChangeCalendar] = []
        for rule in rules {
            let calendar = rule.configuration.calendar(of: rule.environment)
            if !calendars.contains(calendar) { calendars.append(calendar) }
        }
        calendar = ChangeCalendar(lists: calendars.flatMap(\.lists), freezes: calendars.flatMap(\.freezes))
        zones = try ZoneFiles().rules(of: calendar.zones)
    }

    /// Nil where nothing limits it.
    func windows(around now: Timestamp) -> [ChangeWindow]? { calendar.windows(around: now, zones) }

    func frozen(around now: Timestamp) -> [ChangeCalendar.Frozen] { calendar.frozen(around: now, zones) }
}
