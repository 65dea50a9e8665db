// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Makes what lies around keys and databases from a scenario's document.
struct SurroundingsBuilder {
    let document: CloudDocument
    let now: Timestamp
    /// Where nothing else is said.
    let resourceGroup: String

    private static let usualProviders = [
        "Microsoft.GuestConfiguration", "Microsoft.HybridCompute", "Microsoft.HybridConnectivity", "Microsoft.Insights",
        "Microsoft.KeyVault", "Microsoft.Network", "Microsoft.OperationalInsights", "Oracle.Database",
    ]

    private static let usualFeatures = ["Microsoft.Baremetal", "Microsoft.Network"].map {
        "\($0)/EnableRotterdamSdnApplianceForOracle"
    }

    /// - Parameter state: holds the vaults and Managed HSMs already.
    func add(to state: inout AzureState) throws(MusterError) {
        var made = Surroundings()
        for name in document.providers ?? Self.usualProviders {
            made.providers[CaselessName(name)] = ProviderRegistration(name: name)
        }
        made.features = Set((document.features ?? Self.usualFeatures).map { CaselessName($0) })
        if let text = document.logDelay {
            guard let delay = Duration(durationText: text) else {
                throw CloudScenario.failure(
                    "log-delay is \"\(text)\"", help: "Durations are written 250ms, 30s, 10m, 1h30m.")
            }
            made.logDelay = delay
        }
        addNetworks(to: &made)
        for (name, written) in document.privateLinkScopes ?? [:] {
            made.privateLinkScopes[CaselessName(name)] = PrivateLinkScope(
                name: name, group: written.resourceGroup ?? resourceGroup, location: written.location,
                publicAccess: written.publicAccess ?? false)
        }
        if let network = document.client?.network {
            guard made.networks[CaselessName(network)] != nil else {
                throw CloudScenario.failure("The client is in the network \(network)", help: Self.networkHelp)
            }
            state.client.network = CaselessName(network)
        }
        try addEndpoints(to: &made, state)
        try addMachines(to: &made, state)
        try addClusters(to: &made)
        addDiagnostics(to: &made, state)
        state.surroundings = made
        for group in groups(made) { state.groups.insert(CaselessName(group)) }
    }

    private func groups(_ made: Surroundings) -> [String] {
        made.networks.values.map(\.group) + made.privateEndpoints.values.map(\.group)
            + made.privateLinkScopes.values.map(\.group) + made.machines.values.map(\.group)
            + made.vmClusters.values.map(\.group)
    }

    private func addNetworks(to made: inout Surroundings) {
        for (name, written) in document.virtualNetworks ?? [:] {
            let group = written.resourceGroup ?? resourceGroup
            var network = VirtualNetwork(name: name, group: group, location: written.location)
            for (label, subnet) in written.subnets {
                network.subnets[CaselessName(label)] = Subnet(
                    name: label, prefix: subnet.prefix ?? "10.0.0.0/24", delegatedTo: subnet.delegatedTo ?? [],
                    natGateway: subnet.natGateway.map { CaselessName($0) })
                guard let gateway = subnet.natGateway else { continue }
                made.natGateways[CaselessName(gateway)] = NATGateway(
                    name: gateway, group: group, location: written.location,
                    hasAddress: subnet.natGatewayAddress ?? true)
            }
            made.networks[CaselessName(name)] = network
        }
    }

    private func addEndpoints(to made: inout Surroundings, _ state: AzureState) throws(MusterError) {
        for (name, written) in document.privateEndpoints ?? [:] {
            let (network, subnet) = try place(written.subnet, of: "The private endpoint \(name)", made)
            let links = (written.zoneLinks ?? [network.folded]).map { CaselessName($0) }
            for link in links where made.networks[link] == nil {
                throw CloudScenario.failure(
                    "The private endpoint \(name) names the network \(link.folded)", help: Self.networkHelp)
            }
            let (target, group, zones) = try aim(name, written, made, state)
            made.privateEndpoints[CaselessName(name)] = PrivateEndpoint(
                name: name, group: written.resourceGroup ?? resourceGroup,
                location: made.networks[network]?.location ?? "", network: network, subnet: subnet, target: target,
                groupID: group, status: (written.status ?? .Approved).rawValue, address: written.address ?? "10.0.1.4",
                zones: written.dns == false
                    ? [] : zones.map { .init(name: $0.zone, records: $0.records, links: links) })
        }
    }

    private typealias Aim = (target: String, group: String, zones: [(zone: String, records: [String])])

