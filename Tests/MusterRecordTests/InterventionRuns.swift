// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel

@testable import MusterRecord

/// Runs in which people, crashes and rollbacks take part.
extension RunDriver {
    static let denied = StepFailure(
        kind: .permanent, code: "AzureKeyVaultMissingPermissions",
        message: "The server 'tdesecondarytest' requires the permissions 'Get, WrapKey, UnwrapKey'")
    static let busy = StepFailure(kind: .retryable, code: "429", message: "Too many requests")
    static let lost = StepFailure(
        kind: .unknownOutcome, code: "connection.lost", message: "The connection was closed before an answer came")

    /// The protector on the primary is denied, and the run waits.
    static func failing(_ plan: Plan = KeySwap.ordered(), rules: Int? = RunCreated.currentRules) throws -> RunDriver {
        var run = try RunDriver(plan, rules: rules)
        run.faults = [Fault(step: KeySwap.protectPrimary, verb: .apply, what: .refused(denied))]
        try run.go()
        return run
    }

    /// The same after the effect was begun, with a read-back that cannot tell.
    static func doubting(_ plan: Plan = KeySwap.ordered()) throws -> RunDriver {
        var run = try RunDriver(plan)
        run.faults = [
            Fault(step: KeySwap.protectPrimary, verb: .apply, what: .failed(lost)),
            Fault(step: KeySwap.protectPrimary, verb: .readBack, what: .sees(.unknown, "An operation is in progress")),
        ]
        try run.go()
        return run
    }

    static func crashed() throws -> RunDriver {
        var run = try RunDriver()
        run.faults = [Fault(step: KeySwap.protectSecondary, verb: .readBack, what: .sees(.satisfied, ""))]
        try run.go(before: "step-applied", of: KeySwap.protectSecondary)
        try run.resume(boot: "0b7e1f6c-52f0-4a35-8a0d-7c1a1b6f2d44")
        try run.go()
        return run
    }

    static func retried() throws -> RunDriver {
        var run = try failing()
        try run.decide(KeySwap.protectPrimary, .retry, "The role is assigned now")
        return run
    }

    static func skipped() throws -> RunDriver {
        var run = try failing()
        try run.decide(KeySwap.protectPrimary, .skip, "The primary keeps the shared key until Monday, CHG0042180")
        return run
    }

    static func declared() throws -> RunDriver {
        var run = try doubting()
        try run.decide(KeySwap.protectPrimary, .done, "The portal shows the new protector, screenshot in CHG0042177")
        return run
    }

    static func abandoned() throws -> RunDriver {
        var run = try failing()
        try run.decide(KeySwap.protectPrimary, .abandon, "The window closes")
        return run
    }

    static func waiting() throws -> RunDriver {
        var run = try doubting()
        run.pass(30_000)
        try run.pause("Shift ends")
        return run
    }

    static func paused() throws -> RunDriver {
        var run = try RunDriver()
        try run.go(before: "step-begun", of: KeySwap.protectSecondary)
        try run.pause("Wait for the nightly batch")
        try run.resume(after: 1_800_000)
        try run.go()
        return run
    }

    static func takenOver() throws -> RunDriver {
        var run = try RunDriver()
        try run.add(
            .leaseChanged(
                LeaseChanged(what: .taken, lock: "failover-group:tdefog", epoch: 3, says: "Held by bastion-2")))
        try run.go(before: "step-checked", of: KeySwap.registerPrimary)
        let takeOver = TakeOver(
            reason: "bastion-2 does not answer, its hypervisor is gone", from: "bastion-2",
            knownUpTo: try Int64(JournalReading(run.script.journal).entries.count - 1))
        try run.resume(after: 900_000, host: "bastion-3", boot: "c2a5", takeOver: takeOver, by: ada)
        try run.add(
            .leaseChanged(
                LeaseChanged(
                    what: .takenOver, lock: "failover-group:tdefog", epoch: 4,
                    says: "Held by bastion-3, before by bastion-2")
            ))
        try run.go()
        return run
    }

    /// - Parameter remains: what the first step's undo cannot take away.
    static func rolledBack(leaving remains: String? = nil) throws -> RunDriver {
        var plan = KeySwap.ordered()
        plan.steps.removeAll { $0.id == KeySwap.purge }
        var run = try failing(plan)
        if let remains {
            run.faults = [Fault(step: KeySwap.registerSecondary, verb: .undoProof, what: .leaves(remains))]
        }
        try run.rollBack("The vault's owners do not answer")
        return run
    }

    /// One undo fails, one is blocked by it, and one step was a point of no return.
    static func stuckInRollback() throws -> RunDriver {
        var run = try failing()
        run.faults = (0..<2).map { _ in
            Fault(step: KeySwap.protectSecondary, verb: .undo, what: .failed(denied.retryable))
        }
        run.faults += (0..<2).map { _ in
            Fault(step: KeySwap.protectSecondary, verb: .undoProof, what: .sees(.partial, "Half"))
        }
        try run.rollBack("The vault's owners do not answer")
        return run
    }

    static func cancelled() throws -> RunDriver {
        var run = try RunDriver()
        try run.go(before: "step-started", of: KeySwap.registerPrimary)
        try run.cancel("The drill is called off", runsFinally: true)
        return run
    }

    static func rolledBackOnFailure() throws -> RunDriver {
        var plan = KeySwap.ordered(onFailure: .rollback)
        plan.steps.removeAll { $0.id == KeySwap.purge }
        return try failing(plan)
    }
}

extension StepFailure {
    var retryable: StepFailure { StepFailure(kind: .retryable, code: code, message: message) }
}
