// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What belongs to a database of the Oracle cloud besides its role.
extension OracleState {
    struct Home: Sendable {
        var id: String
        var name: String
        /// OCID of its cluster.
        var cluster: String
        var version: String
    }

    struct Node: Sendable {
        var state = "AVAILABLE"
        var version = 1
    }

    struct Pluggable: Sendable {
        var id: String
        var name: String
        var openMode = "READ_WRITE"
        var state = "AVAILABLE"
    }

    struct Place: Sendable {
        /// OCID of its cluster; nil: one that the scenario does not describe.
        var cluster: String?
        var home: String?
        var pluggables: [Pluggable] = []
        /// By name, whether it is encrypted.
        var tablespaces: [String: Bool] = ["USERS": true]
        /// The nodes where its instance is not open.
        var closed: Set<String> = []
        /// By node; one that is not named was started before the rehearsal.
        var started: [String: Timestamp] = [:]
        /// A standby that can be read while it applies.
        var isActive = false
        var gaps = 0
        /// Since when a standby applies nothing more, since none of its nodes gets at the key of the redo.
        var applyStopped: Timestamp?
        var details: String?
    }

    struct MasterKeys: Sendable {
        struct Key: Sendable {
            /// As the database knows it.
            var id: String
            /// Its version in Azure; nil where that is not told apart.
            var version: String?
            var isExternal: Bool
            /// Nil: before the rehearsal.
            var activated: Timestamp?
        }

        /// OCID of the registered key; nil: the keys are in the wallet.
        var registered: String?
        /// Members by which the service tells of a key store of Oracle's, such as `kmsKeyId`.
        var elsewhere: [String: String] = [:]
        /// The newest is the last.
        var history: [Key] = [Key(id: "1", isExternal: false)]
        /// By `CON_ID`, of a pluggable database whose own key was rotated since.
        var ofContainers: [Int64: Key] = [:]
        /// How many were made in all.
        private var count = 1

        init(registered: String? = nil, history: [Key] = [Key(id: "1", isExternal: false)]) {
            self.registered = registered
            self.history = history
        }

        /// Each container has a key of its own: the others keep theirs.
        mutating func add(_ version: String?, to container: Int64?, of containers: [Int64], at moment: Timestamp) {
            count += 1
            let new = Key(id: "\(count)", version: version, isExternal: true, activated: moment)
            if let container {
                ofContainers[container] = new
                return
            }
            if let former = history.last {
                for other in containers where other != 1 { ofContainers[other] = ofContainers[other] ?? former }
            }
            history.append(new)
        }
    }

    /// What a work request on a database or a node is to bring about.
    enum DatabaseChange: Sendable {
        case create(String)
        case addStandby(String, of: String)
        case delete(String)
        case moveKey(String, to: String)
        /// Of the root, or of the pluggable database with that `CON_ID`.
        case rotateKey(String, container: Int64?)
        case resetNode(String, name: String, cluster: String, keystoreStaysClosed: Bool)
    }

    static let databaseDurations: [String: Duration] = [
        "create-database": .seconds(1800), "create-standby": .seconds(3600), "delete-database": .seconds(300),
        "move-key": .seconds(60), "rotate-key": .seconds(60), "node-reset": .seconds(480),
    ]

    func cluster(of database: Database) -> Multicloud.Cluster? {
        database.place.cluster.flatMap { multicloud.cluster($0) }
    }

    func compartment(of database: Database) -> String {
        cluster(of: database)?.compartment ?? "ocid1.compartment.oc1..simulated"
    }

    func nodes(of database: Database) -> [String] {
        cluster(of: database)?.nodes ?? ["\(database.uniqueName.lowercased())1"]
    }
}

typealias DatabaseTask = OracleState.DatabaseChange

extension OracleState.Database {
    /// OCID of its cluster.
    var cluster: String { place.cluster ?? "ocid1.cloudvmcluster.oc1.\(region).simulated" }

    /// By `CON_ID`: 1 is the root, 2 the seed, which the views of keys show too.
    var containers: [Int64] { [1] + place.pluggables.indices.map { Int64($0 + 3) } }

    /// Its pluggable databases open as the role allows.
    mutating func take(role new: String) {
        role = new
        openPluggables()
    }

    mutating func openPluggables() {
        let mode =
            switch role {
            case "PRIMARY", "SNAPSHOT_STANDBY": "READ_WRITE"
            case "STANDBY" where place.isActive: "READ_ONLY"
            default: "MOUNTED"
            }
        for index in place.pluggables.indices { place.pluggables[index].openMode = mode }
    }

    /// As clients reach it, or one of its pluggable databases.
    func connectString(_ pluggable: String?) -> String {
        let service = [pluggable?.lowercased(), uniqueName.lowercased()].compactMap { $0 }.joined(separator: "_")
        return "scan.\(region).simulated:1521/\(service)"
    }
}

/// A row that was written into the table of a drill.
struct OracleRow: Sendable, Hashable {
    /// The group, or the database that is in none or is a snapshot.
    var owner: String
    var table: String
    var run: String
    var marker: Int64
    var writtenAt: String
}
