// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudHTTP
internal import CloudSteps
internal import MusterPlugin

/// A vault as it is wanted, and what lies at its place.
struct VaultPlace {
    let inputs: SetUpKeyVault.Inputs
    let session: AzureSession

    init(_ inputs: SetUpKeyVault.Inputs, _ session: AzureSession) {
        self.inputs = inputs
        self.session = session
    }

    private var vaults: VaultOperations { session.azure.vaults }
    private var tenant: String { session.azure.connection.tenant }

    func vault() async throws(AzureError) -> Vault? { try await vaults.vaultIfAny(inputs.vault) }

    func deleted() async throws(AzureError) -> SoftDeletedResource? {
        try await vaults.deletedVault(inputs.vault, location: inputs.location)
    }

    func make(
        _ origin: Origin, _ mark: Mark, started: (LongRunningOperation) async throws -> Void
    ) async throws {
        guard origin == .created else {
            return try await vaults.recover(
                inputs.vault, location: inputs.location, tenant: tenant, tier: inputs.tier, started: started)
        }
        var wish = VaultWish(
            location: inputs.location, tenant: tenant, tier: inputs.tier, retentionDays: inputs.retentionDays,
            publicAccess: inputs.publicAccess)
        wish.tags = mark.tags
        try await vaults.create(inputs.vault, wish, started: started)
    }

    /// Looks until the vault is made, or gone, as reads may show for a while what was before.
    func settled(isThere: Bool) async throws -> Vault? {
        let end = Deadline(after: .seconds(300), from: session.time)
        while true {
            let found = try await vault()
            if (found != nil) == isThere, !(found?.isBeingMade ?? false) { return found }
            guard end.remaining(session.time) > .zero, await session.time.pause(.seconds(5)) else { return found }
        }
    }

    /// What speaks against a vault that is there. It is never changed: others may use it.
    func faults(of vault: Vault) -> [String] {
        var faults: [String] = []
        if let location = vault.location, foldedLocation(location) != foldedLocation(inputs.location) {
            faults.append("\(vault.name) lies in \(location), not in \(inputs.location).")
        }
        if inputs.tier == .premium, vault.properties.sku?.name.lowercased() != "premium" {
            faults.append("\(vault.name) is of the tier \(vault.properties.sku?.name ?? "that it does not tell").")
        }
        if !vault.usesRoles { faults.append("\(vault.name) goes by access policies, so roles give no access to it.") }
        if !vault.isProtectedFromPurge {
            faults.append("\(vault.name) lacks soft delete or purge protection, so a key can be lost for good.")
        }
        if let other = vault.properties.tenantId, isID(tenant), other.lowercased() != tenant.lowercased() {
            faults.append("\(vault.name) belongs to the tenant \(other).")
        }
        return faults
    }

    /// A connection may name its tenant by a domain, which says nothing about the id.
    private func isID(_ tenant: String) -> Bool { RequestID.isUUID(tenant.lowercased()) }

    func fits() async throws -> Finding {
        switch try await attempt({ () throws(AzureError) in try await vault() }) {
        case .failure(let error): return .unverifiable("\(inputs.vault.name) could not be read: \(error)")
        case .success(nil): return .met("There is no vault \(inputs.vault.name) yet; it will be made.")
        case .success(let vault?):
            let faults = faults(of: vault)
            return faults.isEmpty
                ? .met("\(vault.name) is there and \(vault.summary).") : .unmet(faults.joined(separator: " "))
        }
    }

    func nameIsFree() async throws -> Finding {
        switch try await attempt({ () throws(AzureError) in try await deleted() }) {
        case .failure(let error): return .unverifiable("Deleted vaults could not be read: \(error)")
        case .success(nil): return .met("No deleted vault of \(inputs.location) holds the name.")
        case .success(let deleted?):
            guard deleted.formerID == inputs.vault else {
                return .unmet(
                    "The deleted vault \(deleted.formerID?.text ?? deleted.name) holds the name until "
                        + "\(deleted.properties.scheduledPurgeDate ?? "it is purged").")
            }
            return .met("\(deleted.name) lies deleted, and will be recovered with its keys.")
        }
    }

    func refusal(_ faults: [String]) -> StepError {
        .permanent(
            "oracle-dr-setup.vault-does-not-fit", faults.joined(separator: " "),
            remedy: "Have the vault's owner change it, or choose another name and make a new plan.")
    }

    var notShown: StepError {
        .unknownOutcome(
            "oracle-dr-setup.vault-not-shown", "\(inputs.vault.name) was made and is not shown.",
            remedy: "Wait a minute, then observe the step again.")
    }
}

extension Vault {
    var isBeingMade: Bool { properties.provisioningState.map { $0 != "Succeeded" } ?? false }

    /// Such as `premium in eastus`.
    var summary: String {
        "\(properties.sku?.name.lowercased() ?? "a vault") in \(location.map(foldedLocation) ?? "?")"
    }
}

/// What the record keeps of a vault.
struct VaultEntry: Encodable {
    let id: String
    let location: String?
    let tier: String?
    let usesRoles: Bool
    let isProtectedFromPurge: Bool
    let publicNetworkAccess: String?
    let retentionDays: Int64?

    init(_ vault: Vault) {
        id = vault.id.text
        location = vault.location
        tier = vault.properties.sku?.name
        usesRoles = vault.usesRoles
        isProtectedFromPurge = vault.isProtectedFromPurge
        publicNetworkAccess = vault.properties.publicNetworkAccess
        retentionDays = vault.properties.softDeleteRetentionInDays
    }
}
