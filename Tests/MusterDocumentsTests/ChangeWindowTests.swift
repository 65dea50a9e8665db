// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import Testing

struct ChangeWindowTests {
    private func parse(_ windows: String) -> Parsed<Environment> {
        Environment.parse(Array("environment: lab\nchange-windows:\n\(windows)\n".utf8), file: "lab.yaml")
    }

    private func configuration(_ more: String) -> Parsed<Configuration> {
        Configuration.parse(Array("catalog: test\n\(more)\n".utf8), file: "muster.yaml")
    }

    @Test func `windows are once, in UTC or by the clocks of a place, or every week`() throws {
        let environment = try parse(
            """
              - { opens: "2026-11-22T20:00:00Z", closes: "2026-11-23T02:00:00Z" }
              - { opens: "2026-12-05T22:00", closes: "2026-12-06T04:00", zone: Europe/Zurich }
              - { days: [sat, sun], from: "22:00", to: "04:00", zone: America/New_York }
            """
        ).get()
        #expect(environment.changeWindows.count == 3)
        #expect(environment.changeWindows[0].zones.isEmpty)
        #expect(environment.changeWindows[1].zones == ["Europe/Zurich"])
        #expect(
            environment.changeWindows[2]
                == .weekly(
                    days: [.sat, .sun], from: try #require(TimeOfDay("22:00")), to: try #require(TimeOfDay("04:00")),
                    zone: "America/New_York"))
        #expect(environment.zoneNames.map(\.value) == ["Europe/Zurich", "America/New_York"])
        #expect(try Environment.parse(Array("environment: lab\n".utf8), file: "e").get().changeWindows == [])
    }

    @Test func `an environment's calendar is what muster.yaml says of it, and what it says itself`() throws {
        let configuration = try configuration(
            """
            change-windows:
              lab: [{ days: [mon], from: "01:00", to: "02:00", zone: UTC }]
              other: [{ days: [tue], from: "01:00", to: "02:00", zone: UTC }]
            freezes:
              - { opens: "2026-12-18T00:00", closes: "2027-01-04T06:00", zone: UTC, why: Year end, environments: [other] }
              - { days: [fri], from: "00:00", to: "00:00", zone: UTC, why: Never on a Friday }
            """
        ).get()
        let calendar = configuration.calendar(
            of: try parse("  - { days: [sat], from: \"01:00\", to: \"02:00\", zone: UTC }").get())
        #expect(calendar.lists.count == 2 && calendar.freezes.map(\.why) == ["Never on a Friday"])
        #expect(configuration.environmentNames.map(\.value) == ["lab", "other", "other"])
        #expect(configuration.environmentNames[2].location.line == 6)
    }

    @Test(arguments: [
        (
            #"  - { opens: "2026-11-23T02:00:00Z", closes: "2026-11-22T20:00:00Z" }"#,
            "lab.yaml:3:5: error: A change window closes before it opens [window.bad]"
        ),
        (
            #"  - { opens: "2026-11-23T02:00", closes: "2026-11-23T02:00", zone: UTC }"#,
            "lab.yaml:3:5: error: A change window closes before it opens [window.bad]"
        ),
        (
            #"  - { opens: "2026-11-22 20:00", closes: "2026-11-23T02:00:00Z" }"#,
            #"lab.yaml:3:14: error: 'opens' needs a time such as "2026-11-22T20:00", or "2026-11-22T20:00:00Z" in UTC, not '2026-11-22 20:00' [document.bad-value]"#
        ),
        (
            #"  - { opens: "2026-11-22T20:00:00+01:00", closes: "2026-11-23T02:00:00Z" }"#,
            #"lab.yaml:3:14: error: 'opens' needs a time such as "2026-11-22T20:00", or "2026-11-22T20:00:00Z" in UTC, not '2026-11-22T20:00:00+01:00' [document.bad-value]"#
        ),
        (
            #"  - { opens: "2026-11-22T20:00", closes: "2026-11-23T02:00:00Z" }"#,
            "lab.yaml:3:14: error: 'opens' is by no clock [window.bad]"
        ),
        (
            #"  - { opens: "2026-11-22T20:00:00Z", closes: "2025-11-23T02:00", zone: UTC }"#,
            "lab.yaml:3:5: error: 'opens' and 'closes' are by two clocks [window.bad]"
        ),
        (
            #"  - { opens: "2026-11-22T20:00:00Z" }"#, "lab.yaml:3:5: error: The window has no 'closes' [window.bad]"
        ),
        (
            #"  - { days: [sat], from: "22:00", to: "23:00" }"#,
            "lab.yaml:3:5: error: The window has no 'zone' [window.bad]"
        ),
        (
            #"  - { days: [sat], from: "22:00", to: "23:00", zone: UTC, closes: "2026-11-23T02:00:00Z" }"#,
            "lab.yaml:3:67: error: 'closes' does not go with days, from and to [window.bad]"
        ),
        (
            #"  - { days: [sat], from: "24:00", to: "23:00", zone: UTC }"#,
            #"lab.yaml:3:26: error: 'from' needs a time of day such as "22:00", not '24:00' [document.bad-value]"#
        ),
        (
            #"  - { days: [sat], from: "22:00", to: "23:00", zone: ../UTC }"#,
            "lab.yaml:3:54: error: 'zone' needs a time zone such as Europe/Zurich, not '../UTC' [document.bad-value]"
        ),
        ("  []", "lab.yaml:3:3: error: 'change-windows' must not be empty [document.bad-value]"),
    ])
    func `a window that cannot be meant is refused where it stands`(windows: String, expected: String) {
        let lines = parse(windows).diagnostics.map { $0.description.split(separator: "\n")[0] }
        #expect(lines == [Substring(expected)])
    }

    @Test func `a freeze says why`() {
        let parsed = configuration(
            "freezes:\n  - { opens: \"2026-12-18T00:00:00Z\", closes: \"2027-01-04T06:00:00Z\" }")
        #expect(parsed.diagnostics.map(\.code) == ["document.missing-key"])
    }
}
