// SPDX-License-Identifier: Apache-2.0

package import MusterModel

extension RunState {
    /// What follows from the state without any I/O: events to journal and apply, in order. Ask again until it is empty.
    package func decisions(now: Timestamp) -> [Event] {
        switch phase {
        case .empty, .finished: return []
        case .created:
            guard let stop else { return [] }
            return [.runFinished(RunFinished(outcome: .cancelled, why: "Stopped before it began: \(stop.reason)"))]
        case .paused: return []
        case .running: break
        }
        if isAtRest { return [.runPaused(RunPaused(waitsFor: waitingForPeople.map { plan.steps[$0].id }))] }
        let undos = undoing.compactMap { undoDecision(at: $0, now: now) }
        if rollback == nil, let event = rollbackOnFailure { return undos + [event] }
        if openSteps == 0, undoing.isEmpty {
            return [rollbackDecision() ?? .runFinished(outcome)]
        }
        return active.compactMap { decision(at: $0, now: now) } + undos + [rollbackDecision()].compactMap(\.self)
            + (pause == nil ? startDecisions() : [])
    }

    /// `on-failure: rollback` of the step that stopped the run.
    private var rollbackOnFailure: Event? {
        guard stop == nil, let at = stoppedBy, steps[at].phase == .failed, plan.steps[at].onFailure == .rollback else {
            return nil
        }
        let reason = "step \"\(plan.steps[at].id)\" failed, and its on-failure is rollback"
        return .rollbackRequested(RollbackRequested(by: "engine", reason: reason))
    }

    /// The earliest moment at which ``decisions(now:)`` has something new without any further event.
    package var nextDue: Timestamp? {
        guard phase == .running, pause == nil else { return nil }
        let forward = active.compactMap { at -> Timestamp? in
            switch steps[at].phase {
            case .waitingToRetry(let until), .waiting(let until): until
            default: nil
            }
        }
        let back = undoing.compactMap { at -> Timestamp? in
            if case .waitingToRetry(let until) = steps[at].undoing { until } else { nil }
        }
        return (forward + back).min()
    }

    private var isStopping: Bool { isEndingEarly || stoppedBy != nil }

    private func decision(at: Int, now: Timestamp) -> Event? {
        let id = plan.steps[at].id
        if isGivenUp(at) { return endOfGivenUp(at) }
        if case .deciding(let decision) = steps[at].phase { return event(decision, at, now) }
        if isHeldBack(at) { return nil }
        switch steps[at].phase {
        case .waitingForApproval(let isAnnounced): return gateDecision(at, isAnnounced)
        case .ready:
            return .stepApplying(
                StepApplying(step: id, attempt: steps[at].attempt, idempotencyKey: idempotencyKey(id)))
        case .waitingToRetry where isNotTriedAgain(at): return failedBefore(at)
        // Its inputs had no value the last time; what they stand on may have changed.
        case .waitingToRetry(let due) where now >= due && steps[at].attempt == 0: return startDecision(at)
        case .waitingToRetry(let due) where now >= due:
            return .stepStarted(StepStarted(step: id, attempt: steps[at].attempt + 1, inputs: steps[at].inputs))
        case .waiting(let due) where now >= due:
            let elapsed = ConditionResult(id: "waited", verdict: .met, says: "Waited until \(now)")
            return .stepVerified(StepVerified(step: id, attempt: steps[at].attempt, postconditions: [elapsed]))
        default: return nil
        }
    }

    private func event(_ decision: StepDecision, _ at: Int, _ now: Timestamp) -> Event {
        let id = plan.steps[at].id
        switch decision {
        case .done(let how): return .stepDone(StepDone(step: id, how: how, outputs: outputs(at, how)))
        case .failed(let failure, let effect):
            return .stepFailed(StepFailed(step: id, failure: failure, effect: effect))
        case .inDoubt(let why): return .stepInDoubt(StepInDoubt(step: id, why: why))
        case .attemptFailed(let failure): return .attemptFailed(attemptFailed(at, failure, now))
        }
    }

    private func outputs(_ at: Int, _ how: StepDone.How) -> [String: JSON] {
        how == .satisfied && steps[at].postconditions.isEmpty
            ? steps[at].observation?.outputs ?? [:] : steps[at].outputs
    }

    /// The end of a step that a stop gives up: as if the stop had come before its attempt. The first attempt then leaves
    /// a step that was not carried out, a later one a step that failed as the attempt before it did.
    private func endOfGivenUp(_ at: Int) -> Event {
        if steps[at].phase == .waitingForDecision(.inDoubt) {
            return .stepInDoubt(
                StepInDoubt(
                    step: plan.steps[at].id, why: "nobody decided about it: \(stopped(plan.steps[at].id).detail)"))
        }
        if steps[at].failure != nil { return failedBefore(at) }
        var skipped = stopped(plan.steps[at].id)
        if steps[at].phase.isCalling { skipped.detail = "given up before any effect; \(skipped.detail)" }
        return .stepSkipped(skipped)
    }

    /// The end of a step that is not tried again, with the failure of its last attempt that ended.
    private func failedBefore(_ at: Int) -> Event {
        .stepFailed(
            StepFailed(step: plan.steps[at].id, failure: steps[at].failure!, effect: steps[at].effectLeft))
    }

