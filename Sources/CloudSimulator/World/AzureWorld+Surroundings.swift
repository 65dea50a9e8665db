// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What lies around keys and databases: which requests it answers, and how it is found.
extension KnownOperation {
    private static let network = "microsoft.network"
    private static let arc = "microsoft.hybridcompute"
    private static let oracle = "oracle.database"
    private static let setting = "Microsoft.Insights/diagnosticSettings/read"

    /// Names as in the operationId of https://github.com/Azure/azure-rest-api-specs.
    static let surroundings: [KnownOperation] = [
        .init(
            "GET", network, "virtualnetworks/subnets/*", "Subnets_Get", "Microsoft.Network/virtualNetworks/subnets/read"
        ),
        .init("GET", network, "natgateways/*", "NatGateways_Get", "Microsoft.Network/natGateways/read"),
        .init(
            "GET", "microsoft.features", "providers/features/*", "Features_Get",
            "Microsoft.Features/providers/features/read", ofSubscription: true),
        .init("GET", network, "privateendpoints/*", "PrivateEndpoints_Get", "Microsoft.Network/privateEndpoints/read"),
        .init(
            "GET", network, "privateendpoints", "PrivateEndpoints_ListBySubscription",
            "Microsoft.Network/privateEndpoints/read", ofSubscription: true),
        .init(
            "GET", network, "privateendpoints/privatednszonegroups", "PrivateDnsZoneGroups_List",
            "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read"),
        .init(
            "GET", network, "privatednszones/virtualnetworklinks", "VirtualNetworkLinks_List",
            "Microsoft.Network/privateDnsZones/virtualNetworkLinks/read"),
        .init("GET", arc, "machines", "Machines_ListByResourceGroup", "Microsoft.HybridCompute/machines/read"),
        .init("GET", arc, "machines/*", "Machines_Get", "Microsoft.HybridCompute/machines/read"),
        .init(
            "GET", arc, "privatelinkscopes/*", "PrivateLinkScopes_Get", "Microsoft.HybridCompute/privateLinkScopes/read"
        ),
        .init("GET", oracle, "cloudvmclusters/*", "CloudVmClusters_Get", "Oracle.Database/cloudVmClusters/read"),
        .init(
            "GET", oracle, "cloudvmclusters", "CloudVmClusters_ListByResourceGroup",
            "Oracle.Database/cloudVmClusters/read"),
        .init(
            "GET", "microsoft.operationalinsights", "workspaces/*", "Workspaces_Get",
            "Microsoft.OperationalInsights/workspaces/read"),
        .init("GET", "microsoft.keyvault", "vaults/providers/diagnosticsettings", "DiagnosticSettings_List", setting),
        .init(
            "GET", "microsoft.keyvault", "managedhsms/providers/diagnosticsettings", "DiagnosticSettings_List", setting),
        .init(
            "GET", "microsoft.authorization", "permissions", "Permissions_ListForResourceGroup",
            "Microsoft.Authorization/permissions/read"),
        .init(
            "GET", "microsoft.keyvault", "vaults/providers/permissions", "Permissions_ListForResource",
            "Microsoft.Authorization/permissions/read"),
    ]

    private static let providerActions = ["Providers_Get", "Providers_Register", "Providers_Unregister"]

    static let surroundingNames =
        Set(surroundings.map(\.operation)).sorted() + providerActions + ["Query_Execute"]
}

extension AzureWorld {
    package static let surroundingNames = KnownOperation.surroundingNames

    private static let versions: [String: [String]] = [
        "microsoft.resources": ["2022-09-01", "2024-07-01", "2025-04-01"],
        "microsoft.features": ["2021-07-01"],
        "microsoft.network": ["2024-01-01", "2026-03-01"],
        "private-dns": ["2018-09-01", "2020-06-01", "2024-06-01"],
        "microsoft.hybridcompute": ["2022-12-27", "2026-07-15"],
        "oracle.database": ["2023-09-01", "2026-06-01"],
        "microsoft.insights": ["2021-05-01-preview"],
        "microsoft.operationalinsights": ["2023-09-01"],
        "microsoft.authorization": ["2022-04-01"],
    ]

