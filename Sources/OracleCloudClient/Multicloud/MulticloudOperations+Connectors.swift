// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What a connector is made of. The access token is not among it: it is given at the moment of use alone.
package struct NewConnector: Hashable, Sendable {
    package var cluster: OracleID
    package var compartment: OracleID
    package var name: String
    package var tenant: String
    package var subscription: String
    package var resourceGroup: String
    package var privateEndpointAddress: String?
    package var privateEndpointAlias: String?
    package var tags: [String: String] = [:]

    package init(
        cluster: OracleID, compartment: OracleID, name: String, tenant: String, subscription: String,
        resourceGroup: String, privateEndpointAddress: String? = nil, privateEndpointAlias: String? = nil
    ) {
        self.cluster = cluster
        self.compartment = compartment
        self.name = name
        self.tenant = tenant
        self.subscription = subscription
        self.resourceGroup = resourceGroup
        self.privateEndpointAddress = privateEndpointAddress
        self.privateEndpointAlias = privateEndpointAlias
    }

    func body(accessToken: String) -> [String: JSON] {
        var body: [String: JSON] = [
            "compartmentId": .string(compartment.text), "displayName": .string(name),
            "dbClusterResourceId": .string(cluster.text), "azureIdentityMechanism": "ARC_AGENT",
            "azureTenantId": .string(tenant), "azureSubscriptionId": .string(subscription),
            "azureResourceGroup": .string(resourceGroup), "accessToken": .string(accessToken),
        ]
        body["privateEndpointIpAddress"] = privateEndpointAddress.map { .string($0) }
        body["freeformTags"] = freeformTags(tags)
        body["privateEndpointDnsAlias"] = privateEndpointAlias.map { .string($0) }
        return body
    }
}

/// As a request gives them; nil where there are none.
func freeformTags(_ tags: [String: String]) -> JSON? {
    tags.isEmpty ? nil : .object(tags.mapValues { .string($0) })
}

extension MulticloudOperations {
    package func connector(_ id: OracleID) async throws(OracleError) -> Tagged<IdentityConnector> {
        try await read(.connector, id)
    }

    /// Those of a cluster, deleted ones included.
    package func connectors(
        of cluster: OracleID, in compartment: OracleID
    ) async throws(OracleError) -> [IdentityConnector] {
        try await list(.connector, in: compartment, region(of: cluster), [("dbClusterResourceId", cluster.text)])
    }

    /// Begins to make each node of the cluster an Arc machine.
    ///
    /// - Parameter accessToken: for Azure Resource Manager; a secret, which goes into the body alone.
    package func create(
        _ connector: NewConnector, accessToken: String
    ) async throws(OracleError) -> (connector: IdentityConnector, operation: MulticloudOperation) {
        let region = region(of: connector.cluster)
        let (made, workRequest): (IdentityConnector, String?) = try await create(
            .connector, in: region, connector.body(accessToken: accessToken),
            named: [connector.cluster.text, connector.name])
        return (
            made,
            MulticloudOperation(action: "create", resource: made.id, region: region.name, workRequest: workRequest)
        )
    }

    /// Submits a new access token, with which the service registers the nodes again.
    package func submit(
        accessToken: String, to connector: Tagged<IdentityConnector>
    ) async throws(OracleError) -> MulticloudOperation {
        try await update(
            .connector, connector.value.id, etag: connector.etag, ["accessToken": .string(accessToken)])
    }

    package func delete(_ connector: Tagged<IdentityConnector>) async throws(OracleError) -> MulticloudOperation {
        try await delete(.connector, connector.value.id, etag: connector.etag)
    }
}
