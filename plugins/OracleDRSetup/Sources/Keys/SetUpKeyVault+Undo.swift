// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

extension SetUpKeyVault {
    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let place = VaultPlace(inputs, session)
            let ids = ["undo-vault-ours", "undo-vault-empty"]
            if let why = try await session.unsettled(undo.operation) {
                return Finding.unverifiable(why).conditions(ids)
            }
            guard let vault = try await place.vault() else {
                return Finding.met("\(undo.vaultName) is gone already.").conditions(ids)
            }
            return try await conditions(vault, undo, session)
        }
    }

    private func conditions(_ vault: Vault, _ undo: Undo, _ session: AzureSession) async throws -> [Condition] {
        [
            ownership(vault, undo).condition("undo-vault-ours"),
            try await KeyContents.finding(
                vault.properties.vaultUri, isSealed: vault.isSealed && undo.origin == .created, session
            ).condition("undo-vault-empty"),
        ]
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await AzureSession.run(context, reads: false) { session in
            let place = VaultPlace(inputs, session)
            if let why = try await session.unsettled(undo.operation) {
                throw StepError.retryable("oracle-dr-setup.still-running", why)
            }
            guard let vault = try await place.vault() else { return }
            let found = try await conditions(vault, undo, session)
            try found.demandMet(
                "undo-vault-ours", code: "oracle-dr-setup.not-ours",
                remedy: "To leave the vault does no harm; else delete it by hand.")
            try found.demandMet(
                code: "oracle-dr-setup.vault-in-use", remedy: "Undo what uses the keys first, or keep the vault.")
            try await gate.begin(undo: undo)
            context.progress(
                "deleting the vault \(undo.vaultName): it can be recovered, and keeps its name until its retention "
                    + "is over")
            try await session.azure.vaults.delete(vault.id)
            _ = try await afterEffect { try await place.settled(isThere: false) }
        }
    }

    /// Of one that this run made and deleted again: no undo frees its name.
    static func remains(_ deleted: SoftDeletedResource) -> String {
        "The vault \(deleted.name) lies deleted and can be recovered; its name stays taken "
            + untilPurged(deleted.properties.scheduledPurgeDate)
    }

    private func ownership(_ vault: Vault, _ undo: Undo) -> Finding {
        let isOurs = undo.origin == .created ? undo.mark.isIn(vault.tags) : undo.isConfirmed
        return isOurs
            ? .met("This run \(undo.origin.rawValue) \(vault.name).")
            : .unmet("\(vault.name) does not bear this run's mark: somebody else may have made it. It is left alone.")
    }
}

/// Purge protection leaves nobody a way to do it sooner.
func untilPurged(_ date: String?) -> String {
    "until it is purged" + (date.map { ", which is due at \($0)." } ?? ", when its retention is over.")
}

/// What a vault still holds, for whoever is about to delete it.
enum KeyContents {
    /// One that this run recovered may hold the keys that it had before: since it is there again, a database may use
    /// them again, so they keep it as any others do.
    ///
    /// - Parameter isSealed: whether this run made it, and nothing gets at its keys: nobody can list them then, nor use one.
    static func finding(_ uri: String?, isSealed: Bool, _ session: AzureSession) async throws -> Finding {
        if isSealed { return .met("It has neither public access nor a private endpoint, so no database gets at it.") }
        let read = try await attempt { () throws(AzureError) in
            try await session.azure.keyVault.keys(in: session.azure.keyVault.home(uri ?? ""))
        }
        switch read {
        case .failure(let error): return .unverifiable("Its keys could not be read: \(error)")
        case .success(let keys):
            let names = keys.compactMap { $0.kid.split(separator: "/").last.map(String.init) }
            return names.isEmpty ? .met("It holds no key.") : .unmet("It holds \(names.joined(separator: ", ")).")
        }
    }
}
