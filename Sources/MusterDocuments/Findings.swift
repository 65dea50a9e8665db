// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// What a reviewer found about a run, as they write it down (`docs/formats/review-v1.md`).
package struct Findings: Sendable {
    /// What is to be said of all of it.
    package var summary: String?
    package var list: [ReviewFinding]

    package static func parse(_ bytes: [UInt8], file: String) -> Parsed<Findings> {
        parseDocument(bytes, file: file, shape: shape, named: "A document of findings") { root, diagnostics in
            let findings = root["findings"]?.list ?? []
            reportDoubled(
                findings.compactMap { $0["id"]?.text }, code: "findings.doubled", "findings", into: &diagnostics)
            return Findings(summary: root["summary"]?.string, list: findings.compactMap(finding))
        }
    }

    private static func finding(_ value: LocatedValue) -> ReviewFinding? {
        guard let id = value["id"]?.string, let text = value["text"]?.string, let owner = value["owner"]?.string,
            let due = value["due"]?.string,
            let severity = value["severity"]?.string.flatMap(ReviewFinding.Severity.init)
        else { return nil }
        let state = value["state"]?.string.flatMap(ReviewFinding.State.init) ?? .open
        return ReviewFinding(id: id, severity: severity, text: text, owner: owner, due: due, state: state)
    }

    static let shape = ObjectShape([
        .optional("summary", .text(.sentence), "What is to be said of all of it"),
        .required(
            "findings",
            .list(
                .object(
                    .required("id", .text(.findingID), "Names it for ever, such as F-1"),
                    .required(
                        "severity", .choice(ReviewFinding.Severity.allCases.map(\.rawValue)), "How grave it is"),
                    .required("text", .text(.sentence), "What was found, and what has to be done"),
                    .required("owner", .text(.sentence), "Who sees to it"),
                    .required("due", .text(.day), "The last day for it"),
                    .optional(
                        "state", .choice(ReviewFinding.State.allCases.map(\.rawValue)),
                        "closed: it is done; open without it")), atLeast: 1), "What was found"),
    ])
}

extension TextRule {
    static let findingID = TextRule(
        "an id of letters, digits, dots, hyphens and underscores", pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
    ) { text in
        text.utf8.count <= 64 && text.utf8.first.map { isWordByte($0) } == true
            && text.utf8.allSatisfy { isWordByte($0) || "._-".utf8.contains($0) }
    }
    static let day = TextRule("a day such as \"2026-12-31\"", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$") {
        $0.utf8.count == 10 && Timestamp($0 + "T00:00:00Z") != nil
    }
}

private func isWordByte(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
}
