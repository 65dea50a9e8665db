// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
package import CloudSteps
internal import MusterModel
package import MusterPlugin
package import OracleCloudClient

/// A standby whose nodes do not reach the primary's key stops applying with the first redo under it, and cannot be opened.
extension OracleSession {
    /// Whether the nodes of every standby reach the key on their own: what proves the reach of one cluster, asked of each.
    ///
    /// - Parameters:
    ///   - key: as it is registered for the primary.
    ///   - limit: how old the state of the Arc agents may be.
    package func standbysReach(
        _ key: OracleID, of primary: OracleDatabase, statusWithin limit: Duration, _ context: StepContext
    ) async throws -> Finding {
        let members = (primary.dataGuardGroup?.members ?? []).map(\.databaseId).filter { $0 != primary.id }
        var found: [Finding] = []
        var shown: [NodeReach] = []
        for id in members {
            found.append(
                try await reading("The way of the standby \(id) to the key") { () throws(OracleError) in
                    try await standbyReach(id, key, limit, &shown)
                })
        }
        if !shown.isEmpty { try context.evidence("standby-reach", shown) }
        return .all(found, none: "\(primary.label) is in no Data Guard group with a standby that the service lists.")
    }

    /// Whether the view's own database gets at its key: a change of roles starts it anew.
    package func targetReachesKey(
        _ view: DataGuardView, statusWithin limit: Duration, _ context: StepContext
    ) async throws -> Finding {
        try await reachKeys([view.id], view, limit, context)
    }

    /// Whether every database of a group gets at its own key. An open instance hides that its nodes have lost their way to it: the
    /// loss shows when the database starts again, as both sides of a switchover do.
    package func membersReachKeys(
        _ view: DataGuardView, statusWithin limit: Duration, _ context: StepContext
    ) async throws -> Finding {
        try await reachKeys([view.id] + view.peers.map(\.id), view, limit, context)
    }

    private func reachKeys(
        _ ids: [OracleID], _ view: DataGuardView, _ limit: Duration, _ context: StepContext
    ) async throws -> Finding {
        var found: [Finding] = []
        var shown: [NodeReach] = []
        for id in ids {
            guard let database = view.database(id) else {
                found.append(.unverifiable("\(id) could not be read, so its way to its key is not known."))
                continue
            }
            guard database.encryptionKeyLocationDetails?.providerType == "AZURE" else {
                found.append(.met("\(database.label) has its key \(database.keyPlace), not in Azure."))
                continue
            }
            guard let key = database.encryptionKeyLocationDetails?.azureEncryptionKeyId else {
                found.append(.unverifiable("\(database.label) has its key in Azure, and the service does not name it."))
                continue
            }
            found.append(
                try await reading("The way of \(database.label) to its key") { () throws(OracleError) in
                    try await reach(database, key, limit, &shown)
                })
        }
        if !shown.isEmpty { try context.evidence("key-reach", shown) }
        return .all(found, none: "")
    }

    private func standbyReach(
        _ id: OracleID, _ key: OracleID, _ limit: Duration, _ shown: inout [NodeReach]
    ) async throws(OracleError) -> Finding {
        try await reach(try await oracle.databases.database(id).value, key, limit, &shown)
    }

    private func reach(
        _ standby: OracleDatabase, _ key: OracleID, _ limit: Duration, _ shown: inout [NodeReach]
    ) async throws(OracleError) -> Finding {
        guard let place = standby.vmClusterId.flatMap({ OracleID($0) }) else {
            return .unverifiable("\(standby.label) does not name its cluster.")
        }
        let cluster = try await oracle.clusters.cluster(place).value
        guard let connector = try await connector(of: cluster) else {
            return .unmet("\(standby.label): the cluster \(cluster.label) has no identity connector.")
        }
        var reach = NodeReach(cluster: cluster, connector: connector, association: nil, key: nil)
        let way = try await way(from: connector, to: key)
        (reach.association, reach.key) = (way.association, way.key)
        shown.append(reach)
        let all = [
            reach.nodesConnected, reach.isFresh(within: limit, time.now), reach.keyStoreOn,
            way.finding ?? reach.lettingIn,
        ]
        let known = way.association?.oracleDbAzureVaultId.map { reach.knowsKey(of: $0) }
        return Finding.all(all + [known].compactMap(\.self), none: "").of(standby.label)
    }

    /// The one that counts; nil where there is none.
    package func connector(of cluster: CloudVMCluster) async throws(OracleError) -> IdentityConnector? {
        let named = (cluster.multiCloudIdentityConnectorConfigs ?? []).filter {
            ($0.cloudProvider ?? "AZURE") == "AZURE"
        }
        if let id = named.compactMap(\.id).first { return try await oracle.multicloud.connector(id).value }
        let listed = try await oracle.multicloud.connectors(of: cluster.id, in: cluster.compartmentId)
            .filter { $0.lifecycleState != "DELETED" }
        return listed.first { $0.lifecycleState != "FAILED" } ?? listed.first
    }

    /// The association of the connector with the key's vault, or with a registration of that vault in the connector's region, and
    /// the key as it is known there.
    private func way(
        from connector: IdentityConnector, to id: OracleID
    ) async throws(OracleError) -> (association: VaultAssociation?, key: RegisteredKey?, finding: Finding?) {
        let multicloud = oracle.multicloud
        let key = try await multicloud.key(id)
        guard let home = key.oracleDbAzureVaultId, let name = key.nameInAzure else {
            return (nil, nil, .unverifiable("The registered key \(id) does not name its vault, or its name in Azure."))
        }
        guard let compartment = connector.compartmentId else {
            return (nil, nil, .unverifiable("The connector \(connector.label) does not name its compartment."))
        }
        let vault = try await multicloud.vault(home).value
        var doubt: Finding?
        for one in try await multicloud.associations(ofConnector: connector.id, in: compartment)
        where one.lifecycleState == Lifecycle.active {
            guard let other = one.oracleDbAzureVaultId else { continue }
            let registered = try await multicloud.vault(other).value
            switch vault.likeness(to: registered) {
            case false?: continue
            case nil:
                doubt = .unverifiable(
                    "Whether \(registered.label) is the vault \(vault.label), the service does not tell.")
            case true?:
                let keys = other == home ? [key] : try await multicloud.keys(of: other, in: compartment)
                return (one, keys.first { $0.isNamed(name) }, nil)
            }
        }
        return (nil, nil, doubt)
    }
}

extension Finding {
    fileprivate func of(_ name: String) -> Finding {
        switch self {
        case .met(let says): .met("\(name): \(says)")
        case .unmet(let says): .unmet("\(name): \(says)")
        case .unverifiable(let says): .unverifiable("\(name): \(says)")
        }
    }
}
