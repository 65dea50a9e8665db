// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterTestSupport
import Testing

/// When an environment may be changed, by the clocks of places that are set twice a year.
@Suite struct ChangeCalendarTests {
    private static func zone(_ footer: String) -> ZoneRules {
        ZoneRules(zoneFile: ZoneRulesTests.file(first: 0, [], footer: footer))!
    }

    static let zones = [
        "Europe/Zurich": zone("CET-1CEST,M3.5.0,M10.5.0/3"), "America/New_York": zone("EST5EDT,M3.2.0,M11.1.0"),
        "Australia/Lord_Howe": zone("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"), "Asia/Kolkata": zone("IST-5:30"),
        "Pacific/Kiritimati": zone("<+14>-14"), "UTC": ZoneRules.utc,
    ]

    private static func weekly(_ days: [Weekday], _ from: String, _ to: String, _ zone: String) -> WindowRule {
        .weekly(days: Set(days), from: TimeOfDay(from)!, to: TimeOfDay(to)!, zone: zone)
    }

    private static func once(_ opens: String, _ closes: String, _ zone: String) -> WindowRule {
        .once(opens: .local(LocalTime(opens)!, zone: zone), closes: .local(LocalTime(closes)!, zone: zone))
    }

    struct Case: CustomStringConvertible {
        var rule: WindowRule
        var moment: String
        var isOpen: Bool
        init(_ rule: WindowRule, _ moment: String, _ isOpen: Bool) {
            (self.rule, self.moment, self.isOpen) = (rule, moment, isOpen)
        }
        var description: String { "\(moment) in \(rule)" }
    }

    /// Saturday night over the two nights on which clocks in Zurich are set, 2026-03-29 and 2026-10-25.
    private static let night = weekly([.sat], "22:00", "04:00", "Europe/Zurich")
    /// From a time that is never shown in spring and twice in autumn.
    private static let opensInDoubt = weekly([.sun], "02:30", "05:00", "Europe/Zurich")
    private static let closesInDoubt = weekly([.sun], "00:30", "02:30", "Europe/Zurich")
    private static let newYork = weekly([.sun], "01:30", "02:30", "America/New_York")

    static let cases: [Case] = [
        // In winter, five hours and a half before it closes, and at its edges.
        Case(night, "2026-01-10T20:59:59Z", false), Case(night, "2026-01-10T21:00:00Z", true),
        Case(night, "2026-01-11T02:59:59Z", true), Case(night, "2026-01-11T03:00:00Z", false),
        // In summer an hour earlier by UTC.
        Case(night, "2026-07-11T19:59:59Z", false), Case(night, "2026-07-11T20:00:00Z", true),
        Case(night, "2026-07-12T01:59:59Z", true), Case(night, "2026-07-12T02:00:00Z", false),
        // The night that is an hour short, and the one that is an hour long.
        Case(night, "2026-03-28T21:00:00Z", true), Case(night, "2026-03-29T01:59:59Z", true),
        Case(night, "2026-03-29T02:00:00Z", false), Case(night, "2026-10-24T20:00:00Z", true),
        Case(night, "2026-10-25T02:59:59Z", true), Case(night, "2026-10-25T03:00:00Z", false),
        Case(opensInDoubt, "2026-03-29T00:59:59Z", false), Case(opensInDoubt, "2026-03-29T01:00:00Z", true),
        Case(opensInDoubt, "2026-10-25T00:30:00Z", false), Case(opensInDoubt, "2026-10-25T01:29:59Z", false),
        Case(opensInDoubt, "2026-10-25T01:30:00Z", true), Case(closesInDoubt, "2026-03-29T00:59:59Z", true),
        Case(closesInDoubt, "2026-03-29T01:00:00Z", false), Case(closesInDoubt, "2026-10-25T00:29:59Z", true),
        Case(closesInDoubt, "2026-10-25T00:30:00Z", false), Case(closesInDoubt, "2026-10-25T01:00:00Z", false),
        // A window that lies wholly in the hour that is shown twice, or never.
        Case(newYork, "2026-11-01T05:30:00Z", false), Case(newYork, "2026-11-01T06:30:00Z", true),
        Case(newYork, "2026-11-01T07:29:59Z", true), Case(newYork, "2026-11-01T07:30:00Z", false),
        Case(newYork, "2026-03-08T06:30:00Z", true), Case(newYork, "2026-03-08T07:00:00Z", false),
        Case(weekly([.sun], "02:10", "02:50", "America/New_York"), "2026-03-08T07:00:00Z", false),
        // Half an hour, days that are another day by UTC, and a whole day.
        Case(weekly([.sun], "02:00", "03:00", "Australia/Lord_Howe"), "2026-04-04T15:29:00Z", false),
        Case(weekly([.sun], "02:00", "03:00", "Australia/Lord_Howe"), "2026-04-04T15:30:00Z", true),
        Case(weekly([.mon], "00:00", "01:00", "Pacific/Kiritimati"), "2026-01-04T10:30:00Z", true),
        Case(weekly([.mon], "00:00", "01:00", "Pacific/Kiritimati"), "2026-01-05T00:30:00Z", false),
        Case(weekly([.mon], "00:00", "00:00", "Asia/Kolkata"), "2026-01-04T18:30:00Z", true),
        Case(weekly([.mon], "00:00", "00:00", "Asia/Kolkata"), "2026-01-05T18:30:00Z", false),
        Case(once("2026-10-25T02:30", "2026-10-25T02:45", "Europe/Zurich"), "2026-10-25T00:35:00Z", false),
        Case(once("2026-10-25T01:30", "2026-10-25T02:45", "Europe/Zurich"), "2026-10-25T00:35:00Z", true),
        Case(once("2026-12-31T23:00", "2027-01-01T01:00", "UTC"), "2027-01-01T00:59:59Z", true),
    ]

