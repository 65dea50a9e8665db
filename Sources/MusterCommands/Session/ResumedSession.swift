// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterApproval
internal import MusterDocuments
internal import MusterEngine
internal import MusterGit
internal import MusterJournal
internal import MusterMachine
internal import MusterModel
internal import MusterPluginHost
internal import MusterSystem

/// A run that is taken up again from its journal: everything that it was planned with is as it was, or it is refused by name.
final class ResumedSession {
    struct Request {
        var run: RunID
        /// The catalog's folder; nil: the one that the run was started from, else that around the current folder.
        var catalog: String?
        var pluginFolders: [String]
        /// Why this machine may go on with a run that another one had; nil where nobody said so.
        var takeOver: String?
        /// A run that is over may be taken up again: what is asked of it is to be rolled back.
        var reopens = false
        /// What `--key` named.
        var key: String?
    }

    let stored: StoredRun
    let configuration: Configuration
    let person: Person
    /// What to tell the person before anything goes on.
    private(set) var notices: [String]

    /// What lets the run go on under the catalog's policy; nil where nothing is asked for, or it is to be ended or undone.
    var admission: RunAdmission?
    /// Nil where records are not signed.
    private let signing: RecordSigning?
    /// Words at the run's gates that were brought.
    var offered: [OfferedStatement] = []

    /// How the change ticket stands; nil where nobody was asked for one.
    var ticket: TicketAssessment?

    let documents: CatalogDocuments
    let environment: Environment
    private let handOver: HandOver
    /// What is to be made this machine's own before the run goes on; nil where the journal here is the one.
    private let adoption: HandOver.Adoption?
    private let journal: JournalWriter?
    private let engineLock: EngineLock
    let world: RunWorld
    private let plugins: PluginPool
    private let hold: TargetHold
    private let folders: StateFolder
    private let takeOver: TakeOver?
    /// How the change window stands; nil where nothing limits changes, and where the run is only brought to its end.
    private var window: WindowAssessment?

    /// Nothing of a run that is refused is left here: what another machine published becomes this one's own in ``carryOut(_:views:)``.
    ///
    /// - Throws: what keeps a run from going on: `run.taken-over`, `run.elsewhere`, `run.rehearsal`, `run.newer-rules`,
    ///   `run.finished`, `run.plugin-changed`, `run.environment-changed`; a journal that is held or broken; a commit that is not here.
    init(_ request: Request, person: Person) throws(MusterError) {
        self.person = person
        folders = try StateFolder()
        let (git, state) = try CatalogDocuments.open(request.catalog ?? catalogFolder(of: request.run, folders))
        let remote = try Records.configuration(git, state)?.recordsRemote
        handOver = HandOver(git: git, run: request.run, folders: folders, remote: remote)
        // Before the journal is looked at: a hand-over replaces it.
        engineLock = try EngineLock(
            runFolder: folders.run(request.run), for: request.reopens ? .rollingBack : .goingOn, by: person.name)
        let found = try handOver.prepare(takeOver: request.takeOver)
        adoption = found.adoption
        let folder = folders.run(request.run)
        let stored: StoredRun
        if let adoption {
            journal = nil
            let reading = try JournalReader.reading(adoption.journal, from: "on the branch \(request.run.ref)")
            stored = try StoredRun(request.run, folder: folder, reading: reading, planBytes: adoption.plan)
        } else {
            let (journal, reading) = try JournalWriter.reopen(folder: folder)
            self.journal = journal
            stored = try StoredRun(request.run, folder: folder, reading: reading)
        }
        self.stored = stored
        takeOver = try stored.takeOver(request.takeOver, hasAdopted: adoption != nil)
        try stored.refuseWhatCannotGoOn()
        // Before anything is held: a run that is over must not take its targets from the next one.
        if stored.state.isFinished, !request.reopens { throw stored.isOver }
        documents = CatalogDocuments(git: git, state: state, source: .commit(stored.plan.commit!))
        configuration = try documents.configuration()
        let doubts = try adoption == nil ? [] : stored.doubts(documents)
        signing = try RecordSigning.of(configuration, key: request.key)?.known(
            to: git, at: stored.plan.commit, state.head)
        let environment = try documents.environment(stored.plan.environment.name).environment
        try stored.compare(environment)
        self.environment = environment
        let kept = KeptPlugins(folders)
        let opened = try stored.plan.openPlugins(request.pluginFolders, kept: kept)
        let signals = try SignalQueue([SIGINT, SIGTERM, SIGHUP])
        plugins = pluginPool(opened.entries, environment, state, onceEach(SecretReader().read))
        world = RunWorld(plugins: plugins, signals: signals, person: person)
        hold = try TargetHold(
            stored.plan, run: request.run, folders: folders, state: state, configuration: configuration,
            isBegun: !stored.state.isFinished, takeOver: nil)
        world.hold(hold.leases)
        notices =
            found.notices + doubts + stored.reading.notices + opened.notices
            + opened.entries.values.compactMap { kept.notice($0.executable) }.sorted() + stored.unpublished(takeOver)
    }

