// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import Testing

struct FindingsTests {
    private func parse(_ text: String) -> Parsed<Findings> { Findings.parse(Array(text.utf8), file: "f.yaml") }

    @Test func `a document of findings is read, open unless it says closed`() throws {
        let findings = try parse(
            """
            summary: Read with the team
            findings:
              - { id: F-1, severity: high, text: One, owner: Otto, due: "2026-12-31" }
              - { id: F-2, severity: low, text: Two, owner: Otto, due: "2026-12-31", state: closed }
            """
        ).get()
        #expect(findings.summary == "Read with the team")
        #expect(findings.list.map(\.id) == ["F-1", "F-2"])
        #expect(findings.list.map(\.state) == [.open, .closed])
        #expect(findings.list[0].severity == .high)
    }

    @Test(arguments: [
        ("findings: []", 1), ("summary: x", 1), ("findings:\n  - { id: F-1 }", 4),
        ("findings:\n  - { id: \"a b\", severity: low, text: x, owner: o, due: \"2026-12-31\" }", 1),
        ("findings:\n  - { id: a, severity: low, text: x, owner: o, due: \"2026-13-01\" }", 1),
        ("findings:\n  - { id: a, severity: low, text: x, owner: o, due: 31.12.2026 }", 1),
        ("findings:\n  - { id: a, severity: low, text: \"\", owner: o, due: \"2026-12-31\" }", 1),
        (
            "findings:\n  - { id: a, severity: low, text: x, owner: o, due: \"2026-12-31\" }\n"
                + "  - { id: a, severity: low, text: x, owner: o, due: \"2026-12-31\" }", 1
        ),
    ]) func `what is wrong is told with its place`(text: String, count: Int) {
        let diagnostics = parse(text).diagnostics
        #expect(diagnostics.count == count, "\(diagnostics)")
        #expect(diagnostics.allSatisfy { $0.severity == .error && $0.location?.file == "f.yaml" })
    }
}
