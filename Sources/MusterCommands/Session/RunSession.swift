// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterDocuments
internal import MusterEngine
internal import MusterGit
internal import MusterJournal
internal import MusterMachine
internal import MusterModel
internal import MusterPluginHost
internal import MusterRecord
internal import MusterSystem

/// What an operator asked for.
struct RunRequest {
    var kind: RunKind
    var runbook: String
    var inputs: [String: JSON]
    var change: String?
    /// Folders with plugins' executables, searched first.
    var pluginFolders: [String]
    /// What plan and record call the environment, where its document's name does not tell enough.
    var environmentName: String?
    /// Whether the steps without an effect give their proofs while the plan is made.
    var isProving = false
    /// Why the run begins without the consents that it needs; nil: it does not.
    var breakGlass: String?
}

/// One plan and, when it is confirmed, its run: where documents, plugins, journal, record and terminal come together.
final class RunSession {
    let documents: CatalogDocuments
    let configuration: Configuration
    let plan: Plan
    let digest: Digest
    /// How the change window stood when the plan was made; nil in a rehearsal. It passes with time, so it is no part of
    /// the plan, whose digest stays.
    let window: WindowAssessment?
    /// How the change ticket stood when the plan was made; nil where nobody is asked for one.
    let ticket: TicketAssessment?
    /// Looks that failed; a plan with any of them is not run.
    let problems: [PlanPreview.Problem]
    /// The last lines that plugins said meanwhile.
    let logs: [PluginLog]
    /// What the steps without an effect showed, by step, where that was asked for.
    let proofs: [String: [ConditionResult]]

    let person: Person
    /// What lets the run begin under the catalog's policy; nil where nothing is asked for.
    var admission: RunAdmission?
    /// What the record says of a policy that asks for nothing here and was believed without another before it.
    var firstUse: PolicyApplied?
    /// Whether the operator asked to run without what the policy and the windows ask for; ``admission`` tells who may.
    let breaksGlass: Bool
    /// What `--key` named.
    var key: String?
    /// What the policy says against the plan, whoever approves it, as far as ``heldAgainstPolicy()`` found out.
    private var policyRefusals: [Diagnostic] = []
    private let environment: Environment
    private let room: WindowRoom?
    private let tickets: TicketDesk?
    private let world: RunWorld
    private let plugins: PluginPool
    private let executables: [PluginExecutable]
    private let state: StateFolder

    /// Makes the plan: reads and checks every document, starts the plugins, and looks at every target. Read-only.
    ///
    /// - Throws: document errors with all their diagnostics; missing or mismatching plugins; absent secrets.
    init(
        _ request: RunRequest, documents: CatalogDocuments, environment: (Environment, Plan.Document?),
        secrets: @escaping (SecretReference) throws(MusterError) -> String,
        person: Person
    ) throws(MusterError) {
        self.documents = documents
        self.person = person
        state = try StateFolder()
        configuration = try documents.configuration()
        let (runbook, runbookDocument) = try documents.runbook(request.runbook)
        let lock = try documents.lock(request.runbook)
        if documents.commit != nil, lock == nil {
            throw MusterError(
                code: "lock.missing", "The runbook \(request.runbook) has no lock in this commit.",
                help: try documents.notCommitted("runbooks/\(request.runbook).lock.yaml")
                    ?? "Run \"muster lock \(request.runbook)\" and commit runbooks/\(request.runbook).lock.yaml.")
        }
        let definitions = try DefinitionFinder(documents: documents).definitions(of: runbook, lock: lock?.lock)
        let cached = onceEach(secrets)
        let signals = try SignalQueue([SIGINT, SIGTERM, SIGHUP])
        let (entries, pins) = try openPlugins(definitions, request.pluginFolders, documents)
        executables = entries.values.map(\.executable)
        let section = environment.0
        self.environment = section
        plugins = pluginPool(entries, section, documents.state, cached)
        world = RunWorld(plugins: plugins, signals: signals, person: person)
        let material = PlanMaterial(
            kind: request.kind, runbook: runbook, runbookDocument: runbookDocument, commit: documents.commit,
            lock: documents.commit == nil ? nil : lock?.document,
            environment: Plan.Environment(section, environment.1, named: request.environmentName),
            change: request.change, inputs: request.inputs, definitions: definitions, plugins: pins)
        let rules = try Self.changeRules(request, section.name.value, documents)
        let records = Records(git: documents.git, branch: configuration.recordsBranch)
        room = try rules.isEmpty ? nil : WindowRoom(WindowCalendar(rules), runsOf: request.runbook, in: records)
        window = room?.assessment(at: readClocks().wall)
        var preview = PlanPreview(try material.draft(), world, proving: request.isProving)
        (plan, problems) = preview.look()
        logs = preview.logs
        proofs = preview.proofs
        do { digest = try plan.digest() } catch {
            throw MusterError(
                code: "plan.not-encodable", "The plan holds a number that JSON has no text for: \(error).")
        }
        let name = documents.state.userOrLogin.text
        breaksGlass = request.breakGlass != nil
        let subject = TicketDesk.Subject(
            plan: plan, digest: digest, operatorName: name,
            override: request.breakGlass.map { TicketAssessment.Override(by: name, reason: $0) })
        // Proofs are given by what begins no run, and an interrupted look has its refusal already.
        tickets = request.isProving ? nil : TicketDesk(subject, rules, documents.state, world)
        let isInterrupted = problems.contains { $0.failure.code == "plan.interrupted" }
        ticket = isInterrupted ? nil : try tickets?.assessment()
    }

