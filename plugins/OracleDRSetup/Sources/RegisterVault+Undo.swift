// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// The way back: only a vault that the run registered is forgotten, with the association that came by itself. The vault in
/// Azure and its keys stay.
extension RegisterVault {
    /// What an earlier attempt has registered, or searched with, is this run's as well.
    static func undo(_ view: View, _ inputs: Inputs, _ mark: Mark, after earlier: Undo?) -> Undo {
        let isOurs = earlier.flatMap { made(view, $0) }.map { $0.id == view.vault?.id } ?? false
        return Undo(
            vaultName: inputs.vault.name, isMade: view.vault == nil || isOurs, mark: mark, vault: view.vault?.id,
            discovery: earlier?.discovery, byHand: byHand(view.vault?.id.text ?? "VAULT"))
    }

    /// The vault that the run registered; nil when it is gone.
    static func made(_ view: View, _ undo: Undo) -> RegisteredVault? {
        guard undo.isMade else { return nil }
        // Where the answer was lost, what this run registered bears its mark, and anything else is somebody else's.
        guard let id = undo.vault else { return view.vaults.first { undo.mark.isIn($0.freeformTags) } }
        return view.vaults.first { $0.id == id }
    }

    /// No request takes a key out of a registration that stays.
    static let staysListed =
        "The vault was registered before, and stays. Oracle goes on listing the keys that it read there, one that this run had it read "
        + "as well, until it reads the vault anew."

    private func live(
        _ vault: OracleID, _ inputs: Inputs, _ session: OracleSession
    ) async throws -> [VaultAssociation] {
        try await session.oracle.multicloud.associations(of: vault, in: inputs.compartment)
            .filter { $0.lifecycleState != "DELETED" }
    }

    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let ids = ["undo-no-database-uses-it", "undo-no-other-connector", "undo-no-replica"]
            guard undo.isMade else {
                return Finding.met(Self.staysListed).conditions(ids, evidence: [])
            }
            if let why = try await session.unsettled(undo.operation, context) {
                return Finding.unverifiable(why).conditions(ids)
            }
            let view = try await Self.settled(inputs, true, session, context)
            guard let vault = Self.made(view, undo) else {
                return Finding.met("This run has registered no \(inputs.vault.name) that is there.").conditions(ids)
            }
            return try await conditions(vault, inputs, session)
        }
    }

    private func conditions(
        _ vault: RegisteredVault, _ inputs: Inputs, _ session: OracleSession
    ) async throws -> [Condition] {
        let others = try await live(vault.id, inputs, session)
            .filter { $0.oracleDbAzureConnectorId != inputs.connector && $0.isLive }
        let replicas = (vault.replicationMetadata?.replicationDetails ?? [])
            .filter { $0.replicationState != "DELETED" }
        return [
            try await session.keyUsers(of: inputs.connector).condition("undo-no-database-uses-it"),
            (others.isEmpty
                ? Finding.met("No other connector uses it.")
                : .unmet(
                    "It is associated with other connectors: \(others.map(\.id.text).joined(separator: ", "))."))
                .condition("undo-no-other-connector"),
            (replicas.isEmpty
                ? Finding.met("It is not replicated.")
                : .unmet("It is replicated to \(replicas.compactMap(\.targetRegion).joined(separator: ", "))."))
                .condition("undo-no-replica"),
        ]
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: Gate) async throws {
        try await OracleSession.run(context, reads: false) { session in
            if let why = try await session.unsettled(undo.operation, context) {
                throw StepError.retryable("vault.unsettled", why)
            }
            let view = try await Self.settled(inputs, true, session, context)
            var undo = undo
            undo.operation = nil
            try await forgetSearch(&undo, session, context, gate)
            guard let vault = Self.made(view, undo) else {
                // Nothing is to be done, and that it was done can be seen from nothing but this record.
                if !undo.isMade {
                    context.progress(Self.staysListed)
                    try context.evidence("still-listed", ["vault": undo.vaultName, "says": Self.staysListed])
                }
                undo.isUndone = true
                return try await gate.begin(undo: undo)
            }
            try await conditions(vault, inputs, session).demandMet(
                code: "vault.in-use", remedy: "Leave it as long as a database, a connector or a replica uses it.")
            try await gate.begin(undo: undo)
            context.progress("forgetting the vault \(vault.label)")
            try await session.afterEffect {
                for association in try await live(vault.id, inputs, session)
                where association.oracleDbAzureConnectorId == inputs.connector && !association.isBusy {
                    let read = try await session.oracle.multicloud.association(association.id)
                    _ = try await session.follow(try await session.oracle.multicloud.delete(read), context)
                }
                let operation = try await session.oracle.multicloud.delete(
                    try await session.oracle.multicloud.vault(vault.id))
                undo.operation = operation
                try await gate.begin(undo: undo)
                let end = try await session.follow(operation, context)
                let after = try await Self.settled(inputs, true, session, context)
                guard Self.made(after, undo) == nil else {
                    throw StepError.unknownOutcome(
                        "vault.not-forgotten",
                        "\(vault.label) is still registered. \(end.failure ?? "The service gives no reason.")",
                        remedy: "Delete it in Oracle's console, or resume.")
                }
            }
        }
    }

    /// The object that a search which was cut off left behind.
    static func leftSearch(_ undo: Undo, _ session: OracleSession) async throws -> Tagged<VaultDiscovery>? {
        guard let id = undo.discovery else { return nil }
        do throws(OracleError) {
            let read = try await session.oracle.multicloud.discovery(id)
            return read.value.lifecycleState == "DELETED" ? nil : read
        } catch {
            // Missing or hidden: the run itself has deleted it, or nothing can be done about it.
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    private func forgetSearch(
        _ undo: inout Undo, _ session: OracleSession, _ context: StepContext, _ gate: Gate
    ) async throws {
        guard let read = try await Self.leftSearch(undo, session) else { return }
        try await gate.begin(undo: undo)
        let operation = try await session.oracle.multicloud.delete(read)
        try await session.afterEffect { _ = try await session.follow(operation, context) }
        undo.discovery = nil
    }
}
