// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Nodes of clusters, and their power.
extension OracleWorld {
    mutating func nodes(_ call: Call) -> SimulatedResponse {
        let path = call.path
        if path.count == 1, call.request.method == "GET" {
            guard let cluster = state.multicloud.cluster(call.request.query("vmClusterId") ?? ""),
                cluster.region == call.region, cluster.compartment == call.request.query("compartmentId")
            else { return SimulatedResponse(200, []) }
            return SimulatedResponse(200, .array(cluster.nodes.map { json($0, of: cluster) }))
        }
        guard path.count == 2 else { return Self.missing }
        for cluster in state.multicloud.clusters where cluster.region == call.region {
            guard let name = cluster.nodes.first(where: { nodeID($0, of: cluster) == path[1] }) else { continue }
            let node = state.nodes[path[1]] ?? .init()
            let etag = "etag-\(name)-\(node.version)"
            if call.request.method == "GET" {
                return SimulatedResponse(200, json(name, of: cluster), headers: ["etag": etag])
            }
            guard call.request.method == "POST" else { return Self.missing }
            if let refusal = staleness(call, etag) { return refusal }
            return reset(name, path[1], node, cluster, call)
        }
        return Self.missing
    }

    private mutating func reset(
        _ name: String, _ id: String, _ node: OracleState.Node, _ cluster: Multicloud.Cluster, _ call: Call
    ) -> SimulatedResponse {
        // The command line sends it in lower case.
        guard ["SOFTRESET", "RESET"].contains(call.request.query("action")?.uppercased()) else {
            return Self.refusal(400, "InvalidParameter", "The action is not known.")
        }
        guard node.state == "AVAILABLE" else {
            return Self.refusal(409, "IncorrectState", "\(name) is \(node.state).")
        }
        state.nodes[id] = .init(state: "STOPPING", version: node.version + 1)
        for database in state.databases where database.cluster == cluster.id {
            state.change(database.id) { $0.place.closed.insert(name) }
        }
        let work = begin(
            .database(
                .resetNode(
                    id, name: name, cluster: cluster.id, keystoreStaysClosed: call.bend.leavesKeystoreClosed)),
            "Reset Database Node", "node-reset", of: (id, cluster.compartment), call)
        return answered(
            call, SimulatedResponse(200, json(name, of: cluster), headers: ["opc-work-request-id": work]))
    }

    private func nodeID(_ name: String, of cluster: Multicloud.Cluster) -> String {
        "ocid1.dbnode.oc1.\(cluster.region).\(cluster.name)-\(name)"
    }

    private func json(_ name: String, of cluster: Multicloud.Cluster) -> JSON {
        let id = nodeID(name, of: cluster)
        let node = state.nodes[id] ?? .init()
        return [
            "id": .string(id), "hostname": .string(name), "lifecycleState": .string(node.state),
            "dbSystemId": .string(cluster.id), "vnicId": .string("ocid1.vnic.oc1.\(cluster.region).\(name)"),
            "timeCreated": "2026-01-01T00:00:00.000Z",
            "availableActions": node.state == "AVAILABLE" ? ["STOP", "SOFTRESET", "RESET"] : [],
        ]
    }
}