    /// Rehearsals are free of them.
    private static func changeRules(
        _ request: RunRequest, _ environment: String, _ documents: CatalogDocuments
    ) throws(MusterError) -> [ChangeRules] {
        guard request.kind != .rehearsal, let commit = documents.commit else { return [] }
        return try ChangeRules.binding(environment, documents.git, documents.state, plannedAt: commit)
    }

    /// Preconditions that must hold before the first effect and do not.
    var blockers: [(step: String, result: ConditionResult)] {
        plan.steps.flatMap { step in
            (step.preview?.preconditions ?? []).filter { result in
                result.verdict != .met
                    && plan.definitions[step.uses]!.preconditions.contains { $0.id == result.id && $0.at == .start }
            }.map { (step.id, $0) }
        }
    }

    /// Why the plan cannot be run, as errors; empty when it can. What several steps met is said once, with their names.
    var refusals: [Diagnostic] {
        let failed = problems.map { ($0.step, $0.failure.code, $0.failure.message, $0.failure.remedy) }
        let unmet = blockers.map { step, result in
            let declared = plan.steps.first { $0.id == step }.flatMap { plan.definitions[$0.uses] }?.preconditions
            let remedy = declared?.first { $0.id == result.id }?.remedy
            return (step, "precondition.\(result.verdict.rawValue)", "\(result.id): \(result.says)", remedy)
        }
        var order: [String] = []
        var found: [String: (diagnostic: Diagnostic, steps: [String])] = [:]
        for (step, code, message, remedy) in failed + unmet + closedWindow + refusedTicket {
            let key = "\(code)\n\(message)"
            if found[key] == nil {
                order.append(key)
                found[key] = (Diagnostic(code: code, message, help: remedy.map(visibleText)), [])
            }
            if !step.isEmpty, found[key]?.steps.contains(step) == false { found[key]?.steps.append(step) }
        }
        return order.compactMap { found[$0] }.map { diagnostic, steps in
            var diagnostic = diagnostic
            let place = steps.isEmpty ? "" : steps.joined(separator: ", ") + ": "
            diagnostic.summary = visibleText(place + diagnostic.summary)
            return diagnostic
        } + policyRefusals
    }

    private var closedWindow: [(String, String, String, String?)] {
        guard let window, window.verdict == .unmet else { return [] }
        guard breaksGlass else { return [("", WindowRoom.code, window.says, WindowRoom.remedy)] }
        guard rule == nil, !plan.hasGates else { return [] }
        let why = "--break-glass opens a window only where approvals in muster.yaml say who may."
        return [("", WindowRoom.code, window.says, "\(why) \(WindowRoom.remedy)")]
    }

    private var refusedTicket: [(String, String, String, String?)] {
        guard let ticket, let refusal = ticket.refusal() else { return [] }
        return [("", refusal.code, ticket.says, refusal.help)]
    }

    /// Somebody stopped it while it looked at the targets.
    var wasInterrupted: Bool { problems.contains { $0.failure.code == "plan.interrupted" } }

    /// Keeps the plugins' executables for whoever takes the run up again; a rehearsal is never taken up.
    ///
    /// - Returns: what to tell the person where that was not possible.
    func keepPlugins() -> [String] {
        guard plan.kind != .rehearsal else { return [] }
        let kept = KeptPlugins(state)
        return executables.compactMap(kept.notice)
    }

    /// What the policy at the plan's commit asks for.
    var rule: ApprovalRule? { configuration.policy.rule(for: environment) }

    /// The policies that this plan is held against.
    ///
    /// - Parameter isKept: whether the machine remembers the policy that it finds.
    func approvalDesk(isKept: Bool = true) throws(MusterError) -> ApprovalDesk {
        try ApprovalDesk(
            plan, digest: digest, environment: environment, git: documents.git, state: documents.state, isKept: isKept)
    }

    /// Finds out whether anybody could approve the plan, and whether the policy holds; what stands against it is a refusal.
    ///
    /// - Returns: what is asked for; nil: nothing.
    func heldAgainstPolicy() -> ApprovalRule? {
        do throws(MusterError) {
            let desk = try approvalDesk(isKept: false)
            _ = try desk.authors()
            return desk.rule
        } catch {
            policyRefusals = [Diagnostic(code: error.code, error.summary, help: error.help)] + error.diagnostics
            return rule
        }
    }

    /// What signs the record; nil where records are not signed.
    ///
    /// - Throws: `record.no-key`, `approval.unknown-key`.
    func signing() throws(MusterError) -> RecordSigning? {
        guard plan.kind != .rehearsal else { return nil }
        return try RecordSigning.of(configuration, key: key)?.known(
            to: documents.git, at: plan.commit, documents.state.head)
    }

