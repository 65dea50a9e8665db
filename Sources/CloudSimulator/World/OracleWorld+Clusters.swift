// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// VM clusters of the Database service: what they are, and whether their databases can use keys of Azure.
extension OracleWorld {
    mutating func clusters(_ call: Call) -> SimulatedResponse {
        let path = call.path
        if path.count == 1, call.request.method == "GET" {
            let compartment = call.request.query("compartmentId")
            let found = state.multicloud.clusters.filter { $0.region == call.region && $0.compartment == compartment }
            return SimulatedResponse(200, .array(found.map(json)))
        }
        guard path.count >= 2, let cluster = state.multicloud.cluster(path[1]), cluster.region == call.region else {
            return Self.missing
        }
        switch (call.request.method, Array(path.dropFirst(2))) {
        case ("GET", []):
            return SimulatedResponse(200, json(cluster), headers: ["etag": "etag-\(cluster.name)-\(cluster.version)"])
        case ("POST", ["actions", "registerPkcs"]): return setKeyStore(true, cluster, call)
        case ("POST", ["actions", "unregisterPkcs"]): return setKeyStore(false, cluster, call)
        default: return Self.missing
        }
    }

    private mutating func setKeyStore(_ isOn: Bool, _ cluster: Multicloud.Cluster, _ call: Call) -> SimulatedResponse {
        let body = try? JSON.parse(call.request.body)  // No JSON is treated as no members.
        guard body?["tdeKeyStoreType"]?.string == "AZURE" else {
            return Self.refusal(400, "InvalidParameter", "The key store type is not one that this cluster takes.")
        }
        if let refusal = staleness(call, "etag-\(cluster.name)-\(cluster.version)") { return refusal }
        guard cluster.state == "AVAILABLE", (cluster.keyStore == "AZURE") != isOn else {
            return Self.refusal(409, "IncorrectState", "\(cluster.name) is \(cluster.state) and takes no such change.")
        }
        if isOn, state.multicloud.connector(ofCluster: cluster.id) == nil {
            return Self.refusal(409, "IncorrectState", "\(cluster.name) has no identity connector.")
        }
        state.multicloud.change(cluster: cluster.id) { $0.state = "UPDATING" }
        let id = begin(
            .keyStore(cluster.id, isOn: isOn), isOn ? "Register PKCS" : "Unregister PKCS", "key-store",
            of: (cluster.id, cluster.compartment), call)
        return answered(call, SimulatedResponse(emptyWith: 202, headers: ["opc-work-request-id": id]))
    }

    private func json(_ cluster: Multicloud.Cluster) -> JSON {
        var members: [String: JSON] = [
            "id": .string(cluster.id), "displayName": .string(cluster.name),
            "compartmentId": .string(cluster.compartment),
            "availabilityDomain": "AD-1", "subnetId": .string("ocid1.subnet.oc1.\(cluster.region).simulated"),
            "shape": "Exadata.X9M", "lifecycleState": .string(cluster.state),
            "nodeCount": .int(Int64(cluster.nodes.count)),
            "hostname": .string(cluster.nodes.first ?? cluster.name), "domain": "simulated.oraclevcn.com",
            "cpuCoreCount": 16,
            "cloudExadataInfrastructureId": .string("ocid1.cloudexadatainfrastructure.oc1.\(cluster.region).simulated"),
            "sshPublicKeys": [],
        ]
        members["tdeKeyStoreType"] = cluster.keyStore.map { .string($0) }
        members["multiCloudIdentityConnectorConfigs"] = .array(
            state.multicloud.connectors.filter {
                $0.cluster == cluster.id && ["ACTIVE", "UPDATING"].contains($0.state)
            }
            .map { ["id": .string($0.id), "cloudProvider": "AZURE"] })
        return .object(members)
    }
}
