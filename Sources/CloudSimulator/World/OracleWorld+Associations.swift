// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Which connectors use which vaults.
extension OracleWorld {
    mutating func associations(_ call: Call, _ azure: AzureWorld) -> SimulatedResponse {
        let path = call.path
        switch (call.request.method, path.count) {
        case ("GET", 1):
            return Self.items(
                state.multicloud.associations.filter {
                    $0.region == call.region
                        && fits(
                            call,
                            [
                                "compartmentId": $0.compartment, "oracleDbAzureVaultId": $0.vault,
                                "oracleDbAzureConnectorId": $0.connector, "displayName": $0.name,
                                "lifecycleState": $0.state,
                            ])
                }.map { json($0, call, azure) })
        case ("POST", 1): return associate(call, azure)
        case (let method, 2):
            guard let found = state.multicloud.association(path[1]), found.region == call.region else {
                return Self.missing
            }
            let etag = "etag-association-\(found.version)"
            if method == "GET" { return SimulatedResponse(200, json(found, call, azure), headers: ["etag": etag]) }
            guard method == "DELETE" else { return Self.missing }
            if let refusal = staleness(call, etag) { return refusal }
            guard ["ACTIVE", "FAILED"].contains(found.state) else {
                return Self.refusal(409, "IncorrectState", "The association is \(found.state).")
            }
            state.multicloud.change(association: found.id) { $0.state = "DELETING" }
            let id = begin(
                .dissociate(found.id), "DELETE_AZURE_VAULT_ASSOCIATION", "association",
                of: (found.id, found.compartment), call)
            return SimulatedResponse(emptyWith: 202, headers: ["opc-work-request-id": id])
        default: return Self.missing
        }
    }

    private mutating func associate(_ call: Call, _ azure: AzureWorld) -> SimulatedResponse {
        let body = try? JSON.parse(call.request.body)  // No JSON is treated as no members.
        guard let compartment = Self.text(body, "compartmentId"), let name = Self.text(body, "displayName"),
            let vaultID = Self.text(body, "oracleDbAzureVaultId"),
            let connectorID = Self.text(body, "oracleDbAzureConnectorId")
        else { return Self.refusal(400, "MissingParameter", "A required member is missing.") }
        guard let vault = state.multicloud.vault(vaultID), vault.region == call.region, vault.state != "DELETED",
            let connector = state.multicloud.connector(connectorID), connector.region == call.region
        else { return Self.relatedMissing }
        let isKnown = state.multicloud.associations.contains {
            $0.vault == vaultID && $0.connector == connectorID && $0.state != "DELETED" && $0.state != "FAILED"
        }
        guard !isKnown else {
            return Self.refusal(409, "NotAuthorizedOrResourceAlreadyExists", "They are associated already.")
        }
        guard vault.state == "ACTIVE", connector.state == "ACTIVE" else {
            return Self.refusal(409, "IncorrectState", "The vault or the connector is not ACTIVE.")
        }
        var made = Multicloud.Association(
            id: nextID("oracledbazurevaultassociation", in: call.region), name: name, compartment: compartment,
            vault: vaultID, connector: connectorID, region: call.region)
        made.tags = body?["freeformTags"]
        state.multicloud.associations.append(made)
        let id = begin(
            .associate(made.id), "CREATE_AZURE_VAULT_ASSOCIATION", "association", of: (made.id, compartment), call)
        return answered(call, SimulatedResponse(200, json(made, call, azure), headers: ["opc-work-request-id": id]))
    }

    private func json(_ association: Multicloud.Association, _ call: Call, _ azure: AzureWorld) -> JSON {
        var isAccessible = false
        if let vault = state.multicloud.vault(association.vault), association.state == "ACTIVE",
            let connector = state.multicloud.connector(association.connector)
        {
            // A key that is disabled for a reason of its own does not hide the vault.
            isAccessible =
                obstacle(connector, vault, key: nil, at: call.at, azure) == nil
                && vault.keys.contains { obstacle(connector, vault, key: $0.name, at: call.at, azure) == nil }
        }
        var members: [String: JSON] = [
            "id": .string(association.id), "displayName": .string(association.name),
            "compartmentId": .string(association.compartment), "oracleDbAzureVaultId": .string(association.vault),
            "oracleDbAzureConnectorId": .string(association.connector), "lifecycleState": .string(association.state),
            "isResourceAccessible": .bool(isAccessible),
        ]
        members["freeformTags"] = association.tags
        return .object(members)
    }
}

