// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

extension MulticloudOperations {
    package func vault(_ id: OracleID) async throws(OracleError) -> Tagged<RegisteredVault> {
        try await read(.vault, id)
    }

    /// The vaults that are registered in the region of that resource, deleted ones included.
    package func vaults(
        in compartment: OracleID, regionOf id: OracleID
    ) async throws(OracleError) -> [RegisteredVault] {
        try await list(.vault, in: compartment, region(of: id), [])
    }

    package func vaults(in compartment: OracleID, _ region: Region) async throws(OracleError) -> [RegisteredVault] {
        try await list(.vault, in: compartment, region, [])
    }

    /// Begins to register a vault as a discovery has found it; its keys are read in passing.
    package func register(
        _ found: VaultDiscovery.Found, name: String, through connector: OracleID, in compartment: OracleID,
        tags: [String: String] = [:]
    ) async throws(OracleError) -> (vault: RegisteredVault, operation: MulticloudOperation) {
        var body: [String: JSON] = [
            "compartmentId": .string(compartment.text), "displayName": .string(name),
            "oracleDbConnectorId": .string(connector.text),
        ]
        body["azureVaultId"] = (found.name ?? found.id).map { .string($0) }
        body["oracleDbAzureResourceGroup"] = found.resourceGroup.map { .string($0) }
        body["type"] = found.type.map { .string($0) }
        body["freeformTags"] = freeformTags(tags)
        body["location"] = found.location.map { .string($0) }
        body["properties"] = found.properties.map { .object($0.mapValues { .string($0) }) }
        let region = region(of: connector)
        let (made, workRequest): (RegisteredVault, String?) = try await create(
            .vault, in: region, body, named: [connector.text, found.name ?? "", name])
        return (
            made,
            MulticloudOperation(action: "create", resource: made.id, region: region.name, workRequest: workRequest)
        )
    }

    /// Has the service read the vault's keys again.
    package func refresh(
        _ vault: Tagged<RegisteredVault>, through connector: OracleID
    ) async throws(OracleError) -> MulticloudOperation {
        try await act(
            "refresh", .vault, vault.value.id, etag: vault.etag,
            body: ["oracleDbAzureConnectorId": .string(connector.text)])
    }

    /// Begins to make the vault known in another region, or to end that.
    package func replicate(
        _ vault: Tagged<RegisteredVault>, to region: Region, ends: Bool = false
    ) async throws(OracleError) -> MulticloudOperation {
        try await act(
            "replicate", .vault, vault.value.id, etag: vault.etag,
            body: ["targetRegion": .string(region.name), "action": ends ? "DELETE" : "CREATE"])
    }

    package func delete(_ vault: Tagged<RegisteredVault>) async throws(OracleError) -> MulticloudOperation {
        try await delete(.vault, vault.value.id, etag: vault.etag)
    }

    package func key(_ id: OracleID) async throws(OracleError) -> RegisteredKey {
        (try await read(.key, id) as Tagged<RegisteredKey>).value
    }

    package func keys(of vault: OracleID, in compartment: OracleID) async throws(OracleError) -> [RegisteredKey] {
        try await list(.key, in: compartment, region(of: vault), [("oracleDbAzureVaultId", vault.text)])
    }
}

/// Searches for vaults.
extension MulticloudOperations {
    package func discovery(_ id: OracleID) async throws(OracleError) -> Tagged<VaultDiscovery> {
        try await read(.discovery, id)
    }

    /// Begins to look for the vaults that the connector's identities see.
    ///
    /// - Parameter search: which of several in one attempt of a step: without it the service would answer the first again.
    package func discover(
        through connector: OracleID, in compartment: OracleID, name: String, search: Int = 0
    ) async throws(OracleError) -> VaultDiscovery {
        let (made, _): (VaultDiscovery, String?) = try await create(
            .discovery, in: region(of: connector),
            [
                "compartmentId": .string(compartment.text), "displayName": .string(name),
                "oracleDbConnectorId": .string(connector.text), "resourceType": "VAULTS",
            ], named: [connector.text, name, "search \(search)"])
        return made
    }

    package func delete(_ discovery: Tagged<VaultDiscovery>) async throws(OracleError) -> MulticloudOperation {
        try await delete(.discovery, discovery.value.id, etag: discovery.etag)
    }
}

/// Which connectors use which vaults.
extension MulticloudOperations {
    package func association(_ id: OracleID) async throws(OracleError) -> Tagged<VaultAssociation> {
        try await read(.association, id)
    }

    /// Those of a vault, or of a connector; deleted ones included.
    package func associations(
        of vault: OracleID, in compartment: OracleID
    ) async throws(OracleError) -> [VaultAssociation] {
        try await list(.association, in: compartment, region(of: vault), [("oracleDbAzureVaultId", vault.text)])
    }

    package func associations(
        ofConnector connector: OracleID, in compartment: OracleID
    ) async throws(OracleError) -> [VaultAssociation] {
        try await list(
            .association, in: compartment, region(of: connector), [("oracleDbAzureConnectorId", connector.text)])
    }

    package func associate(
        _ vault: OracleID, with connector: OracleID, in compartment: OracleID, name: String,
        tags: [String: String] = [:]
    ) async throws(OracleError) -> (association: VaultAssociation, operation: MulticloudOperation) {
        let region = region(of: connector)
        var body: [String: JSON] = [
            "compartmentId": .string(compartment.text), "displayName": .string(name),
            "oracleDbAzureVaultId": .string(vault.text), "oracleDbAzureConnectorId": .string(connector.text),
        ]
        body["freeformTags"] = freeformTags(tags)
        let (made, workRequest): (VaultAssociation, String?) = try await create(
            .association, in: region, body, named: [vault.text, connector.text])
        return (
            made,
            MulticloudOperation(action: "create", resource: made.id, region: region.name, workRequest: workRequest)
        )
    }

    package func delete(_ association: Tagged<VaultAssociation>) async throws(OracleError) -> MulticloudOperation {
        try await delete(.association, association.value.id, etag: association.etag)
    }
}