    func shutdown() { plugins.shutdown() }

    /// A line from the person at the terminal; nil when there is none, or a signal came.
    func readLine() -> String? { world.readLine() }

    /// Runs the plan to its end, or until it is at rest.
    ///
    /// - Parameters:
    ///   - goAhead: how it was given.
    ///   - takeOver: a person's reason to take leases that another run let expire; nil where nobody decided that.
    ///   - views: made once the run has its id.
    func run(_ goAhead: GoAhead, takeOver: String? = nil, views: RunViews) throws(MusterError) -> RunResult {
        let now = readClocks().wall
        // Between the plan and the go-ahead the window may have closed, or become too short.
        let window = try room?.checked(at: now, isForced: admission?.breaksGlass == true)
        let ticket = try tickets?.checked()
        let signing = try signing()
        let id = RunID(started: now, runbook: plan.runbook.name, random: Host.random())
        let hold = try TargetHold(
            plan, run: id, folders: state, state: documents.state, configuration: configuration,
            isBegun: false, takeOver: takeOver)
        let engineLock = try EngineLock(runFolder: state.run(id), for: .running, by: person.name)
        defer { engineLock.release() }
        // The last look: what counted before the question may not count any more.
        let identity = documents.state.userOrLogin
        let journal = try beginJournal(id)
        let admitted: [Event]
        do throws(MusterError) {
            admitted =
                try admission?.events(for: id, by: identity.text) ?? firstUse.map { [.policyApplied($0)] } ?? []
        } catch {
            removeFolder(of: id)
            throw error
        }
        hold.isUsed = true
        world.signalsCancel = plan.kind == .rehearsal
        world.hold(hold.leases)
        let gates = admission.map { _ in
            GateKeeper(
                run: id, plan: digest, folders: state, folder: documents.state.gitFolder,
                remote: configuration.recordsRemote)
        }
        world.take(approvalsBy: gates)
        defer { gates?.end() }
        let execution = RunExecution(
            run: id, plan: plan, journal: journal, world: world, person: person, catalog: documents.git,
            configuration: configuration, identity: identity,
            uncommitted: documents.commit == nil ? documents.contents : [:], signing: signing)
        defer { plugins.shutdown() }
        let started = RunStarted(
            confirmation: goAhead.confirmation, accepted: goAhead.accepted.isEmpty ? nil : goAhead.accepted,
            window: window, ticket: ticket)
        let result: RunResult
        do {
            result = try execution.carryOut(
                RunState(plan: plan),
                opening: [[.runCreated(created(id, identity))], admitted + hold.events + [.runStarted(started)]],
                views: views)
        } catch {
            // What cannot be read may have had effects.
            let entries = try? JournalReader().read(journal.path).entries
            hold.isBegun = entries?.contains { if case .runStarted = $0.event { true } else { false } } ?? true
            throw error
        }
        hold.release(isOver: result.end != .paused)
        return result
    }

    /// Makes the run's folder. One that could not be begun leaves none.
    private func beginJournal(_ id: RunID) throws(MusterError) -> JournalWriter {
        let folder = state.run(id)
        let isNew = access(folder, F_OK) != 0
        do throws(MusterError) {
            try makeFolders(folder)
            // The journal last: a folder without one is no run.
            try writeFile("\(folder)/\(StateFolder.planFile)", try planBytes())
            try writeFile("\(folder)/\(LateRecords.catalogFile)", Array(documents.state.gitFolder.utf8))
            return try JournalWriter.create(folder: folder)
        } catch {
            if isNew { removeFolder(of: id) }
            throw error
        }
    }

    /// Of a run that did not come to be.
    private func removeFolder(of id: RunID) {
        let folder = state.run(id)
        for name in folderNames(folder) { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    private func planBytes() throws(MusterError) -> [UInt8] {
        do { return try JSON(encoding: plan).canonicalBytes() } catch {
            throw MusterError(code: "plan.not-encodable", "The plan cannot be written: \(error).")
        }
    }

    private func created(_ id: RunID, _ identity: GitIdentity) -> RunCreated {
        RunCreated(
            run: id, plan: digest, kind: plan.kind, runbook: plan.runbook.name, environment: plan.environment.name,
            change: plan.change, operatorName: identity.text, host: Host.name,
            bootID: Host.bootID, processID: Host.processID, engine: musterVersion, rules: RunCreated.currentRules)
    }
}

extension RepositoryState {
    /// Who works here: as git knows the user, else as the operating system does.
    var userOrLogin: GitIdentity { user ?? GitIdentity(name: Host.userName, email: "\(Host.userName)@\(Host.name)") }
}

extension GitIdentity {
    /// `name <email>`, as records name people.
    var text: String { "\(name) <\(email)>" }
}

/// Who is at work here, for decisions and other words that a record keeps.
func personHere(_ catalog: String?) throws(MusterError) -> String {
    try CatalogDocuments.open(catalog).state.userOrLogin.text
}
