// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// One thing that happened in a run, as the journal holds it (`docs/formats/journal-v1.md`).
///
/// Past tense: an event is a fact. Those that announce an effect (``stepApplying(_:)``, ``stepBegun(_:)``) are durable
/// before the effect.
package enum Event: Hashable, Sendable {
    case runCreated(RunCreated)
    /// The first effect may come from here on.
    case runStarted(RunStarted)
    case stepStarted(StepStarted)
    case stepChecked(StepChecked)
    case stepObserved(StepObserved)
    /// Intent: `apply` is about to be called.
    case stepApplying(StepApplying)
    /// The plugin asked to begin its effect and is about to be told *proceed*.
    case stepBegun(StepBegun)
    /// The plugin reports the effect done: claimed, not yet verified.
    case stepApplied(StepApplied)
    case stepVerified(StepVerified)
    /// An attempt failed; with `retryAt` another one follows, after a read-back where an effect was begun.
    case attemptFailed(AttemptFailed)
    case stepDone(StepDone)
    case stepFailed(StepFailed)
    case stepInDoubt(StepInDoubt)
    case stepSkipped(StepSkipped)
    /// A step of a person was confirmed.
    case manualConfirmed(ManualConfirmed)
    case progress(Progress)
    case evidence(Evidence)
    /// A line that a plugin wrote to its standard error or sent as a log message.
    case pluginLog(PluginLog)
    case undoStarted(UndoStarted)
    case undoChecked(UndoChecked)
    /// Intent: `undo` is about to be called.
    case undoApplying(UndoApplying)
    case undoBegun(UndoBegun)
    case undoClaimed(UndoClaimed)
    /// An attempt at an undo failed; with `retryAt` another one follows.
    case undoAttemptFailed(AttemptFailed)
    case stepUndone(StepUndone)
    case undoFailed(UndoFailed)
    case runResumed(RunResumed)
    /// At the next safe point the run comes to rest.
    case pauseRequested(PauseRequested)
    case runPaused(RunPaused)
    case stepDecided(StepDecided)
    case rollbackRequested(RollbackRequested)
    case leaseChanged(LeaseChanged)
    /// A signed word on the plan, or at a gate, was taken up.
    case approvalRecorded(ApprovalRecorded)
    /// A gate opened; the run waits there.
    case approvalAwaited(ApprovalAwaited)
    /// By which rules who might start the run.
    case policyApplied(PolicyApplied)
    /// The run goes on without the approvals that its policy asks for.
    case breakGlass(BreakGlass)
    /// No further step begins; those under way end, and the run ends.
    case stopRequested(StopRequested)
    /// The wall clock moved against the boot clock by more than two seconds.
    case clockJumped(ClockJumped)
    case runFinished(RunFinished)
}

package struct RunCreated: Hashable, Sendable, Codable {
    package var run: RunID
    package var plan: Digest
    package var kind: RunKind
    package var runbook: String
    package var environment: String
    package var change: String?
    /// Who started it, as the operating system and git know them: `name <email>`.
    package var operatorName: String
    package var host: String
    package var bootID: String
    package var processID: Int32
    package var engine: String
    /// Which rules the run follows: from 2 on a step that fails or is in doubt waits for a person's decision, from 3 on no
    /// effect begins outside of the change window. Nil stands for 1, the rules of Muster 0.1 and 0.2, whose runs ended there.
    package var rules: Int?

    /// A journal line has a `kind` of its own, the event's.
    private enum CodingKeys: String, CodingKey {
        case run, plan, runbook, environment, change, operatorName, host, bootID, processID, engine, rules
        case kind = "runKind"
    }

    package init(
        run: RunID, plan: Digest, kind: RunKind, runbook: String, environment: String, change: String?,
        operatorName: String,
        host: String, bootID: String, processID: Int32, engine: String, rules: Int? = nil
    ) {
        self.run = run
        self.plan = plan
        self.kind = kind
        self.runbook = runbook
        self.environment = environment
        self.change = change
        self.operatorName = operatorName
        self.host = host
        self.bootID = bootID
        self.processID = processID
        self.engine = engine
        self.rules = rules
    }

    /// From these on no effect begins outside of the change window.
    package static let rulesOfWindows = 3
    /// The rules of this version.
    package static let currentRules = 3
}

