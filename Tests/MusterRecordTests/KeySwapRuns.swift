// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel

extension RunScript {
    static func succeeded() throws -> RunScript {
        var run = try begun()
        try run.register("register-secondary-key-on-primary", KeySwap.primary, KeySwap.secondaryKey)
        try run.confirm()
        try run.setProtector("protector-on-secondary", KeySwap.secondary, KeySwap.secondaryKey)
        try run.alreadyRegistered()
        try run.setProtector("protector-on-primary", KeySwap.primary, KeySwap.primaryKey)
        try run.prove()
        try run.add(.runFinished(RunFinished(outcome: .succeeded, why: nil)))
        return run
    }

    /// Azure refuses the protector twice; the second time it is final.
    static func failedAfterRetry() throws -> RunScript {
        var run = try begun()
        try run.register("register-secondary-key-on-primary", KeySwap.primary, KeySwap.secondaryKey)
        try run.confirm()
        let id = "protector-on-secondary"
        let busy = StepFailure(
            kind: .retryable, code: "429", message: "Too many requests, Retry-After 20 seconds")
        try run.beginProtector(id, KeySwap.secondary, KeySwap.secondaryKey, attempt: 1)
        try run.fail(id, busy, attempt: 1, retryAfter: 20_000)
        run.pass(milliseconds: 20_000)
        try run.beginProtector(id, KeySwap.secondary, KeySwap.secondaryKey, attempt: 2)
        let denied = StepFailure(
            kind: .permanent, code: "AzureKeyVaultMissingPermissions",
            message:
                "The server 'tdesecondarytest' requires the following Azure Key Vault permissions: 'Get, WrapKey, UnwrapKey'"
        )
        try run.fail(id, denied, attempt: 2, retryAfter: nil)
        try run.add(.stepFailed(StepFailed(step: id, failure: denied, effect: .none)))
        for id in ["register-primary-key-on-secondary", "protector-on-primary", "verify-protectors"] {
            try run.add(
                .stepSkipped(
                    StepSkipped(step: id, reason: .stopped, detail: "step \"protector-on-secondary\" did not get done"))
            )
        }
        try run.add(.runFinished(RunFinished(outcome: .failed, why: "Step \"\(id)\" failed: \(denied.message)")))
        return run
    }

    /// The connection is lost after the request, and the read-back finds the server busy.
    static func inDoubt() throws -> RunScript {
        var run = try begun()
        try run.register("register-secondary-key-on-primary", KeySwap.primary, KeySwap.secondaryKey)
        try run.confirm()
        let id = "protector-on-secondary"
        try run.beginProtector(id, KeySwap.secondary, KeySwap.secondaryKey, attempt: 1)
        run.pass(milliseconds: 61_000)
        let lost = StepFailure(
            kind: .unknownOutcome, code: "connection.lost", message: "The connection was closed before an answer came")
        try run.add(.attemptFailed(AttemptFailed(step: id, attempt: 1, failure: lost, retryAt: nil)))
        let why = "The server reports an operation in progress and the old protector"
        try run.add(
            .stepObserved(
                StepObserved(
                    step: id, attempt: 1, purpose: .readBack, observation: Observation(standing: .unknown, why: why))))
        try run.add(.stepInDoubt(StepInDoubt(step: id, why: why)))
        for id in ["register-primary-key-on-secondary", "protector-on-primary", "verify-protectors"] {
            try run.add(
                .stepSkipped(
                    StepSkipped(step: id, reason: .stopped, detail: "step \"protector-on-secondary\" did not get done"))
            )
        }
        try run.add(
            .runFinished(
                RunFinished(
                    outcome: .stuck, why: "Step \"\(id)\" is in doubt: nobody knows whether its effect happened.")))
        return run
    }

    static func begun(_ plan: Plan = KeySwap.plan()) throws -> RunScript {
        var run = try RunScript(plan: plan)
        run.pass(milliseconds: 4200)
        try run.add(.runStarted(RunStarted(confirmation: "confirmed")))
        return run
    }

    // MARK: Steps

    mutating func start(_ id: String, attempt: Int = 1) throws {
        let inputs = plan.steps.first { $0.id == id }?.with ?? [:]
        try add(.stepStarted(StepStarted(step: id, attempt: attempt, inputs: inputs)))
    }

    mutating func show(_ id: String, _ name: String, _ during: String, _ data: JSON) throws {
        try add(.evidence(Evidence(step: id, name: name, during: during, data: data)))
    }

    mutating func register(_ id: String, _ server: String, _ key: String) throws {
        try start(id)
        pass(milliseconds: 640)
        try show(id, "key", "check", ["enabled": true, "kty": "RSA", "n-bits": 2048])
        try add(
            .stepChecked(
                StepChecked(
                    step: id, attempt: 1,
                    preconditions: [
                        .init(id: "key-usable", verdict: .met, says: "The key is enabled, RSA 2048", evidence: ["key"])
                    ])))
        let change = Change(path: "\(server)/keys", from: nil, to: key)
        try observe(id, [change])
        try begin(id, 1, undo: ["registered": true])
        pass(milliseconds: 41_000)
        try show(id, "request", "apply", ["status": 202, "x-ms-request-id": "4be1c1d2-77aa-4c39-9d0e-0c3f3c2b1a90"])
        try add(.stepApplied(StepApplied(step: id, attempt: 1, outputs: ["thumbprint": "2E0A91D7"])))
        try verify(id, "key-registered", "The server lists 2 keys, the key among them")
        try add(.stepDone(StepDone(step: id, how: .verified, outputs: ["thumbprint": "2E0A91D7"])))
    }

