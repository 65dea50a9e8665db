// SPDX-License-Identifier: Apache-2.0

package import MusterModel

extension RunState {
    /// Every pair of a step's phase and an event about it: the new phase, or an error.
    mutating func applyStepEvent(_ event: Event, _ time: Timestamp) throws(IllegalTransition) {
        guard let id = event.step, let at = positions[id] else { throw illegal(event) }
        let phase = steps[at].phase
        switch (event, phase) {
        case (.stepStarted(let body), .pending), (.stepStarted(let body), .waitingToRetry):
            guard body.attempt == steps[at].attempt + 1, phase != .pending || startable.contains(at) else {
                throw illegal(event, step: at)
            }
            start(at, body, time)
        case (.stepChecked(let body), .checking):
            steps[at].preconditions = body.preconditions
            steps[at].phase = phaseAfterCheck(at, body.preconditions)
        case (.stepObserved(let body), .observing) where body.purpose == .beforeEffect:
            steps[at].observation = body.observation
            // A later attempt that finds all done must not hide what was there before the first.
            if body.observation.standing != .satisfied { steps[at].changes = body.observation.changes }
            noteWhetherThere(at, body.observation)
            steps[at].phase = phaseAfterLook(at, body.observation)
        case (.stepObserved(let body), .readingBack) where body.purpose == .readBack:
            readBack(at, body.observation)
        case (.stepApplying, .ready):
            steps[at].phase = .applying(begun: false)
        case (.stepBegun(let body), .applying):
            steps[at].undo = body.undo
            steps[at].wasReadBackAbsent = false
            steps[at].phase = .applying(begun: true)
        case (.stepApplied(let body), .applying):
            steps[at].outputs = body.outputs
            // Claimed without a new begin: what an earlier attempt began and a read-back missed has landed.
            steps[at].wasReadBackAbsent = false
            steps[at].phase = .verifying
        case (.stepVerified(let body), .verifying), (.stepVerified(let body), .waiting):
            steps[at].postconditions = body.postconditions
            if let outputs = body.outputs { steps[at].outputs = outputs }
            steps[at].phase = phaseAfterVerify(at, body.postconditions)
        case (.stepVerified(let body), .waitingForApproval) where breakGlass != nil:
            steps[at].postconditions = body.postconditions
            steps[at].phase = .deciding(.done(.declared))
        case (.manualConfirmed(let body), .waitingForPerson):
            steps[at].outputs = ["note": .string(body.note), "person": .string(body.person)]
            steps[at].phase = .deciding(.done(.shown))
        case (.attemptFailed(let body), _) where phase.canFail:
            failAttempt(at, body)
        case (.progress(let body), _) where phase.isCalling || steps[at].isBeingUndone:
            steps[at].progress = body.message
        case (.evidence, _) where phase.isCalling || steps[at].isBeingUndone:
            break
        default:
            try applyEnd(event, at, time)
        }
    }

    /// Events that end a step.
    private mutating func applyEnd(_ event: Event, _ at: Int, _ time: Timestamp) throws(IllegalTransition) {
        let phase = steps[at].phase
        switch (event, phase) {
        case (.stepDone(let body), .deciding(.done(let how))) where body.how == how:
            steps[at].outputs = body.outputs
            end(at, .done(how), time)
        case (.stepFailed(let body), .deciding(.failed)):
            steps[at].failure = body.failure
            endOrAsk(at, .failed, time)
        case (.stepFailed(let body), .pending) where startable.contains(at):
            // Its condition or its inputs could not be evaluated.
            steps[at].failure = body.failure
            endOrAsk(at, .failed, time)
        case (.stepInDoubt, .deciding(.inDoubt)):
            endOrAsk(at, .inDoubt, time)
        case (.stepInDoubt, .waitingForDecision(.inDoubt)) where isGivenUp(at):
            end(at, .inDoubt, time)
        case (.stepFailed(let body), .waitingToRetry):
            steps[at].failure = body.failure
            // Its inputs still have no value: the person who had it tried again is asked again.
            if steps[at].attempt == 0, !isNotTriedAgain(at) {
                endOrAsk(at, .failed, time)
            } else {
                end(at, .failed, time)
            }
        case (.stepSkipped(let body), .waitingToRetry) where steps[at].attempt == 0 && body.reason == .condition:
            end(at, .skipped(.condition), time)
        case (.stepSkipped(let body), .pending):
            end(at, .skipped(body.reason), time)
        case (.stepFailed(let body), _) where isGivenUp(at) && steps[at].failure != nil:
            steps[at].failure = body.failure
            end(at, .failed, time)
        // Muster 0.1 skipped a step that was ready, in a later attempt too.
        case (.stepSkipped(let body), _) where isGivenUp(at) && (steps[at].failure == nil || phase == .ready):
            guard body.reason == .stopped else { throw illegal(event, step: at) }
            end(at, .skipped(.stopped), time)
        default:
            throw illegal(event, step: at)
        }
    }

