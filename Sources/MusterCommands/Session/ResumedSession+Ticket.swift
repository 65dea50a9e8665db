// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

extension ResumedSession {
    /// Asks for the run's change ticket anew. What is being rolled back, or ends after a stop or a failure, goes on without: it
    /// must be brought to an end.
    ///
    /// - Parameter reason: why the run goes on without the ticket's consent; nil where nobody said so now.
    /// - Throws: `run.no-change-ticket`, `run.change-ticket`, `change-ticket.interrupted`.
    func assessTicket(breakGlass reason: String?) throws(MusterError) {
        let state = stored.state
        guard state.phase != .created, state.rollback == nil, state.stop == nil, state.stoppedBy == nil else { return }
        let name = documents.state.userOrLogin.text
        // What somebody decided for the run stays that person's word, whoever takes the run up.
        let earlier =
            stored.ticket?.override
            ?? state.breakGlass.map { TicketAssessment.Override(by: $0.by, reason: $0.reason) }
        let subject = TicketDesk.Subject(
            plan: stored.plan, digest: state.created?.plan ?? Digest(of: []), operatorName: name,
            override: reason.map { TicketAssessment.Override(by: name, reason: $0) } ?? earlier)
        ticket = try TicketDesk(subject, try changeRules(), documents.state, world)?.checked(isBegun: true)
    }
}

extension StoredRun {
    /// As it was found last; nil where nobody was asked.
    var ticket: TicketAssessment? {
        reading.entries.reversed().lazy.compactMap { entry in
            switch entry.event {
            case .runStarted(let body): body.ticket
            case .runResumed(let body): body.ticket
            default: nil
            }
        }.first
    }
}
