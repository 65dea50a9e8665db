// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import Testing

struct ChangeWindowTests {
    private func parse(_ windows: String) -> Parsed<Environment> {
        Environment.parse(Array("environment: lab\nchange-windows:\n\(windows)\n".utf8), file: "lab.yaml")
    }

    @Test func `windows are read in order of time, in UTC`() throws {
        let environment = try parse(
            """
              - { opens: "2026-11-22T20:00:00Z", closes: "2026-11-23T02:00:00Z" }
              - { opens: "2026-11-23T02:00:00Z", closes: "2026-11-23T04:00:00.500Z" }
            """
        ).get()
        #expect(
            environment.changeWindows.map(\.opens.description) == [
                "2026-11-22T20:00:00.000Z", "2026-11-23T02:00:00.000Z",
            ])
        #expect(environment.changeWindows[1].closes.description == "2026-11-23T04:00:00.500Z")
        #expect(try Environment.parse(Array("environment: lab\n".utf8), file: "e").get().changeWindows == [])
    }

    @Test(arguments: [
        (
            #"  - { opens: "2026-11-23T02:00:00Z", closes: "2026-11-22T20:00:00Z" }"#,
            "lab.yaml:3:5: error: A change window closes before it opens [environment.change-window]"
        ),
        (
            #"  - { opens: "2026-11-23T02:00:00Z", closes: "2026-11-23T02:00:00Z" }"#,
            "lab.yaml:3:5: error: A change window closes before it opens [environment.change-window]"
        ),
        (
            """
              - { opens: "2026-11-22T20:00:00Z", closes: "2026-11-23T02:00:00Z" }
              - { opens: "2026-11-23T01:00:00Z", closes: "2026-11-23T04:00:00Z" }
            """,
            "lab.yaml:4:5: error: The change window that opens 2026-11-23T01:00:00.000Z begins before the one above it has closed [environment.change-window]"
        ),
        (
            #"  - { opens: "2026-11-22 20:00", closes: "2026-11-23T02:00:00Z" }"#,
            #"lab.yaml:3:14: error: 'opens' needs a time in UTC such as "2026-11-22T20:00:00Z", not '2026-11-22 20:00' [document.bad-value]"#
        ),
        (
            #"  - { opens: "2026-11-22T20:00:00+01:00", closes: "2026-11-23T02:00:00Z" }"#,
            #"lab.yaml:3:14: error: 'opens' needs a time in UTC such as "2026-11-22T20:00:00Z", not '2026-11-22T20:00:00+01:00' [document.bad-value]"#
        ),
        (
            #"  - { opens: "2026-11-22T20:00:00Z" }"#,
            "lab.yaml:3:5: error: 'change-windows' needs 'closes' [document.missing-key]"
        ),
        ("  []", "lab.yaml:3:3: error: 'change-windows' must not be empty [document.bad-value]"),
    ])
    func `a window that cannot be meant is refused where it stands`(windows: String, expected: String) {
        let lines = parse(windows).diagnostics.map { $0.description.split(separator: "\n")[0] }
        #expect(lines == [Substring(expected)])
    }
}
