// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// Virtual networks and what lets others into them (Microsoft.Network). Reads only.
package struct NetworkOperations: Sendable {
    let manager: ResourceManager
    let version: String
    let dnsVersion: String

    package func subnet(_ id: ResourceID) async throws(AzureError) -> Subnet { try await manager.read(id, version) }

    package func natGateway(_ id: ResourceID) async throws(AzureError) -> NATGateway {
        try await manager.read(id, version)
    }

    /// All private endpoints of a subscription. One that leads to a vault may lie in any of its groups.
    package func privateEndpoints(subscription: String) async throws(AzureError) -> [PrivateEndpoint] {
        let place = try manager.subscription(subscription)
        return try await manager.readList(place, "/providers/Microsoft.Network/privateEndpoints", version)
    }

    package func dnsZoneGroups(of endpoint: ResourceID) async throws(AzureError) -> [PrivateDNSZoneGroup] {
        try await manager.readList(endpoint, "/privateDnsZoneGroups", version)
    }

    /// - Parameter zone: id of a private DNS zone.
    package func links(of zone: ResourceID) async throws(AzureError) -> [PrivateDNSZoneLink] {
        try await manager.readList(zone, "/virtualNetworkLinks", dnsVersion)
    }
}
