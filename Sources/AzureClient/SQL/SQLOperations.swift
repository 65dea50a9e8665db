// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// Azure SQL's logical servers (Microsoft.Sql).
package struct SQLOperations: Sendable {
    let manager: ResourceManager
    let version: String

    /// How a failover group changes sides. Each is sent to the server that is secondary now.
    package enum Failover: String, Hashable, Sendable {
        /// Synchronises first and loses nothing.
        case planned = "failover"
        /// At once, and may lose data.
        case forced = "forceFailoverAllowDataLoss"
    }

    // MARK: Reads

    package func server(_ id: ResourceID) async throws(AzureError) -> SQLServer { try await read(id) }

    package func keys(_ server: ResourceID) async throws(AzureError) -> [SQLServerKey] {
        try await list(server, "/keys")
    }

    /// Nil when the server does not know the key.
    package func key(_ server: ResourceID, _ name: String) async throws(AzureError) -> SQLServerKey? {
        do throws(AzureError) {
            return try await read(server, "/keys/\(percentEncoded(name))")
        } catch  where error.isNotFound && error.code != "ResourceGroupNotFound" && error.code != "SubscriptionNotFound"
        {
            return nil
        }
    }

    /// The same, read until the key is there, or is not, as it must be: for a while after a change some reads may still show
    /// what was before.
    package func key(
        _ server: ResourceID, _ name: String, isThere: Bool
    ) async throws(AzureError) -> SQLServerKey? {
        try await manager.settled({ ($0 != nil) == isThere }) { () throws(AzureError) in try await key(server, name) }
    }

    package func protector(_ server: ResourceID) async throws(AzureError) -> SQLEncryptionProtector {
        try await read(server, "/encryptionProtector/current")
    }

    package func failoverGroups(_ server: ResourceID) async throws(AzureError) -> [SQLFailoverGroup] {
        try await list(server, "/failoverGroups")
    }

    package func failoverGroup(_ server: ResourceID, _ name: String) async throws(AzureError) -> SQLFailoverGroup {
        try await read(server, "/failoverGroups/\(percentEncoded(name))")
    }

    package func replicationLinks(_ server: ResourceID) async throws(AzureError) -> [SQLReplicationLink] {
        try await list(server, "/replicationLinks")
    }

    package func databases(_ server: ResourceID) async throws(AzureError) -> [SQLDatabase] {
        try await list(server, "/databases")
    }

    /// Databases that refuse connections because the server has lost its key.
    package func inaccessibleDatabases(_ server: ResourceID) async throws(AzureError) -> [SQLDatabase] {
        try await list(server, "/inaccessibleDatabases")
    }

    package func transparentDataEncryption(
        _ server: ResourceID, database: String
    ) async throws(AzureError) -> SQLTransparentDataEncryption {
        try await read(server, "/databases/\(percentEncoded(database))/transparentDataEncryption/current")
    }

    /// What the server is doing, and did lately.
    package func operations(_ server: ResourceID) async throws(AzureError) -> [SQLServerOperation] {
        try await list(server, "/operations")
    }

    // MARK: Changes

    /// Makes a vault's key known to the server. Nothing is encrypted with it yet.
    ///
    /// A request for a key that is there already is answered 409, or 200 without an operation; the former counts as done
    /// only when a read shows the very same key. A registration of our own always runs as an operation.
    package func createKey(
        _ server: ResourceID, name: String, uri: String,
        started: (LongRunningOperation) async throws -> Void = { _ in }
    ) async throws -> SQLKeyRegistration {
        let url = manager.address(server, "/keys/\(percentEncoded(name))", version: version)
        let body: JSON = ["properties": ["serverKeyType": "AzureKeyVault", "uri": .string(uri)]]
        var wasAccepted = false
        do {
            let isShown = { (json: JSON) in json["properties"]?["uri"]?.string?.lowercased() == uri.lowercased() }
            let answer = try await manager.perform(.put, url, body: body, isShown: isShown) { operation in
                wasAccepted = true
                try await started(operation)
            }
            return SQLKeyRegistration(key: try changed(answer, url), origin: wasAccepted ? .ours : .earlier)
        } catch let error as AzureError
            where error.advice != .unknownOutcome
            && ["ServerKeyNameAlreadyExists", "ServerKeyUriAlreadyExists"].contains(error.code)
        {
            // A key that is said to be there and is not shown leaves open whose it is, and whether it is there.
            guard let found = try await key(server, name, isThere: true) else { throw error.inDoubt }
            guard found.properties.uri == uri else { throw error }
            return SQLKeyRegistration(key: found, origin: .earlier)
        }
    }

    /// Unlinks a key from the server; the vault's key stays. An absent key is no error.
    package func deleteKey(
        _ server: ResourceID, name: String,
        started: (LongRunningOperation) async throws -> Void = { _ in }
    ) async throws {
        let url = manager.address(server, "/keys/\(percentEncoded(name))", version: version)
        _ = try await manager.perform(.delete, url, started: started)
    }

    /// Chooses the key that protects the server's databases.
    ///
    /// - Parameters:
    ///   - type: `AzureKeyVault` or `ServiceManaged`.
    ///   - autoRotation: always sent, since it is not documented what leaving it out does.
    package func setProtector(
        _ server: ResourceID, keyName: String, type: String, autoRotation: Bool,
        started: (LongRunningOperation) async throws -> Void = { _ in }
    ) async throws -> SQLEncryptionProtector {
        let url = manager.address(server, "/encryptionProtector/current", version: version)
        let body: JSON = [
            "properties": [
                "serverKeyType": .string(type), "serverKeyName": .string(keyName),
                "autoRotationEnabled": .bool(autoRotation),
            ]
        ]
        let isShown = { (json: JSON) in
            json["properties"]?["serverKeyName"]?.string?.lowercased() == keyName.lowercased()
        }
        return try changed(try await manager.perform(.put, url, body: body, isShown: isShown, started: started), url)
    }

    /// Has the server try its key again, after access to it was lost and given back.
    package func revalidateProtector(
        _ server: ResourceID,
        started: (LongRunningOperation) async throws -> Void = { _ in }
    ) async throws {
        let url = manager.address(server, "/encryptionProtector/current/revalidate", version: version)
        _ = try await manager.perform(.post, url, started: started)
    }

    /// Makes the server that is asked the primary of the group.
    package func failOver(
        to server: ResourceID, group: String, _ kind: Failover,
        started: (LongRunningOperation) async throws -> Void = { _ in }
    ) async throws {
        let url = manager.address(server, "/failoverGroups/\(percentEncoded(group))/\(kind.rawValue)", version: version)
        _ = try await manager.perform(.post, url, started: started)
    }

    /// Waits for an operation that was begun before, such as in a process that died.
    package func wait(for operation: LongRunningOperation) async throws(AzureError) {
        _ = try await manager.wait(for: operation)
    }

    /// Waits until nothing is in progress on the server any more, as far as the work's time allows.
    ///
    /// - Parameter waiting: told before each wait what has not ended.
    /// - Returns: what has not ended, or does not say that it has, when the wait was given up; empty when all has ended.
    package func waitUntilIdle(
        _ server: ResourceID, waiting: ([SQLServerOperation]) -> Void = { _ in }
    ) async throws(AzureError) -> [SQLServerOperation] {
        let time = manager.sender.sender.time
        for look in 0... {
            let going = try await operations(server).filter { $0.progress != .ended }
            if going.isEmpty { return [] }
            let wait = manager.polling.wait(beforePoll: look, retryAfter: nil)
            guard wait < manager.sender.context.deadline.remaining(time) else { return going }
            waiting(going)
            guard await time.pause(wait) else { return going }
        }
        return []
    }

    // MARK: Shared

    /// The answer to a change, as a model; one that does not fit leaves the change in doubt.
    private func changed<Model: Decodable>(_ json: JSON?, _ url: WebAddress) throws(AzureError) -> Model {
        do throws(AzureError) {
            return try model(json, url)
        } catch {
            throw error.inDoubt
        }
    }

    private func read<Model: Decodable>(_ server: ResourceID, _ path: String = "") async throws(AzureError) -> Model {
        let url = manager.address(server, path, version: version)
        return try model(try await manager.get(url), url)
    }

    private func list<Model: Decodable>(_ server: ResourceID, _ path: String) async throws(AzureError) -> [Model] {
        let url = manager.address(server, path, version: version)
        var models: [Model] = []
        for item in try await manager.list(url) { models.append(try model(item, url)) }
        return models
    }
}

/// The answer as a model.
func model<Model: Decodable>(_ json: JSON?, _ url: WebAddress) throws(AzureError) -> Model {
    do {
        return try (json ?? .null).decode(Model.self)
    } catch {
        throw AzureError(
            code: "azure.answer", "\(url.shortened) answered something unexpected: \(describeDecodingError(error))")
    }
}
