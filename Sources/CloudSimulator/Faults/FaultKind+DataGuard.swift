// SPDX-License-Identifier: Apache-2.0

/// The faults of a Data Guard group.
extension FaultKind {
    /// It strikes the Oracle cloud alone.
    var isDataGuard: Bool {
        self == .lagOverLimit || self == .switchoverHalfCompletes || self == .workRequestFailsLate || isOfConnectors
            || isOfOracleDatabases
    }

    var dataGuardDescription: Description {
        switch self {
        case .lagOverLimit:
            .init(
                summary: "The standbys lag behind, in transport and in apply",
                drill: "The first proof fails with the lag and the limit, before any effect.",
                arguments: [.init(name: "lag", fallback: "20 minutes", summary: "as the service words it")], times: 1)
        case .switchoverHalfCompletes:
            .init(
                summary: "A switchover fails half way: the primary is a standby now, and there is no primary",
                drill:
                    "Says truthfully what both databases are, names the broker's commands, and switches nothing further.",
                meets: .switchovers, times: 1)
        default:
            .init(
                summary: "A change of roles goes on for long and fails; nothing was changed",
                drill: "Waits, shows the service's reason, sees that the roles are as before, and stops.",
                arguments: [.init(name: "factor", fallback: "3", summary: "how many times as long")], meets: .changes,
                times: 1)
        }
    }
}
