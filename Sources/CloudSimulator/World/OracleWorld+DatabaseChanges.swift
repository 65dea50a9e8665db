// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// How work on databases and nodes ends.
extension OracleWorld {
    /// - Returns: why it could not be done.
    mutating func carryOut(
        _ task: OracleState.DatabaseChange, at moment: Timestamp, _ azure: inout AzureWorld
    ) -> String? {
        switch task {
        case .create(let id): return finishCreation(id, "database.created", at: moment, &azure)
        case .addStandby(let id, let source):
            if let why = finishCreation(id, "standby.created", at: moment, &azure) { return why }
            let group = state.database(source)?.group ?? state.database(source)?.name ?? source
            for one in [source, id] { state.change(one) { $0.group = group } }
        case .delete(let id):
            let name = state.database(id)?.uniqueName ?? id
            let group = state.database(id)?.group
            state.change(id) { ($0.lifecycleState, $0.group) = ("TERMINATED", nil) }
            // A group of one is none.
            let left = state.databases.filter { $0.group == group && $0.lifecycleState != "TERMINATED" }
            if group != nil, left.count == 1 { state.change(left[0].id) { $0.group = nil } }
            note("database.deleted", name, at: moment)
        case .moveKey(let id, let key): return finishMove(id, key, at: moment, &azure)
        case .rotateKey(let id, let container): return rotate(id, container, at: moment, &azure)
        case .resetNode(let id, let name, let cluster, let staysClosed):
            state.nodes[id, default: .init()].state = "AVAILABLE"
            state.nodes[id, default: .init()].version += 1
            for database in state.databases where database.cluster == cluster {
                open(database, on: name, at: moment, &azure)
                if staysClosed { state.change(database.id) { $0.place.closed.insert(name) } }
            }
            note("node.reset", name, at: moment)
        }
        return nil
    }

    mutating func giveUp(_ task: OracleState.DatabaseChange, _ problem: String) {
        switch task {
        case .create(let id), .addStandby(let id, _):
            state.change(id) { ($0.lifecycleState, $0.place.details) = ("FAILED", problem) }
        case .delete(let id), .moveKey(let id, _), .rotateKey(let id, _):
            state.change(id) { $0.lifecycleState = "AVAILABLE" }
        case .resetNode(let id, _, _, _): state.nodes[id, default: .init()].state = "AVAILABLE"
        }
    }

    private mutating func finishCreation(
        _ id: String, _ kind: String, at moment: Timestamp, _ azure: inout AzureWorld
    ) -> String? {
        guard let database = state.database(id) else { return "The database is gone." }
        if let why = keyObstacle(id, at: moment, azure) { return "ORA-28407: PKCS#11 error. \(why)" }
        state.change(id) { $0.lifecycleState = "AVAILABLE" }
        if database.keys.history.isEmpty { addKey(id, nil, at: moment, azure) }
        open(id, at: moment, &azure)
        note(kind, database.uniqueName, at: moment)
        return nil
    }

    private mutating func finishMove(
        _ id: String, _ key: String, at moment: Timestamp, _ azure: inout AzureWorld
    ) -> String? {
        guard var database = state.database(id) else { return "The database is gone." }
        database.keys = OracleState.MasterKeys(registered: key, history: [])
        for node in state.nodes(of: database) {
            if let why = keyObstacle(database, on: node, at: moment, azure) {
                return "ORA-28407: PKCS#11 error. \(why)"
            }
        }
        for one in state.members(of: id) {
            // A move gives every container a new key; the wallet's are of the past.
            state.change(one.id) { ($0.keys.registered, $0.keys.history, $0.keys.ofContainers) = (key, [], [:]) }
            addKey(one.id, nil, at: moment, azure)
        }
        stopApply(behind: id, at: moment, azure)
        state.change(id) { $0.lifecycleState = "AVAILABLE" }
        for node in state.nodes(of: database) { noteKeyUse(database, on: node, "KeyWrap", at: moment, &azure) }
        note("key.moved", database.uniqueName, at: moment)
        return nil
    }

    private mutating func rotate(
        _ id: String, _ container: Int64?, at moment: Timestamp, _ azure: inout AzureWorld
    ) -> String? {
        guard let database = state.database(id), let registered = database.keys.registered,
            let (vault, key) = state.multicloud.key(registered)
        else { return "The registered key is gone." }
        if let why = keyObstacle(id, at: moment, azure) { return "ORA-28407: PKCS#11 error. \(why)" }
        guard azure.addKeyVersion(vault: vault.azureID(azure), key: key.name, at: moment) != nil else {
            return "The vault makes no new version of \(key.name)."
        }
        for one in state.members(of: id) { addKey(one.id, container, at: moment, azure) }
        stopApply(behind: id, at: moment, azure)
        state.change(id) { $0.lifecycleState = "AVAILABLE" }
        note("key.rotated", database.uniqueName, at: moment)
        return nil
    }

    /// A standby applies redo under a key that one of its nodes gets at.
    private mutating func stopApply(behind id: String, at moment: Timestamp, _ azure: AzureWorld) {
        for one in state.members(of: id)
        where one.role == "STANDBY" && keyObstacle(one.id, at: moment, azure) != nil {
            state.change(one.id) { $0.place.applyStopped = $0.place.applyStopped ?? moment }
            note("data-guard.apply-stopped", one.uniqueName, at: moment)
        }
    }

    /// A standby that gets at its key again applies what it has missed; the others fall behind.
    mutating func settleApply(at now: Timestamp, _ azure: AzureWorld) {
        for index in state.databases.indices {
            guard let since = state.databases[index].place.applyStopped else { continue }
            let one = state.databases[index]
            let goesOn = one.role != "STANDBY" || keyObstacle(one.id, at: now, azure) == nil
            if goesOn { state.databases[index].place.applyStopped = nil }
            // No new etag: figures of lag change all the time.
            state.databases[index].applyLag =
                goesOn ? "0 seconds" : "\(max(0, now.duration(since: since).milliseconds / 1000)) seconds"
        }
    }

    /// The newest version of the registered key becomes the master key of the container, which is the root without a number.
    /// A database that has none yet begins with one key for all its containers.
    private mutating func addKey(_ id: String, _ container: Int64?, at moment: Timestamp, _ azure: AzureWorld) {
        guard let registered = state.database(id)?.keys.registered, let (vault, key) = state.multicloud.key(registered)
        else { return }
        let newest = azure.keyHolder(vault.azureID(azure))?.keys[CaselessName(key.name)]?.current?.version
        state.change(id) {
            $0.keys.add(newest, to: container, of: $0.containers, at: moment)
        }
    }

    mutating func note(_ kind: String, _ target: String, at moment: Timestamp) {
        effects.append(AzureWorld.Effect(at: moment, kind: kind, target: target))
    }
}

extension OracleState.RoleChange {
    /// The target is started anew, and needs its key for that.
    var opensTheTarget: Bool {
        switch self {
        case .switchover, .failover: true
        case .convert(_, let role): role == "SNAPSHOT_STANDBY"
        case .reinstate, .refresh: false
        }
    }
}
