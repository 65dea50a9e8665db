// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// A call that was under way when its engine ended.
struct CutOffCall {
    var index: Int
    var hadBegun: Bool
    var isOfUndo: Bool
}

extension RunFold {
    /// The machine that has the run.
    var host: String { resumes.last?.host ?? created?.host ?? "" }

    mutating func intervene(_ event: Event, _ now: Moment) {
        switch event {
        case .pauseRequested(let body):
            interventions.append(Intervention(at: now.at, kind: .pauseRequested, by: body.by, reason: body.reason))
        case .runPaused:
            atRestSince = now
            interventions.append(Intervention(at: now.at, kind: .paused))
        case .rollbackRequested(let body):
            rollbacks.append(RollbackRecord(at: now.at, by: body.by, reason: body.reason, to: body.to))
            interventions.append(
                Intervention(at: now.at, kind: .rollbackRequested, by: body.by, step: body.to, reason: body.reason))
        case .stopRequested(let body):
            stops.append((now.at, body))
            interventions.append(Intervention(at: now.at, kind: .stopRequested, by: body.by, reason: body.reason))
        case .leaseChanged(let body):
            leases.append(
                LeaseRecord(at: now.at, what: body.what, lock: body.lock, epoch: body.epoch, says: body.says))
        default: break
        }
    }

    mutating func intervene(_ body: StepDecided, _ now: Moment) {
        interventions.append(
            Intervention(
                at: now.at, kind: .decided, by: body.person, step: body.step, choice: body.choice, reason: body.reason))
    }

    // MARK: Taken up again

    /// What was under way when the engine before the one that now takes the run up ended without a word.
    func calls(cutOffBy event: Event) -> [CutOffCall] {
        guard case .runResumed = event, let state, state.phase == .running else { return [] }
        let forward = state.active.compactMap { at -> CutOffCall? in
            switch state.steps[at].phase {
            case .applying(begun: true): CutOffCall(index: at, hadBegun: true, isOfUndo: false)
            case .checking, .observing, .ready, .applying(begun: false), .verifying, .readingBack:
                CutOffCall(index: at, hadBegun: false, isOfUndo: false)
            default: nil
            }
        }
        let back = state.steps.indices.compactMap { at -> CutOffCall? in
            switch state.steps[at].undoing {
            case .calling(begun: true): CutOffCall(index: at, hadBegun: true, isOfUndo: true)
            case .checking, .observing, .ready, .calling(begun: false), .proving:
                CutOffCall(index: at, hadBegun: false, isOfUndo: true)
            default: nil
            }
        }
        return forward + back
    }

    mutating func resume(_ body: RunResumed, _ cut: [CutOffCall], heard: Moment?, _ now: Moment) {
        let after: ResumeRecord.After = finish != nil ? .finished : atRestSince != nil ? .paused : .cutOff
        let silent = heard.map { now.milliseconds(since: $0) } ?? 0
        resumes.append(
            ResumeRecord(
                at: now.at, by: body.by, host: body.host, bootID: body.bootID, processID: body.processID,
                engine: body.engine, after: after, silentMilliseconds: silent, takeOver: body.takeOver,
                window: body.window, ticket: body.ticket))
        interventions.append(
            Intervention(
                at: now.at, kind: body.takeOver == nil ? .resumed : .takenOver, by: body.by,
                reason: body.takeOver?.reason))
        if let atRestSince { waiting.add(from: atRestSince, to: now) }
        atRestSince = nil
        finish = nil
        finishedAt = nil
        guard let heard else { return }
        for call in cut {
            let record = CutOffRecord(heardAt: heard.at, resumedAt: now.at, hadBegun: call.hadBegun)
            steps[call.index].cutOff(record, of: call.isOfUndo, failure: state?.steps[call.index].failure, now)
        }
    }

    // MARK: Waiting

    func waitsForDecision(_ id: String) -> Bool {
        guard let step = state?.state(of: id) else { return false }
        if case .waitingForApproval(isAnnounced: true) = step.phase { return true }
        guard case .waitingForDecision = step.phase else { return false }
        return !step.isBeingUndone
    }

    var waitingRecords: [WaitingRecord] {
        guard let state, finish == nil else { return [] }
        return state.waitingForDecision.compactMap { at in
            guard case .waitingForDecision(let trouble) = state.steps[at].phase else { return nil }
            let id = plan.steps[at].id
            return WaitingRecord(
                step: id, trouble: WaitingRecord.Trouble(trouble),
                since: (steps[at].waitsForDecisionSince ?? last)?.at ?? Timestamp(milliseconds: 0),
                says: state.troubleText(id), choices: state.choices(for: id))
        } + waitingGates
    }

    /// Of a run without an end.
    var outcomeSoFar: RunRecord.Outcome {
        guard let state else { return atRestSince == nil ? .running : .paused }
        if atRestSince != nil { return state.waitingForPeople.isEmpty ? .paused : .waiting }
        return state.waitsOnlyForDecisions ? .waiting : .running
    }
}

extension Event {
    /// Whether the undo of a step goes on with it.
    var isOfUndo: Bool {
        switch self {
        case .undoStarted, .undoChecked, .undoApplying, .undoBegun, .undoClaimed, .undoAttemptFailed, .stepUndone,
            .undoFailed:
            true
        case .stepObserved(let body): body.purpose == .beforeUndo || body.purpose == .undoProof
        default: false
        }
    }

    /// Whether a person may have to decide about the step from here on, or no longer has to.
    var mayChangeWhoIsWaitedFor: Bool {
        switch self {
        case .stepFailed, .stepInDoubt, .stepDecided, .stepSkipped, .stepUndone, .undoFailed, .approvalAwaited,
            .approvalRecorded:
            true
        // Nobody is waited for any more at a gate that was passed without anybody's word.
        case .stepDone(let body): body.how == .declared
        default: false
        }
    }
}

extension Plan {
    /// Whether the run's machine can be made of it, as of each that a planner made.
    var isWellFormed: Bool {
        var known: Set<String> = []
        return steps.allSatisfy { step in
            definitions[step.uses] != nil && step.needs.allSatisfy(known.contains) && known.insert(step.id).inserted
        }
    }
}

extension Array {
    /// Nil when it is empty, so that it leaves no member in a record.
    var orNil: [Element]? { isEmpty ? nil : self }
}
