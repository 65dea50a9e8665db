// SPDX-License-Identifier: Apache-2.0

package import AzureClient
package import CloudSteps
internal import MusterModel

/// How a resource is reached by private endpoints, and what Azure's private DNS says of them.
package struct PrivateAccess: Sendable {
    package struct Record: Hashable, Sendable, Codable {
        package var name: String
        package var addresses: [String]
        package var zone: String
        /// Whether the zone is answered in the cluster's network.
        package var isLinked: Bool
    }

    package struct Endpoint: Hashable, Sendable, Codable {
        package var id: String
        package var name: String
        package var status: String
        package var subnet: String?
        package var records: [Record]
    }

    package var target: ResourceID
    package var endpoints: Result<[Endpoint], AzureError>

    /// - Parameter network: the virtual network from which the resource is used; nil when it is not known.
    package static func read(
        _ target: ResourceID, from network: ResourceID?, _ session: AzureSession
    ) async throws -> PrivateAccess {
        var places: [String] = []
        for place in [target.subscription, network?.subscription].compactMap({ $0?.lowercased() })
        where !places.contains(place) { places.append(place) }
        let azure = session.azure
        let endpoints = try await attempt { () throws(AzureError) in
            var found: [Endpoint] = []
            for subscription in places {
                for endpoint in try await azure.network.privateEndpoints(subscription: subscription) {
                    guard let connection = endpoint.connections(to: target).first else { continue }
                    let state = connection.properties.privateLinkServiceConnectionState?.status ?? "unknown"
                    found.append(
                        Endpoint(
                            id: endpoint.id.text, name: endpoint.name, status: state,
                            subnet: endpoint.properties.subnet?.id.text,
                            records: try await records(of: endpoint, network, azure)))
                }
            }
            return found
        }
        return PrivateAccess(target: target, endpoints: endpoints)
    }

    private static func records(
        of endpoint: PrivateEndpoint, _ network: ResourceID?, _ azure: AzureCalls
    ) async throws(AzureError) -> [Record] {
        var records: [Record] = []
        for config in try await azure.network.dnsZoneGroups(of: endpoint.id).flatMap(\.configs) {
            guard let zone = config.privateDnsZoneId else { continue }
            let links = try await azure.network.links(of: zone)
            let isLinked = links.contains { link in
                link.properties.virtualNetworkLinkState == "Completed" && link.properties.virtualNetwork?.id == network
            }
            records += (config.recordSets ?? []).map { set in
                Record(
                    name: set.fqdn ?? "", addresses: set.ipAddresses ?? [], zone: zone.name,
                    isLinked: network != nil && isLinked)
            }
        }
        return records
    }

    private var approved: [Endpoint] { list.filter { $0.status == "Approved" } }

    /// For evidence.
    package var list: [Endpoint] {
        // What could not be read is told by the findings.
        (try? endpoints.get()) ?? []
    }

    package var isApproved: Finding {
        endpoints.finding { endpoints in
            if let endpoint = approved.first {
                return .met("The private endpoint \(endpoint.name) leads to \(target.name) and is approved.")
            }
            if let endpoint = endpoints.first {
                return .unmet(
                    "The private endpoint \(endpoint.name) leads to \(target.name), but is \(endpoint.status).")
            }
            return .unmet("No private endpoint leads to \(target.name).")
        }
    }

    /// What Azure's own DNS answers in the cluster's network. Others have endpoints of their own, as a standby's network has:
    /// one that is answered here is enough.
    package var hasNames: Finding {
        endpoints.finding { _ in
            let findings = approved.map(names)
            return findings.first(where: \.isMet) ?? findings.first
                ?? .unmet("No approved private endpoint leads to \(target.name), so no DNS zone has its records.")
        }
    }

    private func names(of endpoint: Endpoint) -> Finding {
        guard !endpoint.records.isEmpty else {
            return .unmet(
                "No private DNS zone has a record of the private endpoint \(endpoint.name) of \(target.name).")
        }
        let open = endpoint.records.filter { !$0.addresses.allSatisfy(isPrivateAddress) || $0.addresses.isEmpty }
        if let record = open.first {
            let addresses = record.addresses.joined(separator: ", ")
            return .unmet("\(record.name) has \(addresses.isEmpty ? "no address" : addresses), not a private one.")
        }
        if let record = endpoint.records.first(where: { !$0.isLinked }) {
            return .unmet("The private DNS zone \(record.zone) is not linked to the cluster's virtual network.")
        }
        return .met(
            endpoint.records.map { "\($0.name) is \($0.addresses.joined(separator: ", "))" }.joined(separator: "; ")
                + ", in the cluster's virtual network.")
    }

    /// What the cluster's nodes resolve is not seen from here: their DNS is Oracle's, and forwards to Azure's or not.
    ///
    /// - Parameters:
    ///   - host: the public name that the nodes use.
    ///   - isStated: whether somebody says to have looked on every node.
    package func resolves(_ host: String, onNodes isStated: Bool) -> Finding {
        switch hasNames {
        case .met:
            let answered = approved.filter { names(of: $0).isMet }
            let addresses = Set(answered.flatMap(\.records).flatMap(\.addresses)).sorted().joined(separator: ", ")
            return isStated
                ? .met(
                    "Azure's private DNS has \(addresses) for \(host). That every node resolves it so is stated by the inputs; "
                        + "it was not looked at from here.")
                : .unverifiable(
                    "What the cluster's nodes resolve cannot be seen from here. Run on each node: getent hosts \(host) . It "
                        + "must print \(addresses). Then say so with nodesResolve: true.")
        case let finding: return finding
        }
    }
}

/// RFC 1918, RFC 6598 and RFC 4193.
func isPrivateAddress(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
    guard parts.count == 4 else { return ["fc", "fd"].contains(text.prefix(2).lowercased()) && text.contains(":") }
    switch (parts[0], parts[1]) {
    case (10, _), (172, 16...31), (192, 168), (100, 64...127): return true
    default: return false
    }
}
