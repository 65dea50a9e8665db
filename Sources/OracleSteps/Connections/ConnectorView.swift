// SPDX-License-Identifier: Apache-2.0

package import CloudSteps
package import OracleCloudClient

/// A VM cluster and the identity connector that it has.
package struct ConnectorView: Sendable, Encodable {
    package var cluster: CloudVMCluster
    package var etag: String?
    /// Those that are not deleted: one, or none.
    package var connectors: [IdentityConnector]

    package static func read(
        _ cluster: OracleID, in compartment: OracleID, _ session: OracleSession
    ) async throws -> ConnectorView {
        let read = try await session.oracle.clusters.cluster(cluster)
        let connectors = try await session.oracle.multicloud.connectors(of: cluster, in: compartment)
        return ConnectorView(
            cluster: read.value, etag: read.etag, connectors: connectors.filter { $0.lifecycleState != "DELETED" })
    }

    /// The one that counts: one that did not fail before one that did.
    package var connector: IdentityConnector? {
        connectors.first { $0.lifecycleState != "FAILED" } ?? connectors.first
    }

    package var isAvailable: Finding {
        cluster.lifecycleState == "AVAILABLE"
            ? .met("The cluster \(cluster.label) is AVAILABLE.")
            : .unmet(
                "The cluster \(cluster.label) is \(cluster.lifecycleState), not AVAILABLE"
                    + (cluster.lifecycleDetails.map { ": \($0)" } ?? "."))
    }
}

extension IdentityConnector {
    package var label: String { displayName ?? id.text }

    package var isBusy: Bool { lifecycleState.map(Lifecycle.busy.contains) ?? false }

    package var isActive: Finding {
        lifecycleState == Lifecycle.active
            ? .met("The connector \(label) is ACTIVE.")
            : .unmet(
                "The connector \(label) is \(lifecycleState ?? "in no known state"), not ACTIVE"
                    + (lifecycleStateDetails.map { ": \($0)" } ?? "."))
    }

    /// ACTIVE alone says nothing of the nodes: each of them has an agent of its own.
    ///
    /// - Parameter count: how many nodes the cluster has; nil where it does not say.
    package func isConnected(nodes count: Int?) -> Finding {
        let agents = arcAgentNodes ?? []
        let lost = agents.filter { $0.status != "CONNECTED" }
        let told = azureIdentityConnectivityStatus ?? "not told"
        if !lost.isEmpty {
            let names = lost.map { "\($0.hostName ?? "a node") is \($0.status ?? "in no known state")" }
            return .unmet("The Arc agents of \(label): \(names.joined(separator: ", ")).")
        }
        if let count, agents.count < count {
            let names = agents.compactMap(\.hostName).joined(separator: ", ")
            return .unmet(
                "Of \(count) nodes only \(agents.count) have an Arc agent by \(label)"
                    + (names.isEmpty ? "." : ": \(names)."))
        }
        guard told == "CONNECTED", !agents.isEmpty else {
            return .unmet("The identities of \(label) are \(told), with \(agents.count) agents.")
        }
        let seen = agents.compactMap(\.timeLastChecked).min().map { ", looked at since \($0)" } ?? ""
        let names = agents.map { $0.hostName ?? "a node" }.joined(separator: ", ")
        return count == nil
            ? .unverifiable("\(names) are CONNECTED\(seen), but the cluster does not say how many nodes it has.")
            : .met("\(names) are CONNECTED\(seen).")
    }
}
