// SPDX-License-Identifier: Apache-2.0

package import CloudSteps
package import MusterModel
package import OracleCloudClient

/// What a careful database administrator looks at before a change of roles.
extension DataGuardView {
    package var isInGroup: Finding {
        guard let group = target.value.dataGuardGroup, let members = group.members, members.count > 1 else {
            return .unmet(
                "\(name) is in no Data Guard group. A standby of the older association model has to be migrated first.")
        }
        guard status != nil else { return .unmet("The group of \(name) does not list \(name) itself.") }
        return .met("The Data Guard group: \(roles).")
    }

    /// The service names no group, or one of this database only.
    package var isAlone: Bool { (target.value.dataGuardGroup?.members ?? []).allSatisfy { $0.databaseId == id } }

    package var nobodyFollows: Finding {
        .met("\(name) is in no Data Guard group of the newer model; a standby of the older one was not looked for.")
    }

    /// The broker calls a standby whose apply has stopped anything but HEALTHY, long before it lags.
    ///
    /// - Parameter start: what was read before that does not count; to the second, as services tell times.
    package func peersHealthy(since start: Timestamp) -> Finding {
        .all(
            peers.map { peer in
                guard let status = status(of: peer.id), let text = status.timeUpdated, let read = Timestamp(text) else {
                    return .unverifiable("\(label(peer.id)) does not say when it was looked at.")
                }
                if read.milliseconds / 1000 < start.milliseconds / 1000 {
                    return .unverifiable("\(label(peer.id)) was looked at before this step began.")
                }
                return readiness(
                    label(peer.id), "switchover", status.switchoverReadiness, status.switchoverReadinessMessage)
            }, none: "\(name) has no standby.")
    }

    /// No operation works on it, and it has not failed.
    package func isAvailable(_ id: OracleID) -> Finding {
        if let database = database(id) {
            return database.lifecycleState == "AVAILABLE"
                ? .met("\(database.label) is AVAILABLE.")
                : .unmet(
                    "\(database.label) is \(database.lifecycleState), not AVAILABLE"
                        + (database.lifecycleDetails.map { ": \($0)" } ?? "."))
        }
        guard case .failure(let error)? = peers.first(where: { $0.id == id })?.read else {
            return .unverifiable("\(id) was not read.")
        }
        return .unverifiable("\(id) could not be read: \(error)")
    }

    package var allAvailable: Finding {
        .all(([id] + peers.map(\.id)).map(isAvailable), none: "")
    }

    package func hasRole(_ wanted: [String]) -> Finding {
        guard let role = role(of: id) else { return .unmet("\(name) is in no Data Guard group.") }
        return wanted.contains(role)
            ? .met("\(name) is \(role).") : .unmet("\(name) is \(role), not \(wanted.joined(separator: " or ")).")
    }

    /// The service reads lags now and then; older figures say nothing about now.
    package func lags(within limit: Duration, asOf age: Duration) -> Finding {
        if role(of: id) == DataGuardRole.primary { return .met("\(name) is PRIMARY and lags behind nothing.") }
        return lags(of: id, within: limit, asOf: age)
    }

    /// Those of all members but the target.
    package func peerLags(within limit: Duration, asOf age: Duration) -> Finding {
        .all(peers.map { lags(of: $0.id, within: limit, asOf: age) }, none: "\(name) has no standby.")
    }

    private func lags(of id: OracleID, within limit: Duration, asOf age: Duration) -> Finding {
        guard let status = status(of: id) else { return .unverifiable("\(label(id)) tells nothing of its lags.") }
        if let stale = staleness(status, limit: age) { return stale }
        return .all(
            [("Apply", status.applyLag), ("Transport", status.transportLag)].map { kind, text in
                guard let found = lag(text) else {
                    return .unverifiable("\(kind) lag of \(label(id)) is not known: \(text ?? "no value").")
                }
                return found <= limit
                    ? .met("\(kind) lag of \(label(id)) is \(found.readable), within \(limit.readable).")
                    : .unmet("\(kind) lag of \(label(id)) is \(found.readable), over \(limit.readable).")
            }, none: "")
    }

