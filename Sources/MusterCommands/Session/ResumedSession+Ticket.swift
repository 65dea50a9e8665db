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
        let subject = TicketDesk.Subject(
            plan: stored.plan, digest: state.created?.plan ?? Digest(of: []),
            operatorName: documents.state.userOrLogin.text,
            breakGlass: reason ?? state.breakGlass?.reason ?? stored.ticket?.override?.reason)
        ticket = try TicketDesk(subject, environment, documents, world)?.checked()
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
