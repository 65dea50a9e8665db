// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// The part of the fold that is about one step.
struct StepFold: Sendable {
    let step: PlannedStep
    /// Nil when the plan does not hold it, which only a plan of hostile making does.
    let definition: PlannedDefinition?
    var record: StepRecord
    private(set) var startedAt: Moment?
    var finishedAt: Moment?
    /// An effect was begun and is not undone since.
    var isUndoNeeded = false
    /// The newest undo is newer than the newest attempt.
    var undoIsNewest = false
    var undoStartedAt: Moment?
    /// A person's decision that the step be undone, until that begins.
    var wantedUndo: DecisionRecord?
    private var latestEvidence: [String: String] = [:]
    /// Set while a person is asked.
    private(set) var waitsForPersonSince: Moment?
    /// Set while a person must decide what becomes of it.
    var waitsForDecisionSince: Moment?

    init(number: Int, step: PlannedStep, definition: PlannedDefinition?) {
        self.step = step
        self.definition = definition
        record = StepRecord(
            number: number, id: step.id, section: step.section, uses: step.uses, result: .pending,
            attemptsPlanned: step.retry.attempts)
    }

    mutating func apply(_ event: Event, _ now: Moment) {
        switch event {
        case .stepStarted(let body): start(body, now)
        case .stepChecked(let body):
            record.preconditions = body.preconditions.map { condition($0, now, preconditionTexts) }
        case .stepObserved(let body): observe(body, now)
        case .stepApplying(let body): record.idempotencyKey = body.idempotencyKey
        case .stepBegun(let body):
            record.undo = body.undo
            record.begunAt = record.begunAt ?? now.at
            record.effect = .inDoubt
            isUndoNeeded = true
        case .stepApplied(let body):
            record.outputs = body.outputs
            // Who never asked to begin was not allowed to do anything.
            if isUndoNeeded { record.effect = .claimed }
        case .stepVerified(let body):
            record.postconditions = body.postconditions.map { condition($0, now, postconditionTexts) }
        case .attemptFailed(let body): fail(body, now)
        case .manualConfirmed(let body):
            record.confirmation = .init(person: body.person, note: body.note, at: now.at)
        case .progress(let body): record.progress = body.message
        case .stepDecided(let body): decide(body, now)
        default: end(event, now)
        }
    }

    private mutating func start(_ body: StepStarted, _ now: Moment) {
        if startedAt == nil {
            startedAt = now
            record.startedAt = now.at
        }
        // A rollback lets steps of `finally` run anew that had ended.
        reopen()
        record.inputs = body.inputs
        record.attempts.append(AttemptRecord(number: body.attempt, startedAt: now.at))
        if definition?.reference == BuiltInStep.manual { waitsForPersonSince = now }
    }

    private mutating func observe(_ body: StepObserved, _ now: Moment) {
        switch body.purpose {
        case .beforeEffect:
            // A later attempt that finds all done must not hide what was there before the first.
            if body.observation.standing != .satisfied { record.changes = body.observation.changes }
        case .readBack:
            record.readBacks.append(
                .init(at: now.at, standing: body.observation.standing, why: body.observation.why))
            switch body.observation.standing {
            case .satisfied: record.effect = .claimed
            case .needed where body.observation.isAbsent: record.effect = nil
            case .needed, .partial, .unknown: record.effect = .inDoubt
            }
        case .beforeUndo, .undoProof: break
        }
    }

    private mutating func fail(_ body: AttemptFailed, _ now: Moment) {
        let failure = failureRecord(body.failure, now)
        record.failure = failure
        guard let index = record.attempts.lastIndex(where: { $0.number == body.attempt }) else { return }
        record.attempts[index].failures.append(failure)
        record.attempts[index].retryAt = body.retryAt
    }

    private mutating func end(_ event: Event, _ now: Moment) {
        switch event {
        case .stepDone(let body):
            record.outputs = body.outputs
            record.failure = nil
            finish(StepRecord.Result(body.how), now)
            // One that a read-back did not find may have landed late.
            if isUndoNeeded { record.effect = body.how == .verified ? .verified : .claimed }
        case .stepFailed(let body):
            record.failure = failureRecord(body.failure, now)
            record.why = body.failure.message
            finish(.failed, now)
            // What a failed undo left is not surer for that the step is given up.
            if newestUndo == nil { record.effect = body.effect == .none ? nil : .claimed }
        case .stepInDoubt(let body):
            record.why = body.why
            finish(.inDoubt, now)
            if newestUndo == nil { record.effect = .inDoubt }
        case .stepSkipped(let body):
            record.why = body.detail
            record.skipped = body.reason
            finish(body.reason == .stopped && startedAt == nil ? .notReached : .skipped, now)
        default: break
        }
    }

