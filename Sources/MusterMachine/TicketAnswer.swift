// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// What a ticket system said when it was asked for a change ticket.
package enum TicketAnswer: Hashable, Sendable, Codable {
    case standing(TicketStanding)
    case notFound
    /// It could not be reached, would not tell, or what it said cannot be read: why, as a clause without a full stop.
    case unknown(String)
}

/// How a change ticket stands in its system.
package struct TicketStanding: Hashable, Sendable, Codable {
    /// As people read it, with the raw value behind it where that is another.
    package var state: String
    /// Whether a run may take place in that state.
    package var isAllowed: Bool
    /// The states in which one may, where the environment names them.
    package var allowed: [String]?
    /// The ticket's window; nil where it has no such end.
    package var opens: Timestamp?
    package var closes: Timestamp?
    /// The system's own words.
    package var says: String?

    package init(
        state: String, isAllowed: Bool, allowed: [String]? = nil, opens: Timestamp? = nil, closes: Timestamp? = nil,
        says: String? = nil
    ) {
        self.state = state
        self.isAllowed = isAllowed
        self.allowed = allowed
        self.opens = opens
        self.closes = closes
        self.says = says
    }

    /// A state with a raw and a shown value: either may stand among those that are allowed.
    package init(value: String, shown: String, allowed: [String], opens: Timestamp?, closes: Timestamp?) {
        self.init(
            state: value == shown || shown.isEmpty ? value : "\(shown) (\(value))",
            isAllowed: !value.isEmpty && (allowed.contains(value) || allowed.contains(shown)), allowed: allowed,
            opens: opens, closes: closes)
    }
}
