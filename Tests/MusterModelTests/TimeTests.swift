// SPDX-License-Identifier: Apache-2.0

import MusterModel
import Testing

@Suite struct TimeTests {
    // As `date -u -d TEXT +%s` says.
    @Test(
        arguments: [
            ("1970-01-01T00:00:00.000Z", 0), ("2026-11-21T14:03:02.511Z", 1_795_269_782_511),
            ("2000-02-29T23:59:59.999Z", 951_868_799_999),
            ("1969-12-31T23:59:59.999Z", -1), ("1900-03-01T00:00:00.000Z", -2_203_891_200_000),
            ("9999-12-31T23:59:59.000Z", 253_402_300_799_000),
            ("0000-01-01T00:00:00.000Z", -62_167_219_200_000), ("2100-02-28T12:00:00.000Z", 4_107_499_200_000),
        ] as [(String, Int64)]) func `a time reads and writes the same`(text: String, milliseconds: Int64) throws
    {
        let time = try #require(Timestamp(text))
        #expect(time.milliseconds == milliseconds)
        #expect(time.description == text)
    }

    @Test func `the fraction may be left out`() {
        #expect(Timestamp("2026-11-21T14:03:02Z")?.description == "2026-11-21T14:03:02.000Z")
    }

    @Test(arguments: [
        "", "2026-11-21", "2026-11-21 14:03:02Z", "2026-11-21T14:03:02", "2026-11-21T14:03:02+00:00",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T14:60:00Z",
        "2026-11-21T14:03:60Z",
        "2026-11-21T14:03:02.5Z", "2026-11-21T14:03:02.5111Z", "2026-11-21t14:03:02z", "2026-00-10T00:00:00Z",
        "２026-11-21T14:03:02Z",
    ]) func `other texts are no time`(text: String) { #expect(Timestamp(text) == nil) }

    @Test func `every day of four centuries comes back`() {
        for day in 0..<146_097 {
            let time = Timestamp(milliseconds: Int64(day) * 86_400_000 - 5_000_000_000_000)
            #expect(Timestamp(time.description) == time)
        }
    }

    @Test func `the parts that names are made of`() throws {
        let time = try #require(Timestamp("2026-11-21T14:03:02.511Z"))
        #expect(time.date == "2026-11-21" && time.timeOfDay == "14:03:02" && time.compact == "20261121-140302")
        #expect(time.advanced(by: .seconds(-2)).timeOfDay == "14:03:00")
        #expect(time.advanced(by: .milliseconds(489)).duration(since: time) == .milliseconds(489))
        #expect(time < time.advanced(by: .milliseconds(1)))
    }

    @Test(
        arguments: [
            ("250ms", 250), ("30s", 30_000), ("20m", 1_200_000), ("2h", 7_200_000), ("1d", 86_400_000),
            ("1h30m", 5_400_000),
            ("1d2h3m4s5ms", 93_784_005), ("0s", 0), ("366d", 31_622_400_000),
        ] as [(String, Int64)]) func `a duration's text is read`(text: String, milliseconds: Int64)
    {
        #expect(Duration(durationText: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "5", "s", "5 s", "-5s", "1m1h", "1m1m", "1.5s", "5S", "5min", "1000000000s", "367d", "366d1ms",
        "999999999d999999999h", "٣s", "1h30",
    ])
    func `other texts are no duration`(text: String) { #expect(Duration(durationText: text) == nil) }

    @Test(
        arguments: [
            (0, "0 ms"), (999, "999 ms"), (1000, "1 s"), (4200, "4.2 s"), (59_999, "59.9 s"), (60_000, "1 min"),
            (1_718_000, "28 min 38 s"),
            (3_600_000, "1 h"), (7_500_000, "2 h 5 min"), (90_000_000, "25 h"),
        ] as [(Int64, String)]) func `a duration as people read it`(milliseconds: Int64, text: String)
    {
        #expect(Duration.milliseconds(milliseconds).readable == text)
    }
}
