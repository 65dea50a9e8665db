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
        case .rotateKey(let id): return rotate(id, at: moment, &azure)
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
        case .delete(let id), .moveKey(let id, _), .rotateKey(let id):
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
        if database.keys.history.isEmpty { addKey(id, at: moment, azure) }
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
            state.change(one.id) { $0.keys.registered = key }
            addKey(one.id, at: moment, azure)
        }
        state.change(id) { $0.lifecycleState = "AVAILABLE" }
        for node in state.nodes(of: database) { noteKeyUse(database, on: node, "KeyWrap", at: moment, &azure) }
        note("key.moved", database.uniqueName, at: moment)
        return nil
    }

    private mutating func rotate(_ id: String, at moment: Timestamp, _ azure: inout AzureWorld) -> String? {
        guard let database = state.database(id), let registered = database.keys.registered,
            let (vault, key) = state.multicloud.key(registered)
        else { return "The registered key is gone." }
        if let why = keyObstacle(id, at: moment, azure) { return "ORA-28407: PKCS#11 error. \(why)" }
        guard azure.addKeyVersion(vault: vault.azureID(azure), key: key.name, at: moment) != nil else {
            return "The vault makes no new version of \(key.name)."
        }
        for one in state.members(of: id) { addKey(one.id, at: moment, azure) }
        state.change(id) { $0.lifecycleState = "AVAILABLE" }
        note("key.rotated", database.uniqueName, at: moment)
        return nil
    }

    /// The newest version of the registered key becomes the database's master key.
    private mutating func addKey(_ id: String, at moment: Timestamp, _ azure: AzureWorld) {
        guard let registered = state.database(id)?.keys.registered, let (vault, key) = state.multicloud.key(registered)
        else { return }
        let newest = azure.keyHolder(vault.azureID(azure))?.keys[CaselessName(key.name)]?.current?.version
        state.change(id) {
            $0.keys.history.append(
                .init(
                    id: "\($0.keys.history.count + 1)", version: newest, isExternal: true, activated: moment))
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
