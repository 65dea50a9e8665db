// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Master keys of databases: moved to Azure, rotated, and what it means when a database's nodes don't get at its key.
extension OracleWorld {
    mutating func moveKey(_ database: OracleState.Database, _ call: Call) -> SimulatedResponse {
        if let refusal = staleness(call, database.etag) { return refusal }
        let body = try? JSON.parse(call.request.body)  // No JSON is treated as no members.
        guard body?["providerType"]?.string == "AZURE", let key = body?["azureEncryptionKeyId"]?.string,
            state.multicloud.key(key) != nil
        else { return Self.relatedMissing }
        guard database.keys.registered == nil else {
            return Self.refusal(
                409, "IncorrectState", "\(database.uniqueName) has its key in an external keystore already.")
        }
        guard state.cluster(of: database)?.keyStore == "AZURE" else {
            return Self.refusal(409, "IncorrectState", "The cluster has no key store for keys of Azure.")
        }
        return change(database, .moveKey(database.id, to: key), "Change Encryption Key Location", "move-key", call)
    }

    /// - Parameter pluggable: whose own key is meant; nil: the container's.
    mutating func rotateKey(
        _ database: OracleState.Database, _ pluggable: OracleState.Pluggable?, _ call: Call
    ) -> SimulatedResponse {
        if let refusal = staleness(call, database.etag) { return refusal }
        guard database.keys.registered != nil, database.role == "PRIMARY" else {
            return Self.refusal(409, "IncorrectState", "\(database.uniqueName) has no key that is rotated here.")
        }
        let at = database.place.pluggables.firstIndex { $0.id == pluggable?.id }
        return change(
            database, .rotateKey(database.id, container: at.map { Int64($0 + 3) }), "Rotate Key", "rotate-key", call)
    }

    private mutating func change(
        _ database: OracleState.Database, _ task: OracleState.DatabaseChange, _ operation: String, _ duration: String,
        _ call: Call
    ) -> SimulatedResponse {
        guard database.lifecycleState == "AVAILABLE" else {
            return Self.refusal(409, "IncorrectState", "\(database.uniqueName) is \(database.lifecycleState).")
        }
        state.change(database.id) { $0.lifecycleState = "UPDATING" }
        let id = begin(
            .database(task), operation, duration, of: (database.id, state.compartment(of: database)), call)
        let updated = state.database(database.id) ?? database
        return answered(
            call,
            SimulatedResponse(
                200, json(updated, call), headers: ["opc-work-request-id": id, "etag": updated.etag]))
    }

    // MARK: Whether the key is within reach

    /// Why no node can open the database; nil when one can, or its key is in its wallet.
    func keyObstacle(_ id: String, at moment: Timestamp, _ azure: AzureWorld) -> String? {
        guard let database = state.database(id) else { return nil }
        var first: String?
        for node in state.nodes(of: database) {
            guard let why = keyObstacle(database, on: node, at: moment, azure) else { return nil }
            first = first ?? why
        }
        return first
    }

    /// Why this node can't use the database's key; nil when it can, or the key is in the wallet.
    func keyObstacle(
        _ database: OracleState.Database, on node: String, at moment: Timestamp, _ azure: AzureWorld
    ) -> String? {
        guard let registered = database.keys.registered else { return nil }
        guard let (vault, key) = state.multicloud.key(registered) else { return "The registered key is gone." }
        guard let principal = principal(of: node, database, azure) else {
            return "The Arc agent of \(node) is not connected."
        }
        let reach = azure.keyReach(
            principal: principal, vault: vault.azureID(azure), key: key.name,
            version: database.keys.history.last?.version, at: moment)
        switch reach {
        case .reachable: return nil
        case .refused(let why): return why
        case .notFound: return "\(node) finds no key \(key.name) in \(vault.azureName)."
        case .unreachable: return "\(node) gets no answer from \(vault.azureName)."
        }
    }

    /// The node's identity in Azure; nil while its agent is not connected.
    private func principal(of node: String, _ database: OracleState.Database, _ azure: AzureWorld) -> String? {
        guard let connector = state.multicloud.connector(ofCluster: database.cluster),
            azure.arcMachineStatus(node, resourceGroup: connector.resourceGroup) == "Connected"
        else { return nil }
        return azure.arcMachinePrincipal(node, resourceGroup: connector.resourceGroup)
    }

    /// Starts the database's instances: each opens when its node gets at the key.
    mutating func open(_ id: String, at moment: Timestamp, _ azure: inout AzureWorld) {
        guard let database = state.database(id) else { return }
        for node in state.nodes(of: database) { open(database, on: node, at: moment, &azure) }
    }

    mutating func open(
        _ database: OracleState.Database, on node: String, at moment: Timestamp, _ azure: inout AzureWorld
    ) {
        let isClosed = keyObstacle(database, on: node, at: moment, azure) != nil
        state.change(database.id) {
            $0.place.started[node] = moment
            if isClosed { $0.place.closed.insert(node) } else { $0.place.closed.remove(node) }
        }
        if !isClosed { noteKeyUse(database, on: node, "KeyUnwrap", at: moment, &azure) }
    }

    func noteKeyUse(
        _ database: OracleState.Database, on node: String, _ operation: String, at moment: Timestamp,
        _ azure: inout AzureWorld
    ) {
        guard let registered = database.keys.registered, let (vault, key) = state.multicloud.key(registered),
            let principal = principal(of: node, database, azure)
        else { return }
        azure.noteKeyUse(
            principal: principal, vault: vault.azureName, key: key.name, operation: operation, at: moment)
    }

    /// What was open when the rehearsal began had used its key.
    func noteEarlierKeyUses(before started: Timestamp, _ azure: inout AzureWorld) {
        let earlier = started.advanced(by: .seconds(-3600))
        for database in state.databases where database.lifecycleState == "AVAILABLE" {
            for node in state.nodes(of: database)
            where keyObstacle(database, on: node, at: started, azure) == nil {
                noteKeyUse(database, on: node, "KeyUnwrap", at: earlier, &azure)
            }
        }
    }

    mutating func closePluggable(_ name: String) {
        for database in state.databases {
            state.change(database.id) {
                for index in $0.place.pluggables.indices
                where matches($0.place.pluggables[index].name, pattern: name) {
                    $0.place.pluggables[index].openMode = "MOUNTED"
                }
            }
        }
    }
}
