// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// The home of databases on a cluster: an installation of Oracle's software.
package struct DatabaseHome: Hashable, Sendable, Codable {
    package var id: OracleID
    package var displayName: String
    package var lifecycleState: String
    package var vmClusterId: String?
    package var dbVersion: String
}

/// A database that is being made, or one whose end is under way.
package struct BegunDatabase: Hashable, Sendable {
    package var database: OracleDatabase
    package var operation: OracleOperation
}

/// Making databases and deleting them.
extension DatabaseOperations {
    /// Those on the cluster, ended ones included: the service lists them for some time yet.
    package func databases(on cluster: OracleID, in compartment: OracleID) async throws(OracleError) -> [OracleDatabase]
    {
        try await calls.list(
            try base(in: cluster).appending(
                path: "/databases", query: [("compartmentId", compartment.text), ("systemId", cluster.text)]))
    }

    /// Those in a home of databases, ended ones included.
    package func databases(of home: OracleID, in compartment: OracleID) async throws(OracleError) -> [OracleDatabase] {
        try await calls.list(
            try base(in: home).appending(
                path: "/databases", query: [("compartmentId", compartment.text), ("dbHomeId", home.text)]))
    }

    package func homes(on cluster: OracleID, in compartment: OracleID) async throws(OracleError) -> [DatabaseHome] {
        try await calls.list(
            try base(in: cluster).appending(
                path: "/dbHomes", query: [("compartmentId", compartment.text), ("vmClusterId", cluster.text)]))
    }

    /// Begins to make a database.
    ///
    /// - Throws: ``OracleError`` `oracle.no-password` when the connection has no administrator's password.
    package func create(_ new: NewDatabase) async throws(OracleError) -> BegunDatabase {
        try await create(new.body(password: try password), in: new.home, without: new.body(password: ""))
    }

    /// Asks the service whether it would take the request; nothing is made.
    ///
    /// - Throws: ``OracleError``, as ``create(_:)`` would.
    package func validate(_ new: NewDatabase) async throws(OracleError) {
        try await validate(new.body(password: try password), in: new.home)
    }

    /// Begins to make a standby and the Data Guard group with it, or enlarges the group that there is.
    ///
    /// - Throws: ``OracleError`` `oracle.no-password` when the connection has no administrator's password.
    package func create(_ new: NewStandby) async throws(OracleError) -> BegunDatabase {
        try await create(try body(new), in: new.home, without: new.body(password: "", walletPassword: ""))
    }

    /// Asks the service whether it would take the request; nothing is made.
    ///
    /// - Throws: ``OracleError``, as ``create(_:)`` would.
    package func validate(_ new: NewStandby) async throws(OracleError) {
        try await validate(try body(new), in: new.home)
    }

    /// Begins to delete a database, without a last backup.
    ///
    /// The request takes no retry token, so that it is never sent twice: whether a lost one arrived, a read shows.
    package func delete(_ database: Tagged<OracleDatabase>) async throws(OracleError) -> OracleOperation {
        let url = try address(.database, database.value.id)
            .appending(path: "", query: [("performFinalBackup", "false")])
        let answer = try await calls.sender.send(OracleRequest(.delete, url, ifMatch: database.etag))
        return OracleOperation(
            action: "delete", database: database.value.id, workRequest: answer.headers["opc-work-request-id"])
    }

    private func body(_ new: NewStandby) throws(OracleError) -> JSON {
        let password = try password
        return new.body(password: password, walletPassword: calls.connection.tdeWalletPassword ?? password)
    }

    private func create(
        _ body: JSON, in home: OracleID, without secrets: JSON
    ) async throws(OracleError) -> BegunDatabase {
        let url = try base(in: home).appending(path: "/databases")
        let answer = try await calls.sender.send(
            OracleRequest(
                .post, url, body: body, retryToken: token(["create", secrets.canonicalText], etag: nil)))
        // The request was taken: what cannot be read now is no reason to call it refused.
        let database: OracleDatabase
        do throws(OracleError) { database = try model(answer, url) } catch { throw error.inDoubt }
        return BegunDatabase(
            database: database,
            operation: OracleOperation(
                action: "creation", database: database.id, workRequest: answer.headers["opc-work-request-id"]))
    }

    /// Each look has a token of its own: one that was used before would be answered with the old result.
    private func validate(_ body: JSON, in home: OracleID) async throws(OracleError) {
        let url = try base(in: home).appending(path: "/databases")
        _ = try await calls.sender.send(
            OracleRequest(.post, url, body: body, retryToken: RequestID.random(), isDryRun: true))
    }

    private var password: String {
        get throws(OracleError) {
            guard let password = calls.connection.databaseAdminPassword else {
                throw OracleError(
                    code: "oracle.no-password",
                    "A new database takes the password of SYS, and the environment gives none.",
                    remedy: "Give oci.database-admin-password in the environment, as a secret.")
            }
            return password
        }
    }
}
