// SPDX-License-Identifier: Apache-2.0

/// A moment in UTC, in milliseconds since 1970-01-01T00:00:00Z. Its text is RFC 3339 with milliseconds and `Z`.
package struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Reads `2026-11-21T14:03:02.511Z`, with or without the fraction. Nil for anything else, other zones included.
    package init?(_ text: String) {
        let characters = Array(text.utf8)
        func number(_ from: Int, _ length: Int) -> Int64? {
            guard from + length <= characters.count else { return nil }
            let part = characters[from..<(from + length)]
            guard part.allSatisfy({ (48...57).contains($0) }) else { return nil }
            return part.reduce(0) { $0 * 10 + Int64($1 - 48) }
        }
        func mark(_ at: Int, _ wanted: Character) -> Bool {
            at < characters.count && characters[at] == wanted.asciiValue
        }
        guard let year = number(0, 4), mark(4, "-"), let month = number(5, 2), mark(7, "-"), let day = number(8, 2),
            mark(10, "T"), let hour = number(11, 2), mark(13, ":"), let minute = number(14, 2), mark(16, ":"),
            let second = number(17, 2), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
            second < 60
        else { return nil }
        var millisecond: Int64 = 0
        if characters.count == 24 {
            guard mark(19, "."), let fraction = number(20, 3), mark(23, "Z") else { return nil }
            millisecond = fraction
        } else {
            guard characters.count == 20, mark(19, "Z") else { return nil }
        }
        let days = Self.days(year: year, month: month, day: day)
        milliseconds = ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + millisecond
        guard description.utf8.prefix(10).elementsEqual(text.utf8.prefix(10)) else { return nil }
    }

    package var description: String {
        let civil = self.civil
        return "\(civil.date)T\(civil.time).\(Self.padded(civil.millisecond, 3))Z"
    }

    /// `2026-11-21`
    package var date: String { civil.date }

    /// `14:03:02`
    package var timeOfDay: String { civil.time }

    /// `20261121-140302`, the first part of a run's id.
    package var compact: String {
        let text = description.utf8.filter { (48...57).contains($0) }
        return String(decoding: text[0..<8], as: UTF8.self) + "-" + String(decoding: text[8..<14], as: UTF8.self)
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.milliseconds < rhs.milliseconds }

    package func advanced(by duration: Duration) -> Timestamp {
        Timestamp(milliseconds: milliseconds + duration.milliseconds)
    }

    package func duration(since earlier: Timestamp) -> Duration {
        .milliseconds(milliseconds - earlier.milliseconds)
    }

    private var civil: (date: String, time: String, millisecond: Int64) {
        let dayLength: Int64 = 86_400_000
        let days = milliseconds >= 0 ? milliseconds / dayLength : (milliseconds - dayLength + 1) / dayLength
        let inDay = milliseconds - days * dayLength
        let (year, month, day) = Self.civilDate(days: days)
        let date = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
        let seconds = inDay / 1000
        let time =
            "\(Self.padded(seconds / 3600, 2)):\(Self.padded(seconds / 60 % 60, 2)):\(Self.padded(seconds % 60, 2))"
        return (date, time, inDay % 1000)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }

    // Days between 1970-01-01 and a date of the proleptic Gregorian calendar, in eras of 400 years that begin in March.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civilDate(days: Int64) -> (Int64, Int64, Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}

extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let timestamp = Timestamp(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "an RFC 3339 time in UTC is expected")
        }
        self = timestamp
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
