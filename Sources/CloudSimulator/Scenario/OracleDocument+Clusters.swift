// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Clusters of a scenario, and what connects them to Azure at its start.
extension OracleDocument {
    struct ClusterDocument: Decodable {
        struct PlaceDocument: Decodable {
            var resourceGroup: String
            var location: String

            enum CodingKeys: String, CodingKey {
                case location
                case resourceGroup = "resource-group"
            }
        }

        var id: String
        var compartment: String
        var nodes: [String]
        var state: String?
        /// True: its databases can use keys of Azure.
        var keyStore: Bool?
        var azure: PlaceDocument

        enum CodingKeys: String, CodingKey {
            case id, compartment, nodes, state, azure
            case keyStore = "key-store"
        }
    }

    struct ConnectorDocument: Decodable {
        /// By its display name.
        var cluster: String
        var tenant: String?
        var subscription: String?
        var resourceGroup: String?
        var state: String?
        /// The nodes that it made Arc machines; all of them without it.
        var nodes: [String]?

        enum CodingKeys: String, CodingKey {
            case cluster, tenant, subscription, state, nodes
            case resourceGroup = "resource-group"
        }
    }

    struct VaultDocument: Decodable {
        enum Kind: String, Decodable { case vaults, managedHSMs }

        /// The vault's name in Azure.
        var vault: String
        var type: Kind?
        var resourceGroup: String?
        var location: String?
        /// By its display name.
        var connector: String
        /// Names of its keys in Azure.
        var keys: [String]

        enum CodingKeys: String, CodingKey {
            case vault, type, location, connector, keys
            case resourceGroup = "resource-group"
        }
    }

    struct AssociationDocument: Decodable {
        /// Both by their display names.
        var vault: String
        var connector: String

        enum CodingKeys: String, CodingKey { case vault, connector }
    }

    /// - Throws: `simulator.invalid-scenario` for what does not hang together.
    func multicloud() throws(MusterError) -> Multicloud {
        var cloud = Multicloud()
        for (name, written) in (clusters ?? [:]).sorted(by: { $0.key < $1.key }) {
            let parts = written.id.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count >= 5, parts[1] == "cloudvmcluster", !parts[3].isEmpty else {
                throw Self.failure(
                    "\(name) has no OCID of a VM cluster.", "Write ocid1.cloudvmcluster.oc1.<region>.<unique>.")
            }
            cloud.clusters.append(
                Multicloud.Cluster(
                    id: written.id, name: name, region: String(parts[3]), compartment: written.compartment,
                    nodes: written.nodes, state: written.state ?? "AVAILABLE",
                    keyStore: written.keyStore == true ? "AZURE" : nil, resourceGroup: written.azure.resourceGroup,
                    location: written.azure.location))
        }
        for (name, written) in (connectors ?? [:]).sorted(by: { $0.key < $1.key }) {
            cloud.connectors.append(try connector(name, written, cloud))
        }
        for (name, written) in (vaults ?? [:]).sorted(by: { $0.key < $1.key }) {
            cloud.vaults.append(try vault(name, written, cloud))
        }
        for (name, written) in (associations ?? [:]).sorted(by: { $0.key < $1.key }) {
            cloud.associations.append(try association(name, written, cloud))
        }
        return cloud
    }

    private func connector(
        _ name: String, _ written: ConnectorDocument, _ cloud: Multicloud
    ) throws(MusterError) -> Multicloud.Connector {
        guard let cluster = cloud.clusters.first(where: { $0.name == written.cluster }) else {
            throw Self.failure("The connector \(name) names no cluster.", "Name one of oracle.clusters.")
        }
        return Multicloud.Connector(
            id: "ocid1.oracledbazureconnector.oc1.\(cluster.region).\(name)", name: name,
            compartment: cluster.compartment, cluster: cluster.id, region: cluster.region,
            tenant: written.tenant ?? CloudBuilder.defaultTenant,
            subscription: written.subscription ?? CloudBuilder.defaultSubscription,
            resourceGroup: written.resourceGroup ?? cluster.resourceGroup, state: written.state ?? "ACTIVE",
            enrolled: written.nodes ?? cluster.nodes)
    }

    private func vault(
        _ name: String, _ written: VaultDocument, _ cloud: Multicloud
    ) throws(MusterError) -> Multicloud.Vault {
        guard let connector = cloud.connectors.first(where: { $0.name == written.connector }) else {
            throw Self.failure("The vault \(name) names no connector.", "Name one of oracle.connectors.")
        }
        return Multicloud.Vault(
            id: "ocid1.oracledbazurevault.oc1.\(connector.region).\(name)", name: name,
            compartment: connector.compartment, connector: connector.id, region: connector.region,
            azureName: written.vault, resourceGroup: written.resourceGroup ?? connector.resourceGroup,
            type: (written.type ?? .vaults).rawValue,
            location: written.location ?? cloud.cluster(connector.cluster)?.location ?? "", state: "ACTIVE",
            keys: written.keys.map {
                Multicloud.Key(id: "ocid1.oracledbazurekey.oc1.\(connector.region).\(name)-\($0)", name: $0)
            })
    }

    private func association(
        _ name: String, _ written: AssociationDocument, _ cloud: Multicloud
    ) throws(MusterError) -> Multicloud.Association {
        guard let vault = cloud.vaults.first(where: { $0.name == written.vault }),
            let connector = cloud.connectors.first(where: { $0.name == written.connector }),
            vault.region == connector.region
        else {
            throw Self.failure(
                "The association \(name) names no vault and connector of one region.",
                "Name one of oracle.vaults and one of oracle.connectors.")
        }
        return Multicloud.Association(
            id: "ocid1.oracledbazurevaultassociation.oc1.\(vault.region).\(name)", name: name,
            compartment: vault.compartment, vault: vault.id, connector: connector.id, region: vault.region,
            state: "ACTIVE")
    }
}
