// SPDX-License-Identifier: Apache-2.0

import MusterModel
import Testing

/// Clocks of places: when they are set, and which moments they show twice or never.
@Suite struct ZoneRulesTests {
    /// The bytes of a compiled zone with these transitions, as the system's database has them.
    static func file(first: Int64 = 3600, _ transitions: [(at: Int64, offset: Int64)], footer: String) -> [UInt8] {
        func big(_ number: Int64, _ count: Int) -> [UInt8] {
            (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        }
        func header(_ times: Int, _ types: Int, _ characters: Int) -> [UInt8] {
            Array("TZif2".utf8) + Array(repeating: 0, count: 15)
                + [0, 0, 0, times, types, characters].flatMap { big(Int64($0), 4) }
        }
        let offsets = [first] + transitions.map(\.offset)
        var bytes = header(0, 1, 1) + big(0, 4) + [0, 0] + [0]
        bytes += header(transitions.count, offsets.count, 1)
        bytes += transitions.flatMap { big($0.at, 8) } + transitions.indices.map { UInt8($0 + 1) }
        bytes += offsets.flatMap { big($0, 4) + [0, 0] } + [0]
        return bytes + Array("\n\(footer)\n".utf8)
    }

    private static func rules(_ footer: String, first: Int64 = 0) throws -> ZoneRules {
        try #require(ZoneRules(zoneFile: file(first: first, [], footer: footer)))
    }

    /// A rule as TZ has it, a moment, and what the clocks show then.
    static let shown: [(String, String, String)] = [
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z", "2026-03-29T01:59"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", "2026-03-29T03:00"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T00:59:00Z", "2026-10-25T02:59"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00:00Z", "2026-10-25T02:00"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2099-07-01T00:00:00Z", "2099-07-01T02:00"),
        ("EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", "2026-03-08T03:00"),
        ("EST5EDT,M3.2.0,M11.1.0", "2026-11-01T05:59:00Z", "2026-11-01T01:59"),
        ("EST5EDT,M3.2.0,M11.1.0", "2026-11-01T06:00:00Z", "2026-11-01T01:00"),
        // South of the equator summer is at the turn of the year.
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-15T00:00:00Z", "2026-01-15T11:00"),
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-15T00:00:00Z", "2026-07-15T10:00"),
        // Half an hour.
        ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-01-15T00:00:00Z", "2026-01-15T11:00"),
        // Winter is what is set, and it is behind the standard time.
        ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-15T12:00:00Z", "2026-01-15T12:00"),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-15T12:00:00Z", "2026-07-15T13:00"),
        // Days that are counted, with and without the leap day.
        ("AAA0BBB,J60/0,J61/0", "2028-03-01T12:00:00Z", "2028-03-01T13:00"),
        ("AAA0BBB,59/0,60/0", "2028-02-29T12:00:00Z", "2028-02-29T13:00"),
        // Times before midnight, and behind it.
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:00Z", "2026-03-28T22:59"),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", "2026-03-29T00:00"),
        ("IST-5:30", "2026-06-01T00:00:00Z", "2026-06-01T05:30"),
    ]

    @Test(arguments: shown)
    func `clocks show what their rule says`(rule: String, moment: String, shown: String) throws {
        let rules = try Self.rules(rule)
        let moment = try #require(Timestamp(moment))
        #expect(rules.local(moment).description == shown)
        #expect(rules.moments(of: rules.local(moment)).contains(moment) || moment.milliseconds % 60_000 != 0)
    }

    @Test func `a time is shown twice when clocks are set back, and never when they are set forward`() throws {
        let zurich = try Self.rules("CET-1CEST,M3.5.0,M10.5.0/3")
        let twice = try #require(LocalTime("2026-10-25T02:30"))
        #expect(
            zurich.moments(of: twice).map(\.description) == ["2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z"])
        let never = try #require(LocalTime("2026-03-29T02:30"))
        #expect(zurich.moments(of: never).isEmpty)
        #expect(zurich.gap(over: never)?.description == "2026-03-29T01:00:00.000Z")
        #expect(zurich.gap(over: twice) == nil)
    }

    @Test func `transitions that are listed hold until the last, and the rule goes on from there`() throws {
        // A country that skipped a whole day, and later took up summer time.
        let skipped = Int64(1_325_239_200)
        let bytes = Self.file(first: -36_000, [(skipped, 50_400)], footer: "<+13>-13")
        let rules = try #require(ZoneRules(zoneFile: bytes))
        #expect(rules.local(Timestamp(milliseconds: skipped * 1000 - 1)).description == "2011-12-29T23:59")
        #expect(rules.local(Timestamp(milliseconds: skipped * 1000)).description == "2011-12-31T00:00")
        #expect(rules.moments(of: try #require(LocalTime("2011-12-30T12:00"))).isEmpty)
        #expect(rules.gap(over: try #require(LocalTime("2011-12-30T12:00")))?.milliseconds == skipped * 1000)
    }

    @Test func `what is no compiled zone is refused, wherever it is cut or changed`() throws {
        let whole = Self.file([(1_000_000_000, 7200)], footer: "CET-1CEST,M3.5.0,M10.5.0/3")
        #expect(ZoneRules(zoneFile: whole) != nil)
        for length in 0..<whole.count { #expect(ZoneRules(zoneFile: Array(whole.prefix(length))) == nil) }
        for rule in ["CET", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M1.1.0", "1", "CET-200", "CET-1 ", "<+03-3", "C-1"] {
            #expect(ZoneRules(zoneFile: Self.file([], footer: rule)) == nil, "\(rule)")
        }
        // Whatever is in it, reading ends.
        var random = SystemRandomNumberGenerator()
        for index in whole.indices {
            var bytes = whole
            bytes[index] = UInt8.random(in: 0...255, using: &random)
            _ = ZoneRules(zoneFile: bytes)
        }
    }

    @Test(arguments: ["../etc/passwd", "/etc/passwd", "Europe/../x", "", "Europe//Zurich", "Europe/Zürich", ".hidden"])
    func `a zone's name leads nowhere else`(name: String) { #expect(!isZoneName(name)) }

    @Test(arguments: ["UTC", "Europe/Zurich", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "America/Port-au-Prince"])
    func `a zone is named for a place`(name: String) { #expect(isZoneName(name)) }
}
