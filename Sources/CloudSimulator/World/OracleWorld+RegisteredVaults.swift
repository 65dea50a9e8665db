// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Vaults of Azure that were registered, with their keys and their replicas in other regions.
extension OracleWorld {
    mutating func vaults(_ call: Call, _ azure: AzureWorld) -> SimulatedResponse {
        let path = call.path
        switch (call.request.method, path.count) {
        case ("GET", 1):
            return Self.items(
                state.multicloud.vaults.filter {
                    $0.region == call.region
                        && fits(
                            call,
                            [
                                "compartmentId": $0.compartment, "oracleDbAzureConnectorId": $0.connector,
                                "oracleDbAzureResourceGroup": $0.resourceGroup, "displayName": $0.name,
                                "lifecycleState": $0.state,
                            ])
                }.map(json))
        case ("POST", 1): return registerVault(call)
        case (let method, 2...):
            guard let vault = state.multicloud.vault(path[1]), vault.region == call.region else { return Self.missing }
            let etag = "etag-vault-\(vault.version)"
            if method == "GET", path.count == 2 {
                return SimulatedResponse(200, json(vault), headers: ["etag": etag])
            }
            if let refusal = staleness(call, etag) { return refusal }
            return changeVault(vault, call)
        default: return Self.missing
        }
    }

    private mutating func registerVault(_ call: Call) -> SimulatedResponse {
        let body = try? JSON.parse(call.request.body)  // No JSON is treated as no members.
        guard let compartment = Self.text(body, "compartmentId"), let name = Self.text(body, "displayName"),
            let connectorID = Self.text(body, "oracleDbConnectorId"), let azureName = Self.text(body, "azureVaultId"),
            let type = Self.text(body, "type"), let location = Self.text(body, "location"),
            let group = Self.text(body, "oracleDbAzureResourceGroup")
        else { return Self.refusal(400, "MissingParameter", "A required member is missing.") }
        guard let connector = state.multicloud.connector(connectorID), connector.region == call.region else {
            return Self.relatedMissing
        }
        guard connector.state == "ACTIVE" else {
            return Self.refusal(409, "IncorrectState", "The connector is \(connector.state).")
        }
        let isKnown = state.multicloud.vaults.contains {
            $0.region == call.region && CaselessName($0.azureName) == CaselessName(azureName)
                && !["DELETED", "FAILED"].contains($0.state)
        }
        guard !isKnown else {
            return Self.refusal(
                409, "NotAuthorizedOrResourceAlreadyExists", "The vault \(azureName) is registered already.")
        }
        var vault = Multicloud.Vault(
            id: nextID("oracledbazurevault", in: call.region), name: name, compartment: compartment,
            connector: connectorID, region: call.region, azureName: azureName, resourceGroup: group, type: type,
            location: location)
        vault.tags = body?["freeformTags"]
        state.multicloud.vaults.append(vault)
        let id = begin(.register(vault.id), "CREATE_AZURE_VAULT", "vault", of: (vault.id, compartment), call)
        return answered(call, SimulatedResponse(200, json(vault), headers: ["opc-work-request-id": id]))
    }

    private mutating func changeVault(_ vault: Multicloud.Vault, _ call: Call) -> SimulatedResponse {
        let subject = (vault.id, vault.compartment)
        guard vault.state == "ACTIVE" || (vault.state == "FAILED" && call.request.method == "DELETE") else {
            return Self.refusal(409, "IncorrectState", "The vault is \(vault.state).")
        }
        let id: String
        switch (call.request.method, Array(call.path.dropFirst(2))) {
        case ("POST", ["actions", "refresh"]):
            state.multicloud.change(vault: vault.id) { $0.state = "UPDATING" }
            id = begin(.reread(vault.id), "REFRESH_AZURE_VAULT", "vault", of: subject, call)
        case ("POST", ["actions", "replicate"]):
            let body = try? JSON.parse(call.request.body)  // No JSON is treated as no members.
            guard let region = Self.text(body, "targetRegion"), region != vault.region else {
                return Self.refusal(400, "InvalidParameter", "The target region is not another region.")
            }
            guard let started = beginReplication(vault, region, ends: Self.text(body, "action") == "DELETE", call)
            else { return Self.refusal(409, "IncorrectState", "The replica in \(region) is used, or there is none.") }
            id = started
        case ("DELETE", []):
            let isUsed = state.multicloud.associations.contains {
                $0.vault == vault.id && $0.state != "DELETED" && $0.state != "FAILED"
            }
            guard !isUsed, !vault.replicas.values.contains("ACTIVE") else {
                return Self.refusal(409, "IncorrectState", "The vault has associations or replicas.")
            }
            state.multicloud.change(vault: vault.id) { $0.state = "DELETING" }
            id = begin(.forget(vault.id), "DELETE_AZURE_VAULT", "vault", of: subject, call)
        default: return Self.missing
        }
        return answered(call, SimulatedResponse(emptyWith: 202, headers: ["opc-work-request-id": id]))
    }

    /// Nil when it can't be begun.
    private mutating func beginReplication(
        _ vault: Multicloud.Vault, _ region: String, ends: Bool, _ call: Call
    ) -> String? {
        let replica = state.multicloud.vaults.first {
            $0.origin == vault.id && $0.region == region && $0.state != "DELETED"
        }
        let isUsed = state.multicloud.associations.contains { $0.vault == replica?.id && $0.state != "DELETED" }
        guard ends ? replica != nil && !isUsed : replica == nil else { return nil }
        state.multicloud.change(vault: vault.id) {
            ($0.state, $0.replicas[region]) = ("UPDATING", ends ? "DELETING" : "CREATING")
        }
        return begin(
            ends ? .endReplica(vault.id, in: region) : .replicate(vault.id, to: region), "REPLICATE", "replication",
            of: (vault.id, vault.compartment), call)
    }

