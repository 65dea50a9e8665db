// SPDX-License-Identifier: Apache-2.0

// Members as in Microsoft.Network 2024-01-01; only what is used. Unknown members are ignored, and absent ones are nil.

/// A resource that is named by its id alone.
package struct ResourceReference: Hashable, Sendable, Decodable {
    package var id: ResourceID
}

package struct Subnet: Hashable, Sendable, Decodable {
    package struct Delegation: Hashable, Sendable, Decodable {
        package struct Properties: Hashable, Sendable, Decodable { package var serviceName: String? }
        package var properties: Properties?
    }
    package struct Properties: Hashable, Sendable, Decodable {
        package var provisioningState: String?
        package var addressPrefix: String?
        package var addressPrefixes: [String]?
        package var delegations: [Delegation]?
        package var natGateway: ResourceReference?
    }
    package var id: ResourceID
    package var name: String
    package var properties: Properties

    /// Services that may put their own resources into it.
    package var delegatedTo: [String] { (properties.delegations ?? []).compactMap(\.properties?.serviceName) }
}

package struct NATGateway: Hashable, Sendable, Decodable {
    package struct Properties: Hashable, Sendable, Decodable {
        package var provisioningState: String?
        package var publicIpAddresses: [ResourceReference]?
        package var publicIpPrefixes: [ResourceReference]?
        package var subnets: [ResourceReference]?
    }
    package var id: ResourceID
    package var name: String
    package var properties: Properties

    /// Without an address of its own it lets nothing out.
    package var hasAddress: Bool {
        !(properties.publicIpAddresses ?? []).isEmpty || !(properties.publicIpPrefixes ?? []).isEmpty
    }
}

package struct PrivateEndpoint: Hashable, Sendable, Decodable {
    package struct Connection: Hashable, Sendable, Decodable {
        package struct State: Hashable, Sendable, Decodable {
            /// `Approved`, `Pending`, `Rejected` or `Disconnected`.
            package var status: String?
            package var description: String?
        }
        package struct Properties: Hashable, Sendable, Decodable {
            package var privateLinkServiceId: ResourceID?
            package var groupIds: [String]?
            package var privateLinkServiceConnectionState: State?
        }
        package var properties: Properties
    }
    package struct DNSConfig: Hashable, Sendable, Decodable {
        package var fqdn: String?
        package var ipAddresses: [String]?
    }
    package struct Properties: Hashable, Sendable, Decodable {
        package var provisioningState: String?
        package var subnet: ResourceReference?
        package var privateLinkServiceConnections: [Connection]?
        package var manualPrivateLinkServiceConnections: [Connection]?
        package var customDnsConfigs: [DNSConfig]?
    }
    package var id: ResourceID
    package var name: String
    package var properties: Properties

    /// Its connections to that resource, asked for by whoever made the endpoint or by the resource's owner.
    package func connections(to resource: ResourceID) -> [Connection] {
        let all =
            (properties.privateLinkServiceConnections ?? []) + (properties.manualPrivateLinkServiceConnections ?? [])
        return all.filter { $0.properties.privateLinkServiceId == resource }
    }
}

/// The private DNS zones in which an endpoint has its records.
package struct PrivateDNSZoneGroup: Hashable, Sendable, Decodable {
    package struct RecordSet: Hashable, Sendable, Decodable {
        package var fqdn: String?
        package var ipAddresses: [String]?
    }
    package struct Config: Hashable, Sendable, Decodable {
        package struct Properties: Hashable, Sendable, Decodable {
            package var privateDnsZoneId: ResourceID?
            package var recordSets: [RecordSet]?
        }
        package var properties: Properties?
    }
    package struct Properties: Hashable, Sendable, Decodable {
        package var privateDnsZoneConfigs: [Config]?
    }
    package var name: String
    package var properties: Properties

    package var configs: [Config.Properties] { (properties.privateDnsZoneConfigs ?? []).compactMap(\.properties) }
}

/// That the names of a private DNS zone are answered in a virtual network.
package struct PrivateDNSZoneLink: Hashable, Sendable, Decodable {
    package struct Properties: Hashable, Sendable, Decodable {
        package var virtualNetwork: ResourceReference?
        /// `Completed` once it has its effect, else `InProgress`.
        package var virtualNetworkLinkState: String?
    }
    package var name: String
    package var properties: Properties
}