    /// Which interface a call is of, and the versions of it that are known; nil for calls of other parts.
    static func surroundingVersions(_ call: Call) -> (provider: String, known: [String])? {
        guard KnownOperation.surroundingNames.contains(call.operation) else { return nil }
        let provider =
            switch call.operation {
            case "DiagnosticSettings_List": "Microsoft.Insights"
            case "Permissions_ListForResource": "Microsoft.Authorization"
            case "VirtualNetworkLinks_List": "private-dns"
            case let name where name.hasPrefix("Providers_"): "Microsoft.Resources"
            default: call.path?.provider ?? ""
            }
        return (provider, versions[provider.lowercased()] ?? [])
    }

    /// Nil when the request is none of these.
    func routeSurroundings(_ request: SimulatedRequest, _ segments: [String], at now: Timestamp) -> Call? {
        if let call = routeProvider(request, segments, at: now) { return call }
        if segments.count == 4, [segments[0], segments[1], segments[3]] == ["v1", "workspaces", "query"] {
            var call = Call(request: request, at: now, plane: .logs, operation: "Unknown")
            if request.method == "POST" {
                call.operation = "Query_Execute"
                call.action = "Microsoft.OperationalInsights/workspaces/query/read"
            }
            return call
        }
        guard let path = ARMPath(segments) else { return nil }
        let known = KnownOperation.surroundings.first {
            $0.method == request.method && $0.provider == path.provider.lowercased() && $0.shape == path.shape
                && $0.ofSubscription == (path.group == nil)
        }
        guard let known else { return nil }
        var call = Call(request: request, at: now, plane: .resourceManager, operation: known.operation, path: path)
        call.action = known.action
        return call
    }

    /// `/subscriptions/S/providers/NAMESPACE`, with or without an action.
    private func routeProvider(_ request: SimulatedRequest, _ segments: [String], at now: Timestamp) -> Call? {
        guard (4...5).contains(segments.count), segments[0].lowercased() == "subscriptions",
            segments[2].lowercased() == "providers"
        else { return nil }
        var call = Call(request: request, at: now, plane: .resourceManager, operation: "Unknown")
        call.scope = "/\(segments[0])/\(segments[1])"
        switch (request.method, segments.count == 5 ? segments[4].lowercased() : nil) {
        case ("GET", nil):
            call.operation = "Providers_Get"
            call.action = "Microsoft.Resources/subscriptions/providers/read"
        case ("POST", "register"?):
            (call.operation, call.action) = ("Providers_Register", "\(segments[3])/register/action")
        case ("POST", "unregister"?):
            (call.operation, call.action) = ("Providers_Unregister", "\(segments[3])/unregister/action")
        default: return nil
        }
        call.isMutation = request.method == "POST"
        return call
    }

    mutating func surroundings(_ call: Call) throws(AzureError) -> SimulatedResponse {
        switch call.operation {
        case let name where name.hasPrefix("Providers_"): return provider(call)
        case "Features_Get": return feature(call)
        case "Machines_ListByResourceGroup": return page(machines(call).map { json($0) })
        case "Machines_Get":
            guard let machine = machines(call).first(where: { CaselessName($0.name) == CaselessName(call.name(0)) })
            else {
                throw missing(call)
            }
            return SimulatedResponse(200, json(machine))
        case "DiagnosticSettings_List": return page(try diagnosticSettings(call))
        case "Workspaces_Get":
            return SimulatedResponse(200, json(try found(state.surroundings.workspaces, \.group, call)))
        case "Permissions_ListForResourceGroup", "Permissions_ListForResource": return page(callerPermissions(call))
        case "CloudVmClusters_Get":
            return SimulatedResponse(200, json(try found(state.surroundings.vmClusters, \.group, call)))
        case "CloudVmClusters_ListByResourceGroup":
            return page(
                sorted(state.surroundings.vmClusters)
                    .filter { CaselessName($0.group) == CaselessName(call.path?.group ?? "") }.map { json($0) })
        default: return try networkRead(call)
        }
    }

