// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport

/// Events about step `a`, with everything that does not matter filled in.
enum StepEvents {
    static let failure = StepFailure(kind: .retryable, code: "Busy", message: "busy")

    static func started(_ step: String = "a", attempt: Int = 1, inputs: [String: JSON] = [:]) -> Event {
        .stepStarted(StepStarted(step: step, attempt: attempt, inputs: inputs))
    }
    static func checked(_ step: String = "a", _ verdict: ConditionResult.Verdict = .met) -> Event {
        let result = ConditionResult(id: "target-ready", verdict: verdict, says: "seen")
        return .stepChecked(StepChecked(step: step, attempt: 1, preconditions: [result]))
    }
    static func observed(
        _ standing: Observation.Standing, _ purpose: StepObserved.Purpose = .beforeEffect, _ step: String = "a"
    ) -> Event {
        let why = standing == .partial || standing == .unknown ? "seen" : nil
        let observation = Observation(standing: standing, why: why, outputs: ["value": "v"])
        return .stepObserved(StepObserved(step: step, attempt: 1, purpose: purpose, observation: observation))
    }
    static func applying(_ step: String = "a") -> Event {
        .stepApplying(StepApplying(step: step, attempt: 1, idempotencyKey: "k"))
    }
    static func begun(_ step: String = "a") -> Event { .stepBegun(StepBegun(step: step, attempt: 1, undo: ["was": 1])) }
    static func applied(_ step: String = "a") -> Event {
        .stepApplied(StepApplied(step: step, attempt: 1, outputs: ["value": "v"]))
    }
    static func verified(_ step: String = "a", _ verdict: ConditionResult.Verdict = .met) -> Event {
        let result = ConditionResult(id: "is-so", verdict: verdict, says: "seen")
        return .stepVerified(StepVerified(step: step, attempt: 1, postconditions: [result]))
    }
    static func attemptFailed(_ step: String = "a", retryAt: Timestamp? = nil) -> Event {
        .attemptFailed(AttemptFailed(step: step, attempt: 1, failure: failure, retryAt: retryAt))
    }
    static func done(_ how: StepDone.How, _ step: String = "a") -> Event {
        .stepDone(StepDone(step: step, how: how, outputs: [:]))
    }
    static func failed(_ step: String = "a") -> Event {
        .stepFailed(StepFailed(step: step, failure: failure, effect: .none))
    }
    static func skipped(_ reason: StepSkipped.Reason, _ step: String = "a") -> Event {
        .stepSkipped(StepSkipped(step: step, reason: reason, detail: "why"))
    }
    static let inDoubt = Event.stepInDoubt(StepInDoubt(step: "a", why: "lost"))
    static let confirmed = Event.manualConfirmed(ManualConfirmed(step: "a", person: "op", note: "done"))
    static let progress = Event.progress(Progress(step: "a", message: "half", fraction: 0.5))
    static let evidence = Event.evidence(Evidence(step: "a", name: "answer", during: "apply", data: [:]))
}
