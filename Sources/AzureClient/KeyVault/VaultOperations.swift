// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// A vault as Resource Manager shows it (Microsoft.KeyVault/vaults).
package struct Vault: Hashable, Sendable, Decodable {
    package struct AccessPolicy: Hashable, Sendable, Decodable {
        package struct Permissions: Hashable, Sendable, Decodable { package var keys: [String]? }
        package var objectId: String
        package var permissions: Permissions?
    }
    package struct NetworkRules: Hashable, Sendable, Decodable {
        /// `AzureServices` lets trusted services of Azure in, SQL among them.
        package var bypass: String?
        package var defaultAction: String?
    }
    package struct SKU: Hashable, Sendable, Decodable {
        /// `standard` or `premium`; the latter holds keys in hardware.
        package var name: String
    }
    package struct Properties: Hashable, Sendable, Decodable {
        package var sku: SKU?
        package var tenantId: String?
        package var vaultUri: String?
        package var enableSoftDelete: Bool?
        package var enablePurgeProtection: Bool?
        package var softDeleteRetentionInDays: Int64?
        /// Nil on old vaults, which use access policies.
        package var enableRbacAuthorization: Bool?
        package var accessPolicies: [AccessPolicy]?
        package var publicNetworkAccess: String?
        package var networkAcls: NetworkRules?
        /// Nil where there is none.
        package var privateEndpointConnections: [EndpointConnection]?
        package var provisioningState: String?
    }
    /// A private endpoint that leads to it, or would once somebody approves it.
    package struct EndpointConnection: Hashable, Sendable, Decodable {
        package var id: String?
    }
    package var id: ResourceID
    package var name: String
    package var location: String?
    package var tags: [String: String]?
    package var properties: Properties

    package var usesRoles: Bool { properties.enableRbacAuthorization ?? false }

    /// Soft delete is on unless it was expressly turned off long ago; purge protection is off unless turned on.
    package var isProtectedFromPurge: Bool {
        properties.enableSoftDelete ?? true && properties.enablePurgeProtection ?? false
    }

    /// No node or machine gets at its keys, by no way at all.
    package var isSealed: Bool {
        properties.publicNetworkAccess?.lowercased() == "disabled"
            && (properties.privateEndpointConnections ?? []).isEmpty
    }

    /// Whether SQL's servers get past the vault's firewall; by private link they cannot come.
    package var admitsTrustedServices: Bool {
        let closed =
            properties.publicNetworkAccess?.lowercased() == "disabled"
            || properties.networkAcls?.defaultAction?.lowercased() == "deny"
        return !closed || properties.networkAcls?.bypass?.lowercased() != "none"
    }
}

/// The management plane of Key Vault.
package struct VaultOperations: Sendable {
    let manager: ResourceManager
    let version: String

    package func vault(_ id: ResourceID) async throws(AzureError) -> Vault {
        let url = manager.address(id, version: version)
        return try model(try await manager.get(url), url)
    }

    /// The vault with that name; vault names are unique in a cloud. Nil when the subscription has none of that name.
    package func find(name: String, subscription: String) async throws(AzureError) -> Vault? {
        guard let id = ResourceID("/subscriptions/\(subscription)") else {
            throw AzureError(code: "azure.connection", "\"\(subscription)\" is not a subscription's id.")
        }
        let url = manager.address(id, "/providers/Microsoft.KeyVault/vaults", version: version)
        for item in try await manager.list(url) where item["name"]?.string?.lowercased() == name.lowercased() {
            return try model(item, url)
        }
        return nil
    }
}