    /// The policies that the run is held against now.
    func approvalDesk() throws(MusterError) -> ApprovalDesk {
        try ApprovalDesk(
            stored.plan, digest: stored.state.created?.plan ?? Digest(of: []), environment: environment,
            git: documents.git, state: documents.state)
    }

    /// Finds out how the change window stands, where the run is to go on. A way back is held up by nothing that it does not
    /// need: neither by a document of today that cannot be read, nor by a machine without time zones.
    ///
    /// - Throws: `zone.unknown`; document errors; what keeps the log from being read.
    func assessWindow(for asks: [Event]) throws(MusterError) {
        let endsEarly = asks.contains {
            switch $0 {
            case .rollbackRequested, .stopRequested: true
            default: false
            }
        }
        guard !endsEarly, stored.state.rollback == nil, stored.state.stop == nil, stored.state.phase != .created else {
            return
        }
        let calendar = try WindowCalendar(try changeRules())
        let records = Records(git: documents.git, branch: configuration.recordsBranch)
        let assessment = try WindowRoom(calendar, runsOf: stored.plan.runbook.name, in: records).assessment(
            at: readClocks().wall)
        window = assessment.isDeclared ? assessment : nil
        notices += stored.notices(of: window, isForced: admission?.breaksGlass == true)
    }

    /// What binds the run now.
    func changeRules() throws(MusterError) -> [ChangeRules] {
        try ChangeRules.binding(
            stored.plan.environment.name, documents.git, documents.state, plannedAt: stored.plan.commit!)
    }

    /// What persons said of the run since it was left, as far as it counts.
    private func approvalEvents(_ resumed: Event, by name: String) throws(MusterError) -> [Event] {
        guard let admission else { return [] }
        var events = try admission.events(for: stored.run, by: name)
        var check = try GateCheck(stored, git: documents.git)
        check.more = events.compactMap { if case .approvalRecorded(let body) = $0 { body } else { nil } }
        var state = stored.state
        let now = readClocks().wall
        // Such as they are journaled: what one of them decides, no other may decide again.
        func follows(_ event: Event) -> Bool {
            do { try state.apply(event, at: now) } catch { return false }
            return true
        }
        for event in [resumed] + events { _ = follows(event) }
        for offered in offered where offered.parsed?.gate?.run == stored.run {
            // One that does not count is looked at again while the run waits, and by whoever resumes it.
            do {
                let approval = try check.taken(offered)
                guard follows(.approvalRecorded(approval)) else { continue }
                check.more.append(approval)
                events.append(.approvalRecorded(approval))
            } catch { tell(offered, error) }
        }
        return events
    }

    /// Of statements for gates at which the run waits.
    private func tell(_ offered: OfferedStatement, _ error: MusterError) {
        let gates = stored.state.waitingForApproval.map { stored.plan.steps[$0].id }
        let isTaken = stored.state.approvals.contains { $0.id == offered.parsed?.id }
        guard !isTaken, let notice = StatementNotice(offered, error), gates.contains(notice.gate) else { return }
        _ = StatementNotices(runFolder: stored.folder).add(notice)
        Terminal().error("note: \(notice.gate): \(notice.text)")
    }

    /// Goes on with the run until it ends or is at rest.
    ///
    /// - Parameter asks: what is asked of it beside going on: to end, or to be rolled back.
    func carryOut(_ asks: [Event] = [], views: RunViews) throws(MusterError) -> RunResult {
        let identity = documents.state.userOrLogin
        let journal = try openJournal()
        let execution = RunExecution(
            run: stored.run, plan: stored.plan, journal: journal, world: world, person: person, catalog: documents.git,
            configuration: configuration, identity: identity, uncommitted: [:], signing: signing)
        defer { plugins.shutdown() }
        // A run that was over has its targets again.
        hold.isBegun = true
        hold.isUsed = true
        let by = identity.text
        let resumed = RunResumed(
            by: by, host: Host.name, bootID: Host.bootID, processID: Host.processID, engine: musterVersion,
            takeOver: takeOver, window: window, ticket: ticket)
        // A run whose go-ahead never reached the disk has done nothing, and nobody can say that it was given.
        let cutOff = StopRequested(by: by, reason: "it was cut off before it began")
        let opening: [Event] =
            stored.state.phase == .created
            ? [asks.first { $0.kind == "stop-requested" } ?? .stopRequested(cutOff)]
            : [.runResumed(resumed)] + (try approvalEvents(.runResumed(resumed), by: by)) + hold.events + asks
        let gates = admission.map { _ in
            GateKeeper(
                run: stored.run, plan: stored.state.created?.plan ?? Digest(of: []), folders: folders,
                folder: documents.state.gitFolder, remote: configuration.recordsRemote)
        }
        world.take(approvalsBy: gates)
        defer { gates?.end() }
        let result = try execution.carryOut(
            stored.state, after: stored.reading.entries, opening: [opening], views: views)
        hold.release(isOver: result.end != .paused)
        engineLock.release()
        return result
    }

