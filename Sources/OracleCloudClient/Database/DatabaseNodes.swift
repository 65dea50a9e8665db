// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// A node of a cluster (API 20160918, `DbNode`).
package struct DatabaseNode: Hashable, Sendable, Codable {
    package var id: OracleID
    package var hostname: String?
    /// `AVAILABLE`, `STOPPED`, `STARTING` and others.
    package var lifecycleState: String
    package var availableActions: [String]?

    package var label: String { hostname ?? id.text }
}

/// What can be done to a node's power.
package enum NodeAction: String, Hashable, Sendable {
    /// Shut down by the operating system, then started.
    case softReset = "SOFTRESET"
}

extension DatabaseOperations {
    /// The nodes of a cluster, in the order of their names.
    package func nodes(of cluster: OracleID, in compartment: OracleID) async throws(OracleError) -> [DatabaseNode] {
        let nodes: [DatabaseNode] = try await calls.list(
            try base(in: cluster).appending(
                path: "/dbNodes", query: [("compartmentId", compartment.text), ("vmClusterId", cluster.text)]))
        return nodes.sorted { ($0.label, $0.id.text) < ($1.label, $1.id.text) }
    }

    package func node(_ id: OracleID) async throws(OracleError) -> Tagged<DatabaseNode> {
        try await read(try address(.node, id))
    }

    /// Begins to switch a node.
    ///
    /// - Parameter node: as it was read: the service refuses the change when it is not in that state any more.
    package func begin(
        _ action: NodeAction, on node: Tagged<DatabaseNode>
    ) async throws(OracleError) -> OracleOperation {
        let url = try address(.node, node.value.id).appending(path: "", query: [("action", action.rawValue)])
        return try await begin(
            OracleRequest(
                .post, url, retryToken: token([action.rawValue, node.value.id.text], etag: node.etag),
                ifMatch: node.etag),
            action.rawValue.lowercased(), on: node.value.id)
    }

    /// Whether some operation works on the database or the node.
    func isBusy(_ id: OracleID) async throws(OracleError) -> Bool {
        switch id.type {
        case Resource.node.type:
            return ["PROVISIONING", "UPDATING", "STOPPING", "STARTING"]
                .contains(try await node(id).value.lifecycleState)
        default: return try await database(id).value.isBusy
        }
    }
}
