// SPDX-License-Identifier: Apache-2.0

/// A date and a time as a clock on a wall shows them, in no zone.
package struct LocalTime: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Since 1970-01-01T00:00 of the same clock, as if it were never set.
    package let seconds: Int64

    package init(seconds: Int64) { self.seconds = seconds }

    package init(day: Int64, minutes: Int64) { seconds = day * 86_400 + minutes * 60 }

    /// Reads `2026-12-18T22:00`; nil for anything else.
    package init?(_ text: String) {
        guard text.utf8.count == 16, let moment = Timestamp("\(text):00Z") else { return nil }
        seconds = moment.milliseconds / 1000
    }

    package var description: String { String(Timestamp(milliseconds: seconds * 1000).description.prefix(16)) }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.seconds < rhs.seconds }
}

/// A time of day in whole minutes since midnight.
package struct TimeOfDay: Hashable, Sendable, Comparable {
    package let minutes: Int64

    /// Reads `22:00`; nil for anything else.
    package init?(_ text: String) {
        guard text.utf8.count == 5, let moment = LocalTime("1970-01-01T\(text)") else { return nil }
        minutes = moment.seconds / 60
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.minutes < rhs.minutes }
}

package enum Weekday: String, Hashable, Sendable, CaseIterable {
    case mon, tue, wed, thu, fri, sat, sun

    /// - Parameter day: days since 1970-01-01, a Thursday.
    package init(day: Int64) {
        let sinceMonday = (day + 3) % 7
        self = Self.allCases[Int(sinceMonday < 0 ? sinceMonday + 7 : sinceMonday)]
    }
}
