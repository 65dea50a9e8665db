// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Making, deleting and recovering vaults.
/// https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults
extension AzureWorld {
    mutating func vaultChange(_ call: Call) throws(AzureError) -> SimulatedResponse {
        call.operation == "Vaults_Delete" ? deleteVault(call) : try putVault(call)
    }

    private mutating func putVault(_ call: Call) throws(AzureError) -> SimulatedResponse {
        let body = try call.jsonBody()
        let properties = body["properties"]
        let existing = try holder(.vault, call)
        if properties?["createMode"]?.string == "recover" {
            return SimulatedResponse(200, json(try recovered(.vault, existing, call)))
        }
        guard let location = body["location"]?.string, let sku = properties?["sku"]?["name"]?.string?.lowercased(),
            ["standard", "premium"].contains(sku), properties?["tenantId"]?.string != nil
        else {
            throw AzureError(400, "BadRequest", "The parameters location, sku and tenantId have to be specified.")
        }
        if existing?.deletedAt != nil { throw Self.softDeletedName(call.name(0)) }
        var vault = existing ?? Vault(name: call.name(0), group: call.path?.group ?? "", location: folded(location))
        try keepPurgeProtection(of: vault, properties, isNew: existing == nil)
        vault.sku = sku
        vault.tags = tags(body)
        // Without the member, versions from 2026-02-01 on make a vault whose access goes by roles.
        vault.roleBased = properties?["enableRbacAuthorization"]?.bool ?? (existing?.roleBased ?? true)
        if existing == nil { vault.keys = [:] }
        applyNetwork(properties, to: &vault)
        state[.vault, vault.name] = vault
        if existing == nil { record("vault.created", vault.name, at: call.at) }
        return SimulatedResponse(existing == nil ? 201 : 200, json(vault))
    }

    /// The vault or HSM of the call's name, in the call's resource group; deleted or not.
    func holder(_ kind: VaultKind, _ call: Call) throws(AzureError) -> Vault? {
        guard let found = state[kind, call.name(0)] else { return nil }
        guard CaselessName(found.group) == CaselessName(call.path?.group ?? "") || found.deletedAt != nil else {
            throw AzureError(
                409, kind == .vault ? "VaultAlreadyExists" : "ManagedHsmAlreadyExists",
                "The name '\(call.name(0))' is already in use.")
        }
        return found
    }

    static func softDeletedName(_ name: String) -> AzureError {
        AzureError(
            409, "ConflictError",
            "A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete. ('\(name)')"
        )
    }

    mutating func recovered(_ kind: VaultKind, _ existing: Vault?, _ call: Call) throws(AzureError) -> Vault {
        guard var vault = existing, vault.deletedAt != nil else {
            throw AzureError(
                404, kind == .vault ? "DeletedVaultNotFound" : "DeletedManagedHsmNotFound",
                "The specified deleted vault '\(call.name(0))' does not exist.")
        }
        vault.deletedAt = nil
        state[kind, vault.name] = vault
        record(kind == .vault ? "vault.recovered" : "managed-hsm.recovered", vault.name, at: call.at)
        return vault
    }

    func keepPurgeProtection(of vault: Vault, _ properties: JSON?, isNew: Bool) throws(AzureError) {
        let wanted = properties?["enablePurgeProtection"]?.bool
        guard !isNew, vault.purgeProtection, wanted == false else { return }
        throw AzureError(
            400, "BadRequest",
            "The property \"enablePurgeProtection\" cannot be set to false. Enabling the purge protection for a vault is an irreversible action."
        )
    }

    mutating func applyNetwork(_ properties: JSON?, to vault: inout Vault) {
        vault.purgeProtection = properties?["enablePurgeProtection"]?.bool ?? false
        vault.retentionDays = properties?["softDeleteRetentionInDays"]?.int.map(Int.init) ?? 90
        vault.publicNetworkAccess = properties?["publicNetworkAccess"]?.string ?? "Enabled"
        vault.defaultAction = properties?["networkAcls"]?["defaultAction"]?.string ?? "Allow"
    }

    private mutating func deleteVault(_ call: Call) -> SimulatedResponse {
        guard let vault = state[.vault, call.name(0)], vault.deletedAt == nil,
            CaselessName(vault.group) == CaselessName(call.path?.group ?? "")
        else { return SimulatedResponse(emptyWith: 204) }
        state[.vault, vault.name]?.deletedAt = call.at
        record("vault.deleted", vault.name, at: call.at)
        return SimulatedResponse(emptyWith: 200)
    }

    func folded(_ location: String) -> String { location.filter { $0 != " " }.lowercased() }
}
