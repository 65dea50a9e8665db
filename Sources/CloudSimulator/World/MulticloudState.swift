// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// VM clusters, and what connects them to keys in Azure.
struct Multicloud: Sendable {
    struct Cluster: Sendable {
        var id: String
        var name: String
        var region: String
        var compartment: String
        var nodes: [String]
        var state = "AVAILABLE"
        /// `AZURE` when its databases can use keys of Azure.
        var keyStore: String?
        /// Where its nodes are in Azure.
        var resourceGroup: String
        var location: String
        var version = 1
    }

    struct Connector: Sendable {
        var id: String
        var name: String
        var compartment: String
        var cluster: String
        var region: String
        var tenant: String
        var subscription: String
        var resourceGroup: String
        var privateEndpoint: String?
        var state = "CREATING"
        var details: String?
        /// The nodes that it made Arc machines.
        var enrolled: [String] = []
        var tags: JSON?
        var version = 1
    }

    struct Key: Sendable {
        var id: String
        var name: String
    }

    struct Vault: Sendable {
        var id: String
        var name: String
        var compartment: String
        var connector: String
        var region: String
        var azureName: String
        var resourceGroup: String
        var type: String
        var location: String
        var state = "CREATING"
        var details: String?
        var keys: [Key] = []
        /// By region, with the state there.
        var replicas: [String: String] = [:]
        /// Of a replica: the vault that it is one of.
        var origin: String?
        var tags: JSON?
        var version = 1
    }

    struct Association: Sendable {
        var id: String
        var name: String
        var compartment: String
        var vault: String
        var connector: String
        var region: String
        var state = "CREATING"
        var tags: JSON?
        var version = 1
    }

    struct Discovery: Sendable {
        struct Found: Sendable {
            var id: String
            var name: String
            var resourceGroup: String
            var type: String
            var location: String
        }

        var id: String
        var name: String
        var compartment: String
        var connector: String
        var region: String
        var state = "ACCEPTED"
        var details: String?
        var found: [Found] = []
        var version = 1
    }

    /// What is in progress.
    struct Work: Sendable {
        enum Task: Sendable {
            case connect(String, missing: String?)
            case refresh(String)
            case disconnect(String)
            case register(String)
            case reread(String)
            case forget(String)
            case replicate(String, to: String)
            case endReplica(String, in: String)
            case associate(String)
            case dissociate(String)
            case discover(String)
            case forgetDiscovery(String)
            case keyStore(String, isOn: Bool)
            case database(DatabaseTask)
        }

        var id: String
        var region: String
        var version: String
        var operation: String
        var subject: String
        var compartment: String
        var task: Task
        var started: Timestamp
        /// Nil when it never ends.
        var ends: Timestamp?
        var status = "IN_PROGRESS"
        /// Known from the start where what was given does not do.
        var problem: String?
    }

    /// Simulated time that each takes; longer and shorter ones are seen.
    static let durations: [String: Duration] = [
        "connector": .seconds(300), "key-store": .seconds(120), "vault": .seconds(60), "association": .seconds(30),
        "discovery": .seconds(30), "replication": .seconds(180),
    ]

    var clusters: [Cluster] = []
    var connectors: [Connector] = []
    var vaults: [Vault] = []
    var associations: [Association] = []
    var discoveries: [Discovery] = []
    var work: [Work] = []

    func cluster(_ id: String) -> Cluster? { clusters.first { $0.id == id } }
    func connector(_ id: String) -> Connector? { connectors.first { $0.id == id } }
    func vault(_ id: String) -> Vault? { vaults.first { $0.id == id } }
    func association(_ id: String) -> Association? { associations.first { $0.id == id } }
    func discovery(_ id: String) -> Discovery? { discoveries.first { $0.id == id } }

    /// The vault that holds the registered key, with the key.
    func key(_ id: String) -> (vault: Vault, key: Key)? {
        for vault in vaults { if let key = vault.keys.first(where: { $0.id == id }) { return (vault, key) } }
        return nil
    }

    /// The live connector of a cluster.
    func connector(ofCluster id: String) -> Connector? {
        connectors.first { $0.cluster == id && $0.state != "DELETED" && $0.state != "FAILED" }
    }

    mutating func change(cluster id: String, _ change: (inout Cluster) -> Void) {
        for index in clusters.indices where clusters[index].id == id {
            change(&clusters[index])
            clusters[index].version += 1
        }
    }

    mutating func change(connector id: String, _ change: (inout Connector) -> Void) {
        for index in connectors.indices where connectors[index].id == id {
            change(&connectors[index])
            connectors[index].version += 1
        }
    }

    mutating func change(vault id: String, _ change: (inout Vault) -> Void) {
        for index in vaults.indices where vaults[index].id == id {
            change(&vaults[index])
            vaults[index].version += 1
        }
    }

    mutating func change(association id: String, _ change: (inout Association) -> Void) {
        for index in associations.indices where associations[index].id == id {
            change(&associations[index])
            associations[index].version += 1
        }
    }

    mutating func change(discovery id: String, _ change: (inout Discovery) -> Void) {
        for index in discoveries.indices where discoveries[index].id == id {
            change(&discoveries[index])
            discoveries[index].version += 1
        }
    }
}
