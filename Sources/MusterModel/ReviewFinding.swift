// SPDX-License-Identifier: Apache-2.0

/// Something that a reviewer found, with who sees to it and until when.
package struct ReviewFinding: Hashable, Sendable, Codable {
    package enum Severity: String, Sendable, Codable, CaseIterable { case low, medium, high, critical }
    package enum State: String, Sendable, Codable, CaseIterable { case open, closed }

    package var id: String
    package var severity: Severity
    package var text: String
    package var owner: String
    /// The day, such as `2026-12-31`.
    package var due: String
    package var state: State

    package init(id: String, severity: Severity, text: String, owner: String, due: String, state: State) {
        self.id = id
        self.severity = severity
        self.text = text
        self.owner = owner
        self.due = due
        self.state = state
    }

    /// Open after the end of the day on which it was due.
    package func isOverdue(on day: String) -> Bool { state == .open && due < day }
}