    @Test func `windows open and close by the clocks of their place`() throws {
        var wrong: [String] = []
        for one in Self.cases {
            let moment = try #require(Timestamp(one.moment))
            let calendar = ChangeCalendar(lists: [[one.rule]], freezes: [])
            let open = calendar.windows(around: moment, Self.zones)?.contains { $0.contains(moment) }
            if open != one.isOpen { wrong.append(one.description) }
        }
        print("change windows: \(Self.cases.count) moments around changes of clocks, \(wrong.count) wrong")
        try CampaignLog.add(
            kind: "change windows when clocks are set", points: Self.cases.count, lost: 0, doubled: 0, notResumable: 0,
            wrongEnd: wrong.count)
        #expect(Self.cases.count >= 30 && wrong.isEmpty, "\(wrong)")
    }

    @Test func `each list needs a window, and a freeze takes its time out of all`() throws {
        let now = try #require(Timestamp("2026-12-16T12:00:00Z"))
        let days: [Weekday] = [.wed, .thu, .fri]
        let calendar = ChangeCalendar(
            lists: [
                [Self.weekly(days, "10:00", "14:00", "UTC"), Self.weekly([.wed], "13:00", "16:00", "UTC")], [],
                [Self.weekly(Weekday.allCases, "11:00", "15:00", "UTC")],
            ],
            freezes: [
                Freeze(
                    rule: Self.once("2026-12-18T00:00", "2026-12-31T00:00", "UTC"), why: "Year end", environments: nil),
                Freeze(rule: Self.once("2026-12-17T12:00", "2026-12-17T13:00", "UTC"), why: "Audit", environments: nil),
            ])
        let open = try #require(calendar.windows(around: now, Self.zones)).filter { $0.closes > now }.prefix(4)
        #expect(
            open.map { "\($0.opens.description.prefix(16)) \($0.closes.description.prefix(16))" } == [
                "2026-12-16T11:00 2026-12-16T15:00", "2026-12-17T11:00 2026-12-17T12:00",
                "2026-12-17T13:00 2026-12-17T14:00", "2026-12-31T11:00 2026-12-31T14:00",
            ])
        #expect(calendar.frozen(around: now, Self.zones).map(\.why) == ["Audit", "Year end"])
    }

    @Test func `a time that clocks show twice is frozen both times`() throws {
        let rule = Self.once("2026-10-25T02:15", "2026-10-25T02:45", "Europe/Zurich")
        let calendar = ChangeCalendar(lists: [], freezes: [Freeze(rule: rule, why: "Clocks", environments: nil)])
        let now = try #require(Timestamp("2026-10-25T00:00:00Z"))
        let frozen = try #require(calendar.frozen(around: now, Self.zones).first).window
        #expect(frozen.opens.description == "2026-10-25T00:15:00.000Z")
        #expect(frozen.closes.description == "2026-10-25T01:45:00.000Z")
    }

    @Test func `without windows only freezes limit changes, and without those nothing does`() throws {
        let now = try #require(Timestamp("2026-12-16T12:00:00Z"))
        #expect(ChangeCalendar(lists: [], freezes: []).windows(around: now, [:]) == nil)
        let freeze = Freeze(
            rule: Self.once("2026-12-18T00:00", "2026-12-31T00:00", "UTC"), why: "Year end", environments: nil)
        let open = try #require(ChangeCalendar(lists: [[]], freezes: [freeze]).windows(around: now, Self.zones))
        #expect(open.count == 2 && open[0].contains(now) && open[0].closes.date == "2026-12-18")
        let always = ChangeCalendar(
            lists: [[Self.weekly(Weekday.allCases, "00:00", "00:00", "Europe/Zurich")]], freezes: [])
        #expect(always.windows(around: now, Self.zones)?.count ?? 0 <= 1, "days that touch are one window")
    }
}
