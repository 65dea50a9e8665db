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

extension JournalWriter: RunJournal {}

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
    /// Looks that failed; a plan with any of them is not run.
    let problems: [PlanPreview.Problem]
    /// The last lines that plugins said meanwhile.
    let logs: [PluginLog]

    let person: Person
    private let room: WindowRoom?
    private let world: RunWorld
    private let plugins: PluginPool
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
                help: "Run \"muster lock \(request.runbook)\" and commit runbooks/\(request.runbook).lock.yaml.")
        }
        let definitions = try DefinitionFinder(documents: documents).definitions(of: runbook, lock: lock?.lock)
        var known: [SecretReference: String] = [:]
        let cached = { (reference: SecretReference) throws(MusterError) -> String in
            // Read once for the run: a command that prints a secret may take long, and the loop waits for it.
            if let value = known[reference] { return value }
            let value = try secrets(reference)
            known[reference] = value
            return value
        }
        let signals = try SignalQueue([SIGINT, SIGTERM, SIGHUP])
        let (entries, pins) = try Self.openPlugins(definitions, request.pluginFolders, documents)
        let root = documents.state.workTree ?? documents.state.gitFolder
        let section = environment.0
        plugins = PluginPool(entries, environment: Host.variables, secrets: cached) {
            name, hide throws(MusterError) in
            try connection(section, name, root: root, secrets: cached, hide: hide)
        }
        world = RunWorld(plugins: plugins, signals: signals, person: person)
        let material = PlanMaterial(
            kind: request.kind, runbook: runbook, runbookDocument: runbookDocument, commit: documents.commit,
            lock: documents.commit == nil ? nil : lock?.document,
            environment: Plan.Environment(
                name: request.environmentName ?? section.name.value, document: environment.1,
                digest: Digest(of: section.withoutSecrets().canonicalBytes()), values: section.values),
            change: request.change, inputs: request.inputs, definitions: definitions, plugins: pins)
        room = request.kind == .rehearsal ? nil : try WindowRoom(section, of: request.runbook, documents, configuration)
        window = room?.assessment(at: readClocks().wall)
        var preview = PlanPreview(try material.draft(), world)
        (plan, problems) = preview.look()
        logs = preview.logs
        do { digest = try plan.digest() } catch {
            throw MusterError(
                code: "plan.not-encodable", "The plan holds a number that JSON has no text for: \(error).")
        }
    }

    private static func openPlugins(
        _ definitions: [StepUse: PlanMaterial.Definition], _ folders: [String], _ documents: CatalogDocuments
    ) throws(MusterError) -> ([String: PluginPool.Entry], [Plan.Plugin]) {
        var wanted: [String: [String: ObjectID]] = [:]
        for (use, found) in definitions where !use.reference.isBuiltIn {
            wanted[use.reference.plugin, default: [:]][use.reference.step] = found.document?.blob
        }
        let locator = PluginLocator(folders)
        var opener = PluginExecutable.Opener()
        var entries: [String: PluginPool.Entry] = [:]
        var pins: [Plan.Plugin] = []
        for (plugin, steps) in wanted.sorted(by: { $0.key < $1.key }) {
            let executable = try locator.executable(plugin, &opener)
            entries[plugin] = PluginPool.Entry(executable: executable, definitions: steps)
            let folder = "plugins/\(pluginFolderName(plugin))"
            var sources: ObjectID?
            if let commit = documents.commit { sources = try documents.git.treeID(folder, at: commit) }
            pins.append(Plan.Plugin(name: plugin, executable: executable.digest, sources: sources))
        }
        return (entries, pins)
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
        for (step, code, message, remedy) in failed + unmet + closedWindow {
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
        }
    }

    private var closedWindow: [(String, String, String, String?)] {
        guard let window, window.verdict == .unmet else { return [] }
        return [("", WindowRoom.code, window.says, WindowRoom.remedy)]
    }

    /// Somebody stopped it while it looked at the targets.
    var wasInterrupted: Bool { problems.contains { $0.failure.code == "plan.interrupted" } }

    func shutdown() { plugins.shutdown() }

    /// A line from the person at the terminal; nil when there is none, or a signal came.
    func readLine() -> String? { world.readLine() }

    /// What a run left behind.
    struct Result {
        let run: RunID
        let outcome: RunFinished.Outcome
        let record: RunRecord?
        /// The log's commit with the record; nil when git could not take it.
        let commit: ObjectID?
        let recordFailure: MusterError?
        /// What became of the push; nil where muster.yaml names no remote.
        let push: Swift.Result<PushReport, MusterError>?
    }

    /// Runs the plan to its end.
    ///
    /// - Parameters:
    ///   - goAhead: how it was given.
    ///   - views: made once the run has its id.
    func run(
        _ goAhead: GoAhead, views: (RunID) -> (followers: [any RunFollower], services: [any PollService])
    ) throws(MusterError) -> Result {
        let now = readClocks().wall
        // Between the plan and the go-ahead the window may have closed, or become too short.
        let window = try room?.checked(at: now)
        let id = RunID(started: now, runbook: plan.runbook.name, random: Host.random())
        // Clouds that are simulated for one run are no target that another could touch.
        let locks = try TargetLocks(plan.kind == .rehearsal ? [] : plan.locks, run: id, in: state)
        defer { locks.release() }
        let folder = state.run(id)
        let journal = try JournalWriter.create(folder: folder)
        try writeFile("\(folder)/plan.json", try planBytes())
        try writeFile("\(folder)/\(LateRecords.catalogFile)", Array(documents.state.gitFolder.utf8))
        let identity = documents.state.user ?? GitIdentity(name: Host.userName, email: "\(Host.userName)@\(Host.name)")
        let writer = try recordWriter(id, journal, identity)
        let (followers, services) = views(id)
        world.serve(writer)
        for service in services { world.serve(service) }
        var engine = Engine(
            state: RunState(plan: plan), journal: journal, world: world, followers: [writer] + followers)
        defer { plugins.shutdown() }
        defer { journal.close() }
        do { try engine.open([.runCreated(created(id, identity))]) } catch { throw notBegun(error, journal) }
        let started = RunStarted(
            confirmation: goAhead.confirmation, accepted: goAhead.accepted.isEmpty ? nil : goAhead.accepted,
            window: window)
        let end = try engine.run(opening: [.runStarted(started)])
        return finish(id, end, writer)
    }

    /// The plan could not be recorded. The journal gets its end, where it still can, so that nothing looks as if it ran.
    private func notBegun(_ error: MusterError, _ journal: JournalWriter) -> MusterError {
        let stop = StopRequested(by: "engine", reason: error.summary)
        let end = RunFinished(outcome: .cancelled, why: "Stopped before it began: \(error.summary)")
        var error = error
        do {
            _ = try journal.append([.stopRequested(stop), .runFinished(end)], at: readClocks())
            try journal.sync()
        } catch let second {
            error.diagnostics.append(Diagnostic(code: second.code, second.summary, help: second.help))
        }
        error.help = "Nothing was changed: a run that cannot be recorded does not begin. " + (error.help ?? "")
        error.status = .preconditionUnmet
        return error
    }

    private func planBytes() throws(MusterError) -> [UInt8] {
        do { return try JSON(encoding: plan).canonicalBytes() } catch {
            throw MusterError(code: "plan.not-encodable", "The plan cannot be written: \(error).")
        }
    }

    private func recordWriter(
        _ id: RunID, _ journal: JournalWriter, _ identity: GitIdentity
    ) throws(MusterError) -> RecordWriter {
        let place = RecordWriter.Place(
            run: id, author: identity, branch: configuration.recordsBranch,
            uncommitted: documents.commit == nil ? documents.contents : [:])
        do {
            return try RecordWriter(catalog: documents.git, journal: journal, plan: plan, place: place)
        } catch {
            throw MusterError(code: "plan.not-encodable", "The plan cannot be recorded: \(error).")
        }
    }

    private func created(_ id: RunID, _ identity: GitIdentity) -> RunCreated {
        RunCreated(
            run: id, plan: digest, kind: plan.kind, runbook: plan.runbook.name, environment: plan.environment.name,
            change: plan.change, operatorName: "\(identity.name) <\(identity.email)>", host: Host.name,
            bootID: Host.bootID,
            processID: Host.processID, engine: musterVersion)
    }

    /// A run never fails because the remote is down: what was not sent is said, and `muster publish` sends it later.
    private func push(_ id: RunID) -> Swift.Result<PushReport, MusterError>? {
        guard let remote = configuration.recordsRemote else { return nil }
        let refs = ["refs/heads/\(configuration.recordsBranch)", id.ref]
        do {
            return .success(try documents.git.push(PushOrder(remote: remote, refs: refs)))
        } catch {
            return .failure(error)
        }
    }

    private func finish(_ id: RunID, _ end: RunState, _ writer: RecordWriter) -> Result {
        guard case .finished(let outcome) = end.phase else {
            preconditionFailure("the engine returns finished runs only")
        }
        do {
            let commit = try writer.commitFinished()
            return Result(
                run: id, outcome: outcome, record: writer.record, commit: commit, recordFailure: nil, push: push(id))
        } catch {
            return Result(
                run: id, outcome: outcome, record: writer.record, commit: nil, recordFailure: error, push: nil)
        }
    }
}
