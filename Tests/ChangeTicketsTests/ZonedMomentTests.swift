// SPDX-License-Identifier: Apache-2.0

import MusterModel
import Testing

@testable import ChangeTickets

/// Times as a webhook writes them.
struct ZonedMomentTests {
    @Test(arguments: [
        ("2026-11-22T20:00:00Z", "2026-11-22T20:00:00.000Z"), ("2026-11-22t20:00:00z", "2026-11-22T20:00:00.000Z"),
        ("2026-11-22T20:00:00+01:00", "2026-11-22T19:00:00.000Z"),
        ("2026-11-22T20:00:00-08:30", "2026-11-23T04:30:00.000Z"),
        ("2026-01-01T00:15:00+05:45", "2025-12-31T18:30:00.000Z"),
        ("2028-02-28T23:30:00-01:00", "2028-02-29T00:30:00.000Z"),
        ("2026-11-22T20:00:00.5Z", "2026-11-22T20:00:00.500Z"),
        ("2026-11-22T20:00:00.123456789+00:00", "2026-11-22T20:00:00.123Z"),
        ("2026-11-22T20:00:00-00:00", "2026-11-22T20:00:00.000Z"),
    ])
    func `a time in any zone is the same moment in UTC`(text: String, utc: String) {
        #expect(zonedMoment(text)?.description == utc)
    }

    @Test(arguments: [
        "", "2026-11-22", "2026-11-22T20:00:00", "2026-11-22 20:00:00Z", "2026-11-22T20:00Z", "2026-11-31T20:00:00Z",
        "2026-11-22T24:00:00Z", "2026-11-22T20:60:00Z", "2026-11-22T20:00:00+24:00", "2026-11-22T20:00:00+01:60",
        "2026-11-22T20:00:00+0100", "2026-11-22T20:00:00.Z", "2026-11-22T20:00:00Z ", "٢٠٢٦-11-22T20:00:00Z",
        "tomorrow",
        "2026-11-22T20:00:00.1234567890Z",
    ])
    func `what names no moment for certain is none`(text: String) {
        #expect(zonedMoment(text) == nil)
    }
}
