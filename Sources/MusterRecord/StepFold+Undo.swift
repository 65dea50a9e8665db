// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// What the run as a whole knows of an undo that begins.
struct UndoContext {
    var host: String
    /// The newest wish that the run be rolled back.
    var rollback: RollbackRecord?
    var order: Int
}

extension StepFold {
    mutating func applyUndo(_ event: Event, _ now: Moment, _ context: UndoContext) {
        switch event {
        case .undoStarted(let body):
            if body.attempt == 1 || newestUndo?.result != .running { beginUndo(now, context) }
            changeUndo { $0.attempts.append(AttemptRecord(number: body.attempt, startedAt: now.at)) }
        case .undoChecked(let body):
            let conditions = body.preconditions.map { condition($0, now, preconditionTexts) }
            changeUndo { $0.preconditions = conditions }
        case .undoApplying(let body): changeUndo { $0.idempotencyKey = body.idempotencyKey }
        case .undoBegun(let body):
            if body.undo.object != nil { record.undo = body.undo }
            changeUndo { $0.begunAt = $0.begunAt ?? now.at }
            record.effect = .inDoubt
        case .stepObserved(let body): lookForUndo(body, now)
        case .undoAttemptFailed(let body): failUndoAttempt(body, now)
        case .stepUndone(let body):
            record.effect = nil
            endUndo(body.how == .proven ? .proven : .nothingThere, now)
        case .undoFailed(let body): failUndo(body, now, context)
        default: break
        }
    }

    /// The undo that is newer than the newest attempt.
    var newestUndo: UndoRecord? { undoIsNewest ? record.undos?.last : nil }

    private mutating func beginUndo(_ now: Moment, _ context: UndoContext) {
        let undo = UndoRecord(
            order: context.order, result: .running, by: wantedUndo?.person ?? context.rollback?.by,
            reason: wantedUndo?.reason ?? context.rollback?.reason, host: context.host, startedAt: now.at)
        record.undos = (record.undos ?? []) + [undo]
        undoStartedAt = now
        undoIsNewest = true
        wantedUndo = nil
    }

    mutating func changeUndo(_ change: (inout UndoRecord) -> Void) {
        guard undoIsNewest, let last = record.undos?.indices.last else { return }
        change(&record.undos![last])
    }

    private mutating func lookForUndo(_ body: StepObserved, _ now: Moment) {
        let look = UndoRecord.Look(
            at: now.at, purpose: body.purpose, standing: body.observation.standing, why: body.observation.why,
            remains: body.observation.isAbsent ? body.observation.remains : nil)
        changeUndo { $0.looks.append(look) }
        switch body.observation.standing {
        case .satisfied: record.effect = .verified
        case .partial: record.effect = .inDoubt
        // Before an undo it changes nothing; after one nobody knows.
        case .unknown: if body.purpose == .undoProof { record.effect = .inDoubt }
        // The end of the undo, which follows, says it.
        case .needed where body.observation.isAbsent: break
        case .needed: record.effect = .inDoubt
        }
    }

    private mutating func failUndoAttempt(_ body: AttemptFailed, _ now: Moment) {
        let failure = failureRecord(body.failure, now)
        changeUndo { undo in
            undo.failure = failure
            guard let index = undo.attempts.lastIndex(where: { $0.number == body.attempt }) else { return }
            undo.attempts[index].failures.append(failure)
            undo.attempts[index].retryAt = body.retryAt
        }
    }

    private mutating func failUndo(_ body: UndoFailed, _ now: Moment, _ context: UndoContext) {
        if newestUndo?.result != .running { beginUndo(now, context) }
        let failure = failureRecord(body.failure, now)
        changeUndo { $0.failure = failure }
        // One that a read-back did not find may have landed late, and now nobody looks any more.
        if record.effect == nil, isUndoNeeded { record.effect = .inDoubt }
        switch body.failure.code {
        case "undo.blocked": endUndo(.blocked, now)
        case "undo.irreversible": endUndo(.irreversible, now)
        default: endUndo(.failed, now)
        }
    }

    private mutating func endUndo(_ result: UndoRecord.Result, _ now: Moment) {
        let took = undoStartedAt.map { now.milliseconds(since: $0) }
        changeUndo { undo in
            undo.result = result
            undo.finishedAt = now.at
            if !undo.attempts.isEmpty { undo.tookMilliseconds = took }
        }
        record.progress = nil
        if result.isGone { isUndoNeeded = false }
    }

    // MARK: Decisions

    mutating func decide(_ body: StepDecided, _ now: Moment) {
        let decision = DecisionRecord(at: now.at, person: body.person, choice: body.choice, reason: body.reason)
        record.decisions = (record.decisions ?? []) + [decision]
        switch body.choice {
        case .retry: reopen()
        case .undo: wantedUndo = decision
        case .skip:
            record.why = "\(body.person): \(body.reason)"
            record.skipped = .decision
            finish(.skipped, now)
        case .done where newestUndo.map { !$0.result.isGone } ?? false:
            changeUndo { undo in
                undo.result = .byHand
                undo.vouched = decision
            }
            record.effect = nil
            isUndoNeeded = false
        case .done:
            record.failure = nil
            record.why = nil
            if isUndoNeeded { record.effect = .claimed }
            finish(.declared, now)
        case .abandon: finish(record.result == .inDoubt && newestUndo == nil ? .inDoubt : .failed, now)
        }
    }

    /// What ended with a failure is under way again.
    mutating func reopen() {
        record.result = .running
        record.why = nil
        record.skipped = nil
        record.finishedAt = nil
        record.tookMilliseconds = nil
        finishedAt = nil
        undoIsNewest = false
    }

    // MARK: Cut off

    mutating func cutOff(_ cut: CutOffRecord, of undo: Bool, failure: StepFailure?, _ now: Moment) {
        if undo {
            changeUndo { if let last = $0.attempts.indices.last { Self.note(cut, in: &$0.attempts[last]) } }
            return
        }
        guard let last = record.attempts.indices.last else { return }
        Self.note(cut, in: &record.attempts[last])
        guard cut.hadBegun, let failure else { return }
        let failed = failureRecord(failure, now)
        record.attempts[last].failures.append(failed)
        record.failure = failed
    }

    private static func note(_ cut: CutOffRecord, in attempt: inout AttemptRecord) {
        attempt.cutOffs = (attempt.cutOffs ?? []) + [cut]
    }
}
