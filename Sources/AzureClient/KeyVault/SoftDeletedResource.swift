// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// A vault or Managed HSM that was deleted and can still be recovered, under its old name alone.
package struct SoftDeletedResource: Hashable, Sendable, Decodable {
    package struct Properties: Hashable, Sendable, Decodable {
        /// The id that it had; `mhsmId` for a Managed HSM.
        package var vaultId: ResourceID?
        package var mhsmId: ResourceID?
        package var location: String?
        package var deletionDate: String?
        package var scheduledPurgeDate: String?
        package var purgeProtectionEnabled: Bool?
    }
    package var name: String
    package var properties: Properties

    /// The resource's id before it was deleted.
    package var formerID: ResourceID? { properties.vaultId ?? properties.mhsmId }
}

/// What vaults and Managed HSMs have in common on the management plane. There is no purge: what is purged is lost.
struct SoftDeletableResources: Sendable {
    let manager: ResourceManager
    let version: String
    /// Such as `deletedVaults`.
    let deletedName: String

    /// Nil when it is not there. An absent Managed HSM may also be answered without a body.
    func find(_ id: ResourceID) async throws(AzureError) -> JSON? {
        let url = manager.address(id, version: version)
        do throws(AzureError) {
            return try await manager.getIfAny(url)
        } catch  where error.isNotFound && error.code == "ResourceNotFound" {
            return nil
        }
    }

    /// Nil when no deleted one of the name can be recovered there.
    func findDeleted(_ id: ResourceID, location: String) async throws(AzureError) -> SoftDeletedResource? {
        guard let subscription = id.subscription.flatMap({ ResourceID("/subscriptions/\($0)") }) else {
            throw AzureError(code: "azure.answer", "\(id) names no subscription.")
        }
        let place = "\(folded(location))/\(deletedName)/\(percentEncoded(id.name))"
        let url = manager.address(subscription, "/providers/Microsoft.KeyVault/locations/\(place)", version: version)
        do throws(AzureError) {
            return try model(try await manager.get(url), url)
        } catch  where error.isNotFound {
            return nil
        }
    }

    func put(
        _ id: ResourceID, _ body: JSON, started: (LongRunningOperation) async throws -> Void
    ) async throws -> JSON? {
        try await manager.perform(.put, manager.address(id, version: version), body: body, started: started)
    }

    func delete(_ id: ResourceID, started: (LongRunningOperation) async throws -> Void) async throws {
        _ = try await manager.perform(.delete, manager.address(id, version: version), started: started)
    }

    /// Locations are written `East US` or `eastus`.
    private func folded(_ location: String) -> String { percentEncoded(foldedLocation(location)) }
}

/// `East US` and `eastus` are the same place.
package func foldedLocation(_ location: String) -> String { location.filter { $0 != " " }.lowercased() }
