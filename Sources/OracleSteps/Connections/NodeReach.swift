// SPDX-License-Identifier: Apache-2.0

package import CloudSteps
package import MusterModel
package import OracleCloudClient

/// How a cluster's nodes stand to a registered vault and a key of it, read at one go.
package struct NodeReach: Encodable, Sendable {
    package var cluster: CloudVMCluster?
    package var connector: IdentityConnector
    package var association: VaultAssociation?
    package var key: RegisteredKey?

    package init(
        cluster: CloudVMCluster?, connector: IdentityConnector, association: VaultAssociation?, key: RegisteredKey?
    ) {
        self.cluster = cluster
        self.connector = connector
        self.association = association
        self.key = key
    }

    private var nodes: [String] { (connector.arcAgentNodes ?? []).compactMap(\.hostName) }

    /// The service tells it of all nodes at once.
    private var identities: String {
        "the identities of \(connector.label)" + (nodes.isEmpty ? "" : " (\(nodes.joined(separator: ", ")))")
    }

    package var connected: Finding { connector.isConnected(nodes: cluster?.nodeCount) }

    package var nodesConnected: Finding { .all([connector.isActive, connected], none: "") }

    /// By use: Oracle tries it with the identities.
    package var lettingIn: Finding {
        guard let association else { return .unmet("The vault is not associated with \(connector.label).") }
        switch association.isResourceAccessible {
        case true?: return .met("The vault lets in \(identities).")
        case false?: return .unmet("Not all of \(identities) get at the vault.")
        case nil: return .unverifiable("The service does not say whether \(connector.label) gets at the vault.")
        }
    }

    package var keyStoreOn: Finding {
        let name = cluster?.label ?? "The cluster"
        return cluster?.tdeKeyStoreType == "AZURE"
            ? .met("\(name) has the Azure key store on.")
            : .unmet("The key store of \(name) is \(cluster?.tdeKeyStoreType ?? "none").")
    }

    /// An agent that was lost meanwhile is shown as connected until the service looks again.
    package func isFresh(within limit: Duration, _ now: Timestamp) -> Finding {
        let told = (connector.arcAgentNodes ?? []).map { ($0.hostName ?? "a node", $0.timeLastChecked) }
        return .all(
            told.map { node, text in
                guard let moment = text.flatMap(Timestamp.init) else {
                    return .unverifiable("The service does not say when it looked at \(node).")
                }
                let age = now.duration(since: moment)
                return age <= limit
                    ? .met("\(node) was looked at \(max(age, .zero).readable) ago.")
                    : .unverifiable("\(node) was looked at \(age.readable) ago, longer than \(limit.readable).")
            }, none: "No node is listed.")
    }

    package func knowsKey(of vault: OracleID) -> Finding {
        guard let key else { return .unmet("No such key is known in \(vault).") }
        let name = key.displayName ?? key.id.text
        guard key.oracleDbAzureVaultId == vault else { return .unmet("The key \(name) is of another vault.") }
        let state = key.lifecycleState ?? Lifecycle.active
        return state == Lifecycle.active ? .met("The key \(name) is known.") : .unmet("The key \(name) is \(state).")
    }
}
