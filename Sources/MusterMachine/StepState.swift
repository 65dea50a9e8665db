// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// Where one step of a run stands.
package enum StepPhase: Hashable, Sendable {
    /// Not begun.
    case pending
    /// `check` is asked for.
    case checking
    /// `observe` is asked for, before an effect.
    case observing
    /// There is something to do, and every precondition holds.
    case ready
    /// `apply` is asked for; with `begun` its effect may have happened.
    case applying(begun: Bool)
    /// `verify` is asked for.
    case verifying
    /// `observe` is asked for, after an effect whose end is not known.
    case readingBack
    /// An answer came that decides, but the decision is not journaled yet.
    case deciding(StepDecision)
    /// The next attempt is due then.
    case waitingToRetry(until: Timestamp)
    /// A `muster/wait` ends then.
    case waiting(until: Timestamp)
    /// A `muster/manual` waits for its person.
    case waitingForPerson
    /// A `muster/approve` waits for signatures; announced once the journal says so.
    case waitingForApproval(isAnnounced: Bool)
    /// A person must decide what becomes of it.
    case waitingForDecision(Trouble)
    case done(StepDone.How)
    case failed
    /// Its effect was begun and nobody knows what became of it.
    case inDoubt
    case skipped(StepSkipped.Reason)

    /// Whether nothing more will happen to the step.
    package var isEnded: Bool {
        switch self {
        case .done, .failed, .inDoubt, .skipped: true
        default: false
        }
    }
}

/// Why a step waits for a person's decision.
package enum Trouble: String, Hashable, Sendable, CaseIterable {
    case failed
    case inDoubt = "in-doubt"
    /// The person had it undone.
    case undone
    /// The person had it undone, and that failed.
    case undoFailed = "undo-failed"
}

/// How far the undo of a step is.
package enum UndoPhase: Hashable, Sendable {
    /// A person asked for it, or the next attempt is due at once.
    case wanted
    /// Its preconditions are asked for.
    case checking
    /// `observe` is asked for: is there anything to undo?
    case observing
    /// There is.
    case ready
    /// `undo` is asked for; with `begun` it may have had its effect.
    case calling(begun: Bool)
    /// `observe` is asked for: is it gone?
    case proving
    /// An answer came that decides, but the decision is not journaled yet.
    case deciding(UndoDecision)
    case waitingToRetry(until: Timestamp)
    case undone(StepUndone.How)
    /// A person vouches that it is put back.
    case undoneByHand
    case failed

    /// Whether nothing more happens by itself.
    package var isEnded: Bool {
        switch self {
        case .undone, .undoneByHand, .failed: true
        default: false
        }
    }

    /// A call of the plugin is under way.
    var isCalling: Bool {
        switch self {
        case .checking, .observing, .calling, .proving: true
        default: false
        }
    }
}

/// What follows from an answer to an undo: the event that the interpreter records next.
package enum UndoDecision: Hashable, Sendable {
    case undone(StepUndone.How)
    /// The attempt failed; whether another follows is decided with the clock at hand.
    case attemptFailed(StepFailure)
    case failed(StepFailure)
}

/// What follows from an answer: the event that the interpreter records next.
package enum StepDecision: Hashable, Sendable {
    case done(StepDone.How)
    /// The attempt failed; whether another follows is decided with the clock at hand.
    case attemptFailed(StepFailure)
    case failed(StepFailure, EffectLeft)
    case inDoubt(String)
}

/// One step of a run as its events tell it.
package struct StepState: Hashable, Sendable {
    package internal(set) var phase = StepPhase.pending
    /// Counts from 1; 0 before the step started.
    package internal(set) var attempt = 0
    package internal(set) var inputs: [String: JSON] = [:]
    package internal(set) var outputs: [String: JSON] = [:]
    package internal(set) var preconditions: [ConditionResult] = []
    package internal(set) var postconditions: [ConditionResult] = []
    package internal(set) var observation: Observation?
    /// What the newest attempt found to change before its effect.
    package internal(set) var changes: [Change] = []
    /// The undo data of the effect that this run began; nil when it began none.
    package internal(set) var undo: JSON?
    /// A read-back found the effect gone, or never there. It may still land late, so ``undo`` is kept.
    package internal(set) var wasReadBackAbsent = false
    package internal(set) var failure: StepFailure?
    /// Of a gate: who has approved since its newest attempt.
    package internal(set) var approvers: [String] = []
    /// The newest progress message.
    package internal(set) var progress: String?
    package internal(set) var startedAt: Timestamp?
    package internal(set) var endedAt: Timestamp?
    /// When the failed attempt is to be tried again, kept while its effect is read back.
    var retryAt: Timestamp?
    /// Attempts that ended with their engine; they do not count against the retries.
    var cutOffs = 0

    /// The newest undo of the step; nil when there was none since its newest attempt.
    package internal(set) var undoing: UndoPhase?
    /// Attempts at the newest undo.
    package internal(set) var undoAttempt = 0
    package internal(set) var undoFailure: StepFailure?
    /// A rollback was asked for after its undo had failed, or had found nothing: it is looked at once more.
    var isUndoneAgain = false
    /// How often the step was undone: each effect after an undo has an idempotency key of its own.
    package internal(set) var timesUndone = 0

    /// Whether an effect of this run is in place, as far as is known.
    package var effectLeft: EffectLeft { undo == nil || wasReadBackAbsent ? .none : .applied }

    /// Whether its newest effect was undone.
    var isUndone: Bool {
        switch undoing {
        case .undone, .undoneByHand: true
        default: false
        }
    }

    /// Whether an undo is under way, its pauses between attempts included.
    package var isBeingUndone: Bool { undoing.map { !$0.isEnded } ?? false }
}
