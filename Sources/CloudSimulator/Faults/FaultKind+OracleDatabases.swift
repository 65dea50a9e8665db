// SPDX-License-Identifier: Apache-2.0

/// The faults of databases on Oracle's clusters.
extension FaultKind {
    var isOfOracleDatabases: Bool {
        self == .keystoreClosedAfterReset || self == .pluggableDatabaseClosed || self == .archiveGap
    }

    var oracleDatabaseDescription: Description {
        switch self {
        case .keystoreClosedAfterReset:
            .init(
                summary: "After a node's reset the keystore stays closed there, and its instance does not open",
                drill: "Stops at that node with what the database says, and resets no further one.",
                meets: .nodeResets, times: 1)
        case .pluggableDatabaseClosed:
            .init(
                summary: "A pluggable database is only mounted",
                drill: "A precondition is unmet, naming it, before any key is changed.",
                arguments: [.init(name: "name", fallback: "*", summary: "the pluggable database's name")], times: 1)
        default:
            .init(
                summary:
                    "A standby misses a part of the redo that its primary has no more, and is CRITICAL for a change of roles",
                drill:
                    "A proof, or a precondition of the change, fails with the gap, before any change of roles.",
                times: 1)
        }
    }
}
