// SPDX-License-Identifier: Apache-2.0

package import MusterMachine
package import MusterModel

/// Fills a rollback template with `inputs`, `undo`, `environment` and `steps`, or says inside the text what is missing.
package typealias TemplateRenderer = @Sendable (_ template: String, _ roots: [String: JSON]) -> String

/// Folds a run's entries, one after the other, into what its record says. Keep one and feed it to follow a run.
///
/// It is total: an entry that does not fit the plan is counted in ``misfits`` and changes nothing, so that a damaged or
/// hostile journal is reported and never obeyed.
package struct RunFold: Sendable {
    package let plan: Plan
    /// The plan's canonical JSON, whose digest was approved.
    let planBytes: [UInt8]
    let render: TemplateRenderer

    var created: RunCreated?
    var confirmation: String?
    var accepted: [Acceptance]?
    /// As the plan saw it, and then as the start did.
    var window: WindowAssessment?
    /// The window that effects may begin in, as the newest engine found it; and as the newest one did that looked. Whoever
    /// rolls back or ends a run does not look.
    var newestWindow: ChangeWindow?
    var lastSeenWindow: ChangeWindow?
    /// Effects that began outside of the window, by somebody's decision.
    var forcedEffects: [(step: String, why: String)] = []
    /// As the start saw it.
    var ticket: TicketAssessment?
    var finish: RunFinished?
    var steps: [StepFold] = []
    var stops: [(at: Timestamp, request: StopRequested)] = []
    var clockJumps: [Int64] = []
    var interventions: [Intervention] = []
    var resumes: [ResumeRecord] = []
    var rollbacks: [RollbackRecord] = []
    var leases: [LeaseRecord] = []
    var approvals: [ApprovalRecord] = []
    var policies: [PolicyRecord] = []
    var breakGlass: BreakGlassRecord?
    /// Statements and their signatures, as files of the record.
    var statements: [(path: String, content: [UInt8])] = []
    /// Set while the run is at rest.
    var atRestSince: Moment?
    /// The run by the rules of its machine, which say what waits for whom. Nil where the entries do not keep them, as only
    /// those of hostile making, and of tests that leave steps out, do not.
    private(set) var state: RunState?
    var waiting = WaitingTime()
    var createdAt: Moment?
    var startedAt: Moment?
    var finishedAt: Moment?
    var last: Moment?
    /// Who answered statements, in the order of their first answers.
    private(set) var sqlSources: [SQLSourceRecord] = []
    /// What evidence files hold, in the journal's order.
    private(set) var evidence: [(path: String, content: JSON)] = []
    /// Entries that name a step which the plan does not have, or that come before `run-created` or twice.
    package private(set) var misfits: [Int64] = []
    package private(set) var entryCount = 0

    private(set) var positions: [String: Int] = [:]
    private var undoCount = 0
    private var evidencePaths: Set<String> = []
    private var lastEvidenceNumbers: [String: Int] = [:]
    private var clock = RunClock()

    /// - Throws: an `EncodingError` when the plan holds a number that JSON has no text for.
    package init(plan: Plan, render: @escaping TemplateRenderer) throws {
        self.plan = plan
        self.render = render
        planBytes = try JSON(encoding: plan).canonicalBytes()
        for (index, step) in plan.steps.enumerated() {
            positions[step.id] = positions[step.id] ?? index
            steps.append(StepFold(number: index + 1, step: step, definition: plan.definitions[step.uses]))
        }
        if plan.isWellFormed { state = RunState(plan: plan) }
    }

    package mutating func apply(_ entries: some Sequence<JournalEntry>) {
        for entry in entries { apply(entry) }
    }

    package mutating func apply(_ entry: JournalEntry) {
        let heard = last
        let now = clock.read(entry)
        last = now
        entryCount += 1
        guard created != nil || entry.event.kind == "run-created" else { return misfits.append(entry.sequence) }
        let cut = calls(cutOffBy: entry.event)
        noteForced(entry)
        advance(entry)
        switch entry.event {
        case .runCreated(let body):
            guard created == nil else { return misfits.append(entry.sequence) }
            created = body
            createdAt = now
        case .runStarted(let body):
            confirmation = body.confirmation
            accepted = body.accepted
            window = body.window
            newestWindow = ChangeWindow.both(body.window?.window, body.ticket?.bindingWindow)
            lastSeenWindow = newestWindow
            ticket = body.ticket
            startedAt = now
            if body.confirmation == "confirmed", let createdAt { noteWaited(from: createdAt, to: now) }
        case .runResumed(let body):
            if (created?.rules ?? 1) >= RunCreated.rulesOfWindows {
                newestWindow = ChangeWindow.both(body.window?.window, body.ticket?.bindingWindow)
                lastSeenWindow = newestWindow ?? lastSeenWindow
            }
            resume(body, cut, heard: heard, now)
        case .pauseRequested, .runPaused, .rollbackRequested, .leaseChanged, .stopRequested: intervene(entry.event, now)
        case .clockJumped(let body): clockJumps.append(body.milliseconds)
        case .runFinished(let body):
            finish = body
            finishedAt = now
        case .pluginLog: break
        case .policyApplied, .breakGlass: takeApproval(entry.event, entry, now)
        case .approvalRecorded(let body) where body.step == nil: takeApproval(entry.event, entry, now)
        case .evidence(let body): keep(body, entry, now)
        default:
            guard let id = entry.event.step, let index = positions[id] else { return misfits.append(entry.sequence) }
            takeApproval(entry.event, entry, now)
            applyToStep(entry.event, index, now)
        }
    }

    private mutating func noteForced(_ entry: JournalEntry) {
        guard case .stepBegun(let body) = entry.event, let state, state.breakGlass != nil,
            let task = state.heldTask(body), let why = state.outsideWindow(task, at: entry.at)
        else { return }
        forcedEffects.append((body.step, why))
    }

    private mutating func advance(_ entry: JournalEntry) {
        // It moves when something is due, which a record does not tell; and a hostile one moves it by any time.
        if case .clockJumped = entry.event { return }
        do throws(IllegalTransition) { try state?.apply(entry.event, at: entry.at) } catch { state = nil }
    }

    private mutating func applyToStep(_ event: Event, _ index: Int, _ now: Moment) {
        if event.isOfUndo {
            let order = undoCount + 1
            steps[index].applyUndo(event, now, UndoContext(host: host, rollback: rollbacks.last, order: order))
            if steps[index].record.undos?.last?.order == order { undoCount = order }
        } else {
            steps[index].apply(event, now)
        }
        if case .stepDecided(let body) = event { intervene(body, now) }
        if let waited = steps[index].takeWaitingForPerson() { noteWaited(from: waited, to: now) }
        if event.mayChangeWhoIsWaitedFor { noteWaitingForDecision(index, now) }
    }

    /// A rehearsal answers itself, however long that takes.
    private mutating func noteWaited(from start: Moment, to end: Moment) {
        if plan.kind != .rehearsal { waiting.add(from: start, to: end) }
    }

    private mutating func noteWaitingForDecision(_ index: Int, _ now: Moment) {
        let isWaiting = waitsForDecision(steps[index].step.id)
        if isWaiting {
            steps[index].waitsForDecisionSince = steps[index].waitsForDecisionSince ?? now
        } else if let since = steps[index].waitsForDecisionSince {
            noteWaited(from: since, to: now)
            steps[index].waitsForDecisionSince = nil
        }
    }

    private mutating func keep(_ body: Evidence, _ entry: JournalEntry, _ now: Moment) {
        guard let index = positions[body.step] else { return misfits.append(entry.sequence) }
        let path = evidencePath(step: body.step, name: body.name)
        evidence.append(
            (
                path,
                [
                    "at": .string(entry.at.description), "data": body.data, "during": .string(body.during),
                    "entry": .int(entry.sequence), "name": .string(body.name), "step": .string(body.step),
                ]
            ))
        let kept = EvidenceRecord(
            name: body.name, during: body.during, at: now.at, entry: entry.sequence, file: path)
        steps[index].keep(kept, body.data)
        for source in SQLSourceRecord.sources(in: body.data) { sqlSources.appendNew(source) }
    }

    /// A second piece of evidence of the same name gets `-2` behind it, and so on.
    private mutating func evidencePath(step: String, name: String) -> String {
        let base = "evidence/\(fileNameComponent(step))/\(fileNameComponent(name))"
        var path = base + ".json"
        while !evidencePaths.insert(path).inserted {
            let number = lastEvidenceNumbers[base, default: 1] + 1
            lastEvidenceNumbers[base] = number
            path = "\(base)-\(number).json"
        }
        return path
    }
}
