// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel

/// Small plans for tests: every step is a `test/effect@1.0.0` unless it says otherwise.
enum PlanFixture {
    static let blob = ObjectID(String(repeating: "a", count: 40))!
    static let run = RunID("20261121-140302-test-3fa9c1")!

    static func definition(_ name: String, effect: PlannedDefinition.Effect) -> PlannedDefinition {
        PlannedDefinition(
            reference: StepReference(name)!, version: SemanticVersion(1, 0, 0),
            document: Plan.Document(path: "plugins/Test/steps/x.yaml", blob: blob), commit: blob, summary: "A step",
            effect: effect, timeoutMilliseconds: 60_000, connections: [],
            preconditions: [.init(id: "target-ready", at: .step, says: "The target is ready", why: nil, remedy: "Wait")],
            postconditions: [.init(id: "is-so", says: "It is so")], permissions: [], outputs: ["value"],
            rollback: "Put it back", knownErrors: [])
    }

    static func step(
        _ id: String, uses: String = "test/effect", needs: [String] = [], section: PlannedStep.Section = .steps,
        attempts: Int = 1, onFailure: PlannedStep.OnFailure = .stop, condition: String? = nil, with: [String: JSON] = [:],
        group: PlannedStep.Group? = nil
    ) -> PlannedStep {
        PlannedStep(
            id: id, section: section, uses: "\(uses)@1.0.0", needs: needs, group: group, condition: condition, with: with,
            retry: .init(attempts: attempts, backoffMinMilliseconds: 1000, backoffMaxMilliseconds: 8000),
            onFailure: onFailure, timeoutMilliseconds: 60_000, preview: nil)
    }

    static func plan(_ steps: [PlannedStep], inputs: [String: JSON] = [:]) -> Plan {
        let document = Plan.Document(path: "runbooks/test.yaml", blob: blob)
        return Plan(
            kind: .rehearsal,
            runbook: .init(name: "test", version: SemanticVersion(1, 0, 0), summary: "A test", document: document),
            commit: blob, lock: nil,
            environment: .init(name: "lab", document: nil, digest: Digest(of: []), values: ["group": "lab"]), change: nil,
            inputs: inputs, locks: [], plugins: [],
            definitions: [
                "test/effect@1.0.0": definition("test/effect", effect: .reversible),
                "test/proof@1.0.0": definition("test/proof", effect: .none),
                "muster/manual@1.0.0": definition("muster/manual", effect: .none),
                "muster/wait@1.0.0": definition("muster/wait", effect: .none),
            ],
            steps: steps, measures: [])
    }

    static let created = Event.runCreated(
        RunCreated(
            run: run, plan: Digest(of: []), kind: .rehearsal, runbook: "test", environment: "lab", change: nil,
            operatorName: "op <op@example.org>", host: "host", bootID: "boot", processID: 1, engine: "0.1.0"))
    static let started = Event.runStarted(RunStarted(confirmation: "rehearsal"))
    static let time = Timestamp("2026-11-21T14:03:02Z")!

    /// The state of a confirmed run of the plan.
    static func running(_ steps: [PlannedStep], inputs: [String: JSON] = [:]) throws -> RunState {
        var state = RunState(plan: plan(steps, inputs: inputs))
        try state.apply(created, at: time)
        try state.apply(started, at: time)
        return state
    }
}

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
        let observation = Observation(standing: standing, why: "seen", outputs: ["value": "v"])
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
