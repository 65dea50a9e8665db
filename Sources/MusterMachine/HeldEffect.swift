// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// The begin of an effect that needs an open change window, and the ticket's consent, as a journal tells of it.
package struct HeldEffect: Hashable, Sendable {
    /// In the journal, counted from 1.
    package var line: Int
    package var step: String
    /// By the later of what the two clocks said since its engine began, as the engine goes by.
    package var moment: Timestamp
    /// How it lies outside of the window that the journal itself names; nil when it does not.
    package var outside: String?
    /// Whether somebody had broken the glass before, so that it might.
    package var isForced: Bool
    /// Whether the run had been taken up again, and how the ticket stood when it was, or when it began.
    package var isResumed: Bool
    package var ticket: TicketAssessment?

    package init(
        line: Int, step: String, moment: Timestamp, outside: String?, isForced: Bool, isResumed: Bool,
        ticket: TicketAssessment?
    ) {
        self.line = line
        self.step = step
        self.moment = moment
        self.outside = outside
        self.isForced = isForced
        self.isResumed = isResumed
        self.ticket = ticket
    }

    /// All of them, in order. Of a plan that no run could follow there are none: that is reported as what it is.
    package static func all(in entries: [JournalEntry], of plan: Plan) -> [HeldEffect] {
        guard plan.isWellFormed else { return [] }
        var state = RunState(plan: plan)
        var found: [HeldEffect] = []
        var engine = entries.first
        var (isResumed, ticket) = (false, nil as TicketAssessment?)
        for entry in entries {
            switch entry.event {
            case .runStarted(let body): ticket = body.ticket
            case .runResumed(let body): (engine, isResumed, ticket) = (entry, true, body.ticket)
            case .stepBegun(let body):
                guard let task = state.heldTask(body) else { break }
                let moment = engine.map { entry.latest(since: $0) } ?? entry.at
                found.append(
                    HeldEffect(
                        line: Int(clamping: entry.sequence) + 1, step: body.step, moment: moment,
                        outside: state.outsideWindow(task, at: moment), isForced: state.breakGlass != nil,
                        isResumed: isResumed, ticket: ticket))
            default: break
            }
            // What does not fit the plan is reported as that.
            do { try state.apply(entry.event, at: entry.at) } catch { break }
        }
        return found
    }
}

extension JournalEntry {
    /// The later of the wall clock and of the boot clock since an earlier line of the same engine.
    fileprivate func latest(since first: JournalEntry) -> Timestamp {
        max(at, first.at.advanced(by: .nanoseconds(boot - first.boot)))
    }
}
