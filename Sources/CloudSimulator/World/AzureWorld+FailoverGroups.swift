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
        return begin(.failover(group: CaselessName(group.name), kind: kind), on: name, lasting: duration, call)
    }

    mutating func failOver(
        _ name: CaselessName, to server: CaselessName, _ kind: Operation.FailoverKind, at now: Timestamp
    ) throws(AzureError) {
        guard var group = state.failoverGroups[name], let target = state.servers[server] else {
            throw SQLError.operationNotFound
        }
        guard group.secondary == server else { throw SQLError.failoverOnPrimary }
        let synchronous = group.replicationState == "CATCH_UP"
        if kind == .planned, !synchronous { throw SQLError.plannedFailoverTimedOut }
        let forced = kind == .forced || !synchronous
        (group.primary, group.secondary) = (group.secondary, group.primary)
        if forced {
            group.replicationState = "SUSPENDED"
            group.catchesUpAt = now.advanced(by: state.durations.catchUp)
        }
        state.failoverGroups[name] = group
        record(
            forced ? "failover-group.forced" : "failover-group.failed-over", "\(group.name) to \(serverID(target))",
            at: now)
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
