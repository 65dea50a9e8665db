// SPDX-License-Identifier: Apache-2.0

internal import ChangeTickets
internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// Finds out whether a run's change ticket lets it begin, or go on: where one is needed, and what its system says of it.
struct TicketDesk {
    /// What is asked about.
    struct Subject {
        var plan: Plan
        var digest: Digest
        /// `name <email>`
        var operatorName: String
        /// Who decided that the run goes on without the ticket's consent, and why; nil: nobody.
        var override: TicketAssessment.Override?
    }

    let subject: Subject
    /// Whether the run needs a ticket.
    let isNeeded: Bool
    /// Where it is asked for; without any nobody is asked.
    let sources: [TicketSource]
    /// The folder that a relative `ca-file` starts from.
    let root: String
    /// Waits for the targets; nil when a signal came instead.
    let wait: ([PollTarget], Duration) -> Set<PollTarget>?
    /// Told each secret before it is used, so that it is kept out of everything from then on.
    let hide: (_ value: String, _ name: String) -> Void
    var secrets: (SecretReference) throws(MusterError) -> String = SecretReader().read
    var system: any TicketAsking = TicketWorker()

    /// Nil in a rehearsal, which asks nobody, and where neither a ticket is needed nor a system is to be asked for one.
    ///
    /// - Parameter rules: what binds the run.
    init?(_ subject: Subject, _ rules: [ChangeRules], _ state: RepositoryState, _ world: RunWorld) {
        guard subject.plan.kind != .rehearsal else { return nil }
        var sources: [TicketSource] = []
        for source in rules.compactMap(\.environment.changeTicket) where !sources.contains(source) {
            sources.append(source)
        }
        isNeeded = rules.contains(where: \.needTicket)
        self.sources = sources
        guard isNeeded else { return nil }
        self.subject = subject
        root = state.workTree ?? state.gitFolder
        wait = { targets, timeout in world.wait(for: targets, timeout: timeout) }
        hide = { value, name in world.hide(value, name: name) }
    }

    /// How the ticket stands now; nil where one is named and nobody is to be asked for it.
    ///
    /// - Throws: `change-ticket.interrupted`.
    func assessment() throws(MusterError) -> TicketAssessment? {
        guard var assessment = try found() else { return nil }
        if assessment.verdict != .met { assessment.override = subject.override }
        return assessment
    }

    /// - Throws: `run.no-change-ticket`, `run.change-ticket` where no run may begin, or go on, under it; `change-ticket.interrupted`.
    ///
    /// - Parameter isBegun: the run has begun, and keeps the ticket that it was planned with.
    func checked(isBegun: Bool = false) throws(MusterError) -> TicketAssessment? {
        guard let assessment = try assessment() else { return nil }
        guard let refusal = assessment.refusal(isBegun: isBegun) else { return assessment }
        throw MusterError(
            code: refusal.code, "\(visibleText(assessment.says)) Nothing was changed.", help: refusal.help,
            status: .preconditionUnmet)
    }

    private func found() throws(MusterError) -> TicketAssessment? {
        guard let ticket = subject.plan.change else {
            return .missing(in: subject.plan.environment.name, at: readClocks().wall)
        }
        guard !sources.isEmpty || !isTicketName(ticket) else { return nil }
        guard TicketAssessment.isID(ticket) else { return .malformed(ticket, at: readClocks().wall) }
        var all: TicketAssessment?
        for source in sources {
            let one = try ask(source, for: ticket)
            all = all?.joined(with: one) ?? one
        }
        return all
    }

    private func ask(_ source: TicketSource, for ticket: String) throws(MusterError) -> TicketAssessment {
        var redactor = Redactor()
        let answer: TicketAnswer
        do throws(MusterError) {
            let system = try resolved(source, &redactor)
            let question = TicketQuestion(
                system: system, ticket: ticket, runbook: subject.plan.runbook.name,
                environment: subject.plan.environment.name, kind: subject.plan.kind, plan: subject.digest,
                operatorName: subject.operatorName)
            answer = try self.system.answer(to: question, wait: wait).redacted(by: redactor)
        } catch {
            guard error.code.hasPrefix("secret.") else { throw error }
            answer = .unknown(error.summary.hasSuffix(".") ? String(error.summary.dropLast()) : error.summary)
        }
        return TicketAssessment(
            ticket, system: source.kind == .webhook ? .webhook : .serviceNow, address: source.origin, answer: answer,
            at: readClocks().wall)
    }

    private func resolved(_ source: TicketSource, _ redactor: inout Redactor) throws(MusterError) -> TicketSystem {
        func value(_ reference: SecretReference) throws(MusterError) -> String {
            let value = try secrets(reference)
            hide(value, reference.description)
            return value
        }
        let credential: TicketSystem.Credential
        var name = ""
        switch source.signIn {
        case .none: credential = .none
        case .password(let user, let reference):
            let password = try value(reference)
            name = reference.description
            redactor.add(password, name: name)
            credential = .password(user: user, password: password)
        case .token(let reference):
            let token = try value(reference)
            name = reference.description
            redactor.add(token, name: name)
            credential = .token(token)
        }
        let kind: TicketSystem.Kind =
            switch source.kind {
            case .webhook: .webhook
            case .serviceNow(let table, let states, let opensField, let closesField):
                .serviceNow(
                    ServiceNowTable(name: table, states: states, opensField: opensField, closesField: closesField))
            }
        let file = source.caFile.map { $0.hasPrefix("/") ? $0 : "\(root)/\($0)" }
        return TicketSystem(kind: kind, url: source.url, credential: credential, secretName: name, caFile: file)
    }
}

extension TicketAssessment {
    /// Why no run may begin, or go on, with it, and what to do; nil where one may.
    func refusal(isBegun: Bool = false) -> (code: String, help: String)? {
        guard verdict != .met, override == nil else { return nil }
        let glass = "In an emergency: --break-glass --reason TEXT."
        guard ticket != nil else {
            let help =
                isBegun
                ? "The run was planned without one; end it with muster cancel or muster rollback, and plan anew with --change."
                : "Name it with --change."
            return ("run.no-change-ticket", "\(help) \(glass)")
        }
        guard verdict == .unmet else {
            return (
                "run.change-ticket",
                "Look at change-ticket in the environment, its sign-in, and whether the system answers. \(glass)"
            )
        }
        let help = "Bring the ticket into a state, and to a window, in which the run may "
        return (
            "run.change-ticket",
            help
                + (isBegun
                    ? "go on; it keeps the ticket that it was planned with."
                    : "take place, or name another one with --change.")
                + " \(glass)"
        )
    }
}

extension TicketAnswer {
    /// A system may say back what it was sent.
    fileprivate func redacted(by redactor: Redactor) -> TicketAnswer {
        switch self {
        case .notFound: return .notFound
        case .unknown(let why): return .unknown(redactor.redact(why))
        case .standing(var standing):
            standing.state = redactor.redact(standing.state)
            standing.says = standing.says.map(redactor.redact)
            return .standing(standing)
        }
    }
}

extension TicketSource {
    /// Scheme, host and port of its address.
    fileprivate var origin: String {
        let parts = url.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count < 3 ? url : parts.prefix(3).joined(separator: "/")
    }
}
