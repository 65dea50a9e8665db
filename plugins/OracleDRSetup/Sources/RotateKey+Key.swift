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
        do throws(OracleError) {
            let key = try await session.oracle.multicloud.key(id)
            guard key.isNamed(inputs.key) else {
                return .unmet(
                    "\(view.name) has the key \(key.azureKeyId ?? key.displayName ?? id.text), not \(inputs.key).")
            }
            guard let vaultID = key.oracleDbAzureVaultId else {
                return .unverifiable("The registered key \(id) does not name its vault.")
            }
            let vault = try await session.oracle.multicloud.vault(vaultID).value
            guard let name = vault.azureName else {
                return .unverifiable("The registered vault \(vault.label) does not tell its name in Azure.")
            }
            return name.lowercased() == home.name.lowercased()
                ? .met("\(view.name) has its key as \(inputs.key) in \(name).")
                : .unmet("\(view.name) has its key in the vault \(name), and \(inputs.vaultUri) is another.")
        } catch {
            try Task.checkCancellation()
            let says = "The registered key \(id) could not be read with its vault: \(error)"
            return error.isNotFound ? .unmet(says) : .unverifiable(says)
        }
    }
}

extension RegisteredVault {
    /// Oracle tells the name alone, or the whole id.
    fileprivate var azureName: String? { azureVaultId?.split(separator: "/").last.map(String.init) }
}