/// Searches for vaults by a connector's identities.
extension OracleWorld {
    mutating func discoveries(_ call: Call) -> SimulatedResponse {
        let path = call.path
        switch (call.request.method, path.count) {
        case ("GET", 1):
            return Self.items(
                state.multicloud.discoveries.filter {
                    $0.region == call.region && fits(call, ["compartmentId": $0.compartment, "displayName": $0.name])
                }.map(json))
        case ("POST", 1):
            let body = try? JSON.parse(call.request.body)  // No JSON is treated as no members.
            guard let compartment = Self.text(body, "compartmentId"), let name = Self.text(body, "displayName"),
                let connectorID = Self.text(body, "oracleDbConnectorId"), Self.text(body, "resourceType") == "VAULTS"
            else { return Self.refusal(400, "MissingParameter", "A required member is missing.") }
            guard let connector = state.multicloud.connector(connectorID), connector.region == call.region else {
                return Self.relatedMissing
            }
            let made = Multicloud.Discovery(
                id: nextID("multicloudresourcediscovery", in: call.region), name: name, compartment: compartment,
                connector: connector.id, region: call.region)
            state.multicloud.discoveries.append(made)
            let id = begin(
                .discover(made.id), "CREATE_MULTICLOUD_DISCOVERY", "discovery", of: (made.id, compartment), call)
            return answered(call, SimulatedResponse(200, json(made), headers: ["opc-work-request-id": id]))
        case (let method, 2):
            guard let found = state.multicloud.discovery(path[1]), found.region == call.region else {
                return Self.missing
            }
            let etag = "etag-discovery-\(found.version)"
            if method == "GET" { return SimulatedResponse(200, json(found), headers: ["etag": etag]) }
            guard method == "DELETE" else { return Self.missing }
            if let refusal = staleness(call, etag) { return refusal }
            let id = begin(
                .forgetDiscovery(found.id), "DELETE_MULTICLOUD_DISCOVERY", "refresh", of: (found.id, found.compartment),
                call)
            return SimulatedResponse(emptyWith: 202, headers: ["opc-work-request-id": id])
        default: return Self.missing
        }
    }

    /// Finds what all nodes of the connector get at.
    mutating func discover(_ id: String, at moment: Timestamp, _ azure: AzureWorld) {
        guard let discovery = state.multicloud.discovery(id),
            let connector = state.multicloud.connector(discovery.connector)
        else { return }
        let all = Array(azure.state.vaults.values) + Array(azure.state.managedHSMs.values)
        let found = all.sorted { $0.name < $1.name }.filter { $0.deletedAt == nil }.compactMap { vault in
            let seen = Multicloud.Vault(
                id: "", name: vault.name, compartment: "", connector: connector.id, region: discovery.region,
                azureName: vault.name, resourceGroup: vault.group, type: vault.kind.plural, location: vault.location)
            guard obstacle(connector, seen, key: nil, at: moment, azure) == nil else {
                return nil as Multicloud.Discovery.Found?
            }
            return Multicloud.Discovery.Found(
                id: seen.azureID(azure), name: vault.name, resourceGroup: vault.group, type: vault.kind.plural,
                location: vault.location)
        }
        state.multicloud.change(discovery: id) { ($0.state, $0.found) = ("SUCCEEDED", found) }
    }

    private func json(_ discovery: Multicloud.Discovery) -> JSON {
        var members: [String: JSON] = [
            "id": .string(discovery.id), "displayName": .string(discovery.name),
            "compartmentId": .string(discovery.compartment), "oracleDbConnectorId": .string(discovery.connector),
            "resourceType": "VAULTS", "lifecycleState": .string(discovery.state),
            "resources": .array(
                discovery.found.map {
                    [
                        "id": .string($0.id), "name": .string($0.name), "resourceGroup": .string($0.resourceGroup),
                        "type": .string($0.type), "location": .string($0.location),
                    ]
                }),
        ]
        members["lifecycleStateDetails"] = discovery.details.map { .string($0) }
        return .object(members)
    }
}
