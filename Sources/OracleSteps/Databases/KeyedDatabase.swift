// SPDX-License-Identifier: Apache-2.0

package import CloudSteps
package import OracleCloudClient

/// A database and the pluggable ones in it, read at one go.
package struct KeyedDatabase: Sendable {
    package var read: Tagged<OracleDatabase>
    package var pluggables: [PluggableDatabase]

    package static func read(_ id: OracleID, _ session: OracleSession) async throws -> KeyedDatabase {
        KeyedDatabase(
            read: try await session.oracle.databases.database(id),
            pluggables: try await session.oracle.databases.pluggableDatabases(of: id)
                .filter { $0.lifecycleState != "TERMINATED" })
    }

    package var database: OracleDatabase { read.value }
    package var name: String { database.label }
    package var evidence: Evidence { Evidence(database: database, pluggables: pluggables) }

    package struct Evidence: Codable, Hashable, Sendable {
        package var database: OracleDatabase
        package var pluggables: [PluggableDatabase]
    }

    package var isAvailable: Finding {
        database.lifecycleState == "AVAILABLE"
            ? .met("\(name) is AVAILABLE.")
            : .unmet(
                "\(name) is \(database.lifecycleState), not AVAILABLE"
                    + (database.lifecycleDetails.map { ": \($0)" } ?? "."))
    }

    /// A standby gets its keys from its primary.
    package var isNoStandby: Finding {
        guard let members = database.dataGuardGroup?.members else { return .met("\(name) is in no Data Guard group.") }
        let role = members.first { $0.databaseId == database.id }?.role ?? "not listed in its own group"
        return role == DataGuardRole.primary
            ? .met("\(name) is the PRIMARY of its group.")
            : .unmet("\(name) is \(role), and keys are changed on the primary.")
    }

    package func hasKey(_ key: OracleID) -> Finding {
        database.hasKey(key)
            ? .met("\(name) has its key in Azure, registered as \(key).")
            : .unmet("\(name) has its key \(database.keyPlace), not in \(key).")
    }

    package var hasAzureKey: Finding {
        database.encryptionKeyLocationDetails?.providerType == "AZURE"
            ? .met("\(name) has its key \(database.keyPlace).") : .unmet("\(name) has its key \(database.keyPlace).")
    }

    /// Each is open for writing on every node.
    package var pluggablesOpen: Finding {
        .all(
            pluggables.map { one in
                let modes = (one.pdbNodeLevelDetails ?? []).filter { $0.openMode != "READ_WRITE" }
                if one.lifecycleState != "AVAILABLE" {
                    return .unmet("\(one.pdbName) is \(one.lifecycleState).")
                }
                if one.openMode == "READ_WRITE", modes.isEmpty { return .met("\(one.pdbName) is READ_WRITE.") }
                let nodes = modes.map { "\($0.openMode) on \($0.nodeName)" }
                return .unmet("\(one.pdbName) is \(nodes.isEmpty ? one.openMode : nodes.joined(separator: ", ")).")
            }, none: "\(name) holds no pluggable database.")
    }
}

extension OracleDatabase {
    package func hasKey(_ key: OracleID) -> Bool {
        encryptionKeyLocationDetails?.providerType == "AZURE"
            && encryptionKeyLocationDetails?.azureEncryptionKeyId == key
    }

    /// For people: where its key is.
    package var keyPlace: String {
        guard let place = encryptionKeyLocationDetails else {
            if let keyStoreId { return "in Oracle Key Vault as \(keyStoreId)" }
            return (kmsKeyId ?? vaultId).map { "in OCI Vault as \($0)" } ?? "in a wallet"
        }
        return "in \(place.providerType)" + (place.azureEncryptionKeyId.map { " as \($0)" } ?? "")
    }

    /// No service keeps its keys, neither one of another provider nor one of Oracle's.
    package var isInWallet: Bool {
        encryptionKeyLocationDetails == nil && kmsKeyId == nil && vaultId == nil && keyStoreId == nil
    }