    mutating func keys(_ call: Call) -> SimulatedResponse {
        guard call.request.method == "GET" else { return Self.missing }
        let here = state.multicloud.vaults.filter { $0.region == call.region && $0.state != "DELETED" }
        if call.path.count == 1 {
            return Self.items(
                here.filter { fits(call, ["compartmentId": $0.compartment, "oracleDbAzureVaultId": $0.id]) }
                    .flatMap { vault in vault.keys.map { json($0, of: vault) } })
        }
        guard call.path.count == 2, let (vault, key) = state.multicloud.key(call.path[1]), vault.region == call.region
        else { return Self.missing }
        return SimulatedResponse(200, json(key, of: vault))
    }

    // MARK: What comes of it

    /// Reads the vault's keys as the connector's nodes see them; a new vault is associated with its connector.
    ///
    /// - Returns: why it could not be done.
    mutating func readKeys(_ id: String, at moment: Timestamp, _ azure: AzureWorld) -> String? {
        guard let vault = state.multicloud.vault(id), let connector = state.multicloud.connector(vault.connector) else {
            return "The connector is gone."
        }
        if let why = obstacle(connector, vault, key: nil, at: moment, azure) { return why }
        let names = azure.keyNames(inVault: vault.azureID(azure))
        guard !names.isEmpty else { return "The vault \(vault.azureName) holds no key." }
        let isNew = vault.state == "CREATING"
        var keys = vault.keys.filter { names.contains($0.name) }
        for name in names where !keys.contains(where: { $0.name == name }) {
            keys.append(Multicloud.Key(id: nextID("oracledbazurekey", in: vault.region), name: name))
        }
        state.multicloud.change(vault: id) { ($0.state, $0.details, $0.keys) = ("ACTIVE", nil, keys) }
        guard isNew else { return nil }
        state.multicloud.associations.append(
            Multicloud.Association(
                id: nextID("oracledbazurevaultassociation", in: vault.region), name: "default",
                compartment: vault.compartment, vault: id, connector: connector.id, region: vault.region,
                state: "ACTIVE"))
        note("vault.registered", vault.azureName, at: moment)
        return nil
    }

    mutating func replicate(_ id: String, to region: String, at moment: Timestamp) {
        guard let vault = state.multicloud.vault(id) else { return }
        var replica = vault
        replica.id = nextID("oracledbazurevault", in: region)
        replica.region = region
        replica.origin = id
        replica.replicas = [:]
        replica.state = "ACTIVE"
        replica.keys = vault.keys.map { Multicloud.Key(id: nextID("oracledbazurekey", in: region), name: $0.name) }
        state.multicloud.vaults.append(replica)
        state.multicloud.change(vault: id) { ($0.state, $0.replicas[region]) = ("ACTIVE", "ACTIVE") }
        note("vault.replicated", "\(vault.azureName) \(region)", at: moment)
    }

    mutating func endReplica(_ id: String, in region: String, at moment: Timestamp) {
        guard let vault = state.multicloud.vault(id) else { return }
        for replica in state.multicloud.vaults where replica.origin == id && replica.region == region {
            state.multicloud.change(vault: replica.id) { $0.state = "DELETED" }
        }
        state.multicloud.change(vault: id) { ($0.state, $0.replicas[region]) = ("ACTIVE", nil) }
        note("vault.replica-deleted", "\(vault.azureName) \(region)", at: moment)
    }

    private func json(_ vault: Multicloud.Vault) -> JSON {
        var members: [String: JSON] = [
            "id": .string(vault.id), "displayName": .string(vault.name), "compartmentId": .string(vault.compartment),
            "oracleDbConnectorId": .string(vault.connector), "azureVaultId": .string(vault.azureName),
            "oracleDbAzureResourceGroup": .string(vault.resourceGroup), "type": .string(vault.type),
            "location": .string(vault.location), "lifecycleState": .string(vault.state),
            "replicationMetadata": [
                "replicationDetails": .array(
                    vault.replicas.sorted { $0.key < $1.key }.map {
                        ["targetRegion": .string($0.key), "replicationState": .string($0.value)]
                    })
            ],
        ]
        members["freeformTags"] = vault.tags
        members["lifecycleStateDetails"] = vault.details.map { .string($0) }
        return .object(members)
    }

    private func json(_ key: Multicloud.Key, of vault: Multicloud.Vault) -> JSON {
        [
            "id": .string(key.id), "displayName": .string(key.name), "azureKeyId": .string(key.name),
            "compartmentId": .string(vault.compartment), "oracleDbAzureVaultId": .string(vault.id),
            "lifecycleState": .string(vault.state == "UPDATING" ? "ACTIVE" : vault.state),
        ]
    }
}

extension Multicloud.Vault {
    /// In Resource Manager.
    func azureID(_ azure: AzureWorld) -> String {
        "/subscriptions/\(azure.state.subscription)/resourceGroups/\(resourceGroup)/providers/Microsoft.KeyVault/"
            + "\(CaselessName(type) == CaselessName("managedHSMs") ? "managedHSMs" : "vaults")/\(azureName)"
    }
}
