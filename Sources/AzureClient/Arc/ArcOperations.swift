// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
package import MusterModel

/// A machine outside Azure with an identity in Entra (Microsoft.HybridCompute/machines, as in 2022-12-27).
package struct ArcMachine: Hashable, Sendable, Decodable {
    package struct Identity: Hashable, Sendable, Decodable { package var principalId: String? }
    package struct Properties: Hashable, Sendable, Decodable {
        /// `Connected`, `Disconnected`, `Error`, `AwaitingConnection`, also `Expired`. Half an hour may pass until the
        /// service notices that a machine is gone.
        package var status: String?
        package var lastStatusChange: String?
        package var agentVersion: String?
        package var machineFqdn: String?
        package var privateLinkScopeResourceId: String?
    }
    package var id: ResourceID
    package var name: String
    package var identity: Identity?
    package var properties: Properties

    package var isConnected: Bool { properties.status == "Connected" }

    /// When its status changed last; the service writes fractions of any length.
    package var changedAt: Timestamp? {
        properties.lastStatusChange.flatMap { Timestamp($0.prefix { $0 != "." && $0 != "Z" && $0 != "+" } + "Z") }
    }
}

/// By which Arc agents reach Azure privately (Microsoft.HybridCompute/privateLinkScopes).
package struct ArcPrivateLinkScope: Hashable, Sendable, Decodable {
    package struct Properties: Hashable, Sendable, Decodable {
        package var publicNetworkAccess: String?
        package var provisioningState: String?
    }
    package var id: ResourceID
    package var name: String
    package var properties: Properties
}

/// Azure Arc. Reads only: machines come and go with Oracle's identity connectors.
package struct ArcOperations: Sendable {
    let manager: ResourceManager
    let version: String

    package func machine(_ id: ResourceID) async throws(AzureError) -> ArcMachine {
        try await manager.read(id, version)
    }

    /// - Parameter group: id of a resource group.
    package func machines(in group: ResourceID) async throws(AzureError) -> [ArcMachine] {
        try await manager.readList(group, "/providers/Microsoft.HybridCompute/machines", version)
    }

    package func privateLinkScope(_ id: ResourceID) async throws(AzureError) -> ArcPrivateLinkScope {
        try await manager.read(id, version)
    }
}
