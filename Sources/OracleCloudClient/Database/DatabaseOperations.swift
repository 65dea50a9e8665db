// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// A change of roles in a Data Guard group (Database service 20160918, database-level actions).
package enum DataGuardAction: Hashable, Sendable {
    /// Sent to the standby that shall be primary.
    case switchover
    /// Sent to the standby that shall be primary; what had not reached it is lost.
    case failover
    /// Sent to the disabled standby, naming the primary that it shall follow.
    case reinstate(primary: OracleID)
    /// Sent to the standby: it can be written to from then on. The service converts it back after that many days, 3 to 14.
    case convertToSnapshot(days: Int)
    /// Sent to the snapshot standby: what was written there is discarded.
    case convertToPhysical

    /// The last part of the path under `/dataGuard/actions/`.
    package var name: String {
        switch self {
        case .switchover: "switchover"
        case .failover: "failover"
        case .reinstate: "reinstate"
        case .convertToSnapshot, .convertToPhysical: "convertStandbyDatabaseType"
        }
    }

    func body(password: String) -> JSON {
        var members: [String: JSON] = ["databaseAdminPassword": .string(password)]
        switch self {
        case .switchover, .failover: break
        case .reinstate(let primary): members["sourceDatabaseId"] = .string(primary.text)
        case .convertToSnapshot(let days):
            members["standbyConversionType"] = "SNAPSHOT"
            members["snapshotDurationInDays"] = .int(Int64(days))
        case .convertToPhysical: members["standbyConversionType"] = "PHYSICAL"
        }
        return .object(members)
    }
}

/// The Database service. Each call goes to the region that the database's id names.
package struct DatabaseOperations: Sendable {
    let calls: OracleCalls

    package func database(_ id: OracleID) async throws(OracleError) -> Tagged<OracleDatabase> {
        try await read(try address(.database, id))
    }

    /// Begins a change of roles.
    ///
    /// - Parameter database: the one that the action is sent to, as it was read: the service refuses the change when it is
    ///   not in that state any more.
    /// - Throws: ``OracleError`` `oracle.no-password` when the connection has no administrator's password.
    package func begin(
        _ action: DataGuardAction, on database: Tagged<OracleDatabase>
    ) async throws(OracleError) -> OracleOperation {
        guard let password = calls.connection.databaseAdminPassword else {
            throw OracleError(
                code: "oracle.no-password",
                "Changes of roles take the password of SYS, and the environment gives none.",
                remedy: "Give oci.database-admin-password in the environment, as a secret.")
        }
        let url = try address(.database, database.value.id, "/dataGuard/actions/\(action.name)")
        let answer = try await calls.prompt.sender.send(
            OracleRequest(
                .post, url, body: action.body(password: password), retryToken: retryToken(action, database),
                ifMatch: database.etag))
        return OracleOperation(
            action: action.name, database: database.value.id, workRequest: answer.headers["opc-work-request-id"])
    }

    /// The same for the same change of the same state, so that a repetition after a crash is no second change; another
    /// once the state has changed, since the service would answer the old one again, and another for another body, which
    /// the service would refuse. The password has no part in it.
    private func retryToken(_ action: DataGuardAction, _ database: Tagged<OracleDatabase>) -> String {
        let key = calls.sender.context.idempotencyKey ?? RequestID.random()
        let state = database.etag ?? "attempt \(calls.sender.context.attempt)"
        let parts = [key, action.name, database.value.id.text, state, action.body(password: "").canonicalText]
        return RequestID.derived(from: parts.joined(separator: "\n"))
    }

    // MARK: Parts that the other files of this service use

    /// What the service keeps, by the path of its list and by the type in its ids.
    enum Resource: String {
        case database = "databases"
        case node = "dbNodes"

        var type: String {
            switch self {
            case .database: "database"
            case .node: "dbnode"
            }
        }

        /// The code of an error for the id of something else.
        var wrongID: String {
            switch self {
            case .database: "oracle.not-a-database"
            case .node: "oracle.not-a-node"
            }
        }
    }

    func read<Value: Decodable>(_ url: WebAddress) async throws(OracleError) -> Tagged<Value> {
        let answer = try await calls.sender.send(OracleRequest(.get, url))
        return Tagged(value: try model(answer, url), etag: answer.headers["etag"])
    }

    func address(_ resource: Resource, _ id: OracleID, _ path: String = "") throws(OracleError) -> WebAddress {
        guard id.type == resource.type else {
            throw OracleError(code: resource.wrongID, "\(id) is the id of a \(id.type), not of a \(resource.type).")
        }
        return try base(in: id).appending(path: "/\(resource.rawValue)/\(percentEncoded(id.text))\(path)")
    }

    /// The service in the region that the id names.
    func base(in id: OracleID) throws(OracleError) -> WebAddress {
        try calls.address(of: .database, for: id).appending(path: "/20160918")
    }

    /// - Parameters:
    ///   - what: the change and what it is made of, secrets aside.
    ///   - etag: of the state that it is made to; nil where there is none, so that each attempt of a step counts as new.
    func token(_ what: [String], etag: String?) -> String {
        let key = calls.sender.context.idempotencyKey ?? RequestID.random()
        let state = etag ?? "attempt \(calls.sender.context.attempt)"
        return RequestID.derived(from: ([key] + what + [state]).joined(separator: "\n"))
    }
}
