// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterModel
internal import MusterPlugin

extension SetUpKey {
    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let ids = ["undo-key-ours", "undo-key-unused", "undo-key-without-database"]
            guard let home = try await KeyPlace.read(inputs.vault, session).home,
                let versions = try await versions(undo, home, session)
            else {
                return Finding.met("\(undo.keyName) is gone already.").conditions(ids)
            }
            return try await conditions(inputs, undo, versions, home, session, context)
        }
    }

    private func conditions(
        _ inputs: Inputs, _ undo: Undo, _ versions: [VaultKeyVersion], _ home: KeyHome, _ session: AzureSession,
        _ context: StepContext
    ) async throws -> [Condition] {
        [
            try await ownership(undo, versions, home, session).condition("undo-key-ours"),
            isUnused(undo, versions).condition("undo-key-unused"),
            try await users(inputs, context).condition("undo-key-without-database"),
        ]
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await AzureSession.run(context, reads: false) { session in
            guard let home = try await KeyPlace.read(inputs.vault, session).home,
                let versions = try await versions(undo, home, session)
            else { return }
            let found = try await conditions(inputs, undo, versions, home, session, context)
            try found.demandMet(
                "undo-key-ours", code: "oracle-dr-setup.not-ours",
                remedy: "To leave the key does no harm; else delete it by hand.")
            try found.demandMet(
                code: "oracle-dr-setup.key-in-use",
                remedy: "Keep the key: a database that loses it can't open its data any more.")
            try await gate.begin(undo: undo)
            context.progress("deleting the key \(undo.keyName); it can be recovered")
            try await session.azure.keyVault.delete(undo.keyName, in: home)
            _ = try await afterEffect { try await shown(undo.keyName, isThere: false, home, session) }
        }
    }

    /// Of one that this run made and deleted again: no undo frees its name.
    static func remains(_ deleted: DeletedVaultKey, _ inputs: Inputs) -> String {
        let date = deleted.scheduledPurgeDate.map { Timestamp(milliseconds: $0 * 1000).description }
        return "The key \(inputs.key) lies deleted in \(inputs.vault.name) and can be recovered; its name stays taken "
            + untilPurged(date)
    }

    /// Nil when there is no such key.
    private func versions(_ undo: Undo, _ home: KeyHome, _ session: AzureSession) async throws -> [VaultKeyVersion]? {
        guard try await session.azure.keyVault.key(undo.keyName, in: home) != nil else { return nil }
        return try await session.azure.keyVault.versions(of: undo.keyName, in: home)
    }

    private func ownership(
        _ undo: Undo, _ versions: [VaultKeyVersion], _ home: KeyHome, _ session: AzureSession
    ) async throws -> Finding {
        if undo.origin == .recovered {
            return undo.isConfirmed
                ? .met("This run recovered \(undo.keyName).")
                : .unmet("Whether this run recovered \(undo.keyName) is not known. It is left alone.")
        }
        guard let first = versions.first.flatMap({ KeyIdentifier($0.kid) }) else {
            return .unverifiable("The versions of \(undo.keyName) do not tell their ids.")
        }
        let key = try await session.azure.keyVault.key(first)
        return undo.mark.isIn(key.tags)
            ? .met("This run made \(undo.keyName).")
            : .unmet("\(undo.keyName) does not bear this run's mark: somebody else may have made it. It is left alone.")
    }

    /// Oracle's side makes a version when it takes the key into use or rotates it.
    private func isUnused(_ undo: Undo, _ versions: [VaultKeyVersion]) -> Finding {
        versions.count <= undo.versions
            ? .met("\(undo.keyName) has no version that this run does not know.")
            : .unmet("\(undo.keyName) has \(versions.count) versions by now: a database has taken it into use.")
    }
}