    private func machines(_ call: Call) -> [ArcMachine] {
        let group = CaselessName(call.path?.group ?? "")
        return state.surroundings.machines.sorted { $0.key < $1.key }.filter { $0.key.group == group }.map(\.value)
    }

    /// The resource that the path names, in its group.
    func found<Resource>(
        _ all: [CaselessName: Resource], _ group: KeyPath<Resource, String>, _ call: Call
    ) throws(AzureError) -> Resource {
        guard let one = all[CaselessName(call.name(0))],
            CaselessName(one[keyPath: group]) == CaselessName(call.path?.group ?? "")
        else { throw missing(call) }
        return one
    }

    func missing(_ call: Call) -> AzureError {
        let type = "\(call.path?.provider ?? "")/\(call.path?.types.joined(separator: "/") ?? "")"
        let name = call.path?.names.joined(separator: "/") ?? ""
        return ARMError.resourceNotFound(type, name, group: call.path?.group ?? "")
    }

    func resourceID(_ group: String, _ rest: String) -> String {
        "/subscriptions/\(state.subscription)/resourceGroups/\(group)/providers/\(rest)"
    }

    private func json(_ machine: ArcMachine) -> JSON {
        [
            "id": .string(resourceID(machine.group, "Microsoft.HybridCompute/machines/\(machine.name)")),
            "name": .string(machine.name), "type": "Microsoft.HybridCompute/machines",
            "location": .string(machine.location),
            "identity": [
                "type": "SystemAssigned", "principalId": .string(machine.principal), "tenantId": .string(state.tenant),
            ],
            "properties": [
                "provisioningState": "Succeeded", "status": .string(machine.status), "agentVersion": "1.47.0",
                "lastStatusChange": .string(clientTime(machine.statusChanged).description),
                "displayName": .string(machine.name), "machineFqdn": .string("\(machine.name).simulated.example"),
                "osType": "linux", "errorDetails": [],
                "privateLinkScopeResourceId": machine.privateLinkScope.map { .string($0) } ?? .null,
            ],
        ]
    }

    private func json(_ workspace: LogWorkspace) -> JSON {
        [
            "id": .string(resourceID(workspace.group, "Microsoft.OperationalInsights/workspaces/\(workspace.name)")),
            "name": .string(workspace.name), "type": "Microsoft.OperationalInsights/workspaces",
            "location": .string(workspace.location),
            "properties": [
                "customerId": .string(workspace.customerID), "provisioningState": "Succeeded", "retentionInDays": 30,
                "sku": ["name": "PerGB2018"],
            ],
        ]
    }

    private func json(_ cluster: VMCluster) -> JSON {
        let infrastructure = resourceID(
            cluster.group, "Oracle.Database/cloudExadataInfrastructures/\(cluster.name)-infra")
        return [
            "id": .string(resourceID(cluster.group, "Oracle.Database/cloudVmClusters/\(cluster.name)")),
            "name": .string(cluster.name), "type": "Oracle.Database/cloudVmClusters",
            "location": .string(cluster.location),
            "properties": [
                "provisioningState": "Succeeded", "lifecycleState": .string(cluster.state),
                "ocid": .string(cluster.ocid), "displayName": .string(cluster.name), "hostname": .string(cluster.name),
                "nodeCount": .int(Int64(cluster.nodes)), "cpuCoreCount": .int(Int64(cluster.nodes * 4)),
                "cloudExadataInfrastructureId": .string(infrastructure), "sshPublicKeys": [], "giVersion": "19.0.0.0",
                "vnetId": .string(networkID(cluster.network)),
                "subnetId": .string(subnetID(cluster.network, cluster.subnet)),
            ],
        ]
    }
}
