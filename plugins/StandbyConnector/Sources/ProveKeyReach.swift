// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Proves that a cluster's nodes get at a registered vault by themselves. What was granted is not what has an effect: it
/// waits for the second.
struct ProveKeyReach: ReportStep {
    static let name = "prove-key-reach"
    static let definition = PackageResources.prove_key_reach_yaml

    struct Inputs: Decodable, Sendable {
        let connector: OracleID
        let registeredVault: OracleID
        let registeredKey: OracleID
        let compartment: OracleID
        let statusWithin: Span
        let patience: Span
        /// Whose nodes the connector must give their identities.
        let cluster: OracleID?
        let database: OracleID?
        /// The database has the key already.
        let keyInUse: Bool
        let vault: AzureVaultName?
        let keys: [String]
    }

    struct Outputs: Hashable, Codable, Sendable { let isReached: Bool }

    /// Each of the inputs may be sound, and of another cluster: what would be proven is then nothing of this one.
    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            [
                try await session.connectorFits(inputs.connector, cluster: inputs.cluster, database: inputs.database)
                    .condition("connector-of-cluster"),
                try await keyFits(inputs, session).condition("key-of-database"),
                try await vaultFits(inputs, session).condition("vault-as-named"),
                try await keyIsListed(inputs, session).condition("key-listed"),
            ]
        }
    }

    private func keyFits(_ inputs: Inputs, _ session: OracleSession) async throws -> Finding {
        guard inputs.keyInUse else { return .met("No database has to have the key already.") }
        guard let database = inputs.database else { return .unmet("No database is named that has the key.") }
        return try await session.keyFits(inputs.registeredKey, database: database)
    }

    private func vaultFits(_ inputs: Inputs, _ session: OracleSession) async throws -> Finding {
        guard let vault = inputs.vault else { return .met("No vault of Azure is named to be compared.") }
        return try await session.vaultFits(inputs.registeredVault, vault)
    }

    private func keyIsListed(_ inputs: Inputs, _ session: OracleSession) async throws -> Finding {
        if inputs.keys.isEmpty { return .met("No names of keys are given to be compared.") }
        return try await session.reading("The registered key \(inputs.registeredKey)") { () throws(OracleError) in
            let key = try await session.oracle.multicloud.key(inputs.registeredKey)
            let name = key.nameInAzure ?? key.id.text
            return inputs.keys.contains(where: key.isNamed)
                ? .met("The registered key \(name) is among the keys.")
                : .unmet("The registered key \(name) is not among \(inputs.keys.joined(separator: ", ")).")
        }
    }

    func report(_ inputs: Inputs, _ context: StepContext) async throws -> Report<Outputs> {
        try await OracleSession.run(context) { session in
            let view = try await session.wait(within: inputs.patience.duration, context) {
                let view = try await read(inputs, session)
                let missing = [view.connected, view.lettingIn].filter { !$0.isMet }
                return missing.isEmpty
                    ? .done(view)
                    : .notYet(
                        view,
                        "waiting until the nodes get at the vault; roles and memberships take up to hours to have an effect: "
                            + missing.map(\.text).joined(separator: " "))
            }
            try context.evidence("key-reach", view)
            let shown = ["key-reach", "requests"]
            let limit = inputs.statusWithin.duration
            let conditions = [
                view.nodesConnected.condition("nodes-connected", evidence: shown),
                view.isFresh(within: limit, session.time.now).condition("status-fresh", evidence: shown),
                view.lettingIn.condition("vault-accessible", evidence: shown),
                view.knowsKey(of: inputs.registeredVault).condition("key-known", evidence: shown),
                view.keyStoreOn.condition("key-store-on", evidence: shown),
            ]
            return Report(conditions, conditions.allSatisfy { $0.verdict == .met } ? Outputs(isReached: true) : nil)
        }
    }

    private func read(_ inputs: Inputs, _ session: OracleSession) async throws -> NodeReach {
        let multicloud = session.oracle.multicloud
        let connector = try await multicloud.connector(inputs.connector).value
        var cluster: CloudVMCluster?
        if let id = connector.dbClusterResourceId { cluster = try await session.oracle.clusters.cluster(id).value }
        return NodeReach(
            cluster: cluster, connector: connector,
            association: try await multicloud.associations(of: inputs.registeredVault, in: inputs.compartment)
                .first { $0.oracleDbAzureConnectorId == inputs.connector && $0.lifecycleState == Lifecycle.active },
            key: try await multicloud.key(inputs.registeredKey))
    }
}
