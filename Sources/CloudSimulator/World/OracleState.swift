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
    ]

    init(databaseName: String, protectionMode: String, transport: String, password: String, figuresAge: Duration) {
        self.databaseName = databaseName
        self.protectionMode = protectionMode
        self.transport = transport
        self.password = password
        self.figuresAge = figuresAge
    }

    func database(_ id: String) -> Database? { databases.first { $0.id == id } }

    var isBusy: Bool { workRequests.contains { $0.status == .running && $0.change.name != "refresh" } }

    mutating func change(_ id: String, _ change: (inout Database) -> Void) {
        for index in databases.indices where databases[index].id == id {
            change(&databases[index])
            databases[index].version += 1
        }
    }

    mutating func changeAll(_ body: (inout Database) -> Void) { for one in databases { change(one.id, body) } }
}
