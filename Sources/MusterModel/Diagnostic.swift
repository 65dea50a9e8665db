// SPDX-License-Identifier: Apache-2.0

/// A place in a document; line and column count from 1, the column in Unicode scalars.
package struct SourceLocation: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    package var file: String
    package var line: Int
    package var column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    package var description: String { "\(file):\(line):\(column)" }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.file, lhs.line, lhs.column) < (rhs.file, rhs.line, rhs.column)
    }
}

/// One thing that is wrong, or worth knowing, about a document or a request.
///
/// Checks collect diagnostics and stop at none, so that a person mends everything in one go.
package struct Diagnostic: Hashable, Sendable, Codable {
    package enum Severity: String, Sendable, Codable { case error, warning }

    package var severity: Severity
    /// Stable name such as `runbook.unknown-step`, listed in `docs/errors.md`.
    package var code: String
    /// One sentence: what is wrong.
    package var summary: String
    /// What to do next.
    package var help: String?
    package var location: SourceLocation?

    package init(
        _ severity: Severity = .error, code: String, _ summary: String, help: String? = nil,
        at location: SourceLocation? = nil
    ) {
        self.severity = severity
        self.code = code
        self.summary = Self.shortened(summary)
        self.help = help.map(Self.shortened)
        self.location = location
    }

    /// The longest sentence, in characters: a document may be one huge text, and what is said of it quotes it.
    package static let sentenceMax = 1000

    /// Beginning and end, which say what is wrong; what is left out is of the document.
    private static func shortened(_ text: String) -> String {
        // A character has at least one byte, so most texts are never counted.
        guard text.utf8.count > sentenceMax, text.count > sentenceMax else { return text }
        return "\(text.prefix(sentenceMax / 2)) … \(text.suffix(sentenceMax / 2 - 3))"
    }
}

extension Diagnostic: CustomStringConvertible {
    /// `file:line:column: error: summary [code]`, then the help on an indented line.
    package var description: String {
        let place = location.map { "\($0): " } ?? ""
        let first = "\(place)\(severity.rawValue): \(summary) [\(code)]"
        guard let help else { return first }
        return first + "\n  " + help
    }
}
