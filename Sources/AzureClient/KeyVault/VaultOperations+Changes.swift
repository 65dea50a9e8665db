// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What a vault shall be like. Access goes by roles, soft delete and purge protection are always on: neither can be
/// turned off again, and without them a key can be lost for good.
package struct VaultWish: Hashable, Sendable {
    package enum Tier: String, Hashable, Sendable, Codable, CaseIterable { case standard, premium }

    package var location: String
    package var tenant: String
    package var tier: Tier
    package var retentionDays: Int64
    /// False: only private endpoints lead to it.
    package var publicAccess: Bool
    package var tags: [String: String] = [:]

    package init(location: String, tenant: String, tier: Tier, retentionDays: Int64, publicAccess: Bool) {
        self.location = location
        self.tenant = tenant
        self.tier = tier
        self.retentionDays = retentionDays
        self.publicAccess = publicAccess
    }

    /// Whatever has a default that changed over the interface's versions is sent.
    fileprivate var body: JSON {
        [
            "location": .string(location), "tags": .object(tags.mapValues { .string($0) }),
            "properties": [
                "tenantId": .string(tenant), "sku": ["family": "A", "name": .string(tier.rawValue)],
                "enableRbacAuthorization": true, "enableSoftDelete": true, "enablePurgeProtection": true,
                "softDeleteRetentionInDays": .int(retentionDays), "accessPolicies": [],
                "publicNetworkAccess": .string(publicAccess ? "Enabled" : "Disabled"),
                "networkAcls": networkRules(publicAccess),
            ],
        ]
    }
}

/// Who gets in: everybody, or trusted services of Azure and private endpoints.
func networkRules(_ publicAccess: Bool) -> JSON {
    [
        "bypass": "AzureServices", "defaultAction": .string(publicAccess ? "Allow" : "Deny"), "ipRules": [],
        "virtualNetworkRules": [],
    ]
}

extension VaultOperations {
    private var resources: SoftDeletableResources {
        SoftDeletableResources(manager: manager, version: version, deletedName: "deletedVaults")
    }

    /// Nil when it is not there.
    package func vaultIfAny(_ id: ResourceID) async throws(AzureError) -> Vault? {
        guard let found = try await resources.find(id) else { return nil }
        return try model(found, manager.address(id, version: version))
    }

    /// The vault of that name that was deleted in the location and can be recovered; nil when there is none.
    package func deletedVault(_ id: ResourceID, location: String) async throws(AzureError) -> SoftDeletedResource? {
        try await resources.findDeleted(id, location: location)
    }

    /// Makes a vault. One that is there is changed to the wish, so look first.
    package func create(
        _ id: ResourceID, _ wish: VaultWish, started: (LongRunningOperation) async throws -> Void = { _ in }
    ) async throws {
        _ = try await resources.put(id, wish.body, started: started)
    }

    /// Brings a deleted vault back as it was, with its keys.
    package func recover(
        _ id: ResourceID, location: String, tenant: String, tier: VaultWish.Tier,
        started: (LongRunningOperation) async throws -> Void = { _ in }
    ) async throws {
        let body: JSON = [
            "location": .string(location),
            "properties": [
                "tenantId": .string(tenant), "sku": ["family": "A", "name": .string(tier.rawValue)],
                "createMode": "recover",
            ],
        ]
        _ = try await resources.put(id, body, started: started)
    }

    /// Deletes the vault so that it can be recovered. An absent one is no error.
    package func delete(
        _ id: ResourceID, started: (LongRunningOperation) async throws -> Void = { _ in }
    ) async throws {
        try await resources.delete(id, started: started)
    }
}
