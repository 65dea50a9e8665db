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
        let days = CivilDate(year: year, month: month, day: day).days
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
        let civil = CivilDate(days: days)
        let date = "\(Self.padded(civil.year, 4))-\(Self.padded(civil.month, 2))-\(Self.padded(civil.day, 2))"
        let seconds = inDay / 1000
        let time =
            "\(Self.padded(seconds / 3600, 2)):\(Self.padded(seconds / 60 % 60, 2)):\(Self.padded(seconds % 60, 2))"
        return (date, time, inDay % 1000)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
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
