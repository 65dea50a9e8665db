// SPDX-License-Identifier: Apache-2.0

/// The faults that come with a failover.
extension FaultKind {
    var failoverDescription: Description {
        switch self {
        case .failoverDropsConnections:
            .init(
                summary: "From a failover on, SQL connections break without an answer, for some statements",
                drill: "Counts the failed reads, connects anew, and goes on when enough of them are good.",
                arguments: [.init(name: "statements", fallback: "3", summary: "how many statements")],
                meets: .failovers, times: 1)
        case .dnsDelay:
            .init(
                summary: "After a failover the listener still leads to the old primary, which is read-only now",
                drill: "Takes no read for good until the listener leads to the new primary; the drill goes on.",
                arguments: [.init(name: "delay", fallback: "1m", summary: "simulated time")], meets: .failovers,
                times: 1)
        case .plannedFailoverTimeout:
            .init(
                summary: "A planned failover ends PlannedFailoverTimedOut; the roles are as before",
                drill:
                    "Stops with the service's code, shows that the first primary is still primary, and never forces.",
                meets: .plannedFailovers, times: 1)
        case .leftSuspended:
            .init(
                summary: "A planned failover succeeds, and the group is left SUSPENDED",
                drill: "Begins nothing more until the group is caught up; says that it is not when it gives up.",
                arguments: [
                    .init(
                        name: "duration", fallback: "always",
                        summary: "simulated time; always: until a forced failover")
                ], meets: .plannedFailovers, times: 1)
        case .secondaryWithoutKey:
            .init(
                summary: "A failover succeeds, but the new primary can't use its key: its databases are inaccessible",
                drill:
                    "Sees by Resource Manager that the databases are inaccessible, fails, and brings the group back.",
                meets: .failovers, times: 1)
        default:
            .init(
                summary: "When a failover ends, the protector's key of the new primary is disabled in its vault",
                drill:
                    "Sees by SQL that the databases no longer open, or by Resource Manager; brings the group back if it can.",
                arguments: [
                    .init(
                        name: "at-once", fallback: "false",
                        summary: "true: the databases are inaccessible at once, and not after ten minutes; "
                            + "when-asked: key and databases go when SQL first asks the new primary for its encryption")
                ], meets: .failovers, times: 1)
        }
    }
}
