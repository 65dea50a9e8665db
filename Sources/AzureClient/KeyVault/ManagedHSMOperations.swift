// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// A Managed HSM as Resource Manager shows it (Microsoft.KeyVault/managedHSMs).
package struct ManagedHSM: Hashable, Sendable, Decodable {
    package struct SKU: Hashable, Sendable, Decodable { package var name: String }
    package struct SecurityDomain: Hashable, Sendable, Decodable {
        /// `Active`, `NotActivated`, `Unknown` or `Failed`.
        package var activationStatus: String?
    }
    package struct Properties: Hashable, Sendable, Decodable {
        package var hsmUri: String?
        package var tenantId: String?
        package var initialAdminObjectIds: [String]?
        package var enableSoftDelete: Bool?
        package var enablePurgeProtection: Bool?
        package var softDeleteRetentionInDays: Int64?
        package var publicNetworkAccess: String?
        package var networkAcls: Vault.NetworkRules?
        package var privateEndpointConnections: [Vault.EndpointConnection]?
        package var provisioningState: String?
        package var statusMessage: String?
        package var securityDomainProperties: SecurityDomain?
    }
    package var id: ResourceID
    package var name: String
    package var location: String?
    package var tags: [String: String]?
    package var sku: SKU?
    package var properties: Properties

    package var isProtectedFromPurge: Bool { properties.enablePurgeProtection ?? false }

    /// No node or machine gets at its keys, by no way at all.
    package var isSealed: Bool {
        properties.publicNetworkAccess?.lowercased() == "disabled"
            && (properties.privateEndpointConnections ?? []).isEmpty
    }

    /// Whether the security domain was downloaded; until then it holds no keys. Nil when it does not say.
    package var isActivated: Bool? { properties.securityDomainProperties?.activationStatus.map { $0 == "Active" } }
}

/// What a Managed HSM shall be like. Soft delete and purge protection are always on.
package struct ManagedHSMWish: Hashable, Sendable {
    package var location: String
    package var tenant: String
    /// Such as `Standard_B1`.
    package var sku: String
    /// Object ids of those who may activate it and give roles in it.
    package var administrators: [String]
    package var retentionDays: Int64
    package var publicAccess: Bool
    package var tags: [String: String] = [:]

    package init(
        location: String, tenant: String, sku: String, administrators: [String], retentionDays: Int64,
        publicAccess: Bool
    ) {
        self.location = location
        self.tenant = tenant
        self.sku = sku
        self.administrators = administrators
        self.retentionDays = retentionDays
        self.publicAccess = publicAccess
    }

    fileprivate var skuJSON: JSON { ["family": .string(Self.family(sku)), "name": .string(sku)] }

    /// The letter in a SKU's name, as in `Standard_B1`.
    fileprivate static func family(_ sku: String) -> String {
        String(sku.split(separator: "_").last?.prefix(1) ?? "B").uppercased()
    }

    fileprivate var body: JSON {
        [
            "location": .string(location), "sku": skuJSON, "tags": .object(tags.mapValues { .string($0) }),
            "properties": [
                "tenantId": .string(tenant), "initialAdminObjectIds": .array(administrators.map { .string($0) }),
                "enableSoftDelete": true, "softDeleteRetentionInDays": .int(retentionDays),
                "enablePurgeProtection": true,
                "publicNetworkAccess": .string(publicAccess ? "Enabled" : "Disabled"),
                "networkAcls": networkRules(publicAccess),
            ],
        ]
    }
}

/// Managed HSMs on the management plane. Activation is a ceremony with keys that are kept offline, and no work of ours.
package struct ManagedHSMOperations: Sendable {
    let manager: ResourceManager
    let version: String

    private var resources: SoftDeletableResources {
        SoftDeletableResources(manager: manager, version: version, deletedName: "deletedManagedHSMs")
    }

    /// Nil when it is not there.
    package func hsmIfAny(_ id: ResourceID) async throws(AzureError) -> ManagedHSM? {
        guard let found = try await resources.find(id) else { return nil }
        return try model(found, manager.address(id, version: version))
    }

    package func deletedHSM(_ id: ResourceID, location: String) async throws(AzureError) -> SoftDeletedResource? {
        try await resources.findDeleted(id, location: location)
    }

    /// Makes a Managed HSM, which takes twenty minutes and more.
    package func create(
        _ id: ResourceID, _ wish: ManagedHSMWish, started: (LongRunningOperation) async throws -> Void = { _ in }
    ) async throws {
        _ = try await resources.put(id, wish.body, started: started)
    }

    package func recover(
        _ id: ResourceID, _ wish: ManagedHSMWish, started: (LongRunningOperation) async throws -> Void = { _ in }
    ) async throws {
        let body: JSON = [
            "location": .string(wish.location), "sku": wish.skuJSON,
            "properties": ["tenantId": .string(wish.tenant), "createMode": "recover"],
        ]
        _ = try await resources.put(id, body, started: started)
    }

    /// Deletes it so that it can be recovered. A deleted Managed HSM is still paid for until it is purged.
    package func delete(
        _ id: ResourceID, started: (LongRunningOperation) async throws -> Void = { _ in }
    ) async throws {
        try await resources.delete(id, started: started)
    }
}
