// SPDX-License-Identifier: Apache-2.0

/// A stretch of time in which an environment may be changed: from `opens` on, and before `closes`.
package struct ChangeWindow: Hashable, Sendable, Codable {
    package var opens: Timestamp
    package var closes: Timestamp

    package init(opens: Timestamp, closes: Timestamp) {
        self.opens = opens
        self.closes = closes
    }

    package func contains(_ moment: Timestamp) -> Bool { opens <= moment && moment < closes }
}