    /// A step that fails or is in doubt waits for a person, where the run's rules say so and the run goes on.
    private mutating func endOrAsk(_ at: Int, _ trouble: Trouble, _ time: Timestamp) {
        let asks = asksPeople && !isEndingEarly && (trouble == .inDoubt || plan.steps[at].onFailure == .stop)
        guard asks else { return end(at, trouble == .inDoubt ? .inDoubt : .failed, time) }
        if steps[at].phase == .pending { activate(at, time) }
        steps[at].phase = .waitingForDecision(trouble)
    }

    private mutating func activate(_ at: Int, _ time: Timestamp) {
        startable.removeAll { $0 == at }
        active.insertSorted(at)
        if let group = groups[at] { activeInGroup[group] += 1 }
        steps[at].startedAt = time
    }

    private mutating func start(_ at: Int, _ body: StepStarted, _ time: Timestamp) {
        if steps[at].phase == .pending { activate(at, time) }
        steps[at].undoing = nil
        steps[at].attempt = body.attempt
        steps[at].inputs = body.inputs
        steps[at].progress = nil
        steps[at].approvers = []
        switch definitions[at].reference {
        case BuiltInStep.manual: steps[at].phase = .waitingForPerson
        case BuiltInStep.approve: steps[at].phase = .waitingForApproval(isAnnounced: false)
        case BuiltInStep.wait: steps[at].phase = .waiting(until: time.advanced(by: BuiltInStep.duration(body.inputs)))
        default: steps[at].phase = .checking
        }
    }

    private func phaseAfterCheck(_ at: Int, _ results: [ConditionResult]) -> StepPhase {
        if let broken = BrokenConditions(results) {
            let failure = broken.failure("precondition", "Precondition") { id in
                definitions[at].preconditions.first { $0.id == id }?.remedy
            }
            return .deciding(.attemptFailed(failure))
        }
        return definitions[at].effect == .none ? .verifying : .observing
    }

    private func phaseAfterLook(_ at: Int, _ observation: Observation) -> StepPhase {
        switch observation.standing {
        case .needed: return .ready
        // An effect of this run that shows up late is verified like any other.
        case .satisfied where steps[at].undo != nil: return .verifying
        case .satisfied: return .deciding(.done(.satisfied))
        case .partial:
            return .deciding(
                .failed(
                    StepFailure(
                        kind: .permanent, code: "step.partial",
                        message: "The target is partly as the step wants it: \(observation.why ?? "no reason given")",
                        remedy: "Bring the target to its old or its new state by hand, then let it be tried again."),
                    steps[at].effectLeft))
        case .unknown:
            return .deciding(
                .attemptFailed(
                    StepFailure(
                        kind: .retryable, code: "step.unobservable",
                        message: "The target's state could not be found out: \(observation.why ?? "no reason given")")))
        }
    }

    private func phaseAfterVerify(_ at: Int, _ results: [ConditionResult]) -> StepPhase {
        let proves = definitions[at].effect == .none
        guard let broken = BrokenConditions(results) else {
            // Who never asked to begin has done nothing: what is shown was so already.
            return .deciding(.done(proves ? .shown : steps[at].undo == nil ? .satisfied : .verified))
        }
        if broken.first.verdict == .unverifiable, !proves { return .deciding(.done(.unverified)) }
        let failure = broken.failure("postcondition", "Postcondition") { id in
            definitions[at].postconditions.first { $0.id == id }?.remedy
        }
        return .deciding(.attemptFailed(failure))
    }

