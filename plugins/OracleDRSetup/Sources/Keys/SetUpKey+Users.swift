// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Whether Oracle knows the key. Every database that uses it was given it by way of a registered vault, whichever run
/// or person did that; a key's versions alone do not tell, since a database may use the one that it found.
extension SetUpKey {
    func registration(_ inputs: Inputs, _ context: StepContext) async throws -> Finding {
        guard let cluster = inputs.cluster, let compartment = inputs.compartment else {
            return .unverifiable(
                "No cluster and compartment are given, so whether Oracle has registered \(inputs.key) was not looked up."
            )
        }
        do {
            return try await OracleSession.run(context) { session in
                try await registration(inputs, cluster, compartment, session)
            }
        } catch let error as StepError {
            return .unverifiable("Whether Oracle has registered \(inputs.key) could not be read: \(error.message)")
        }
    }

    private func registration(
        _ inputs: Inputs, _ cluster: OracleID, _ compartment: OracleID, _ session: OracleSession
    ) async throws -> Finding {
        guard let name = AzureVaultName(inputs.vault.text) else {
            return .unverifiable("\(inputs.vault) is neither a vault nor a Managed HSM.")
        }
        let multicloud = session.oracle.multicloud
        let vaults = try await multicloud.vaults(in: compartment, regionOf: cluster)
            .filter { $0.isOf(name) && !["DELETED", "FAILED"].contains($0.lifecycleState) }
        for vault in vaults {
            let keys = try await multicloud.keys(of: vault.id, in: compartment)
            guard let key = keys.first(where: { $0.isNamed(inputs.key) && $0.lifecycleState != "DELETED" }) else {
                continue
            }
            return .unmet("Oracle has registered \(inputs.key) as \(key.id), so a database may use it.")
        }
        return .met("Oracle has no registered vault with \(inputs.key) in the compartment.")
    }
}
