// SPDX-License-Identifier: Apache-2.0

/// Why an expression or a template cannot be read, typed or evaluated.
package struct ExpressionIssue: Error, Hashable, Sendable {
    /// Stable name such as `expression.unknown-name`.
    package var code: String
    /// One sentence: what is wrong.
    package var summary: String
    /// What to do next.
    package var help: String?
    /// Where in the text of the template (or of the bare expression), in UTF-8 bytes from its start.
    package var offset: Int

    package init(code: String, _ summary: String, help: String? = nil, at offset: Int) {
        self.code = code
        self.summary = summary
        self.help = help
        self.offset = offset
    }
}

extension ExpressionIssue: CustomStringConvertible {
    package var description: String { summary + (help.map { ". " + $0 } ?? "") }
}
