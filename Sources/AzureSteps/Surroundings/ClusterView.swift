// SPDX-License-Identifier: Apache-2.0

package import AzureClient
package import CloudSteps

/// An Exadata VM cluster as Azure shows it, with the network that it lies in.
package struct ClusterView: Sendable {
    package var id: ResourceID
    package var cluster: Result<VMCluster, AzureError>
    package var subnet: Result<Subnet, AzureError>
    /// Nil inside when the subnet has none.
    package var gateway: Result<NATGateway?, AzureError>

    package static func read(_ id: ResourceID, _ session: AzureSession) async throws -> ClusterView {
        let azure = session.azure
        let cluster = try await attempt { () throws(AzureError) in try await azure.vmClusters.cluster(id) }
        let subnet = try await attempt { () throws(AzureError) in
            guard let place = try cluster.get().properties.subnetId else {
                throw AzureError(code: "azure.answer", "Azure does not say in which subnet \(id.name) lies.")
            }
            return try await azure.network.subnet(place)
        }
        let gateway = try await attempt { () throws(AzureError) -> NATGateway? in
            guard let gateway = try subnet.get().properties.natGateway else { return nil }
            return try await azure.network.natGateway(gateway.id)
        }
        return ClusterView(id: id, cluster: cluster, subnet: subnet, gateway: gateway)
    }

    /// The virtual network of the cluster's subnet; nil when it is not known.
    package var network: ResourceID? {
        guard case .success(let cluster) = cluster else { return nil }
        return cluster.properties.vnetId ?? cluster.properties.subnetId?.parent
    }

    /// It is there, and in no state in which Azure changes or ends it.
    package var isAvailable: Finding {
        switch cluster {
        case .failure(let error) where error.isNotFound: .unmet("There is no VM cluster \(id.name): \(error.message)")
        case .failure(let error): .unverifiable("The VM cluster \(id.name) could not be read: \(error)")
        case .success(let cluster): judge(cluster)
        }
    }

    private func judge(_ cluster: VMCluster) -> Finding {
        guard let state = cluster.properties.lifecycleState else {
            return .unverifiable("Azure does not say in which state the VM cluster \(id.name) is.")
        }
        return state.lowercased() == "available"
            ? .met("The VM cluster \(id.name) is \(state), with \(cluster.properties.nodeCount ?? 0) nodes.")
            : .unmet("The VM cluster \(id.name) is \(state), not Available.")
    }

    package static let delegation = "Oracle.Database/networkAttachments"

    package var isDelegated: Finding {
        subnet.finding { subnet in
            let services = subnet.delegatedTo
            guard services.contains(where: { $0.lowercased() == Self.delegation.lowercased() }) else {
                let others = services.isEmpty ? "nothing" : services.joined(separator: ", ")
                return .unmet("The subnet \(subnet.name) is delegated to \(others), not to \(Self.delegation).")
            }
            return .met("The subnet \(subnet.name) is delegated to \(Self.delegation).")
        }
    }

    package var hasWayOut: Finding {
        gateway.finding { gateway in
            guard let gateway else {
                return .unmet("The subnet of \(id.name) has no NAT gateway, so its nodes cannot reach Azure Arc.")
            }
            return gateway.hasAddress
                ? .met("The NAT gateway \(gateway.name) of the cluster's subnet has a public address.")
                : .unmet("The NAT gateway \(gateway.name) has no public address, so it lets nothing out.")
        }
    }
}
