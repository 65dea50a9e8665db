// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What gives the nodes of a VM cluster an identity in Azure (API 20240501, `OracleDbAzureConnector`). The access token that
/// made it may come back with it; it is never read. States are open lists: a value that is not known is kept as text.
package struct IdentityConnector: Hashable, Sendable, Codable {
    package struct Node: Hashable, Sendable, Codable {
        package var hostName: String?
        package var currentArcAgentVersion: String?
        /// `CONNECTED`, `DISCONNECTED` or `UNKNOWN`.
        package var status: String?
        package var timeLastChecked: String?
    }

    package var id: OracleID
    package var displayName: String?
    package var compartmentId: OracleID?
    package var dbClusterResourceId: OracleID?
    package var azureTenantId: String?
    package var azureSubscriptionId: String?
    package var azureResourceGroup: String?
    package var privateEndpointIpAddress: String?
    package var privateEndpointDnsAlias: String?
    /// `CONNECTED`, `DISCONNECTED`, `PARTIALLY_CONNECTED` or `UNKNOWN`.
    package var azureIdentityConnectivityStatus: String?
    package var arcAgentNodes: [Node]?
    package var lifecycleState: String?
    package var lifecycleStateDetails: String?
    package var freeformTags: [String: String]?
}

/// An Azure vault that Oracle knows (`OracleDbAzureVault`).
package struct RegisteredVault: Hashable, Sendable, Codable {
    package struct Replication: Hashable, Sendable, Codable {
        package var targetRegion: String?
        /// As a lifecycle state: `ACTIVE` when the vault can be used there.
        package var replicationState: String?
    }

    package struct Replications: Hashable, Sendable, Codable {
        package var replicationDetails: [Replication]?
    }

    package var id: OracleID
    package var displayName: String?
    package var compartmentId: OracleID?
    package var oracleDbConnectorId: OracleID?
    /// The vault's name, or its whole id in Azure.
    package var azureVaultId: String?
    package var oracleDbAzureResourceGroup: String?
    /// As discovery told it, such as `managedHSMs`.
    package var type: String?
    package var location: String?
    package var replicationMetadata: Replications?
    package var lifecycleState: String?
    package var lifecycleStateDetails: String?
    package var freeformTags: [String: String]?
}

/// That the nodes of a connector use a registered vault (`OracleDbAzureVaultAssociation`).
package struct VaultAssociation: Hashable, Sendable, Codable {
    package var id: OracleID
    package var displayName: String?
    package var oracleDbAzureVaultId: OracleID?
    package var oracleDbAzureConnectorId: OracleID?
    /// The connector's identities really reach the vault.
    package var isResourceAccessible: Bool?
    package var lifecycleState: String?
    package var lifecycleStateDetails: String?
    package var freeformTags: [String: String]?
}

/// A key of a registered vault (`OracleDbAzureKey`). Databases name it by its id here, not by its name in Azure.
package struct RegisteredKey: Hashable, Sendable, Codable {
    package var id: OracleID
    package var displayName: String?
    package var azureKeyId: String?
    package var oracleDbAzureVaultId: OracleID?
    package var lifecycleState: String?
}

/// A search for vaults by a connector's identities (`MultiCloudResourceDiscovery`).
package struct VaultDiscovery: Hashable, Sendable, Codable {
    package struct Found: Hashable, Sendable, Codable {
        package var id: String?
        package var name: String?
        package var resourceGroup: String?
        package var type: String?
        package var location: String?
        package var properties: [String: String]?
    }

    package var id: OracleID
    package var displayName: String?
    package var resources: [Found]?
    /// It ends `SUCCEEDED`, not `ACTIVE`.
    package var lifecycleState: String?
    package var lifecycleStateDetails: String?
}

/// The states that the service's resources have.
package enum Lifecycle {
    package static let active = "ACTIVE"
    /// The service works on it.
    package static let busy: Set<String> = ["CREATING", "UPDATING", "DELETING", "ACCEPTED", "IN_PROGRESS", "CANCELING"]
    /// It is gone, or about to be.
    package static let gone: Set<String> = ["DELETING", "DELETED"]
}
