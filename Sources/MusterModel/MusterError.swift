// SPDX-License-Identifier: Apache-2.0

/// The exit statuses of the command line; they are part of its interface (README, and `muster --help`).
package enum ExitStatus: Int32, Sendable, Codable {
    case done = 0
    case runFailed = 1
    case usage = 2
    case preconditionUnmet = 3
    case waitsForPerson = 4
    case stuck = 5
    case verificationFailed = 6
    case interrupted = 130
}

/// An operation that failed: what happened, what to do next, and the exit status that tells it to a script.
///
/// Its texts are fit for an operator, a record and a web page: they never hold a secret.
package struct MusterError: Error, Hashable, Sendable {
    /// Stable name such as `git.shallow-repository`, listed in `docs/errors.md`.
    package var code: String
    package var summary: String
    package var help: String?
    package var status: ExitStatus
    /// Further findings of the same kind, for errors that gather a whole document's.
    package var diagnostics: [Diagnostic]

    package init(
        code: String, _ summary: String, help: String? = nil, status: ExitStatus = .usage,
        diagnostics: [Diagnostic] = []
    ) {
        self.code = code
        self.summary = summary
        self.help = help
        self.status = status
        self.diagnostics = diagnostics
    }
}

extension MusterError: CustomStringConvertible {
    package var description: String {
        var lines = diagnostics.map(\.description)
        lines.append("error: \(summary) [\(code)]")
        if let help { lines.append("  " + help) }
        return lines.joined(separator: "\n")
    }
}
