// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import CloudSteps
internal import OracleCloudClient
internal import OracleSteps

extension RotateKey {
    /// Whether the database's key is the very one that is looked at in the vault. A rotation would else be judged by the
    /// versions of another key.
    func keyIsInspected(_ view: KeyedDatabase, _ inputs: Inputs, in home: KeyHome, _ session: OracleSession)
        async throws -> Finding
    {
        guard let id = view.database.encryptionKeyLocationDetails?.azureEncryptionKeyId else {
            return .unmet("\(view.name) has its key \(view.database.keyPlace), not registered with Oracle.")
        }
        guard id == inputs.registeredKey else {
            return .unmet("\(view.name) has the key \(id), not \(inputs.registeredKey).")
        }
        guard home.isAddress(of: inputs.vault) else {
            return .unmet("\(inputs.vaultUri) is not the address of \(inputs.vault.text).")
        }
        return try await session.reading("The registered key \(id), or its vault,") { () throws(OracleError) in
            let key = try await session.oracle.multicloud.key(id)
            guard key.isNamed(inputs.key) else {
                return .unmet("\(view.name) has the key \(key.nameInAzure ?? id.text), not \(inputs.key).")
            }
            guard let vaultID = key.oracleDbAzureVaultId else {
                return .unverifiable("The registered key \(id) does not name its vault.")
            }
            let found = try await session.oracle.multicloud.vault(vaultID).value.isVery(inputs.vault)
            return found.isMet ? .met("\(view.name) has its key as \(inputs.key) in \(inputs.vault.text).") : found
        }
    }
}

extension KeyHome {
    /// Within one kind a name is the world's, and it is the first part of the address.
    fileprivate func isAddress(of vault: AzureVaultName) -> Bool {
        name.lowercased() == vault.name.lowercased() && (kind == .managedHSM) == (vault.type == "managedHSMs")
    }
}