    mutating func finish(_ result: StepRecord.Result, _ now: Moment) {
        record.result = result
        record.progress = nil
        finishedAt = now
        guard let startedAt else { return }
        record.finishedAt = now.at
        record.tookMilliseconds = now.milliseconds(since: startedAt)
    }

    /// Since when a person was asked, once, when the step has its answer or its end.
    mutating func takeWaitingForPerson() -> Moment? {
        guard record.confirmation != nil || finishedAt != nil else { return nil }
        defer { waitsForPersonSince = nil }
        return waitsForPersonSince
    }

    mutating func keep(_ evidence: EvidenceRecord, _ data: JSON) {
        record.evidence.append(evidence)
        latestEvidence[evidence.name] = evidence.file
        switch evidence.during {
        case "apply": record.requests += requests(in: data, file: evidence.file)
        case "undo": changeUndo { $0.requests += requests(in: data, file: evidence.file) }
        default: break
        }
    }

    // MARK: Texts of the definition

    var preconditionTexts: [String: (says: String, remedy: String?)] {
        Dictionary(
            (definition?.preconditions ?? []).map { ($0.id, ($0.says, $0.remedy)) },
            uniquingKeysWith: { first, _ in first })
    }

    private var postconditionTexts: [String: (says: String, remedy: String?)] {
        Dictionary(
            (definition?.postconditions ?? []).map { ($0.id, ($0.says, nil)) }, uniquingKeysWith: { first, _ in first })
    }

    func condition(
        _ result: ConditionResult, _ now: Moment, _ texts: [String: (says: String, remedy: String?)]
    ) -> ConditionRecord {
        ConditionRecord(
            id: result.id, verdict: result.verdict, demands: texts[result.id]?.says, seen: result.says, at: now.at,
            remedy: result.verdict == .met ? nil : texts[result.id]?.remedy,
            evidence: result.evidence.compactMap { latestEvidence[$0] })
    }

    func failureRecord(_ failure: StepFailure, _ now: Moment) -> FailureRecord {
        let known = definition?.knownErrors.first { $0.match == failure.code }
        return FailureRecord(
            kind: failure.kind, code: failure.code, message: failure.message, at: now.at, means: known?.means,
            remedy: known?.remedy ?? failure.remedy)
    }
}

extension StepRecord.Result {
    init(_ how: StepDone.How) {
        switch how {
        case .verified: self = .verified
        case .unverified: self = .unverified
        case .satisfied: self = .alreadySo
        case .shown: self = .shown
        case .declared: self = .declared
        }
    }
}

/// Objects anywhere in the data that hold a cloud's id of a request (`x-ms-request-id`, `opc-request-id`, `requestID`; not
/// one that the client made up), with what they tell of the request: `method`, `url` or `path`, `status`.
private func requests(in data: JSON, file: String) -> [StepRecord.Request] {
    switch data {
    case .array(let elements): return elements.flatMap { requests(in: $0, file: file) }
    case .object(let members):
        let own = members.sorted { $0.key < $1.key }.compactMap { name, value -> StepRecord.Request? in
            let plain = name.lowercased().filter(\.isLetter)
            guard plain.hasSuffix("requestid"), !plain.contains("client"), let id = value.string else { return nil }
            return StepRecord.Request(
                method: data["method"]?.string, target: (data["url"] ?? data["path"])?.string.map(path),
                status: data["status"]?.int, id: id, file: file)
        }
        let below = members.sorted { $0.key < $1.key }.flatMap { requests(in: $0.value, file: file) }
        return own + below
    default: return []
    }
}

/// The part of an address between its host and its query.
private func path(_ address: String) -> String {
    var rest = Substring(address)
    if let scheme = rest.firstRange(of: "://") {
        rest = rest[scheme.upperBound...]
        rest = rest.firstIndex(of: "/").map { rest[$0...] } ?? "/"
    }
    return String(rest.prefix { $0 != "?" })
}
