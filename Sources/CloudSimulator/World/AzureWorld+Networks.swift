// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Virtual networks, private endpoints and the names by which they are found; also Azure Arc's private link scopes.
extension AzureWorld {
    func networkRead(_ call: Call) throws(AzureError) -> SimulatedResponse {
        let surroundings = state.surroundings
        switch call.operation {
        case "Subnets_Get":
            let network = try found(surroundings.networks, \.group, call)
            guard let subnet = network.subnets[CaselessName(call.name(1))] else { throw missing(call) }
            return SimulatedResponse(200, json(subnet, of: network))
        case "NatGateways_Get": return SimulatedResponse(200, json(try found(surroundings.natGateways, \.group, call)))
        case "PrivateEndpoints_ListBySubscription": return page(sorted(surroundings.privateEndpoints).map { json($0) })
        case "PrivateEndpoints_Get":
            return SimulatedResponse(200, json(try found(surroundings.privateEndpoints, \.group, call)))
        case "PrivateDnsZoneGroups_List":
            return page(zoneGroups(of: try found(surroundings.privateEndpoints, \.group, call)))
        case "VirtualNetworkLinks_List": return page(try zoneLinks(call))
        case "PrivateLinkScopes_Get":
            return SimulatedResponse(200, json(try found(surroundings.privateLinkScopes, \.group, call)))
        default: throw ARMError.unknownPath(call.request.method, call.request.path)
        }
    }

    func networkID(_ name: CaselessName) -> String {
        guard let network = state.surroundings.networks[name] else { return "" }
        return resourceID(network.group, "Microsoft.Network/virtualNetworks/\(network.name)")
    }

    func subnetID(_ network: CaselessName, _ subnet: CaselessName) -> String {
        let name = state.surroundings.networks[network]?.subnets[subnet]?.name ?? ""
        return "\(networkID(network))/subnets/\(name)"
    }

    private func natGatewayID(_ gateway: NATGateway) -> String {
        resourceID(gateway.group, "Microsoft.Network/natGateways/\(gateway.name)")
    }

    func endpointID(_ endpoint: PrivateEndpoint) -> String {
        resourceID(endpoint.group, "Microsoft.Network/privateEndpoints/\(endpoint.name)")
    }

    private func zoneID(_ zone: PrivateEndpoint.Zone, _ endpoint: PrivateEndpoint) -> String {
        resourceID(endpoint.group, "Microsoft.Network/privateDnsZones/\(zone.name)")
    }

    private func json(_ subnet: Subnet, of network: VirtualNetwork) -> JSON {
        let id = subnetID(CaselessName(network.name), CaselessName(subnet.name))
        var properties: [String: JSON] = [
            "provisioningState": "Succeeded", "addressPrefix": .string(subnet.prefix),
            "delegations": .array(
                subnet.delegatedTo.map { service in
                    [
                        "name": "delegation",
                        "properties": ["serviceName": .string(service), "provisioningState": "Succeeded"],
                    ]
                }),
            "privateEndpointNetworkPolicies": "Disabled", "privateLinkServiceNetworkPolicies": "Enabled",
        ]
        if let gateway = subnet.natGateway.flatMap({ state.surroundings.natGateways[$0] }) {
            properties["natGateway"] = ["id": .string(natGatewayID(gateway))]
        }
        return [
            "id": .string(id), "name": .string(subnet.name), "type": "Microsoft.Network/virtualNetworks/subnets",
            "properties": .object(properties),
        ]
    }

    private func json(_ gateway: NATGateway) -> JSON {
        let users = state.surroundings.networks.flatMap { name, network in
            network.subnets.filter { $0.value.natGateway == CaselessName(gateway.name) }.map { (name, $0.key) }
        }
        let subnets = users.map { subnetID($0, $1) }.sorted()
        let address = resourceID(gateway.group, "Microsoft.Network/publicIPAddresses/\(gateway.name)-ip")
        return [
            "id": .string(natGatewayID(gateway)), "name": .string(gateway.name),
            "type": "Microsoft.Network/natGateways",
            "location": .string(gateway.location), "sku": ["name": "Standard"],
            "properties": [
                "provisioningState": "Succeeded", "idleTimeoutInMinutes": 4,
                "publicIpAddresses": gateway.hasAddress ? [["id": .string(address)]] : [],
                "subnets": .array(subnets.map { ["id": .string($0)] }),
            ],
        ]
    }

