// SPDX-License-Identifier: Apache-2.0

/// The faults that can be asked for, each with what a drill should do about it.
package enum FaultKind: String, CaseIterable, Sendable, Hashable {
    case throttle
    case unavailable
    case connectionLostBeforeEffect = "connection-lost-before-effect"
    case connectionLostAfterEffect = "connection-lost-after-effect"
    case slowOperation = "slow-operation"
    case stuckOperation = "stuck-operation"
    case operationFailed = "operation-failed"
    case tokenExpired = "token-expired"
    case missingRole = "missing-role"
    case rolePropagation = "role-propagation"
    case serverIdentityWithoutRights = "server-identity-without-rights"
    case keyDisabled = "key-disabled"
    case keyDeleted = "key-deleted"
    case purgeProtectionMissing = "purge-protection-missing"
    case replicationBroken = "replication-broken"
    case busy
    case wrongAnswer = "wrong-answer"
    case staleReads = "stale-reads"
    case failoverDropsConnections = "failover-drops-connections"
    case dnsDelay = "dns-delay"
    case plannedFailoverTimeout = "planned-failover-timeout"
    case leftSuspended = "left-suspended"
    case secondaryWithoutKey = "secondary-without-key"
    case keyDisabledMidDrill = "key-disabled-mid-drill"
    case lagOverLimit = "lag-over-limit"
    case switchoverHalfCompletes = "switchover-half-completes"
    case workRequestFailsLate = "work-request-fails-late"
    case arcDisconnected = "arc-disconnected"
    case vaultUnreachable = "vault-unreachable"
    case keyRolesLost = "key-roles-lost"
    case groupPropagation = "group-propagation"
    case connectorTokenExpired = "connector-token-expired"
    case nodeNotEnrolled = "node-not-enrolled"
    case workRequestNeedsAttention = "work-request-needs-attention"
    case keystoreClosedAfterReset = "keystore-closed-after-reset"
    case pluggableDatabaseClosed = "pluggable-database-closed"
    case archiveGap = "archive-gap"

    /// Which requests it meets when the rule names none.
    enum Meets: Sendable { case any, reads, changes, failovers, plannedFailovers, switchovers, connectors, nodeResets }

    package struct Argument: Sendable, Hashable {
        package var name: String
        package var fallback: String
        package var summary: String
    }

    package struct Description: Sendable {
        package var summary: String
        package var drill: String
        package var arguments: [Argument] = []
        var meets = Meets.any
        /// How often it strikes when the rule does not say; nil: every time.
        package var times: Int?
    }

    package var description: Description {
        switch self {
        case .throttle:
            .init(
                summary: "429 with Retry-After",
                drill: "Waits as told and repeats; the drill goes on. Reads and changes alike, nothing was done.",
                arguments: [.init(name: "retry-after", fallback: "1", summary: "seconds, by the client's clock")],
                times: 3)
        case .unavailable:
            .init(
                summary: "503 Service Unavailable; nothing was done",
                drill:
                    "Repeats reads with a growing pause. Before it repeats a change it reads where things stand.",
                times: 3)
        case .connectionLostBeforeEffect:
            .init(
                summary: "The connection breaks and nothing was done",
                drill: "Can't know that nothing was done: reads where things stand, then does it.", meets: .changes,
                times: 1)
        case .connectionLostAfterEffect:
            .init(
                summary: "The change is made, then the connection breaks without an answer",
                drill: "Reads where things stand and sees the change: done, and not done twice.", meets: .changes,
                times: 1)
        case .slowOperation:
            .init(
                summary: "A long-running operation takes longer",
                drill: "Waits up to the step's timeout, showing that it waits and for what.",
                arguments: [.init(name: "factor", fallback: "20", summary: "how many times as long")], meets: .changes)
        case .stuckOperation:
            .init(
                summary: "A long-running operation never ends, and its server stays busy",
                drill: "Stops at the step's timeout as in doubt, names the operation, and starts nothing else.",
                meets: .changes, times: 1)
        case .operationFailed:
            .init(
                summary: "A long-running operation ends Failed inside HTTP 200; nothing was done",
                drill: "Stops with the service's code and the step's remedy. Never counts HTTP 200 as success.",
                arguments: [
                    .init(name: "code", fallback: "OperationTimedOut", summary: "the service's error code"),
                    .init(
                        name: "message",
                        fallback: "The operation timed out and automatically rolled back. Please retry the operation.",
                        summary: "its text"),
                ], meets: .changes, times: 1)
        case .tokenExpired:
            .init(
                summary: "The token in use is no longer valid: 401, until a new one is fetched",
                drill: "Fetches a new token once and goes on.", times: 1)
        case .missingRole:
            .init(
                summary: "403 AuthorizationFailed naming the action",
                drill: "Stops; says which action on which scope is missing. Does not repeat.", meets: .changes)
        case .rolePropagation:
            .init(
                summary: "Role assignments, old and new, take effect only after a while",
                drill: "Says that the key can't be reached yet and why; waits or stops, and a resume goes on.",
                arguments: [.init(name: "delay", fallback: "10m", summary: "simulated time")], times: 1)
        case .serverIdentityWithoutRights:
            .init(
                summary: "A server's identity loses its role on the vaults: AzureKeyVaultMissingPermissions",
                drill: "A precondition is unmet, before any effect, with the role to grant.",
                arguments: [.init(name: "server", fallback: "*", summary: "name of the server")], times: 1)
        case .keyDisabled:
            .init(
                summary: "A vault key is disabled: AzureKeyVaultKeyDisabled",
                drill: "A precondition is unmet, before any effect, naming the key.",
                arguments: [
                    .init(name: "key", fallback: "*", summary: "vault/key; * is every key that is no protector yet")
                ],
                times: 1)
        case .keyDeleted:
            .init(
                summary: "A vault key is soft-deleted: AzureKeyVaultKeyNameNotFound",
                drill: "A precondition is unmet, before any effect; the remedy is to recover the key.",
                arguments: [
                    .init(name: "key", fallback: "*", summary: "vault/key; * is every key that is no protector yet")
                ],
                times: 1)
        case .purgeProtectionMissing:
            .init(
                summary: "A vault has no purge protection: SecurityInvalidAzureKeyVaultRecoveryLevel",
                drill:
                    "A precondition is unmet, before any effect: the service's own text misleads, the remedy must not.",
                arguments: [.init(name: "vault", fallback: "*", summary: "name of the vault")], times: 1)
        case .replicationBroken:
            .init(
                summary: "Failover groups stand SUSPENDED and planned failover fails",
                drill: "A precondition is unmet: no protector is changed while replication is broken.",
                arguments: [.init(name: "group", fallback: "*", summary: "name of the failover group")], times: 1)
        case .busy:
            .init(
                summary: "409 ConflictingServerOperation on changes; nothing was done",
                drill:
                    "Waits, reads where things stand, and then decides; the drill goes on where the step has a `retry`.",
                meets: .changes,
                times: 2)
        case .wrongAnswer:
            .init(
                summary: "An answer that is not what was asked for, with HTTP 200, as from a proxy in between",
                drill: "An error that shows what came; never taken for a state. Repeats reads, doubts changes.",
                arguments: [.init(name: "form", fallback: "html", summary: "html, truncated, empty or other-json")],
                meets: .reads, times: 1)
        case .staleReads:
            .init(
                summary: "Reads of server keys and protectors show for a while what was before the change",
                drill:
                    "Takes no old value for a failure of the change, and none for its success; changes nothing twice.",
                arguments: [.init(name: "delay", fallback: "1m", summary: "simulated time")], meets: .changes, times: 1)
        case .failoverDropsConnections, .dnsDelay, .plannedFailoverTimeout, .leftSuspended, .secondaryWithoutKey,
            .keyDisabledMidDrill:
            failoverDescription
        case .arcDisconnected: surroundingsDescription
        case .vaultUnreachable, .keyRolesLost, .groupPropagation: keyAccessDescription
        case .lagOverLimit, .switchoverHalfCompletes, .workRequestFailsLate: dataGuardDescription
        case .connectorTokenExpired, .nodeNotEnrolled, .workRequestNeedsAttention: connectorDescription
        case .keystoreClosedAfterReset, .pluggableDatabaseClosed, .archiveGap: oracleDatabaseDescription
        }
    }
}
