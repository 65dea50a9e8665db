// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// Whether a run's change ticket lets it take place: when its plan is made, when it is to start, and when it is taken up again.
///
/// A ticket that is not there, not in the right state, or outside of its window is *unmet*. Where its system does not say so
/// in a way that can be read it is *unverifiable*, and that is no consent either.
package struct TicketAssessment: Hashable, Sendable, Codable {
    package enum System: String, Sendable, Codable, CaseIterable {
        case serviceNow = "service-now"
        case webhook
    }

    /// Somebody's decision to go on without the ticket's consent.
    package struct Override: Hashable, Sendable, Codable {
        /// `name <email>`
        package var by: String
        package var reason: String
        package init(by: String, reason: String) {
            self.by = by
            self.reason = reason
        }
    }

    /// Nil where none is named, though one is needed.
    package var ticket: String?
    /// What was asked; nil where nobody was.
    package var system: System?
    /// Where that is: scheme, host and port.
    package var address: String?
    /// As the system shows it; nil where it is not known.
    package var state: String?
    /// The ticket's own window; nil where it has no such end, or it is not known.
    package var opens: Timestamp?
    package var closes: Timestamp?
    package var at: Timestamp
    package var verdict: ConditionResult.Verdict
    /// The verdict in a sentence.
    package var says: String
    /// Set where the run goes on without the ticket's consent.
    package var override: Override?

    /// - Parameter address: of the system, without anything that signs in.
    package init(_ ticket: String, system: System, address: String, answer: TicketAnswer, at now: Timestamp) {
        self.init(ticket: ticket, at: now, .unverifiable, "")
        self.system = system
        self.address = address
        switch answer {
        case .notFound: (verdict, says) = (.unmet, "There is no change ticket \(ticket) at \(address).")
        case .unknown(let why): says = "The change ticket \(ticket) cannot be verified at \(address): \(why)."
        case .standing(let standing):
            state = standing.state
            opens = standing.opens
            closes = standing.closes
            (verdict, says) = judge(standing, ticket)
        }
    }

    private init(ticket: String?, at now: Timestamp, _ verdict: ConditionResult.Verdict, _ says: String) {
        self.ticket = ticket
        at = now
        self.verdict = verdict
        self.says = says
    }

    /// Where a ticket is needed and none is named.
    package static func missing(in environment: String, at now: Timestamp) -> TicketAssessment {
        TicketAssessment(
            ticket: nil, at: now, .unmet, "A run in \(environment) needs a change ticket, and none is named.")
    }

    /// Where what is named as the ticket cannot be one, so that no system is asked for it.
    package static func malformed(_ ticket: String, at now: Timestamp) -> TicketAssessment {
        TicketAssessment(
            ticket: ticket, at: now, .unmet,
            "\"\(ticket.prefix(80))\" is no ticket's id: letters, digits, hyphens, dots and underscores, at most \(idBytesMax) of them."
        )
    }

    package static let idBytesMax = 64

    /// Whether the text may be put into a question to a ticket system: in none of them does it say more than itself. In an
    /// encoded query of ServiceNow, for one, a caret begins another condition.
    package static func isID(_ text: String) -> Bool {
        (1...idBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || "-._".utf8.contains(byte)
            }
    }

    /// When the ticket lets the environment be changed; nil where it names no window. An end that it does not name is far away.
    package var window: ChangeWindow? {
        guard opens != nil || closes != nil else { return nil }
        return ChangeWindow(opens: opens ?? Self.farPast, closes: closes ?? Self.farFuture)
    }

    /// The window that effects are held to: none where somebody decided to go on without the ticket's consent.
    package var bindingWindow: ChangeWindow? { override == nil ? window : nil }

    private static let farPast = Timestamp(milliseconds: 0)
    /// The last moment with a year of four digits.
    private static let farFuture = Timestamp(milliseconds: 253_402_300_799_999)

    // MARK: Judging

    private func judge(_ standing: TicketStanding, _ ticket: String) -> (ConditionResult.Verdict, String) {
        let words = standing.says.map { " It says: \($0)" } ?? ""
        let against = [refusedState(standing), shutWindow].compactMap(\.self)
        guard against.isEmpty else {
            return (.unmet, "The change ticket \(ticket) \(against.joined(separator: ", and it ")).\(words)")
        }
        return (.met, "The change ticket \(ticket) is in state \"\(standing.state)\"; \(openWindow).\(words)")
    }

    private func refusedState(_ standing: TicketStanding) -> String? {
        guard !standing.isAllowed else { return nil }
        let state = "state \"\(standing.state)\""
        guard let allowed = standing.allowed else { return "is refused by its system, in \(state)" }
        return "is in \(state), not in \(allowed.map { "\"\($0)\"" }.joined(separator: " or "))"
    }

    private var shutWindow: String? {
        if let opens, let closes, closes <= opens { return "has a window that closes before it opens" }
        if let opens, at < opens { return "has a window that opens only at \(opens)" }
        if let closes, at >= closes { return "has a window that closed at \(closes)" }
        return nil
    }

    private var openWindow: String {
        guard let closes else { return opens == nil ? "it names no window" : "its window has no end" }
        return "its window closes at \(closes), in \(closes.duration(since: at).readable)"
    }

    /// Both at once, where two systems were asked for one ticket: the worse verdict, and of two windows what both allow.
    package func joined(with other: TicketAssessment) -> TicketAssessment {
        let order: [ConditionResult.Verdict] = [.unmet, .unverifiable, .met]
        let (mine, theirs) = (order.firstIndex(of: verdict) ?? 0, order.firstIndex(of: other.verdict) ?? 0)
        var worse = theirs < mine ? other : self
        guard verdict == .met, other.verdict == .met else { return worse }
        worse.opens = [opens, other.opens].compactMap(\.self).max()
        worse.closes = [closes, other.closes].compactMap(\.self).min()
        return worse
    }
}
