// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

// What a record tells of the change ticket, beside its name.

extension RunFold {
    /// Each time that the run began, or went on, without the consent of its ticket.
    var withoutTicket: [Deviation] {
        let begun = ticket.flatMap { Self.overridden($0, "Began") }
        return [begun].compactMap(\.self) + resumes.compactMap { $0.ticket.flatMap { Self.overridden($0, "Went on") } }
    }

    private static func overridden(_ ticket: TicketAssessment, _ did: String) -> Deviation? {
        guard let override = ticket.override else { return nil }
        let found = ticket.says.hasSuffix(".") ? String(ticket.says.dropLast()) : ticket.says
        return Deviation(
            kind: .withoutTicket, steps: [],
            says:
                "\(did) at \(ticket.at.timeOfDay) UTC without the consent of its change ticket, by "
                + "\(personName(override.by)) (\(found)): \(override.reason)",
            person: override.by, reason: override.reason)
    }
}

extension RecordSchema {
    static var ticket: JSON {
        object(
            [
                "ticket": text("Its id; missing where none was named though one is needed."),
                "system": oneOf(TicketAssessment.System.self, "What was asked; missing where nobody was."),
                "address": text("Where that is: scheme, host and port."), "state": text("As the system shows it."),
                "opens": time("Where the ticket's own window opens."), "closes": time("Where it closes."),
                "at": time("When it was looked at."), "verdict": ["enum": ["met", "unmet", "unverifiable"]],
                "says": text("The verdict in a sentence."),
                "override": object([
                    "by": text("Who went on without the ticket's consent."), "reason": text("Why."),
                ]),
            ], optional: ["ticket", "system", "address", "state", "opens", "closes", "override"])
    }
}
