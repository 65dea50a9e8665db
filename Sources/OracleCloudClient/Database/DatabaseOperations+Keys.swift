// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// A pluggable database (API 20160918, `PluggableDatabase`). It does not say where its own key is.
package struct PluggableDatabase: Hashable, Sendable, Codable {
    package struct OnNode: Hashable, Sendable, Codable {
        package var nodeName: String
        package var openMode: String
    }

    package var id: OracleID
    package var containerDatabaseId: OracleID
    package var pdbName: String
    package var lifecycleState: String
    /// `READ_ONLY`, `READ_WRITE`, `MOUNTED` or `MIGRATE`.
    package var openMode: String
    package var connectionStrings: ConnectionStrings?
    package var pdbNodeLevelDetails: [OnNode]?
}

/// Master keys, and the databases in a container that use them.
extension DatabaseOperations {
    package func pluggableDatabases(of database: OracleID) async throws(OracleError) -> [PluggableDatabase] {
        try await calls.list(
            try base(in: database).appending(path: "/pluggableDatabases", query: [("databaseId", database.text)]))
    }

    /// Begins to move the master key from the wallet to Azure. There is no way back by this interface.
    ///
    /// - Parameters:
    ///   - database: as it was read: the service refuses the change when it is not in that state any more.
    ///   - key: OCID of the registered key.
    package func moveKey(
        of database: Tagged<OracleDatabase>, to key: OracleID
    ) async throws(OracleError) -> OracleOperation {
        let action = "changeEncryptionKeyLocation"
        let url = try address(.database, database.value.id, "/actions/\(action)")
        return try await begin(
            OracleRequest(
                .post, url, body: keyLocation(key),
                retryToken: token([action, database.value.id.text, key.text], etag: database.etag),
                ifMatch: database.etag),
            action, on: database.value.id)
    }

    /// Begins to give the database a new version of its master key. Each attempt is a rotation of its own where the
    /// service tells no `etag`: the one before must have been read first.
    package func rotateKey(of database: Tagged<OracleDatabase>) async throws(OracleError) -> OracleOperation {
        let action = "rotateKey"
        let id = database.value.id
        return try await begin(
            OracleRequest(
                .post, try address(.database, id).appending(path: "/actions/\(action)"),
                retryToken: token([action, id.text], etag: database.etag), ifMatch: database.etag),
            action, on: id)
    }

    func begin(_ request: OracleRequest, _ action: String, on id: OracleID) async throws(OracleError) -> OracleOperation
    {
        let answer = try await calls.prompt.sender.send(request)
        return OracleOperation(action: action, database: id, workRequest: answer.headers["opc-work-request-id"])
    }
}
