// SPDX-License-Identifier: Apache-2.0

package import CloudSteps
internal import MusterPlugin
package import OracleCloudClient

extension OracleSession {
    /// The nodes of the cluster that a database is on.
    package func nodes(of database: OracleDatabase) async throws -> [DatabaseNode] {
        guard let id = database.vmClusterId.flatMap({ OracleID($0) }) else {
            throw StepError.permanent(
                "oracle.no-cluster", "\(database.label) does not name its cluster.",
                remedy: "Look at the database in Oracle's console; only those on a VM cluster can be used here.")
        }
        // The nodes are in the cluster's compartment, wherever the database is.
        let cluster = try await oracle.clusters.cluster(id).value
        let nodes = try await oracle.databases.nodes(of: id, in: cluster.compartmentId)
            .filter { !["TERMINATED", "TERMINATING"].contains($0.lifecycleState) }
        guard nodes.count >= cluster.nodeCount ?? 1 else {
            throw StepError.retryable(
                "oracle.nodes-hidden",
                "\(cluster.label) has \(cluster.nodeCount ?? 1) nodes, and the service lists \(nodes.count).",
                remedy: "Let the user read the database nodes in the compartment of the cluster.")
        }
        return nodes
    }

    package func nodeNames(of database: OracleDatabase) async throws -> [String] {
        try await nodes(of: database).map(\.label)
    }
}

extension [DatabaseNode] {
    package var allAvailable: Finding {
        .all(
            map {
                $0.lifecycleState == "AVAILABLE"
                    ? .met("\($0.label) is AVAILABLE.") : .unmet("\($0.label) is \($0.lifecycleState).")
            }, none: "")
    }
}