    private mutating func failAttempt(_ at: Int, _ body: AttemptFailed) {
        steps[at].failure = body.failure
        steps[at].retryAt = body.retryAt
        switch steps[at].phase {
        case .applying(begun: true): steps[at].phase = .readingBack
        case .readingBack:
            steps[at].phase = .deciding(.inDoubt("The target could not be read back: \(body.failure.message)"))
        default: steps[at].phase = phaseAfterFailure(at, body.failure)
        }
    }

    private func phaseAfterFailure(_ at: Int, _ failure: StepFailure) -> StepPhase {
        if let due = steps[at].retryAt { return .waitingToRetry(until: due) }
        return .deciding(.failed(failure, steps[at].effectLeft))
    }

    private mutating func readBack(_ at: Int, _ observation: Observation) {
        steps[at].observation = observation
        noteWhetherThere(at, observation)
        switch observation.standing {
        case .satisfied:
            steps[at].outputs = observation.outputs
            steps[at].phase = .verifying
        case .needed:
            steps[at].wasReadBackAbsent = observation.isAbsent
            steps[at].phase = phaseAfterFailure(at, steps[at].failure!)
        case .partial, .unknown:
            steps[at].phase = .deciding(
                .inDoubt(observation.why ?? "the read-back answered \(observation.standing.rawValue)"))
        }
    }

    /// An effect that a read-back missed may land late: a newer look that shows it counts.
    private mutating func noteWhetherThere(_ at: Int, _ observation: Observation) {
        if !observation.isAbsent, observation.standing != .unknown {
            steps[at].wasReadBackAbsent = false
        }
    }

    mutating func end(_ at: Int, _ phase: StepPhase, _ time: Timestamp) {
        let wasActive = steps[at].phase != .pending
        steps[at].phase = phase
        steps[at].endedAt = time
        if wasActive { completed.append(at) }
        startable.removeAll { $0 == at }
        if wasActive {
            active.removeAll { $0 == at }
            if let group = groups[at] { activeInGroup[group] -= 1 }
        }
        if stopsRun(at) { stoppedBy = stoppedBy ?? at }
        openSteps -= 1
        let isDone = letsDependentsStart(at)
        for dependent in dependents[at] {
            if !isDone { lacksNeed[dependent] = true }
            openNeeds[dependent] -= 1
            let isOpen = plan.steps[dependent].section == .steps || openMainSteps == 0
            if openNeeds[dependent] == 0, isOpen, steps[dependent].phase == .pending {
                startable.insertSorted(dependent)
            }
        }
        if plan.steps[at].section == .steps {
            openMainSteps -= 1
            if openMainSteps == 0 { openFinally() }
        }
    }

    /// Whether the steps that need this one, which has ended, may start.
    func letsDependentsStart(_ at: Int) -> Bool {
        switch steps[at].phase {
        case .failed where isGate(at), .skipped(.decision) where isGate(at): false
        case .done, .skipped(.condition), .skipped(.decision): true
        case .failed: plan.steps[at].onFailure == .continue
        default: false
        }
    }

    /// Whether the way the step ended keeps further main steps from starting.
    private func stopsRun(_ at: Int) -> Bool {
        guard plan.steps[at].section == .steps else { return false }
        switch steps[at].phase {
        case .failed: return plan.steps[at].onFailure != .continue
        case .inDoubt: return true
        default: return false
        }
    }
}

extension StepPhase {
    /// A call of the plugin is under way, so that it may report progress and evidence.
    var isCalling: Bool {
        switch self {
        case .checking, .observing, .applying, .verifying, .readingBack: true
        default: false
        }
    }

    /// An attempt may fail here: a call is under way, or an answer told against it.
    var canFail: Bool {
        if case .deciding(.attemptFailed) = self { return true }
        return isCalling
    }
}

/// The steps that the engine itself carries out.
package enum BuiltInStep {
    /// Waits for a person's word.
    package static let manual = StepReference(plugin: "muster", step: "manual")
    /// Waits for approvals.
    package static let approve = StepReference(plugin: "muster", step: "approve")
    /// Waits for a time.
    package static let wait = StepReference(plugin: "muster", step: "wait")

    /// The `for` input of ``wait``; the planner has checked that it is a duration.
    static func duration(_ inputs: [String: JSON]) -> Duration {
        inputs["for"]?.string.flatMap { Duration(durationText: $0) } ?? .zero
    }
}
