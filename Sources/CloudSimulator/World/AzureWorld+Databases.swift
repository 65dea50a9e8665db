// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// How a connection finds its database, and whether it may be opened now.
extension AzureWorld {
    /// A database as one connection reaches it.
    struct OpenDatabase {
        var identity: DatabaseIdentity
        var name: String
        var server: SQLServer
        /// Nil when the database is in no failover group.
        var group: FailoverGroup?

        var isReadOnly: Bool { group.map { $0.secondary == CaselessName(server.name) } ?? false }
    }

    /// Where a name leads: a server, a failover group's read-write listener, or `GROUP.secondary`, its read-only one.
    /// https://learn.microsoft.com/azure/azure-sql/database/failover-group-sql-db
    func server(listeningAs name: String, at now: Timestamp) -> SQLServer? {
        if let server = state.servers[CaselessName(name)] { return server }
        let suffix = ".secondary"
        let meansSecondary = name.lowercased().hasSuffix(suffix)
        let groupName = CaselessName(meansSecondary ? name.dropLast(suffix.count) : Substring(name))
        guard let group = state.failoverGroups[groupName] else { return nil }
        let isLate = group.listenersFollowAt.map { now < $0 } ?? false
        return state.servers[meansSecondary == isLate ? group.primary : group.secondary]
    }

    /// Opens a database, or says as the service does why it can't be opened.
    func open(_ name: String, on serverName: String, at now: Timestamp) throws(DatabaseError) -> OpenDatabase {
        guard let server = server(listeningAs: serverName, at: now) else {
            throw .unknownServer("\(serverName).database.windows.net")
        }
        guard let database = server.databases[CaselessName(name)] else { throw .unknownDatabase(name) }
        let group = group(of: CaselessName(name), on: server)
        let identity = DatabaseIdentity(
            owner: CaselessName(group?.name ?? server.name), name: CaselessName(database.name))
        let opened = OpenDatabase(identity: identity, name: database.name, server: server, group: group)
        if isInaccessible(server, at: now) { throw .keyNotReached(database.name) }
        if let group, !opened.isReadOnly, isChangingSides(group, at: now) {
            throw .notAvailable(database.name, on: serverName)
        }
        // Until seeding ends nobody can connect to the copy.
        // https://learn.microsoft.com/sql/relational-databases/system-dynamic-management-views/sys-dm-geo-replication-link-status-azure-sql-database
        if let group, opened.isReadOnly, ["SEEDING", "PENDING"].contains(group.replicationState) {
            throw .stateForbids
        }
        return opened
    }

    func group(of database: CaselessName, on server: SQLServer) -> FailoverGroup? {
        failoverGroups(of: server).first { $0.databases.contains(database) }
    }

    /// The primary refuses connections in the second half of a failover: at first it still works while the copies catch
    /// up. How long it is in the real service no recording tells.
    private func isChangingSides(_ group: FailoverGroup, at now: Timestamp) -> Bool {
        operations.contains { operation in
            guard case .failover(CaselessName(group.name), _) = operation.work, operation.status == .running,
                let ends = operation.ends
            else { return false }
            let half = Duration.milliseconds(ends.duration(since: operation.started).milliseconds / 2)
            return now >= operation.started.advanced(by: half)
        }
    }
}
