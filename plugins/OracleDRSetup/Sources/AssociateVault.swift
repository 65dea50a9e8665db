// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Lets the nodes of another connector use a registered vault. The connector that registered it has that already.
struct AssociateVault: ReversibleStep {
    static let name = "associate-vault"
    static let definition = PackageResources.associate_vault_yaml

    struct Inputs: Decodable, Sendable {
        let registeredVault: OracleID
        let connector: OracleID
        let compartment: OracleID
        let name: String
        let databases: [OracleID]
    }

    struct Outputs: Hashable, Codable, Sendable {
        let association: OracleID
    }

    struct Undo: Hashable, Codable, Sendable {
        let vaultName: String
        let connectorName: String
        let mark: Mark
        var association: OracleID?
        /// Nothing was left to be undone, and so it was.
        var isUndone: Bool?
        var operation: MulticloudOperation?
        var byHand: String
    }

    private struct View: Encodable, Sendable {
        var vault: RegisteredVault
        var connector: IdentityConnector
        /// Those of the two that are not deleted, failed ones among them.
        var associations: [VaultAssociation]
    }

    private func read(_ inputs: Inputs, _ session: OracleSession) async throws -> View {
        let multicloud = session.oracle.multicloud
        return View(
            vault: try await multicloud.vault(inputs.registeredVault).value,
            connector: try await multicloud.connector(inputs.connector).value,
            associations: try await multicloud.associations(of: inputs.registeredVault, in: inputs.compartment)
                .filter { $0.oracleDbAzureConnectorId == inputs.connector && $0.lifecycleState != "DELETED" })
    }

    /// The view once nothing is in progress, where an earlier attempt may have begun something.
    private func settled(
        _ inputs: Inputs, _ waits: Bool, _ session: OracleSession, _ context: StepContext
    ) async throws -> View {
        try await session.settled(waits: waits, context) {
            try await read(inputs, session)
        } busy: { view in
            view.associations.contains(where: \.isBusy) ? "the association of \(view.vault.label)" : nil
        }
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let view = try await read(inputs, session)
            try context.evidence("association", view)
            let shown = ["association", "requests"]
            let isNear = inputs.registeredVault.region == inputs.connector.region
            return [
                view.vault.isActive.condition("vault-active", evidence: shown),
                view.connector.isActive.condition("connector-active", evidence: shown),
                (isNear
                    ? Finding.met("Both are in one region.")
                    : .unmet(
                        "The vault is registered in \(inputs.registeredVault.region?.name ?? "no known region"), "
                            + "the connector is in \(inputs.connector.region?.name ?? "no known region")."))
                    .condition("same-region", evidence: []),
            ]
        }
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await OracleSession.run(context) { session in
            let undo = try context.recordedUndo(as: Undo.self)
            if let why = try await session.unsettled(undo?.operation, context) { return .unknown(why: why) }
            let view = try await settled(inputs, undo != nil, session, context)
            if let busy = view.associations.first(where: \.isBusy) {
                return .unknown(why: "The association \(busy.id) is \(busy.lifecycleState ?? "busy").")
            }
            if undo?.isUndone != true, let found = view.associations.first(where: \.isLive) {
                return .satisfied(Outputs(association: found.id))
            }
            return .needed([Change("\(view.vault.label)/associations/\(view.connector.label)", to: "ACTIVE")])
        }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await OracleSession.run(context, reads: false) { session in
            let view = try await read(inputs, session)
            if let found = view.associations.first(where: \.isLive) { return Outputs(association: found.id) }
            var undo = Undo(
                vaultName: view.vault.label, connectorName: view.connector.label, mark: Mark(context),
                byHand: Self.byHand("ASSOCIATION"))
            try await gate.begin(undo: undo)
            context.progress("associating \(view.vault.label) with \(view.connector.label)")
            let made = try await session.oracle.multicloud.associate(
                inputs.registeredVault, with: inputs.connector, in: inputs.compartment, name: inputs.name,
                tags: undo.mark.tags)
            undo.association = made.association.id
            undo.operation = made.operation
            undo.byHand = Self.byHand(made.association.id.text)
            try await gate.begin(undo: undo)
            return try await session.afterEffect {
                let end = try await session.follow(made.operation, context)
                let after = try await settled(inputs, true, session, context)
                guard after.associations.contains(where: { $0.id == made.association.id && $0.isLive }) else {
                    throw StepError.unknownOutcome(
                        "association.not-made",
                        "\(view.vault.label) was not associated with \(view.connector.label). "
                            + (end.failure ?? "The service gives no reason."),
                        remedy: "Look up the work request in Oracle's console, mend what it names, then resume.")
                }
                return Outputs(association: made.association.id)
            }
        }
    }

    private static func byHand(_ association: String) -> String {
        "oci dbmulticloud oracle-db-azure-vault-association delete --oracle-db-azure-vault-association-id "
            + association
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let view = try await read(inputs, session)
            try context.evidence("association", view)
            let isThere = view.associations.contains { $0.lifecycleState == Lifecycle.active }
            return [
                (isThere
                    ? Finding.met("\(view.vault.label) is associated with \(view.connector.label).")
                    : .unmet("\(view.vault.label) is not associated with \(view.connector.label)."))
                    .condition("association-active", evidence: ["association", "requests"])
            ]
        }
    }

    /// The association that the run made; nil when it is gone.
    private func made(_ view: View, _ undo: Undo) -> VaultAssociation? {
        // Where the answer was lost, what this run made bears its mark, and anything else is somebody else's.
        guard let id = undo.association else { return view.associations.first { undo.mark.isIn($0.freeformTags) } }
        return view.associations.first { $0.id == id }
    }

    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let id = "undo-no-database-uses-it"
            if let why = try await session.unsettled(undo.operation, context) {
                return [Finding.unverifiable(why).condition(id)]
            }
            let view = try await settled(inputs, true, session, context)
            guard made(view, undo) != nil else {
                return [Finding.met("There is no association that this run made.").condition(id)]
            }
            return [try await session.keyUsers(of: inputs.connector, knowing: inputs.databases).condition(id)]
        }
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await OracleSession.run(context, reads: false) { session in
            if let why = try await session.unsettled(undo.operation, context) {
                throw StepError.retryable("association.unsettled", why)
            }
            let view = try await settled(inputs, true, session, context)
            guard let found = made(view, undo) else {
                // That nothing is left to be done can be seen from nothing but this record.
                var undo = undo
                undo.isUndone = true
                return try await gate.begin(undo: undo)
            }
            let users = try await session.keyUsers(of: inputs.connector, knowing: inputs.databases)
            guard users.isMet else {
                throw StepError.permanent(
                    "association.in-use", users.text,
                    remedy: "Leave it as long as a database of the cluster has its key in Azure.")
            }
            let read = try await session.oracle.multicloud.association(found.id)
            var undo = undo
            undo.operation = nil
            try await gate.begin(undo: undo)
            let operation = try await session.oracle.multicloud.delete(read)
            undo.operation = operation
            try await gate.begin(undo: undo)
            try await session.afterEffect {
                let end = try await session.follow(operation, context)
                let after = try await settled(inputs, true, session, context)
                guard made(after, undo) == nil else {
                    throw StepError.unknownOutcome(
                        "association.not-deleted",
                        "The association is still there. \(end.failure ?? "The service gives no reason.")",
                        remedy: "Delete it in Oracle's console, or resume.")
                }
            }
        }
    }
}