    private func json(_ endpoint: PrivateEndpoint) -> JSON {
        let id = endpointID(endpoint)
        let connection: JSON = [
            "id": .string("\(id)/privateLinkServiceConnections/\(endpoint.name)"), "name": .string(endpoint.name),
            "properties": [
                "provisioningState": "Succeeded", "privateLinkServiceId": .string(endpoint.target),
                "groupIds": [.string(endpoint.groupID)],
                "privateLinkServiceConnectionState": [
                    "status": .string(endpoint.status), "description": "", "actionsRequired": "None",
                ],
            ],
        ]
        return [
            "id": .string(id), "name": .string(endpoint.name), "type": "Microsoft.Network/privateEndpoints",
            "location": .string(endpoint.location),
            "properties": [
                "provisioningState": "Succeeded", "privateLinkServiceConnections": [connection],
                "manualPrivateLinkServiceConnections": [], "customDnsConfigs": [],
                "subnet": ["id": .string(subnetID(endpoint.network, endpoint.subnet))],
            ],
        ]
    }

    private func zoneGroups(of endpoint: PrivateEndpoint) -> [JSON] {
        guard !endpoint.zones.isEmpty else { return [] }
        let id = "\(endpointID(endpoint))/privateDnsZoneGroups/default"
        let configs: [JSON] = endpoint.zones.map { zone in
            let records: [JSON] = zone.records.map { label in
                [
                    "recordType": "A", "recordSetName": .string(label), "fqdn": .string("\(label).\(zone.name)"),
                    "ttl": 10, "ipAddresses": [.string(endpoint.address)], "provisioningState": "Succeeded",
                ]
            }
            return [
                "name": .string(zone.name.replacing(".", with: "-")),
                "properties": ["privateDnsZoneId": .string(zoneID(zone, endpoint)), "recordSets": .array(records)],
            ]
        }
        return [
            [
                "id": .string(id), "name": "default",
                "properties": ["provisioningState": "Succeeded", "privateDnsZoneConfigs": .array(configs)],
            ]
        ]
    }

    private func zoneLinks(_ call: Call) throws(AzureError) -> [JSON] {
        let wanted = call.name(0).lowercased()
        let group = CaselessName(call.path?.group ?? "")
        let zones = sorted(state.surroundings.privateEndpoints).filter { CaselessName($0.group) == group }
            .flatMap { endpoint in endpoint.zones.map { (endpoint, $0) } }.filter { $0.1.name.lowercased() == wanted }
        guard let (endpoint, zone) = zones.first else { throw missing(call) }
        let networks = Set(zones.flatMap { $0.1.links }).sorted()
        return networks.map { name in
            let label = "\(state.surroundings.networks[name]?.name ?? "")-link"
            return [
                "id": .string("\(zoneID(zone, endpoint))/virtualNetworkLinks/\(label)"), "name": .string(label),
                "type": "Microsoft.Network/privateDnsZones/virtualNetworkLinks", "location": "global",
                "properties": [
                    "virtualNetwork": ["id": .string(networkID(name))], "registrationEnabled": false,
                    "virtualNetworkLinkState": "Completed", "provisioningState": "Succeeded",
                ],
            ]
        }
    }

    private func json(_ scope: PrivateLinkScope) -> JSON {
        let id = resourceID(scope.group, "Microsoft.HybridCompute/privateLinkScopes/\(scope.name)")
        let endpoints = sorted(state.surroundings.privateEndpoints).filter {
            $0.target.lowercased() == id.lowercased()
        }
        let connections: [JSON] = endpoints.map { endpoint in
            [
                "id": .string("\(id)/privateEndpointConnections/\(endpoint.name)"), "name": .string(endpoint.name),
                "type": "Microsoft.HybridCompute/privateLinkScopes/privateEndpointConnections",
                "properties": [
                    "provisioningState": "Succeeded", "privateEndpoint": ["id": .string(endpointID(endpoint))],
                    "privateLinkServiceConnectionState": [
                        "status": .string(endpoint.status), "description": "", "actionsRequired": "None",
                    ],
                ],
            ]
        }
        return [
            "id": .string(id), "name": .string(scope.name), "type": "Microsoft.HybridCompute/privateLinkScopes",
            "location": .string(scope.location), "tags": [:],
            "properties": [
                "publicNetworkAccess": scope.publicAccess ? "Enabled" : "Disabled", "provisioningState": "Succeeded",
                "privateLinkScopeId": .string(DerivedID.guid("private-link-scope", scope.name)),
                "privateEndpointConnections": .array(connections),
            ],
        ]
    }
}
