// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

extension OracleSession {
    /// Whether the keys of Azure that these databases open with are enabled. That the nodes get at the vault says nothing of the
    /// key, and an instance that is open hides it.
    func keysUsable(_ ids: [OracleID], _ view: DataGuardView, _ context: StepContext) async throws -> Finding {
        var found: [Finding] = []
        for database in ids.compactMap(view.database)
        where database.encryptionKeyLocationDetails?.providerType == "AZURE" {
            guard let key = database.encryptionKeyLocationDetails?.azureEncryptionKeyId else {
                found.append(.unverifiable("\(database.label) has its key in Azure, and the service does not name it."))
                continue
            }
            guard context.hasConnection("azure") else {
                let why =
                    "The environment has no section azure, by which its vault could be asked whether it is enabled."
                return .unverifiable("\(database.label) has its key in Azure. \(why)")
            }
            guard let (name, vault) = try await place(of: key) else {
                found.append(.unverifiable("Oracle does not tell which key of which vault \(database.label) has."))
                continue
            }
            found.append(
                try await AzureSession.run(context) { session in try await session.keyIsUsable(name, in: vault) })
        }
        return .all(found, none: "None of them has its key in Azure.")
    }

    /// The key's name, and its vault. Oracle may tell the vault's name alone, by which its address is known.
    private func place(of id: OracleID) async throws -> (String, ResourceID)? {
        let key = try await oracle.multicloud.key(id)
        guard let name = key.nameInAzure, let holder = key.oracleDbAzureVaultId else { return nil }
        let vault = try await oracle.multicloud.vault(holder).value
        guard let told = vault.azureVaultId else { return nil }
        if told.hasPrefix("/") { return ResourceID(told).map { (name, $0) } }
        let kind = vault.type?.lowercased().hasSuffix("managedhsms") == true ? "managedHSMs" : "vaults"
        let group = vault.oracleDbAzureResourceGroup ?? "unknown"
        return ResourceID(
            "/subscriptions/unknown/resourceGroups/\(group)/providers/Microsoft.KeyVault/\(kind)/\(told)"
        ).map { (name, $0) }
    }
}