package struct RunStarted: Hashable, Sendable, Codable {
    /// How the go-ahead was given: `confirmed` at a prompt, `--yes`, `rehearsal`.
    package var confirmation: String
    /// Who accepted which point of no return; nil where the plan has none, and in a rehearsal.
    package var accepted: [Acceptance]?
    /// How the change window stood just before; nil in a rehearsal.
    package var window: WindowAssessment?
    /// How the change ticket stood just before; nil where nobody was asked for one.
    package var ticket: TicketAssessment?
    package init(
        confirmation: String, accepted: [Acceptance]? = nil, window: WindowAssessment? = nil,
        ticket: TicketAssessment? = nil
    ) {
        self.confirmation = confirmation
        self.accepted = accepted
        self.window = window
        self.ticket = ticket
    }
}

package struct StepStarted: Hashable, Sendable, Codable {
    package var step: String
    package var attempt: Int
    /// `with`, evaluated.
    package var inputs: [String: JSON]
    package init(step: String, attempt: Int, inputs: [String: JSON]) {
        self.step = step
        self.attempt = attempt
        self.inputs = inputs
    }
}

package struct StepChecked: Hashable, Sendable, Codable {
    package var step: String
    package var attempt: Int
    package var preconditions: [ConditionResult]
    package init(step: String, attempt: Int, preconditions: [ConditionResult]) {
        self.step = step
        self.attempt = attempt
        self.preconditions = preconditions
    }
}

package struct StepObserved: Hashable, Sendable, Codable {
    package enum Purpose: String, Sendable, Codable {
        /// Before an effect: is there anything to do?
        case beforeEffect = "before-effect"
        /// After an effect whose end is not known: what became of it?
        case readBack = "read-back"
        /// Before an undo: is there anything to undo?
        case beforeUndo = "before-undo"
        /// After an undo: is it gone?
        case undoProof = "undo-proof"
    }

    package var step: String
    package var attempt: Int
    package var purpose: Purpose
    package var observation: Observation
    package init(step: String, attempt: Int, purpose: Purpose, observation: Observation) {
        self.step = step
        self.attempt = attempt
        self.purpose = purpose
        self.observation = observation
    }
}

package struct StepApplying: Hashable, Sendable, Codable {
    package var step: String
    package var attempt: Int
    package var idempotencyKey: String
    package init(step: String, attempt: Int, idempotencyKey: String) {
        self.step = step
        self.attempt = attempt
        self.idempotencyKey = idempotencyKey
    }
}

package struct StepBegun: Hashable, Sendable, Codable {
    package var step: String
    package var attempt: Int
    /// What `undo` needs. A later one of the same step replaces it.
    package var undo: JSON
    /// The lease's epoch under which it may begin; nil without leases.
    package var lease: Int64?
    package init(step: String, attempt: Int, undo: JSON, lease: Int64? = nil) {
        self.step = step
        self.attempt = attempt
        self.undo = undo
        self.lease = lease
    }
}

package struct StepApplied: Hashable, Sendable, Codable {
    package var step: String
    package var attempt: Int
    package var outputs: [String: JSON]
    package init(step: String, attempt: Int, outputs: [String: JSON]) {
        self.step = step
        self.attempt = attempt
        self.outputs = outputs
    }
}

package struct StepVerified: Hashable, Sendable, Codable {
    package var step: String
    package var attempt: Int
    package var postconditions: [ConditionResult]
    /// Of a step without effect that has some; nil for every other.
    package var outputs: [String: JSON]?
    package init(step: String, attempt: Int, postconditions: [ConditionResult], outputs: [String: JSON]? = nil) {
        self.step = step
        self.attempt = attempt
        self.postconditions = postconditions
        self.outputs = outputs
    }
}

package struct AttemptFailed: Hashable, Sendable, Codable {
    package var step: String
    package var attempt: Int
    package var failure: StepFailure
    /// When the next attempt is due; nil when there is none.
    package var retryAt: Timestamp?
    package init(step: String, attempt: Int, failure: StepFailure, retryAt: Timestamp?) {
        self.step = step
        self.attempt = attempt
        self.failure = failure
        self.retryAt = retryAt
    }
}

