// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// From where a vault's data plane answers: its public address, or approved private endpoints. Managed HSMs keep the same
/// rules. Azure SQL is a service that vaults trust, and is let in whatever they say.
/// https://learn.microsoft.com/azure/key-vault/general/network-security
extension AzureWorld {
    private func answersInPublic(_ vault: Vault) -> Bool {
        vault.publicNetworkAccess.lowercased() != "disabled" && vault.defaultAction.lowercased() != "deny"
    }

    /// Whether the vault answers somebody in that virtual network: the name leads to a private endpoint where the network
    /// answers the endpoint's DNS zone, and else to the public address.
    ///
    /// - Parameter network: nil: one in which every private endpoint is found.
    func answers(_ vault: Vault, from network: CaselessName?) -> Bool {
        if answersInPublic(vault) { return true }
        let id = vaultID(vault).lowercased()
        return state.surroundings.privateEndpoints.values.contains { endpoint in
            endpoint.target.lowercased() == id && endpoint.status == "Approved"
                && (network.map { name in endpoint.zones.contains { $0.links.contains(name) } } ?? true)
        }
    }

    /// As the vault tells them; the service leaves the member out where there is none.
    func endpointConnections(of vault: Vault) -> JSON? {
        let id = vaultID(vault)
        let endpoints = sorted(state.surroundings.privateEndpoints).filter { $0.target.lowercased() == id.lowercased() }
        guard !endpoints.isEmpty else { return nil }
        return .array(
            endpoints.map { endpoint in
                [
                    "id": .string("\(id)/privateEndpointConnections/\(endpoint.name)"),
                    "properties": [
                        "provisioningState": "Succeeded", "privateEndpoint": ["id": .string(endpointID(endpoint))],
                        "privateLinkServiceConnectionState": ["status": .string(endpoint.status)],
                    ],
                ]
            })
    }

    /// Where the machine with that identity stands; nil where the scenario does not say.
    func network(of principal: String) -> CaselessName? {
        let machine = state.surroundings.machines.values.first { $0.principal.lowercased() == principal.lowercased() }
        return state.surroundings.vmClusters.values.first { $0.ocid == machine?.cluster }?.network
    }

    /// Refuses the client where its network is not let in.
    func checkNetwork(_ vault: Vault) throws(AzureError) {
        guard !answers(vault, from: state.client.network) else { return }
        let isPrivate = vault.publicNetworkAccess.lowercased() == "disabled"
        let why =
            isPrivate
            ? "Public network access is disabled and request is not from a trusted service nor via an approved private link."
            : "Client address is not authorized and caller is not a trusted service."
        throw AzureError(
            403, "Forbidden",
            "\(why) Caller: appid=\(state.client.id);oid=\(state.client.objectID) Vault: \(vault.name);location=\(vault.location)",
            inner: isPrivate ? "ForbiddenByConnection" : "ForbiddenByFirewall")
    }
}
