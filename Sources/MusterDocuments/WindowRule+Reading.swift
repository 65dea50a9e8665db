// SPDX-License-Identifier: Apache-2.0

import MusterModel

extension WindowRule {
    private static let times: [Field] = [
        .optional("opens", .text(.moment), "From when on; by the clocks of 'zone', or in UTC with a Z"),
        .optional("closes", .text(.moment), "Until when"),
        .optional("days", .list(.choice(Weekday.allCases.map(\.rawValue)), atLeast: 1), "Every week on these days"),
        .optional("from", .text(.timeOfDay), "Every week: from this time of the day"),
        .optional("to", .text(.timeOfDay), "Every week: until this time, of the next day where it is not later"),
        .optional("zone", .text(.zone), "Whose clocks, such as Europe/Zurich"),
    ]

    /// A change window: `opens` and `closes`, or `days`, `from` and `to`.
    static let shape = Shape.object(ObjectShape(times))

    /// The same with why, and where.
    static let freeze = Shape.object(
        ObjectShape(
            times + [
                .required("why", .text(.sentence), "What people are told"),
                .optional("environments", .list(.text(.kebab), atLeast: 1), "Where; everywhere without it"),
            ]))

    /// Nil for what is refused.
    init?(_ value: LocatedValue) {
        var none: [Diagnostic] = []
        self.init(value, into: &none)
    }

    /// - Parameter diagnostics: one for each key that is missing, or that does not go with the others.
    init?(_ value: LocatedValue, into diagnostics: inout [Diagnostic]) {
        let isWeekly = ["days", "from", "to"].contains { value[$0] != nil }
        let wanted = isWeekly ? ["days", "from", "to", "zone"] : ["opens", "closes"]
        let others = isWeekly ? ["opens", "closes"] : []
        var isWhole = true
        func report(_ summary: String, _ help: String, at location: SourceLocation) {
            isWhole = false
            diagnostics.append(Diagnostic(code: Self.code, summary, help: help, at: location))
        }
        for name in wanted where value[name] == nil {
            report(
                "The window has no '\(name)'", "Give opens and closes, or days, from, to and zone.", at: value.location)
        }
        for name in others {
            if let other = value[name] {
                report("'\(name)' does not go with days, from and to", "Make two windows of it.", at: other.location)
            }
        }
        guard isWhole else { return nil }
        if isWeekly {
            self.init(weekly: value)
        } else {
            self.init(once: value, report)
        }
    }

    static let code = "window.bad"

    private init?(weekly value: LocatedValue) {
        let days = (value["days"]?.list ?? []).compactMap { $0.string.flatMap(Weekday.init(rawValue:)) }
        guard !days.isEmpty, let from = value["from"]?.string.flatMap({ TimeOfDay($0) }),
            let to = value["to"]?.string.flatMap({ TimeOfDay($0) }), let zone = value["zone"]?.string, isZoneName(zone)
        else { return nil }
        self = .weekly(days: Set(days), from: from, to: to, zone: zone)
    }

    private init?(once value: LocatedValue, _ report: (String, String, SourceLocation) -> Void) {
        let zone = value["zone"]?.string
        func moment(_ name: String) -> Moment? {
            guard let member = value[name], let text = member.string else { return nil }
            if let utc = Timestamp(text) { return .utc(utc) }
            guard let local = LocalTime(text) else { return nil }
            guard let zone else {
                report("'\(name)' is by no clock", "Name its zone, or write it in UTC with a Z.", member.location)
                return nil
            }
            return isZoneName(zone) ? .local(local, zone: zone) : nil
        }
        // Both are read before either is missed: what is wrong with them is told at once.
        let ends = (moment("opens"), moment("closes"))
        guard let opens = ends.0, let closes = ends.1 else { return nil }
        if (opens.isUTC) != (closes.isUTC) {
            report(
                "'opens' and 'closes' are by two clocks",
                "Write both in UTC with a Z, or both by the clocks of 'zone'.",
                value.location)
            return nil
        }
        let isBackwards =
            switch (opens, closes) {
            case (.utc(let opens), .utc(let closes)): closes <= opens
            case (.local(let opens, _), .local(let closes, _)): closes <= opens
            default: false
            }
        guard !isBackwards else {
            report("A change window closes before it opens", "Write the later time behind 'closes'.", value.location)
            return nil
        }
        self = .once(opens: opens, closes: closes)
    }

    /// The rules of a list; what was refused is left out.
    static func list(_ value: LocatedValue?) -> [WindowRule] { (value?.list ?? []).compactMap { WindowRule($0) } }

    /// Where lists of windows name zones.
    static func zoneNames(_ lists: [LocatedValue]) -> [Located<String>] {
        lists.flatMap { $0.list ?? [] }.compactMap { $0["zone"]?.text }
    }

    static func check(_ list: LocatedValue?, into diagnostics: inout [Diagnostic]) {
        for item in list?.list ?? [] where item.members != nil { _ = WindowRule(item, into: &diagnostics) }
    }
}

extension WindowRule.Moment {
    fileprivate var isUTC: Bool { if case .utc = self { true } else { false } }
}

extension Freeze {
    init?(_ value: LocatedValue) {
        guard let rule = WindowRule(value), let why = value["why"]?.string else { return nil }
        self.init(
            rule: rule, why: why, environments: value["environments"].map { Set(($0.list ?? []).compactMap(\.string)) })
    }
}

extension TextRule {
    static let moment = TextRule(
        "a time such as \"2026-11-22T20:00\", or \"2026-11-22T20:00:00Z\" in UTC",
        pattern: #"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{3})?Z)?$"#
    ) { Timestamp($0) != nil || LocalTime($0) != nil }
    static let timeOfDay = TextRule("a time of day such as \"22:00\"", pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$") {
        TimeOfDay($0) != nil
    }
    static let zone = TextRule(
        "a time zone such as Europe/Zurich", pattern: "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z][A-Za-z0-9_+-]*)*$",
        accepts: isZoneName)
}