package struct StepDone: Hashable, Sendable, Codable {
    package enum How: String, Sendable, Codable {
        /// Applied, and shown by a read of its own.
        case verified
        /// Applied, but a postcondition could not be shown.
        case unverified
        /// It was so already: no effect.
        case satisfied
        /// A step without an effect showed what it had to.
        case shown
        /// A person vouches for it.
        case declared
    }

    package var step: String
    package var how: How
    package var outputs: [String: JSON]
    package init(step: String, how: How, outputs: [String: JSON]) {
        self.step = step
        self.how = how
        self.outputs = outputs
    }
}

package struct StepFailed: Hashable, Sendable, Codable {
    package var step: String
    package var failure: StepFailure
    /// Whether the step's effect is in place, as far as is known.
    package var effect: EffectLeft
    package init(step: String, failure: StepFailure, effect: EffectLeft) {
        self.step = step
        self.failure = failure
        self.effect = effect
    }
}

/// What a step that did not get done left behind.
package enum EffectLeft: String, Sendable, Codable {
    case none
    /// Applied, though something about it failed.
    case applied
}

/// A step's effect was begun and a read-back could not tell what became of it: a person must look.
package struct StepInDoubt: Hashable, Sendable, Codable {
    package var step: String
    package var why: String
    package init(step: String, why: String) {
        self.step = step
        self.why = why
    }
}

package struct StepSkipped: Hashable, Sendable, Codable {
    package enum Reason: String, Sendable, Codable {
        /// Its `when` is false.
        case condition
        /// A step that it needs was not done.
        case dependency
        /// The run stopped before it.
        case stopped
        /// A person decided to go on without it.
        case decision
    }

    package var step: String
    package var reason: Reason
    package var detail: String
    package init(step: String, reason: Reason, detail: String) {
        self.step = step
        self.reason = reason
        self.detail = detail
    }
}

package struct ManualConfirmed: Hashable, Sendable, Codable {
    package var step: String
    package var person: String
    /// What the person typed as evidence.
    package var note: String
    package init(step: String, person: String, note: String) {
        self.step = step
        self.person = person
        self.note = note
    }
}

package struct Progress: Hashable, Sendable, Codable {
    package var step: String
    package var message: String
    package var fraction: Double?
    package init(step: String, message: String, fraction: Double?) {
        self.step = step
        self.message = message
        self.fraction = fraction
    }
}

package struct Evidence: Hashable, Sendable, Codable {
    package var step: String
    package var name: String
    /// Which call of the step showed it: `check`, `observe`, `apply`, `verify`, `undo`.
    package var during: String
    package var data: JSON
    package init(step: String, name: String, during: String, data: JSON) {
        self.step = step
        self.name = name
        self.during = during
        self.data = data
    }
}

package struct PluginLog: Hashable, Sendable, Codable {
    package var plugin: String
    /// `stderr` or `log`.
    package var stream: String
    package var text: String
    package init(plugin: String, stream: String, text: String) {
        self.plugin = plugin
        self.stream = stream
        self.text = text
    }
}

package struct StopRequested: Hashable, Sendable, Codable {
    /// A person's name, or the part of the engine that asked.
    package var by: String
    package var reason: String
    /// Whether `finally` runs before the end; nil: it does not.
    package var runsFinally: Bool?
    package init(by: String, reason: String, runsFinally: Bool? = nil) {
        self.by = by
        self.reason = reason
        self.runsFinally = runsFinally
    }
}

package struct ClockJumped: Hashable, Sendable, Codable {
    /// Forward is positive.
    package var milliseconds: Int64
    package init(milliseconds: Int64) { self.milliseconds = milliseconds }
}

package struct RunFinished: Hashable, Sendable, Codable {
    package enum Outcome: String, Sendable, Codable {
        case succeeded
        case failed
        /// A person stopped it.
        case cancelled
        /// Something is in doubt, or could not be undone: a person must act.
        case stuck
        /// All that it did is undone, and shown to be.
        case rolledBack = "rolled-back"
    }

    package var outcome: Outcome
    /// Why, in one sentence, unless it succeeded.
    package var why: String?
    package init(outcome: Outcome, why: String?) {
        self.outcome = outcome
        self.why = why
    }
}
