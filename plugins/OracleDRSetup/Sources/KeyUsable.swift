// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Shows in the vault that a registered key can be used. That nodes get at a vault says nothing of the key: a database opens
/// with a key that is enabled and in its time, and an open instance hides that it is not.
struct KeyUsable: ProofStep {
    static let name = "key-usable"
    static let definition = PackageResources.key_usable_yaml

    struct Inputs: Decodable, Sendable {
        let vault: ResourceID
        let registeredKey: OracleID
        let key: String?
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            [
                try await vaultFits(inputs, session).condition("vault-as-named"),
                try await nameFits(inputs, session).condition("key-as-named"),
            ]
        }
    }

    private func vaultFits(_ inputs: Inputs, _ session: OracleSession) async throws -> Finding {
        guard let vault = AzureVaultName(inputs.vault.text) else {
            return .unmet("\(inputs.vault) is neither a vault nor a Managed HSM.")
        }
        return try await session.reading("The registered key \(inputs.registeredKey), or its vault,") {
            () throws(OracleError) in
            guard let holder = try await session.oracle.multicloud.key(inputs.registeredKey).oracleDbAzureVaultId else {
                return .unverifiable("The registered key \(inputs.registeredKey) does not name its vault.")
            }
            return try await session.oracle.multicloud.vault(holder).value.isVery(vault)
        }
    }

    private func nameFits(_ inputs: Inputs, _ session: OracleSession) async throws -> Finding {
        try await session.reading("The registered key \(inputs.registeredKey)") { () throws(OracleError) in
            let key = try await session.oracle.multicloud.key(inputs.registeredKey)
            guard let name = key.nameInAzure else {
                return .unverifiable("The registered key \(inputs.registeredKey) does not tell its name in Azure.")
            }
            guard let wanted = inputs.key, !key.isNamed(wanted) else { return .met("The registered key is \(name).") }
            return .unmet("The registered key is \(name), not \(wanted).")
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        let name = try await OracleSession.run(context) { session in
            try await session.oracle.multicloud.key(inputs.registeredKey).nameInAzure
        }
        guard let name else {
            return [Finding.unverifiable("Oracle does not tell the key's name in Azure.").condition("key-usable")]
        }
        return try await AzureSession.run(context) { session in
            [try await session.keyIsUsable(name, in: inputs.vault).condition("key-usable")]
        }
    }
}
