// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// The way back: only a connector that the run made is deleted, with its Arc machines.
extension MakeConnector {
    /// What an earlier attempt has made is this run's as well.
    static func undo(_ view: ConnectorView, _ inputs: Inputs, _ mark: Mark, after earlier: Undo?) -> Undo {
        let isOurs = earlier.flatMap { made(view, $0) }.map { $0.id == view.connector?.id } ?? false
        return Undo(
            clusterName: view.cluster.displayName, resourceGroup: inputs.resourceGroup,
            isMade: view.connector == nil || isOurs, mark: mark, connector: view.connector?.id,
            byHand: byHand(view.connector?.id.text ?? "CONNECTOR"))
    }

    static func byHand(_ connector: String) -> String {
        "oci dbmulticloud oracle-db-azure-connector delete --oracle-db-azure-connector-id \(connector)"
    }

    static func outputs(_ connector: IdentityConnector) -> Outputs {
        let nodes = (connector.arcAgentNodes ?? []).compactMap(\.hostName).sorted()
        let group =
            "/subscriptions/\(connector.azureSubscriptionId ?? "")/resourceGroups/\(connector.azureResourceGroup ?? "")"
        return Outputs(
            connector: connector.id, nodes: nodes,
            machines: nodes.map { "\(group)/providers/Microsoft.HybridCompute/machines/\($0)" })
    }

    static func state(_ connector: IdentityConnector) -> String {
        "\(connector.lifecycleState ?? "UNKNOWN"), \(connector.azureIdentityConnectivityStatus ?? "UNKNOWN")"
    }

    /// The view once nothing is in progress, where an earlier attempt may have begun something.
    static func settled(
        _ inputs: Inputs, _ waits: Bool, _ session: OracleSession, _ context: StepContext
    ) async throws -> ConnectorView {
        try await session.settled(waits: waits, context) {
            try await ConnectorView.read(inputs.cluster, in: inputs.compartment, session)
        } busy: { view in
            view.connectors.first(where: \.isBusy).map {
                "the connector \($0.label), which is \($0.lifecycleState ?? "busy")"
            }
        }
    }

    /// The connector that the run made; nil when it is gone.
    static func made(_ view: ConnectorView, _ undo: Undo) -> IdentityConnector? {
        guard undo.isMade else { return nil }
        if let id = undo.connector { return view.connectors.first { $0.id == id } }
        // The answer was lost: what this run made bears its mark, and anything else is somebody else's.
        return view.connectors.first { undo.mark.isIn($0.freeformTags) }
    }

    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let ids = ["undo-connector-unused", "undo-key-store-off", "undo-connector-idle"]
            guard undo.isMade else {
                return Finding.met("The connector was there before, and stays.").conditions(ids, evidence: [])
            }
            if let why = try await session.unsettled(undo.operation, context) {
                return Finding.unverifiable(why).conditions(ids)
            }
            let view = try await Self.settled(inputs, true, session, context)
            try context.evidence("connector", view)
            guard let connector = Self.made(view, undo) else {
                return Finding.met("There is no connector that this run made.").conditions(ids)
            }
            return try await conditions(connector, view.cluster, inputs, session)
        }
    }

    private func conditions(
        _ connector: IdentityConnector, _ cluster: CloudVMCluster, _ inputs: Inputs, _ session: OracleSession
    ) async throws -> [Condition] {
        let used = try await session.oracle.multicloud
            .associations(ofConnector: connector.id, in: inputs.compartment).filter(\.isLive)
        let names = used.map { $0.displayName ?? $0.id.text }.joined(separator: ", ")
        return [
            (used.isEmpty
                ? Finding.met("No vault is associated with \(connector.label).")
                : .unmet("Vaults are associated with \(connector.label): \(names)."))
                .condition("undo-connector-unused"),
            (cluster.tdeKeyStoreType == "AZURE"
                ? Finding.unmet("\(cluster.label) has the Azure key store on.")
                : .met("\(cluster.label) has no Azure key store.")).condition("undo-key-store-off"),
            (connector.isBusy
                ? Finding.unmet("\(connector.label) is \(connector.lifecycleState ?? "busy").")
                : .met("Nothing is in progress on \(connector.label).")).condition("undo-connector-idle"),
        ]
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await OracleSession.run(context, reads: false) { session in
            if let why = try await session.unsettled(undo.operation, context) {
                throw StepError.retryable("connector.unsettled", why)
            }
            let view = try await Self.settled(inputs, true, session, context)
            guard let connector = Self.made(view, undo), connector.lifecycleState != "DELETED" else {
                // Nothing is to be done, and that it was done can be seen from nothing but this record.
                var undo = undo
                undo.isUndone = true
                return try await gate.begin(undo: undo)
            }
            try await conditions(connector, view.cluster, inputs, session).demandMet(
                code: "connector.in-use", remedy: "Undo what stands on the connector first, or leave it.")
            let read = try await session.oracle.multicloud.connector(connector.id)
            var undo = undo
            undo.operation = nil
            try await gate.begin(undo: undo)
            context.progress("deleting the connector \(connector.label) and its Arc machines")
            let operation = try await session.oracle.multicloud.delete(read)
            undo.operation = operation
            try await gate.begin(undo: undo)
            try await session.afterEffect {
                let end = try await session.follow(operation, context)
                let after = try await Self.settled(inputs, true, session, context)
                guard Self.made(after, undo) == nil else {
                    throw StepError.unknownOutcome(
                        "connector.not-deleted",
                        "The connector \(connector.label) is still there. \(end.failure ?? "The service gives no reason.")",
                        remedy: "Look at the connector in Oracle's console; delete it there or resume.")
                }
            }
        }
    }
}
