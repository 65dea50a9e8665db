// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel

/// The key swap with the order that its steps need, a point of no return, and a proof at the end in `finally`.
extension KeySwap {
    static let registerSecondary = "register-secondary-key-on-primary"
    static let protectSecondary = "protector-on-secondary"
    static let registerPrimary = "register-primary-key-on-secondary"
    static let protectPrimary = "protector-on-primary"
    static let purge = "purge-old-version"
    static let prove = "verify-protectors"

    static func ordered(onFailure: PlannedStep.OnFailure = .stop) -> Plan {
        var plan = plan()
        plan.definitions["failover-group-key-swap/purge-version@1.0.0"] = purgeVersion
        plan.definitions["failover-group-key-swap/set-protector@1.0.0"]?.preconditions.append(
            .init(
                id: "old-key-registered", at: .undo, says: "The key of before is still registered", why: nil,
                remedy: "Register it again, then roll back again"))
        plan.steps = [
            needing([], plan, registerSecondary), needing([registerSecondary], plan, "confirm-window"),
            needing([registerSecondary, "confirm-window"], plan, protectSecondary),
            needing(
                ["confirm-window"], step(purge, "purge-version", with: ["key": .string("\(sharedKey.dropLast(8))")])),
            needing(["confirm-window"], plan, registerPrimary),
            needing([protectSecondary, registerPrimary], plan, protectPrimary),
            needing([], plan, prove),
        ]
        plan.steps[5].onFailure = onFailure
        plan.steps[6].section = .finally
        return plan
    }

    private static func needing(_ needs: [String], _ plan: Plan, _ id: String) -> PlannedStep {
        needing(needs, plan.steps.first { $0.id == id }!)
    }

    private static func needing(_ needs: [String], _ step: PlannedStep) -> PlannedStep {
        var step = step
        step.needs = needs
        step.retry.attempts = 2
        return step
    }

    static let purgeVersion: PlannedDefinition = {
        var purge = KeySwap.definition(
            "purge-version", "Purge an old version of a key, for good", effect: .irreversible,
            postconditions: [.init(id: "gone", says: "The vault does not list the version")],
            rollback:
                "Nothing brings ${{ inputs.key }} back. Restore the vault's backup beside it, and tell its owners.")
        purge.outputs = []
        return purge
    }()

    /// What a step changes, and what its undo needs.
    static func change(_ step: PlannedStep) -> (changes: [Change], undo: JSON) {
        let server = step.with["server"]?.string ?? ""
        let key = step.with["key"]?.string ?? ""
        switch step.id {
        case registerSecondary, registerPrimary:
            return ([Change(path: "\(server)/keys", from: nil, to: key)], ["registered": true])
        case protectSecondary, protectPrimary:
            let path = "\(server)/encryptionProtector"
            return ([Change(path: path, from: sharedKey, to: key)], ["previousKey": .string(sharedKey)])
        case purge: return ([Change(path: "vaults/testold/keys/shared", from: "2 versions", to: "1 version")], [:])
        default: return ([], [:])
        }
    }
}
