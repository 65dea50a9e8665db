// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// An Exadata VM cluster as Azure shows it (Oracle.Database/cloudVmClusters, as in 2023-09-01). Nothing in it tells of the
/// identity connector or the key store: only Oracle's side knows them.
package struct VMCluster: Hashable, Sendable, Decodable {
    package struct Properties: Hashable, Sendable, Decodable {
        package var provisioningState: String?
        /// `Available`, `Provisioning`, `Updating`, `Terminating`, `Terminated`, `MaintenanceInProgress` or `Failed`.
        package var lifecycleState: String?
        package var ocid: String?
        package var displayName: String?
        package var nodeCount: Int?
        package var subnetId: ResourceID?
        package var vnetId: ResourceID?
    }
    package var id: ResourceID
    package var name: String
    package var location: String?
    package var properties: Properties
}

/// Oracle Database@Azure. Reads only.
package struct VMClusterOperations: Sendable {
    let manager: ResourceManager
    let version: String

    package func cluster(_ id: ResourceID) async throws(AzureError) -> VMCluster { try await manager.read(id, version) }
}
