// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

extension PlanView {
    /// How the change ticket stands, beside the change window.
    func ticketLines(_ ticket: TicketAssessment?) -> [String] {
        guard let ticket else { return [] }
        let says = visibleText(ticket.says)
        let line =
            switch ticket.verdict {
            case .met: style("✓ ", .good) + says
            case .unmet: style("✗ unmet: ", .bad) + says
            case .unverifiable: style("✗ unverifiable: ", .bad) + says
            }
        let glass = style("  BREAK-GLASS: it runs without the ticket's consent", .bad)
        return ["", style("Change ticket", .strong), "  " + line] + (ticket.override == nil ? [] : [glass])
    }
}
