// SPDX-License-Identifier: Apache-2.0

/// What a scenario's cloud holds around keys and databases; `docs/formats/scenario-v1.md` says what each part means.
extension CloudDocument {
    struct NetworkDocument: Decodable {
        var location: String
        var resourceGroup: String?
        var subnets: [String: SubnetDocument]

        enum CodingKeys: String, CodingKey {
            case location, subnets
            case resourceGroup = "resource-group"
        }
    }

    struct SubnetDocument: Decodable {
        var prefix: String?
        var delegatedTo: [String]?
        /// A NAT gateway's name. It has an address unless `nat-gateway-address` is false.
        var natGateway: String?
        var natGatewayAddress: Bool?

        enum CodingKeys: String, CodingKey {
            case prefix
            case delegatedTo = "delegated-to"
            case natGateway = "nat-gateway"
            case natGatewayAddress = "nat-gateway-address"
        }
    }

    struct PrivateEndpointDocument: Decodable {
        enum Status: String, Decodable { case Approved, Pending, Rejected, Disconnected }
        /// NETWORK/SUBNET
        var subnet: String
        var resourceGroup: String?
        var vault: String?
        var managedHSM: String?
        var privateLinkScope: String?
        var status: Status?
        var address: String?
        /// False: it has no records in private DNS zones.
        var dns: Bool?
        /// Networks in which its zones are answered; its own where nothing is said.
        var zoneLinks: [String]?

        enum CodingKeys: String, CodingKey {
            case subnet, vault, status, address, dns
            case resourceGroup = "resource-group"
            case managedHSM = "managed-hsm"
            case privateLinkScope = "private-link-scope"
            case zoneLinks = "zone-links"
        }
    }

    struct PrivateLinkScopeDocument: Decodable {
        var location: String
        var resourceGroup: String?
        var publicAccess: Bool?

        enum CodingKeys: String, CodingKey {
            case location
            case resourceGroup = "resource-group"
            case publicAccess = "public-access"
        }
    }

    struct ArcMachineDocument: Decodable {
        enum Status: String, Decodable { case Connected, Disconnected, Error, Expired }
        var location: String
        var resourceGroup: String?
        var status: Status?
        var privateLinkScope: String?

        enum CodingKeys: String, CodingKey {
            case location, status
            case resourceGroup = "resource-group"
            case privateLinkScope = "private-link-scope"
        }
    }

    struct VMClusterDocument: Decodable {
        var location: String
        var resourceGroup: String?
        /// Its OCID on Oracle's side.
        var id: String
        /// NETWORK/SUBNET
        var subnet: String
        var state: String?
        var nodes: Int?

        enum CodingKeys: String, CodingKey {
            case location, id, subnet, state, nodes
            case resourceGroup = "resource-group"
        }
    }

    struct DiagnosticsDocument: Decodable {
        /// A Log Analytics workspace's name; without it the log goes to storage alone.
        var workspace: String?
        var dedicated: Bool?
        /// `AuditEvent`, `audit` or `allLogs`.
        var categories: [String]?
        var enabled: Bool?

        enum CodingKeys: String, CodingKey { case workspace, dedicated, categories, enabled }
    }
}