    /// It is there, or about to be.
    package var isLive: Bool { !["TERMINATED", "TERMINATING"].contains(lifecycleState) }
}

/// What a database on a cluster needs before its key can be in Azure.
extension OracleSession {
    package func clusterIsReady(_ id: OracleID) async throws -> (available: Finding, keyStore: Finding) {
        do throws(OracleError) {
            let cluster = try await oracle.clusters.cluster(id).value
            let available: Finding =
                cluster.lifecycleState == "AVAILABLE"
                ? .met("\(cluster.label) is AVAILABLE.") : .unmet("\(cluster.label) is \(cluster.lifecycleState).")
            let keyStore: Finding =
                cluster.tdeKeyStoreType == "AZURE"
                ? .met("\(cluster.label) takes keys of Azure.")
                : .unmet(
                    "\(cluster.label) has \(cluster.tdeKeyStoreType.map { "the key store of \($0)" } ?? "no key store")."
                )
            return (available, keyStore)
        } catch {
            try Task.checkCancellation()
            let says = "The cluster \(id) could not be read: \(error)"
            return error.isNotFound ? (.unmet(says), .unmet(says)) : (.unverifiable(says), .unverifiable(says))
        }
    }

    package func keyIsActive(_ id: OracleID) async throws -> Finding {
        do throws(OracleError) {
            let key = try await oracle.multicloud.key(id)
            let name = key.displayName ?? id.text
            return key.lifecycleState == Lifecycle.active
                ? .met("The registered key \(name) is ACTIVE.")
                : .unmet("The registered key \(name) is \(key.lifecycleState ?? "in no known state").")
        } catch {
            try Task.checkCancellation()
            let says = "The registered key \(id) could not be read: \(error)"
            return error.isNotFound ? .unmet(says) : .unverifiable(says)
        }
    }

    /// Looks at all databases of the database's cluster.
    package func keyIsDedicated(_ key: OracleID, to database: OracleDatabase) async throws -> Finding {
        guard let cluster = database.vmClusterId.flatMap({ OracleID($0) }),
            let compartment = database.compartmentId.flatMap({ OracleID($0) })
        else { return .unverifiable("\(database.label) does not name its cluster and compartment.") }
        let listed: ListedDatabases<OracleDatabase>
        do {
            listed = try await databases(on: cluster, in: compartment)
        } catch let error as OracleError {
            try Task.checkCancellation()
            return .unverifiable("The databases of \(cluster) could not be read: \(error)")
        }
        return try await keyIsDedicated(key, to: database.dbName, among: listed)
    }

    /// Each database should have a key of its own, by whichever registration.
    ///
    /// - Parameter name: the `DB_NAME` that may use it: a standby uses its primary's.
    package func keyIsDedicated(
        _ key: OracleID, to name: String, among listed: ListedDatabases<OracleDatabase>
    ) async throws -> Finding {
        var users: [String] = []
        var doubts = [listed.doubt].compactMap(\.self)
        for other in listed.all where other.isLive && other.dbName != name {
            if other.hasKey(key) {
                users.append(other.label)
            } else if let own = other.keyInAzure {
                switch try await sameKey(key, own, of: other.label) {
                case .met: users.append(other.label)
                case .unmet: break
                case .unverifiable(let why): doubts.append(why)
                }
            }
        }
        if !users.isEmpty { return .unmet("The key is used by \(users.joined(separator: ", ")) already.") }
        return doubts.isEmpty
            ? .met("No other database of the cluster uses the key.") : .unverifiable(doubts.joined(separator: " "))
    }

    /// What a dry run of the service says.
    package func finding(ofDryRun run: () async throws(OracleError) -> Void) async throws -> Finding {
        do throws(OracleError) {
            try await run()
            return .met("The service says that it would take the request.")
        } catch {
            try Task.checkCancellation()
            return error.advice == .permanent
                ? .unmet("The service would refuse it: \(error)") : .unverifiable("The service could not say: \(error)")
        }
    }
}
