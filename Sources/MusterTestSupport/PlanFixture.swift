// SPDX-License-Identifier: Apache-2.0

package import MusterMachine
package import MusterModel

/// Small plans for tests: every step is a `test/effect@1.0.0` unless it says otherwise.
package enum PlanFixture {
    package static let blob = ObjectID(String(repeating: "a", count: 40))!
    package static let run = RunID("20261121-140302-test-3fa9c1")!

    package static func definition(_ name: String, effect: PlannedDefinition.Effect) -> PlannedDefinition {
        PlannedDefinition(
            reference: StepReference(name)!, version: SemanticVersion(1, 0, 0),
            document: Plan.Document(path: "plugins/Test/steps/x.yaml", blob: blob), commit: blob, summary: "A step",
            effect: effect, timeoutMilliseconds: 60_000, connections: [],
            preconditions: [
                .init(id: "target-ready", at: .step, says: "The target is ready", why: nil, remedy: "Wait")
            ],
            postconditions: [.init(id: "is-so", says: "It is so")], permissions: [], inputs: [], outputs: ["value"],
            rollback: "Put it back", knownErrors: [])
    }

    package static func step(
        _ id: String, uses: String = "test/effect", needs: [String] = [], section: PlannedStep.Section = .steps,
        attempts: Int = 1, onFailure: PlannedStep.OnFailure = .stop, condition: String? = nil,
        with: [String: JSON] = [:],
        group: PlannedStep.Group? = nil
    ) -> PlannedStep {
        PlannedStep(
            id: id, section: section, uses: "\(uses)@1.0.0", needs: needs, group: group, condition: condition,
            with: with,
            retry: .init(attempts: attempts, backoffMinMilliseconds: 1000, backoffMaxMilliseconds: 8000),
            onFailure: onFailure, timeoutMilliseconds: 60_000, preview: nil)
    }

    package static func plan(_ steps: [PlannedStep], inputs: [String: JSON] = [:]) -> Plan {
        let document = Plan.Document(path: "runbooks/test.yaml", blob: blob)
        return Plan(
            kind: .rehearsal,
            runbook: .init(name: "test", version: SemanticVersion(1, 0, 0), summary: "A test", document: document),
            commit: blob, lock: nil,
            environment: .init(name: "lab", document: nil, digest: Digest(of: []), values: ["group": "lab"]),
            change: nil,
            inputs: inputs, locks: [], plugins: [],
            definitions: [
                "test/effect@1.0.0": definition("test/effect", effect: .reversible),
                "test/proof@1.0.0": definition("test/proof", effect: .none),
                "test/final@1.0.0": definition("test/final", effect: .irreversible),
                "test/guarded@1.0.0": guarded,
                "muster/manual@1.0.0": definition("muster/manual", effect: .none),
                "muster/wait@1.0.0": definition("muster/wait", effect: .none),
            ],
            steps: steps, measures: [])
    }

    /// A step whose undo has a precondition of its own.
    private static var guarded: PlannedDefinition {
        var guarded = definition("test/guarded", effect: .reversible)
        guarded.preconditions.append(
            .init(id: "may-go-back", at: .undo, says: "It may go back", why: nil, remedy: "Wait"))
        return guarded
    }

    /// A run by the rules of Muster 0.2: a step that fails ends it.
    package static let created = created(rules: nil)

    package static func created(rules: Int?) -> Event {
        .runCreated(
            RunCreated(
                run: run, plan: Digest(of: []), kind: .rehearsal, runbook: "test", environment: "lab", change: nil,
                operatorName: "op <op@example.org>", host: "host", bootID: "boot", processID: 1, engine: "0.1.0",
                rules: rules))
    }

    package static let started = Event.runStarted(RunStarted(confirmation: "rehearsal"))
    package static let time = Timestamp("2026-11-21T14:03:02Z")!

    /// The state of a confirmed run of the plan.
    package static func running(
        _ steps: [PlannedStep], inputs: [String: JSON] = [:], rules: Int? = nil
    ) throws -> RunState {
        var state = RunState(plan: plan(steps, inputs: inputs))
        try state.apply(created(rules: rules), at: time)
        try state.apply(started, at: time)
        return state
    }
}
