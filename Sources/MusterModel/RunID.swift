// SPDX-License-Identifier: Apache-2.0

/// The name of one run: `YYYYMMDD-HHMMSS-<runbook>-<6 hex>`. Safe as a file name and as part of a git ref.
package struct RunID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let text: String

    package init(started: Timestamp, runbook: String, random: UInt32) {
        let suffix = String(random & 0xFF_FFFF, radix: 16)
        text = "\(started.compact)-\(runbook)-\(String(repeating: "0", count: 6 - suffix.utf8.count))\(suffix)"
    }

    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 4, parts[0].utf8.count == 8, parts[1].utf8.count == 6, parts.last!.utf8.count == 6,
            (parts[0] + parts[1]).utf8.allSatisfy({ (48...57).contains($0) }),
            parts.last!.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }),
            isKebabCase(parts[2..<(parts.count - 1)].joined(separator: "-"))
        else { return nil }
        self.text = text
    }

    /// The runbook's name, which the id holds.
    package var runbook: String { text.split(separator: "-").dropFirst(2).dropLast().joined(separator: "-") }

    package var description: String { text }

    /// The record's folder in the log of executions: `records/2026/11/21/<run-id>`.
    package var recordPath: String {
        let digits = Array(text.utf8)
        func part(_ range: Range<Int>) -> String { String(decoding: digits[range], as: UTF8.self) }
        return "records/\(part(0..<4))/\(part(4..<6))/\(part(6..<8))/\(text)"
    }

    /// The branch that follows the run.
    package var ref: String { "refs/heads/muster/runs/\(text)" }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.text < rhs.text }
}

extension RunID: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = RunID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a run id is expected")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
