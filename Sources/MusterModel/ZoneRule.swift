// SPDX-License-Identifier: Apache-2.0

/// How a zone's clocks are set every year, as the variable TZ says it, such as `CET-1CEST,M3.5.0,M10.5.0/3`.
///
/// Source: POSIX.1-2024, Base Definitions, section 8.3; RFC 9636, section 3.3.1, for times of more than a day.
struct ZoneRule: Hashable, Sendable {
    /// The day of a year on which clocks are set.
    enum Day: Hashable, Sendable {
        /// 1 to 365; the leap day is never counted.
        case julian(Int64)
        /// 0 to 365.
        case ofYear(Int64)
        /// The n-th such weekday of the month, 5 for the last; weekdays from Sunday, 0.
        case weekday(month: Int64, week: Int64, day: Int64)
    }

    struct Change: Hashable, Sendable {
        var day: Day
        /// By the clocks of before, in seconds since midnight.
        var seconds: Int64 = 7200
    }

    /// What clocks show more than UTC.
    var standard: Int64
    var summer: Int64?
    var begin = Change(day: .ofYear(0))
    var end = Change(day: .ofYear(0))

    init?(_ text: String) {
        var rest = Substring(text)
        guard Self.skipName(&rest), let offset = Self.time(&rest) else { return nil }
        standard = -offset
        if rest.isEmpty { return }
        guard Self.skipName(&rest) else { return nil }
        if rest.first == "," {
            summer = standard + 3600
        } else {
            guard let offset = Self.time(&rest) else { return nil }
            summer = -offset
        }
        guard let begin = Self.change(&rest), let end = Self.change(&rest), rest.isEmpty else { return nil }
        (self.begin, self.end) = (begin, end)
    }

    func transitions(from first: Int64, to last: Int64) -> [ZoneRules.Transition] {
        guard let summer, first <= last else { return [] }
        return (first...last).flatMap { year in
            [
                ZoneRules.Transition(at: moment(begin, year) - standard, offset: summer),
                ZoneRules.Transition(at: moment(end, year) - summer, offset: standard),
            ]
        }.sorted { $0.at < $1.at }
    }

    private func moment(_ change: Change, _ year: Int64) -> Int64 {
        let newYear = CivilDate(year: year, month: 1, day: 1)
        let day: Int64
        switch change.day {
        case .ofYear(let number): day = newYear.days + number
        case .julian(let number):
            day = newYear.days + number - (newYear.isLeapYear && number >= 60 ? 0 : 1)
        case .weekday(let month, let week, let weekday):
            let first = CivilDate(year: year, month: month, day: 1).days
            let length = CivilDate(year: month == 12 ? year + 1 : year, month: month % 12 + 1, day: 1).days - first
            // 1970-01-01 was a Thursday, 4.
            let until = (weekday - (first + 4) % 7 + 14) % 7
            var date = until + (week - 1) * 7
            while date >= length { date -= 7 }
            day = first + date
        }
        return day * 86_400 + change.seconds
    }

    // MARK: Reading

    /// Letters, or anything between angle brackets.
    private static func skipName(_ rest: inout Substring) -> Bool {
        if rest.first == "<" {
            guard let end = rest.firstIndex(of: ">") else { return false }
            rest = rest[rest.index(after: end)...]
            return true
        }
        let name = rest.prefix { $0.isASCII && $0.isLetter }
        rest = rest.dropFirst(name.count)
        return name.count >= 3
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    private static func time(_ rest: inout Substring) -> Int64? {
        let sign: Int64 = rest.first == "-" ? -1 : 1
        if rest.first == "-" || rest.first == "+" { rest = rest.dropFirst() }
        guard let hours = number(&rest, 0...167) else { return nil }
        var seconds = hours * 3600
        for unit: Int64 in [60, 1] where rest.first == ":" {
            rest = rest.dropFirst()
            guard let part = number(&rest, 0...59) else { return nil }
            seconds += part * unit
        }
        return sign * seconds
    }

    private static func change(_ rest: inout Substring) -> Change? {
        guard rest.first == "," else { return nil }
        rest = rest.dropFirst()
        guard let day = day(&rest) else { return nil }
        guard rest.first == "/" else { return Change(day: day) }
        rest = rest.dropFirst()
        return time(&rest).map { Change(day: day, seconds: $0) }
    }

    private static func day(_ rest: inout Substring) -> Day? {
        switch rest.first {
        case "J":
            rest = rest.dropFirst()
            return number(&rest, 1...365).map(Day.julian)
        case "M":
            rest = rest.dropFirst()
            guard let month = number(&rest, 1...12), dot(&rest), let week = number(&rest, 1...5), dot(&rest),
                let day = number(&rest, 0...6)
            else { return nil }
            return .weekday(month: month, week: week, day: day)
        default: return number(&rest, 0...365).map(Day.ofYear)
        }
    }

    private static func dot(_ rest: inout Substring) -> Bool {
        guard rest.first == "." else { return false }
        rest = rest.dropFirst()
        return true
    }

    private static func number(_ rest: inout Substring, _ allowed: ClosedRange<Int64>) -> Int64? {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(digits.count)
        guard digits.count <= 3, let number = Int64(digits), allowed.contains(number) else { return nil }
        return number
    }
}