    private func staleness(_ status: DataGuardMember, limit: Duration) -> Finding? {
        let name = label(status.databaseId)
        guard let text = status.timeUpdated, let updated = Timestamp(text) else {
            return .unverifiable("\(name) does not say when its lags were read.")
        }
        let age = now.duration(since: updated)
        guard age > limit else { return nil }
        return .unverifiable(
            "The lags of \(name) were read \(age.readable) ago, which is longer than \(limit.readable).")
    }

    package var isReadyForSwitchover: Finding {
        if role(of: id) == DataGuardRole.primary { return .met("\(name) is PRIMARY already.") }
        return readiness(name, "switchover", status?.switchoverReadiness, status?.switchoverReadinessMessage)
    }

    package var isReadyForFailover: Finding {
        if role(of: id) == DataGuardRole.primary { return .met("\(name) is PRIMARY already.") }
        return readiness(name, "failover", status?.failoverReadiness, status?.failoverReadinessMessage)
    }

    private func readiness(_ name: String, _ kind: String, _ found: String?, _ message: String?) -> Finding {
        switch found {
        case "HEALTHY": .met("\(name) is HEALTHY for a \(kind).")
        case let found?: .unmet("\(name) is \(found) for a \(kind)" + (message.map { ": \($0)" } ?? "."))
        case nil: .unverifiable("\(name) does not say whether it is ready for a \(kind).")
        }
    }

    /// Each protection mode takes certain transports; others show a group in the middle of a change.
    package var isProtectionSound: Finding {
        guard let mode = target.value.dataGuardGroup?.protectionMode else {
            return .unverifiable("The group of \(name) does not say its protection mode.")
        }
        let fitting = [
            "MAXIMUM_AVAILABILITY": ["SYNC", "FASTSYNC"], "MAXIMUM_PERFORMANCE": ["ASYNC"],
            "MAXIMUM_PROTECTION": ["SYNC"],
        ]
        let transports = Set((target.value.dataGuardGroup?.members ?? []).compactMap(\.transportType)).sorted()
        let text = "\(mode) with \(transports.isEmpty ? "no transport named" : transports.joined(separator: ", "))"
        guard let allowed = fitting[mode], !transports.isEmpty else {
            return .unverifiable("The group's protection is \(text).")
        }
        return transports.allSatisfy(allowed.contains)
            ? .met("The group's protection is \(text).")
            : .unmet("The group's protection is \(text), which do not go together.")
    }

    /// Every other member is a standby of the target.
    package var peersFollow: Finding {
        .all(
            peers.map { peer in
                let accounts = [role(of: peer.id), ownRole(of: peer.id)].compactMap { $0 }
                return !accounts.isEmpty && accounts.allSatisfy { $0 == DataGuardRole.standby }
                    ? .met("\(label(peer.id)) is STANDBY.")
                    : .unmet("\(label(peer.id)) is no STANDBY: \(roles).")
            }, none: "\(name) has no standby.")
    }

    /// Exactly one member is primary, and everybody agrees on which.
    package var hasOnePrimary: Finding {
        let primaries = primaries
        guard primaries.count == 1 else {
            return .unmet(
                (primaries.isEmpty ? "No database of the group is PRIMARY: " : "More than one is PRIMARY: ") + roles
                    + ".")
        }
        return .met("\(label(primaries[0])) is the only PRIMARY.")
    }
}

extension OracleSession {
    package var hasPassword: Finding {
        oracle.connection.databaseAdminPassword == nil
            ? .unmet("The environment gives no oci.database-admin-password.")
            : .met("The environment gives the password of SYS; whether it is right shows only the change itself.")
    }
}