    private func aim(
        _ name: String, _ written: CloudDocument.PrivateEndpointDocument, _ made: Surroundings, _ state: AzureState
    ) throws(MusterError) -> Aim {
        switch (written.vault, written.managedHSM, written.privateLinkScope) {
        case (let vault?, nil, nil):
            let id = keyHolderID(vault, .vault, state)
            return (id, "vault", [("privatelink.vaultcore.azure.net", [vault])])
        case (nil, let hsm?, nil):
            let id = keyHolderID(hsm, .managedHSM, state)
            return (id, "managedhsm", [("privatelink.managedhsm.azure.net", [hsm])])
        case (nil, nil, let label?):
            guard let scope = made.privateLinkScopes[CaselessName(label)] else {
                throw CloudScenario.failure(
                    "The private endpoint \(name) names the private link scope \(label)",
                    help: "Add it below \"private-link-scopes\".")
            }
            let id = scopeID(scope, state)
            return (
                id, "hybridcompute",
                [
                    ("privatelink.his.arc.azure.com", ["agentserviceapi", "gbl"]),
                    ("privatelink.guestconfiguration.azure.com", ["gcs"]),
                ]
            )
        default:
            throw CloudScenario.failure(
                "The private endpoint \(name) does not say where it leads",
                help: "Give one of \"vault\", \"managed-hsm\" and \"private-link-scope\".")
        }
    }

    /// One that is not there yet is taken for one that the run makes.
    private func keyHolderID(_ name: String, _ kind: VaultKind, _ state: AzureState) -> String {
        let group = state[kind, name]?.group ?? resourceGroup
        return
            "/subscriptions/\(state.subscription)/resourceGroups/\(group)/providers/\(kind.rawValue)/\(name)"
    }

    private func scopeID(_ scope: PrivateLinkScope, _ state: AzureState) -> String {
        "/subscriptions/\(state.subscription)/resourceGroups/\(scope.group)/providers/Microsoft.HybridCompute/"
            + "privateLinkScopes/\(scope.name)"
    }

    private func addMachines(to made: inout Surroundings, _ state: AzureState) throws(MusterError) {
        for (name, written) in document.arcMachines ?? [:] {
            let group = written.resourceGroup ?? resourceGroup
            let scope = written.privateLinkScope.map { made.privateLinkScopes[CaselessName($0)] }
            if case .some(nil) = scope {
                throw CloudScenario.failure(
                    "The Arc machine \(name) names the private link scope \(written.privateLinkScope ?? "")",
                    help: "Add it below \"private-link-scopes\".")
            }
            let place = MachinePlace(group, name)
            made.enrolments[place] = 1
            made.machines[place] = ArcMachine(
                name: name, group: group, location: written.location,
                principal: DerivedID.arcPrincipal(group, name, enrolment: 1),
                status: (written.status ?? .Connected).rawValue, statusChanged: now.advanced(by: .seconds(-3600)),
                privateLinkScope: (scope ?? nil).map { scopeID($0, state) },
                cluster: document.oracle?.clusters?.values.first { $0.nodes.contains(name) }?.id)
        }
    }

    private func addClusters(to made: inout Surroundings) throws(MusterError) {
        for (name, written) in document.vmClusters ?? [:] {
            let (network, subnet) = try place(written.subnet, of: "The VM cluster \(name)", made)
            made.vmClusters[CaselessName(name)] = VMCluster(
                name: name, group: written.resourceGroup ?? resourceGroup, location: written.location,
                ocid: written.id, state: written.state ?? "Available", nodes: written.nodes ?? 2, network: network,
                subnet: subnet)
        }
    }

    private func addDiagnostics(to made: inout Surroundings, _ state: AzureState) {
        for (name, written) in document.diagnostics ?? [:] {
            let kind: VaultKind = state[.vault, name] == nil && state[.managedHSM, name] != nil ? .managedHSM : .vault
            if let workspace = written.workspace {
                made.workspaces[CaselessName(workspace)] = LogWorkspace(
                    name: workspace, group: resourceGroup, location: state[kind, name]?.location ?? "",
                    customerID: DerivedID.guid("log-workspace", workspace.lowercased()))
            }
            made.diagnostics[keyHolderID(name, kind, state).lowercased()] = [
                DiagnosticSetting(
                    name: "to-\(written.workspace ?? "storage")",
                    workspace: written.workspace.map { CaselessName($0) }, isDedicated: written.dedicated ?? true,
                    categories: written.categories ?? ["audit"], isEnabled: written.enabled ?? true)
            ]
        }
    }

    private static let networkHelp = "Add it below \"virtual-networks\"; a subnet is named NETWORK/SUBNET."

    private func place(
        _ text: String, of what: String, _ made: Surroundings
    ) throws(MusterError) -> (CaselessName, CaselessName) {
        let parts = text.split(separator: "/").map { CaselessName($0) }
        guard parts.count == 2, made.networks[parts[0]]?.subnets[parts[1]] != nil else {
            throw CloudScenario.failure("\(what) lies in the subnet \"\(text)\"", help: Self.networkHelp)
        }
        return (parts[0], parts[1])
    }
}
