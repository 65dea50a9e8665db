// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Failover of a group. https://learn.microsoft.com/azure/azure-sql/database/failover-group-sql-db
extension AzureWorld {
    mutating func postFailover(
        _ call: Call, _ server: SQLServer, _ kind: Operation.FailoverKind
    ) throws(AzureError) -> SimulatedResponse {
        let group = try failoverGroup(call, server)
        let name = CaselessName(server.name)
        guard name == group.secondary else { throw SQLError.failoverOnPrimary }
        if isBusy(group.primary) || isBusy(group.secondary) { throw SQLError.failoverGroupBusy }
        let forced = kind == .forced || (kind == .plannedElseForced && group.replicationState != "CATCH_UP")
        let duration = forced ? state.durations.forcedFailover : state.durations.plannedFailover
        state.failoverGroups[CaselessName(group.name)]?.connectionsToDrop += call.injected.droppedStatements
        return begin(.failover(group: CaselessName(group.name), kind: kind), on: name, lasting: duration, call)
    }

    /// Until the copies are caught up only a forced failover can succeed.
    mutating func failOver(
        _ name: CaselessName, _ kind: Operation.FailoverKind, by operation: Operation, at now: Timestamp
    ) throws(AzureError) {
        guard var group = state.failoverGroups[name], let target = state.servers[operation.server],
            let former = state.servers[group.primary]
        else { throw SQLError.operationNotFound }
        guard group.secondary == operation.server else { throw SQLError.failoverOnPrimary }
        let synchronous = group.replicationState == "CATCH_UP"
        if kind == .planned, !synchronous { throw SQLError.plannedFailoverTimedOut }
        let forced = kind == .forced || !synchronous
        let encryptor = group.keyChange?.from ?? encryptor(protecting: former)
        if forced { loseMarkers(of: group, forcedAt: operation.started) }
        (group.primary, group.secondary) = (group.secondary, group.primary)
        group.listenersFollowAt = nil
        group.replicatedUntil = nil
        if forced { suspend(&group, until: now.advanced(by: state.durations.catchUp), at: now) }
        state.failoverGroups[name] = group
        changeKeys(of: name, from: encryptor, at: now)
        regainKey(of: group.secondary)
        record(
            forced ? "failover-group.forced" : "failover-group.failed-over", "\(group.name) to \(serverID(target))",
            at: now)
    }

    func suspend(_ group: inout FailoverGroup, until end: Timestamp?, at now: Timestamp) {
        group.replicationState = "SUSPENDED"
        group.replicatedUntil = group.replicatedUntil ?? now
        group.catchesUpAt = end
    }

    /// The group as a path names it on one of its two servers.
    func failoverGroup(_ call: Call, _ server: SQLServer) throws(AzureError) -> FailoverGroup {
        let group = state.failoverGroups[CaselessName(call.name(1))]
        guard let group, group.partner(of: CaselessName(server.name)) != nil else {
            throw ARMError.resourceNotFound(
                "Microsoft.Sql/servers/failoverGroups", "\(server.name)/\(call.name(1))", group: server.group)
        }
        return group
    }

    func failoverGroups(of server: SQLServer) -> [FailoverGroup] {
        state.failoverGroups.values.filter { $0.partner(of: CaselessName(server.name)) != nil }.sorted {
            $0.name < $1.name
        }
    }
}