    private func stopped(_ id: String) -> StepSkipped {
        let why =
            stop.map { "\($0.by): \($0.reason)" } ?? rollback.map { "rolled back by \($0.by): \($0.reason)" }
            ?? stoppedBy.map { "step \"\(plan.steps[$0].id)\" did not get done" }
        return StepSkipped(step: id, reason: .stopped, detail: why ?? "the run stopped")
    }

    // MARK: Starting steps

    private func startDecisions() -> [Event] {
        var events: [Event] = []
        var room = activeInGroup
        for at in startable {
            if plan.steps[at].section == .finally, hasUndosToCome { continue }
            if mayHaveToSkip(at), let event = reasonToSkip(at) {
                events.append(.stepSkipped(event))
                continue
            }
            if let group = groups[at] {
                guard room[group] < parallel(at) else { continue }
                room[group] += 1
            }
            events.append(startDecision(at))
        }
        return events
    }

    private func parallel(_ at: Int) -> Int { plan.steps[at].group?.parallel ?? 1 }

    /// A quick look: thousands of instances of a `for-each` may wait for their turn.
    private func mayHaveToSkip(_ at: Int) -> Bool { isStopping || lacksNeed[at] }

    private func reasonToSkip(_ at: Int) -> StepSkipped? {
        let step = plan.steps[at]
        // What brings things back to normal runs whatever happened above it, unless a person said that nothing more shall.
        guard step.section == .steps else { return stop == nil || stop?.runsFinally == true ? nil : stopped(step.id) }
        if isStopping { return stopped(step.id) }
        let missing = step.needs.first { !letsDependentsStart(positions[$0]!) }
        return missing.map {
            StepSkipped(step: step.id, reason: .dependency, detail: "it needs \"\($0)\", which was not done")
        }
    }

    private func startDecision(_ at: Int) -> Event {
        let step = plan.steps[at]
        do {
            if let condition = step.condition, try !scope(for: at).isTrue(condition) {
                return .stepSkipped(
                    StepSkipped(step: step.id, reason: .condition, detail: "when: \(condition) is false"))
            }
            return .stepStarted(
                StepStarted(step: step.id, attempt: 1, inputs: try scope(for: at).values(step.with, definitions[at])))
        } catch {
            let failure = StepFailure(
                kind: .permanent, code: "expression.failed", message: "An expression has no value: \(error)")
            return .stepFailed(StepFailed(step: step.id, failure: failure, effect: .none))
        }
    }

    // MARK: Failing

    /// The event for a failed attempt of the step: whether and when it is tried again.
    ///
    /// The pause doubles from the least to the most, less up to half of it. The share taken off follows from the step's
    /// idempotency key and the attempt, so that many runs spread and a replay decides alike.
    package func attemptFailed(_ task: StepTask, _ failure: StepFailure, now: Timestamp) -> Event? {
        guard let at = positions[task.step] else { return nil }
        return task.verb.isOfUndo
            ? .undoAttemptFailed(undoAttemptFailed(at, failure, now)) : .attemptFailed(attemptFailed(at, failure, now))
    }

    private func attemptFailed(_ at: Int, _ failure: StepFailure, _ now: Timestamp) -> AttemptFailed {
        let step = plan.steps[at]
        let attempt = steps[at].attempt
        var retryAt: Timestamp?
        if failure.kind != .permanent, attempt - steps[at].cutOffs < step.retry.attempts,
            !isStopping || step.section == .finally
        {
            retryAt = now.advanced(by: .milliseconds(pause(at, attempt)))
        }
        return AttemptFailed(step: step.id, attempt: attempt, failure: failure, retryAt: retryAt)
    }

    func pause(_ at: Int, _ attempt: Int) -> Int64 {
        let retry = plan.steps[at].retry
        let doubled = retry.backoffMinMilliseconds << Int64(min(attempt - 1, 20))
        let longest = min(max(doubled, retry.backoffMinMilliseconds), retry.backoffMaxMilliseconds)
        let digits = Digest(of: "\(idempotencyKey(plan.steps[at].id))#\(attempt)".utf8).hex.prefix(4)
        let share = Double(UInt16(digits, radix: 16)!) / 65_536
        return longest - Int64(Double(longest) * share / 2)
    }

    /// The step's key towards the clouds: a UUID made of run and step, the same over all attempts, also after a crash. After
    /// an undo it is another one: a cloud that remembers the first would answer without doing anything.
    package func idempotencyKey(_ id: String) -> String { idempotencyKey(id, purpose: nil) }

    func idempotencyKey(_ id: String, purpose: String?) -> String {
        let times = state(of: id)?.timesUndone ?? 0
        let marks = [purpose, times > 0 ? "\(times)" : nil].compactMap(\.self).map { "\n\($0)" }.joined()
        let run = created?.run.text ?? ""
        var digits = Array(Digest(of: "\(run)\n\(id)\(marks)".utf8).hex.utf8.prefix(32))
        (digits[12], digits[16]) = (UInt8(ascii: "8"), UInt8(ascii: "8"))
        for dash in [20, 16, 12, 8] { digits.insert(UInt8(ascii: "-"), at: dash) }
        return String(decoding: digits, as: UTF8.self)
    }
}