    private func openJournal() throws(MusterError) -> JournalWriter {
        if let journal { return journal }
        if let adoption { try handOver.adopt(adoption) }
        return try JournalWriter.reopen(folder: stored.folder).writer
    }
}

extension JournalReading {
    fileprivate var notices: [String] {
        tornTail.isEmpty
            ? []
            : [
                "The journal's last \(tornTail.count) bytes were torn by the crash and are set aside; nobody was told of what they said."
            ]
    }
}

extension StoredRun {
    /// The take-over that an engine here would make; nil where this machine had the run last.
    ///
    /// - Throws: `run.elsewhere` when another machine had it and nobody decided to take it over.
    fileprivate func takeOver(_ reason: String?, hasAdopted: Bool) throws(MusterError) -> TakeOver? {
        // Another state folder of one machine is like another machine: neither knows what the other did.
        guard let holder, holder.host != Host.name || hasAdopted else { return nil }
        guard let reason else {
            throw MusterError(
                code: "run.elsewhere",
                "The run \(run) was on \(holder.host), last heard of at \(lastHeardOf).",
                help:
                    "Make sure that it does not run there any more, then: muster resume \(run) --take-over --reason TEXT",
                status: .waitsForPerson)
        }
        return TakeOver(reason: reason, from: holder.host, knownUpTo: reading.entries.last?.sequence ?? 0)
    }

    /// What to tell the person of a window that is not open.
    fileprivate func notices(of assessment: WindowAssessment?, isForced: Bool) -> [String] {
        guard let assessment, let window = assessment.window, !window.contains(assessment.at),
            state.breakGlass == nil, !isForced, (state.created?.rules ?? 1) >= RunCreated.rulesOfWindows
        else { return [] }
        return [
            "\(assessment.says) No effect begins before: what was under way is read back, and whoever rolls back may."
        ]
    }

    fileprivate var isOver: MusterError {
        MusterError(
            code: "run.finished", "The run \(run) is over: \(standing).",
            help: "Read it with \"muster show\"; undo what it did with \"muster rollback\".")
    }

    /// What a machine that takes the run over cannot know.
    fileprivate func unpublished(_ takeOver: TakeOver?) -> [String] {
        guard let takeOver, let last = reading.entries.last else { return [] }
        let open =
            state.active.map { plan.steps[$0].id }
            + state.steps.indices.filter { state.steps[$0].isBeingUndone }.map { plan.steps[$0].id }
        var notices = [
            "The last that \(takeOver.from) published is line \(last.sequence + 1) of \(last.at). What it did after that is not known here."
        ]
        if !open.isEmpty {
            notices.append(
                "Under way then: \(open.joined(separator: ", ")). An effect that had begun is in doubt and is read back first."
            )
        }
        notices.append("Steps behind it may have been done there: each is looked at before anything is changed.")
        return notices
    }

    /// A plan that another machine published is carried out here: it must be what the documents of its commit make, not what somebody
    /// wrote into the branch. A run that another version of Muster began goes on, and this is said.
    ///
    /// - Throws: `plan.not-of-documents`.
    fileprivate func doubts(_ documents: CatalogDocuments) throws(MusterError) -> [String] {
        guard let commit = documents.commit else { return [] }
        let differences: [String]
        do throws(MusterError) {
            differences = try RemadePlan(of: plan, at: commit, documents.git, documents.state).differences(from: plan)
        } catch { differences = [error.summary] }
        guard let first = differences.first else { return [] }
        let what = "The run's plan is not what the documents of its commit \(commit.short) make: \(visibleText(first))"
        guard state.created?.engine == musterVersion else { return ["\(what). Another version of Muster made it."] }
        throw MusterError(
            code: "plan.not-of-documents", "\(what).",
            help: "Nothing was changed. Somebody wrote it into the run's branch: muster verify \(run)",
            status: .preconditionUnmet)
    }

    fileprivate func refuseWhatCannotGoOn() throws(MusterError) {
        try refuseRehearsal()
        if state.phase == .empty {
            throw MusterError(
                code: "run.not-begun",
                "The run \(run) was cut off before its first line was on the disk: it did nothing.",
                help: "There is nothing to go on with. Run it anew: muster run \(plan.runbook.name)")
        }
        try refuseOtherRules()
    }

    /// - Throws: `run.environment-changed` when the environment's document is not the one that was planned with.
    fileprivate func compare(_ environment: Environment) throws(MusterError) {
        guard Digest(of: environment.withoutSecrets().canonicalBytes()) == plan.environment.digest else {
            throw MusterError(
                code: "run.environment-changed",
                "The environment \(plan.environment.name) at the run's commit is not the one that was planned with.",
                help:
                    "The catalog's history was rewritten, or this Muster reads it differently: use the Muster that began the run.",
                status: .preconditionUnmet)
        }
    }
}
