// SPDX-License-Identifier: Apache-2.0

/// A stretch of time in which an environment may be changed: from `opens` on, and before `closes`.
package struct ChangeWindow: Hashable, Sendable, Codable {
    package var opens: Timestamp
    package var closes: Timestamp

    package init(opens: Timestamp, closes: Timestamp) {
        self.opens = opens
        self.closes = closes
    }

    /// What is in both windows; where nothing is, a window that is never open. Nil limits nothing.
    package static func both(_ one: ChangeWindow?, _ other: ChangeWindow?) -> ChangeWindow? {
        guard let one, let other else { return one ?? other }
        return ChangeWindow(opens: max(one.opens, other.opens), closes: min(one.closes, other.closes))
    }

    package func contains(_ moment: Timestamp) -> Bool { opens <= moment && moment < closes }
}
