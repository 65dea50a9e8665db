// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Identity connectors: they make a cluster's nodes Arc machines, whose identities use keys.
extension OracleWorld {
    mutating func connectors(_ call: Call, _ azure: AzureWorld) -> SimulatedResponse {
        let path = call.path
        switch (call.request.method, path.count) {
        case ("GET", 1):
            return Self.items(
                state.multicloud.connectors.filter {
                    $0.region == call.region
                        && fits(
                            call,
                            [
                                "compartmentId": $0.compartment, "dbClusterResourceId": $0.cluster,
                                "displayName": $0.name,
                                "lifecycleState": $0.state,
                            ])
                }.map { json($0, call, azure) })
        case ("POST", 1): return makeConnector(call, azure)
        case (let method, 2...):
            guard let connector = state.multicloud.connector(path[1]), connector.region == call.region else {
                return Self.missing
            }
            let etag = "etag-connector-\(connector.version)"
            if method == "GET", path.count == 2 {
                return SimulatedResponse(200, json(connector, call, azure), headers: ["etag": etag])
            }
            if let refusal = staleness(call, etag) { return refusal }
            return changeConnector(connector, call, azure)
        default: return Self.missing
        }
    }

    private mutating func makeConnector(_ call: Call, _ azure: AzureWorld) -> SimulatedResponse {
        let body = try? JSON.parse(call.request.body)  // No JSON is treated as no members.
        guard let compartment = Self.text(body, "compartmentId"), let name = Self.text(body, "displayName"),
            let clusterID = Self.text(body, "dbClusterResourceId"), let tenant = Self.text(body, "azureTenantId"),
            let subscription = Self.text(body, "azureSubscriptionId"),
            let group = Self.text(body, "azureResourceGroup"), Self.text(body, "azureIdentityMechanism") == "ARC_AGENT"
        else { return Self.refusal(400, "MissingParameter", "A required member is missing.") }
        guard let cluster = state.multicloud.cluster(clusterID), cluster.region == call.region else {
            return Self.relatedMissing
        }
        guard cluster.state == "AVAILABLE", state.multicloud.connector(ofCluster: clusterID) == nil else {
            return Self.refusal(409, "IncorrectState", "The cluster is busy or has an identity connector already.")
        }
        var connector = Multicloud.Connector(
            id: nextID("oracledbazureconnector", in: call.region), name: name, compartment: compartment,
            cluster: clusterID, region: call.region, tenant: tenant, subscription: subscription, resourceGroup: group,
            privateEndpoint: Self.text(body, "privateEndpointIpAddress"))
        connector.tags = body?["freeformTags"]
        state.multicloud.connectors.append(connector)
        let id = begin(
            .connect(connector.id, missing: call.bend.leavesOutANode ? cluster.nodes.last : nil),
            "CREATE_AZURE_CONNECTOR", "connector", of: (connector.id, compartment), call,
            problem: rejection(Self.text(body, "accessToken"), connector, call, azure))
        return answered(
            call, SimulatedResponse(200, json(connector, call, azure), headers: ["opc-work-request-id": id]))
    }

    /// Why the nodes can't be enrolled with that token.
    private func rejection(
        _ token: String?, _ connector: Multicloud.Connector, _ call: Call, _ azure: AzureWorld
    ) -> String? {
        guard let token else { return "No access token was given." }
        if call.bend.tokenHasExpired { return "The access token has expired." }
        switch azure.takesToken(token, at: call.at) {
        case .expired: return "The access token has expired."
        case .unknown: return "The access token is not one for Azure Resource Manager in this tenant."
        case .valid:
            guard connector.tenant == azure.state.tenant, connector.subscription == azure.state.subscription else {
                return "The token is not for the tenant and the subscription of the connector."
            }
            return azure.isRegistered(AzureWorld.arcProvider, at: call.at)
                ? nil : "The subscription is not registered to use the namespace Microsoft.HybridCompute."
        }
    }

    private mutating func changeConnector(
        _ connector: Multicloud.Connector, _ call: Call, _ azure: AzureWorld
    ) -> SimulatedResponse {
        let subject = (connector.id, connector.compartment)
        guard connector.state == "ACTIVE" || connector.state == "FAILED" else {
            return Self.refusal(409, "IncorrectState", "The connector is \(connector.state).")
        }
        let id: String
        switch (call.request.method, Array(call.path.dropFirst(2))) {
        case ("PUT", []):
            let body = try? JSON.parse(call.request.body)  // No JSON is treated as no members.
            let nodes = state.multicloud.cluster(connector.cluster)?.nodes
            let problem = rejection(Self.text(body, "accessToken"), connector, call, azure)
            state.multicloud.change(connector: connector.id) { $0.state = "UPDATING" }
            id = begin(
                .connect(connector.id, missing: call.bend.leavesOutANode ? nodes?.last : nil), "UPDATE_AZURE_CONNECTOR",
                "connector", of: subject, call, problem: problem)
        case ("POST", ["actions", "refresh"]):
            guard connector.state == "ACTIVE" else {
                return Self.refusal(409, "IncorrectState", "The connector is \(connector.state).")
            }
            id = begin(.refresh(connector.id), "REFRESH_AZURE_CONNECTOR", "refresh", of: subject, call)
        case ("DELETE", []):
            let isUsed = state.multicloud.associations.contains {
                $0.connector == connector.id && $0.state != "DELETED" && $0.state != "FAILED"
            }
            guard !isUsed else {
                return Self.refusal(409, "IncorrectState", "Vault associations use the connector.")
            }
            state.multicloud.change(connector: connector.id) { $0.state = "DELETING" }
            id = begin(.disconnect(connector.id), "DELETE_AZURE_CONNECTOR", "connector", of: subject, call)
        default: return Self.missing
        }
        return answered(call, SimulatedResponse(emptyWith: 202, headers: ["opc-work-request-id": id]))
    }

