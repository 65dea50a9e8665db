// SPDX-License-Identifier: Apache-2.0

package import AzureClient
package import CloudSteps

/// What a careful administrator looks at before a key of a server is touched.
extension ServerView {
    package var isReady: Finding {
        switch server {
        case .failure(let error) where error.isNotFound: .unmet("There is no server \(id.name): \(error.message)")
        case .failure(let error): .unverifiable("\(id.name) could not be read: \(error)")
        case .success(let server):
            switch server.properties.state {
            case "Ready": .met("\(id.name) is Ready.")
            case let state?: .unmet("\(id.name) is \(state), not Ready.")
            case nil: .unverifiable("\(id.name) does not say its state.")
            }
        }
    }

    package var hasIdentity: Finding {
        server.finding { server in
            server.vaultPrincipal.map { .met("\(id.name) reaches vaults as \($0).") }
                ?? .unmet("\(id.name) has no managed identity, so it cannot reach a vault.")
        }
    }

    /// A server that has lost its key takes no change of its protector (CMKOperationNotAllowed).
    package var hasItsDatabases: Finding {
        inaccessible.finding { databases in
            databases.isEmpty
                ? .met("All databases of \(id.name) are accessible.")
                : .unmet("\(id.name) has lost its key; inaccessible: \(databases.map(\.name).joined(separator: ", ")).")
        }
    }

    package var isIdle: Finding {
        operations.finding { operations in
            let running = operations.filter { $0.progress == .running }.map(\.label)
            guard running.isEmpty else {
                return .unmet("In progress on \(id.name): \(running.joined(separator: ", ")).")
            }
            let unclear = operations.filter { $0.progress == .unknown }.map(\.label)
            return unclear.isEmpty
                ? .met("Nothing is in progress on \(id.name).")
                : .unverifiable(
                    "\(id.name) does not say whether these have ended: \(unclear.joined(separator: ", ")).")
        }
    }

    /// Both sides of every failover group say `CATCH_UP`.
    package var replicates: Finding {
        groups.finding { groups in
            let findings = groups.flatMap { group in
                [Self.caughtUp(group.own, on: id)]
                    + group.partners.map { partner in
                        partner.view.finding { Self.caughtUp($0, on: partner.server) }
                    }
            }
            return .all(findings, none: "\(id.name) is in no failover group.")
        }
    }

    private static func caughtUp(_ group: SQLFailoverGroup, on server: ResourceID) -> Finding {
        switch group.properties.replicationState {
        case "CATCH_UP": .met("\(group.name) is CATCH_UP on \(server.name).")
        case let state?: .unmet("\(group.name) is \(state) on \(server.name), not CATCH_UP.")
        case nil: .unverifiable("\(group.name) does not say its state on \(server.name).")
        }
    }

    package func knows(_ key: KeyIdentifier) -> Finding {
        keys.finding { keys in
            keys.contains { $0.isKey(key) }
                ? .met("\(key.serverKeyName) is registered on \(id.name).")
                : .unmet("\(key.serverKeyName) is not registered on \(id.name).")
        }
    }

    package func isProtected(by key: KeyIdentifier) -> Finding {
        protector.finding { protector in
            protector.isKey(key)
                ? .met("\(id.name) is protected by \(key.serverKeyName).")
                : .unmet("\(id.name) is protected by \(protector.keyName), not by \(key.serverKeyName).")
        }
    }
}

extension SQLEncryptionProtector {
    package func isKey(_ key: KeyIdentifier) -> Bool {
        properties.serverKeyType == "AzureKeyVault" && keyName.lowercased() == key.serverKeyName.lowercased()
    }
}

/// After a failover the new primary must unwrap the database encryption keys with the key; the service refuses a primary's
/// protector that its secondary does not hold (SameKeyMaterialNotFoundOnRemoteServer).
package func partnersKnow(_ key: KeyIdentifier, _ view: ServerView, _ sql: SQLOperations) async throws -> Finding {
    switch view.partners {
    case .failure(let error): return .unverifiable("The failover groups of \(view.id.name) could not be read: \(error)")
    case .success(let partners):
        var findings: [Finding] = []
        for partner in partners {
            let keys = try await attempt { () throws(AzureError) in try await sql.keys(partner) }
            findings.append(
                keys.finding { keys in
                    keys.contains { $0.isKey(key) }
                        ? .met("\(key.serverKeyName) is registered on the partner \(partner.name).")
                        : .unmet(
                            "\(key.serverKeyName) is not registered on the partner \(partner.name): after a failover it could "
                                + "not open the databases, and replication would break.")
                })
        }
        return .all(findings, none: "\(view.id.name) is in no failover group, so no partner needs the key.")
    }
}
