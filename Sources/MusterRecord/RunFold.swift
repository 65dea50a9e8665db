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
    var finish: RunFinished?
    var steps: [StepFold] = []
    var stops: [(at: Timestamp, request: StopRequested)] = []
    var clockJumps: [Int64] = []
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

    private var positions: [String: Int] = [:]
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
    }

    package mutating func apply(_ entries: some Sequence<JournalEntry>) {
        for entry in entries { apply(entry) }
    }

    package mutating func apply(_ entry: JournalEntry) {
        let now = clock.read(entry)
        last = now
        entryCount += 1
        guard created != nil || entry.event.kind == "run-created" else { return misfits.append(entry.sequence) }
        switch entry.event {
        case .runCreated(let body):
            guard created == nil else { return misfits.append(entry.sequence) }
            created = body
            createdAt = now
        case .runStarted(let body):
            confirmation = body.confirmation
            accepted = body.accepted
            window = body.window
            startedAt = now
            if body.confirmation == "confirmed", let createdAt { waiting.add(from: createdAt, to: now) }
        case .stopRequested(let body): stops.append((entry.at, body))
        case .clockJumped(let body): clockJumps.append(body.milliseconds)
        case .runFinished(let body):
            finish = body
            finishedAt = now
        case .pluginLog: break
        case .evidence(let body): keep(body, entry, now)
        default:
            guard let id = entry.event.step, let index = positions[id] else { return misfits.append(entry.sequence) }
            steps[index].apply(entry.event, now)
            if let waited = steps[index].takeWaitingForPerson() { waiting.add(from: waited, to: now) }
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
