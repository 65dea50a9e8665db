// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

/// Makes the vault that holds the databases' keys, brings a deleted one back, or takes one that is there as it is.
struct SetUpKeyVault: ReversibleStep {
    static let name = "key-vault"
    static let definition = PackageResources.key_vault_yaml

    struct Inputs: Decodable, Sendable {
        let vault: ResourceID
        let location: String
        let tier: VaultWish.Tier
        let retentionDays: Int64
        let publicAccess: Bool
    }

    struct Outputs: Hashable, Codable, Sendable {
        let vault: ResourceID
        let vaultUri: String
        let tier: String
    }

    struct Undo: Hashable, Codable, Sendable {
        let vaultName: String
        let resourceGroup: String
        let origin: Origin
        let mark: Mark
        /// Only of what was recovered: the answer said that it was this step's doing.
        var isConfirmed = false
        var operation: LongRunningOperation?
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let place = VaultPlace(inputs, session)
            return [
                try await place.fits().condition("vault-fits"),
                try await place.nameIsFree().condition("vault-name-free"),
            ]
        }
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await AzureSession.run(context) { session in
            let place = VaultPlace(inputs, session)
            let undo = try context.recordedUndo(as: Undo.self)
            if let why = try await session.unsettled(undo?.operation) { return .unknown(why: why) }
            let path = "vaults/\(inputs.vault.name)"
            let wanted = "\(inputs.tier.rawValue) in \(foldedLocation(inputs.location))"
            guard let vault = try await place.vault() else {
                let deleted = try await place.deleted()
                let change = Change(path, from: deleted == nil ? nil : "deleted", to: wanted)
                guard let deleted, undo?.origin == .created else { return .needed([change]) }
                return .absent([change], remains: Self.remains(deleted))
            }
            if vault.isBeingMade { return .unknown(why: "\(vault.name) is still being made.") }
            let faults = place.faults(of: vault)
            guard faults.isEmpty else {
                return .partial([Change(path, from: vault.summary, to: wanted)], why: faults.joined(separator: " "))
            }
            return .satisfied(try outputs(vault))
        }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await AzureSession.run(context, reads: false) { session in
            let place = VaultPlace(inputs, session)
            if let vault = try await place.vault() {
                let faults = place.faults(of: vault)
                guard faults.isEmpty else { throw place.refusal(faults) }
                return try outputs(vault)
            }
            let isDeleted = try await place.deleted() != nil
            var undo = Undo(
                vaultName: inputs.vault.name, resourceGroup: inputs.vault.resourceGroup ?? "",
                origin: isDeleted ? .recovered : .created, mark: Mark(context))
            try await gate.begin(undo: undo)
            context.progress("\(isDeleted ? "recovering" : "making") the vault \(inputs.vault.name)")
            try await place.make(undo.origin, undo.mark) { operation in
                undo.operation = operation
                try await gate.begin(undo: undo)
            }
            if isDeleted {
                undo.isConfirmed = true
                try await gate.begin(undo: undo)
            }
            return try await afterEffect {
                guard let vault = try await place.settled(isThere: true) else { throw place.notShown }
                let faults = place.faults(of: vault)
                guard faults.isEmpty else { throw place.refusal(faults) }
                return try outputs(vault)
            }
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let place = VaultPlace(inputs, session)
            guard let vault = try await place.settled(isThere: true) else {
                return Finding.unmet("There is no vault \(inputs.vault.name).").conditions(["vault-ready"])
            }
            try context.evidence("vault", VaultEntry(vault))
            let faults = place.faults(of: vault)
            let finding: Finding =
                faults.isEmpty ? .met("\(vault.name) is \(vault.summary).") : .unmet(faults.joined(separator: " "))
            return [finding.condition("vault-ready", evidence: ["vault", "requests"])]
        }
    }

    private func outputs(_ vault: Vault) throws -> Outputs {
        guard let uri = vault.properties.vaultUri else {
            throw StepError.permanent("azure.answer", "\(vault.name) does not tell its address.")
        }
        return Outputs(vault: vault.id, vaultUri: uri, tier: vault.properties.sku?.name.lowercased() ?? "")
    }
}