    // MARK: What comes of it

    mutating func connect(
        _ id: String, missing: String?, at moment: Timestamp, _ azure: inout AzureWorld
    ) -> String? {
        guard let connector = state.multicloud.connector(id), let cluster = state.multicloud.cluster(connector.cluster)
        else { return "The cluster is gone." }
        let enrolled = cluster.nodes.filter { $0 != missing }
        for node in enrolled {
            _ = azure.enrolArcMachine(
                node, resourceGroup: connector.resourceGroup, location: cluster.location, cluster: cluster.id,
                at: moment)
        }
        state.multicloud.change(connector: id) { ($0.state, $0.details, $0.enrolled) = ("ACTIVE", nil, enrolled) }
        note("connector.connected", cluster.name, at: moment)
        return nil
    }

    mutating func disconnect(_ id: String, at moment: Timestamp, _ azure: inout AzureWorld) {
        guard let connector = state.multicloud.connector(id) else { return }
        for node in connector.enrolled {
            azure.removeArcMachine(node, resourceGroup: connector.resourceGroup, at: moment)
        }
        state.multicloud.change(connector: id) { ($0.state, $0.enrolled) = ("DELETED", []) }
        note("connector.deleted", state.multicloud.cluster(connector.cluster)?.name ?? id, at: moment)
    }

    /// By node: whether its agent is connected, in the service's words.
    func agents(_ connector: Multicloud.Connector, _ azure: AzureWorld) -> [(node: String, status: String)] {
        (state.multicloud.cluster(connector.cluster)?.nodes ?? []).compactMap { node in
            guard connector.enrolled.contains(node) else { return nil }
            let status = azure.arcMachineStatus(node, resourceGroup: connector.resourceGroup)
            return (node, status == "Connected" ? "CONNECTED" : "DISCONNECTED")
        }
    }

    /// Why the connector's nodes don't get at the vault, or at one key of it; nil when all of them do.
    func obstacle(
        _ connector: Multicloud.Connector, _ vault: Multicloud.Vault, key: String?, at moment: Timestamp,
        _ azure: AzureWorld
    ) -> String? {
        let nodes = state.multicloud.cluster(connector.cluster)?.nodes ?? []
        for node in nodes {
            guard connector.enrolled.contains(node),
                let principal = azure.arcMachinePrincipal(node, resourceGroup: connector.resourceGroup),
                azure.arcMachineStatus(node, resourceGroup: connector.resourceGroup) == "Connected"
            else { return "The Arc agent of \(node) is not connected." }
            let reach = azure.keyReach(
                principal: principal, vault: vault.azureID(azure), key: key, version: nil, at: moment)
            switch reach {
            case .reachable: continue
            case .refused(let why): return why
            case .notFound: return "\(node) finds no vault \(vault.azureName)."
            case .unreachable: return "\(node) gets no answer from \(vault.azureName)."
            }
        }
        return nodes.isEmpty ? "The cluster has no nodes." : nil
    }

    private func json(_ connector: Multicloud.Connector, _ call: Call, _ azure: AzureWorld) -> JSON {
        let agents = agents(connector, azure)
        let nodes = state.multicloud.cluster(connector.cluster)?.nodes.count ?? 0
        let connected = agents.count { $0.status == "CONNECTED" }
        let checked: JSON = .string((call.request.headers["date"].flatMap(clientDate) ?? call.at).description)
        var members: [String: JSON] = [
            "id": .string(connector.id), "displayName": .string(connector.name),
            "compartmentId": .string(connector.compartment), "dbClusterResourceId": .string(connector.cluster),
            "azureTenantId": .string(connector.tenant), "azureSubscriptionId": .string(connector.subscription),
            "azureResourceGroup": .string(connector.resourceGroup), "azureIdentityMechanism": "ARC_AGENT",
            "lifecycleState": .string(connector.state),
            "azureIdentityConnectivityStatus": connected == 0
                ? "DISCONNECTED" : connected == nodes ? "CONNECTED" : "PARTIALLY_CONNECTED",
            "arcAgentNodes": .array(
                agents.map {
                    [
                        "hostName": .string($0.node), "hostId": .string($0.node), "currentArcAgentVersion": "1.50",
                        "status": .string($0.status), "timeLastChecked": checked,
                    ]
                }),
        ]
        members["privateEndpointIpAddress"] = connector.privateEndpoint.map { .string($0) }
        members["freeformTags"] = connector.tags
        members["lifecycleStateDetails"] = connector.details.map { .string($0) }
        return .object(members)
    }
}
