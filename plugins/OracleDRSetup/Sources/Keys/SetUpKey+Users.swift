// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Whether a database has the key. Its versions alone do not tell, since a database may use the one that it found; and
/// that Oracle knows the key does not tell either, since it reads all keys of a vault that it has registered.
extension SetUpKey {
    func users(_ inputs: Inputs, _ context: StepContext) async throws -> Finding {
        guard let cluster = inputs.cluster, let compartment = inputs.compartment else {
            return .unverifiable(
                "No cluster and compartment are given, so whether a database has \(inputs.key) was not looked up.")
        }
        guard let vault = AzureVaultName(inputs.vault.text) else {
            return .unverifiable("\(inputs.vault) is neither a vault nor a Managed HSM.")
        }
        do {
            return try await OracleSession.run(context) { session in
                try await session.users(of: inputs.key, in: vault, by: cluster, compartment)
            }
        } catch let error as StepError {
            return .unverifiable("Whether a database has \(inputs.key) could not be read: \(error.message)")
        }
    }
}