    mutating func confirm() throws {
        try start("confirm-window")
        pass(milliseconds: 552_000)
        try add(
            .manualConfirmed(
                ManualConfirmed(step: "confirm-window", person: "Anu K", note: "On-call told, ticket CHG0042177")))
        let outputs: [String: JSON] = ["note": "On-call told, ticket CHG0042177", "person": "Anu K"]
        try add(.stepDone(StepDone(step: "confirm-window", how: .shown, outputs: outputs)))
    }

    mutating func beginProtector(_ id: String, _ server: String, _ key: String, attempt: Int) throws {
        try start(id, attempt: attempt)
        pass(milliseconds: 900)
        try show(id, "keys", "check", ["keys": [.string(KeySwap.sharedKey), .string(key)]])
        try add(
            .stepChecked(
                StepChecked(
                    step: id, attempt: attempt,
                    preconditions: [
                        .init(
                            id: "server-ready", verdict: .met,
                            says: "The server is Ready and has a system-assigned identity"),
                        .init(
                            id: "key-registered", verdict: .met, says: "The server lists the key", evidence: ["keys"]),
                        .init(
                            id: "partner-has-key", verdict: .met, says: "The partner lists the key", evidence: ["keys"]),
                    ])))
        try observe(
            id, [Change(path: "\(server)/encryptionProtector", from: KeySwap.sharedKey, to: key)], attempt: attempt)
        try begin(id, attempt, undo: ["previousKey": .string(KeySwap.sharedKey)])
    }

    mutating func setProtector(_ id: String, _ server: String, _ key: String) throws {
        try beginProtector(id, server, key, attempt: 1)
        pass(milliseconds: 61_000)
        try show(
            id, "request", "apply",
            ["polls": 3, "status": "Succeeded", "x-ms-request-id": "0d3b77f4-9c6e-4a1e-8f55-5a3c1f0e2d11"])
        try add(.stepApplied(StepApplied(step: id, attempt: 1, outputs: ["thumbprint": "F3A1C0DE"])))
        try show(id, "protector", "verify", ["serverKeyType": "AzureKeyVault", "uri": .string(key)])
        try verify(id, "protector-is-key", "The protector is the key, thumbprint F3A1C0DE", evidence: ["protector"])
        try add(.stepDone(StepDone(step: id, how: .verified, outputs: ["thumbprint": "F3A1C0DE"])))
    }

    mutating func alreadyRegistered() throws {
        let id = "register-primary-key-on-secondary"
        try start(id)
        pass(milliseconds: 2100)
        try add(
            .stepChecked(
                StepChecked(
                    step: id, attempt: 1,
                    preconditions: [.init(id: "key-usable", verdict: .met, says: "The key is enabled, RSA 3072")])))
        try add(
            .stepObserved(
                StepObserved(
                    step: id, attempt: 1, purpose: .beforeEffect,
                    observation: Observation(standing: .satisfied, outputs: ["thumbprint": "77C0FFEE"]))))
        try add(.stepDone(StepDone(step: id, how: .satisfied, outputs: ["thumbprint": "77C0FFEE"])))
    }

    mutating func prove() throws {
        try start("verify-protectors")
        pass(milliseconds: 1300)
        try verify("verify-protectors", "own-keys", "tdeprimarytest is on subham, tdesecondarytest is on tey")
        try add(.stepDone(StepDone(step: "verify-protectors", how: .shown, outputs: [:])))
    }

    private mutating func observe(_ id: String, _ changes: [Change], attempt: Int = 1) throws {
        try add(
            .stepObserved(
                StepObserved(
                    step: id, attempt: attempt, purpose: .beforeEffect,
                    observation: Observation(standing: .needed, changes: changes))))
    }

    private mutating func begin(_ id: String, _ attempt: Int, undo: JSON) throws {
        let key = "9a3d7c51-2b6e-8f40-8a11-6b1f0c2d3e4f"
        try add(.stepApplying(StepApplying(step: id, attempt: attempt, idempotencyKey: key)))
        pass(milliseconds: 120)
        try add(.stepBegun(StepBegun(step: id, attempt: attempt, undo: undo)))
    }

    private mutating func verify(_ id: String, _ condition: String, _ says: String, evidence: [String] = []) throws {
        pass(milliseconds: 350)
        try add(
            .stepVerified(
                StepVerified(
                    step: id, attempt: 1,
                    postconditions: [.init(id: condition, verdict: .met, says: says, evidence: evidence)])))
    }

    /// A failure after the effect was begun, which a read-back then shows not to have happened.
    private mutating func fail(_ id: String, _ failure: StepFailure, attempt: Int, retryAfter: Int64?) throws {
        pass(milliseconds: 1800)
        try show(
            id, "request", "apply",
            ["status": .string(failure.code), "x-ms-request-id": "77de02f1-3c5b-4b7a-9f0a-2d1c0b9a8f7e"])
        let retryAt = retryAfter.map { Timestamp(milliseconds: wall.milliseconds + $0) }
        try add(.attemptFailed(AttemptFailed(step: id, attempt: attempt, failure: failure, retryAt: retryAt)))
        pass(milliseconds: 400)
        try add(
            .stepObserved(
                StepObserved(
                    step: id, attempt: attempt, purpose: .readBack, observation: Observation(standing: .needed))))
    }
}
