// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// One Data Guard group and what is in progress in it.
package struct OracleState: Sendable {
    package struct Database: Sendable {
        package var id: String
        package var uniqueName: String
        package var region: String
        package var role: String
        package var lifecycleState: String
        package var applyLag: String
        package var transportLag: String
        package var readiness: String
        /// Counts the changes, for `etag`.
        package var version = 1
        /// `DB_NAME`; nil: the one of the scenario.
        var name: String?
        /// Names the Data Guard group that it is in; nil: none.
        var group: String?
        var place = Place()
        var keys = MasterKeys()
        var tags: JSON?

        var etag: String { "etag-\(uniqueName)-\(version)" }
    }

    /// A work request.
    struct WorkRequest: Sendable {
        enum Status: String, Sendable {
            case running = "IN_PROGRESS"
            case succeeded = "SUCCEEDED"
            case failed = "FAILED"
        }

        var id: String
        var region: String
        var change: RoleChange
        var started: Timestamp
        /// Nil when it never ends.
        var ends: Timestamp?
        var outcome: Outcome
        var status = Status.running
        var problem: String?
    }

    enum Outcome: Sendable { case asAsked, halfDone, notDone }

    /// What a work request is to bring about.
    enum RoleChange: Sendable, Hashable {
        case switchover(to: String)
        case failover(to: String)
        case reinstate(String)
        case convert(String, role: String)
        case refresh(String)

        /// Its name among the durations and the effects.
        var name: String {
            switch self {
            case .switchover: "switchover"
            case .failover: "failover"
            case .reinstate: "reinstate"
            case .convert: "convert"
            case .refresh: "refresh"
            }
        }

        /// The database that it was asked of.
        var target: String {
            switch self {
            case .switchover(let id), .failover(let id), .reinstate(let id), .refresh(let id): id
            case .convert(let id, _): id
            }
        }
    }

    var databaseName: String
    var protectionMode: String
    var transport: String
    /// Of SYS.
    var password: String
    var figuresAge: Duration
    package internal(set) var databases: [Database] = []
    var workRequests: [WorkRequest] = []
    /// Simulated time that a change takes; longer and shorter ones are seen.
    var durations: [String: Duration] = [
        "switchover": .seconds(360), "failover": .seconds(240), "reinstate": .seconds(480), "convert": .seconds(300),
        "refresh": .seconds(20),
    ].merging(Multicloud.durations) { first, _ in first }.merging(Self.databaseDurations) { first, _ in first }
    /// By the name of a group, where it is not as the scenario says.
    var protections: [String: (mode: String, transport: String)] = [:]
    var homes: [Home] = []
    /// By a node's id.
    var nodes: [String: Node] = [:]
    /// Rows that were written by SQL.
    var rows: [OracleRow] = []
    /// Clusters, and what connects them to Azure.
    var multicloud = Multicloud()

    init(databaseName: String, protectionMode: String, transport: String, password: String, figuresAge: Duration) {
        self.databaseName = databaseName
        self.protectionMode = protectionMode
        self.transport = transport
        self.password = password
        self.figuresAge = figuresAge
    }

    func database(_ id: String) -> Database? { databases.first { $0.id == id } }

    /// The database with the others of its group.
    func members(of id: String) -> [Database] {
        guard let database = database(id) else { return [] }
        guard let group = database.group else { return [database] }
        return databases.filter { $0.group == group }
    }

    /// A change of roles is in progress in the database's group.
    func isBusy(_ id: String) -> Bool {
        let members = members(of: id).map(\.id)
        return workRequests.contains {
            $0.status == .running && $0.change.name != "refresh" && members.contains($0.change.target)
        }
    }

    mutating func change(_ id: String, _ change: (inout Database) -> Void) {
        for index in databases.indices where databases[index].id == id {
            change(&databases[index])
            databases[index].version += 1
        }
    }

    /// Changes the database and the others of its group.
    mutating func changeGroup(of id: String, _ body: (inout Database) -> Void) {
        for one in members(of: id) { change(one.id, body) }
    }
}
