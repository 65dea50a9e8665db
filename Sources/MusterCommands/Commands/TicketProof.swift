// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel

/// What of a record's change ticket can be proven from the clone: that the run began, and went on, only with the ticket that
/// the documents of its commit ask for, and with its system's consent, or by somebody's decision to go on without.
struct TicketProof {
    let plan: Plan
    let environment: Environment
    let configuration: Configuration

    /// Nil where the plan's commit, or a document of it, is not in this clone: other checks say that.
    init?(git: Catalog, plan: Plan) throws(MusterError) {
        guard plan.kind != .rehearsal, let commit = plan.commit, let path = plan.environment.document?.path else {
            return nil
        }
        let documents: (environment: CatalogFile?, configuration: CatalogFile?)
        do throws(MusterError) {
            documents = (try git.file(path, at: commit), try git.file("muster.yaml", at: commit))
        } catch {
            if error.code == "git.missing-object" || error.code == "git.corrupt-repository" { return nil }
            throw error
        }
        guard let environment = documents.environment, let configuration = documents.configuration,
            let read = Environment.parse(environment.content.bytes, file: path).value,
            let catalog = Configuration.parse(configuration.content.bytes, file: "muster.yaml").value
        else { return nil }
        self.init(plan: plan, environment: read, configuration: catalog)
    }

    init(plan: Plan, environment: Environment, configuration: Configuration) {
        self.plan = plan
        self.environment = environment
        self.configuration = configuration
    }

    func findings(_ events: [Event]) -> [Diagnostic] {
        events.flatMap { event -> [Diagnostic] in
            switch event {
            case .runStarted(let body): begun(body.ticket)
            case .runResumed(let body): body.ticket.map { [finding($0, "went on")].compactMap(\.self) } ?? []
            default: []
            }
        }
    }

    private func begun(_ ticket: TicketAssessment?) -> [Diagnostic] {
        if let ticket { return [finding(ticket, "began")].compactMap(\.self) }
        let isAsked = environment.changeTicket != nil
        let isNeeded = configuration.changeTickets.contains { $0.value == environment.name.value }
        guard isAsked || isNeeded && plan.change == nil else { return [] }
        return [
            Diagnostic(
                code: "record.no-ticket",
                "The run needed \(isAsked ? "its change ticket's consent" : "a change ticket"), and nothing shows that it had one.",
                help: "Read the first lines of its journal.")
        ]
    }

    private func finding(_ ticket: TicketAssessment, _ did: String) -> Diagnostic? {
        guard ticket.ticket == plan.change else {
            return Diagnostic(
                code: "record.other-ticket",
                "The run \(did) with the ticket \(visibleText(ticket.ticket ?? "none")), and its plan names \(visibleText(plan.change ?? "none")).",
                help: "Read the first lines of its journal.")
        }
        guard ticket.verdict != .met else { return nil }
        guard let override = ticket.override else {
            return Diagnostic(
                code: "record.ticket-unmet",
                "The run \(did) without its change ticket's consent, and nobody decided that: \(visibleText(ticket.says))",
                help: "Read the first lines of its journal.")
        }
        return Diagnostic(
            .warning, code: "record.without-ticket",
            "The run \(did) without its change ticket's consent, by \(visibleText(override.by)): \(visibleText(override.reason))",
            help: "The record has it among its deviations.")
    }
}
