// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What the struck faults do to one request of the Oracle cloud.
struct OracleBend: Sendable {
    /// Answered at once, before anything is looked at.
    var answer: SimulatedResponse?
    var losesAnswer = false
    var slowness = 1.0
    var neverEnds = false
    var outcome = OracleState.Outcome.asAsked
    var needsAttention = false
    var tokenHasExpired = false
    var leavesOutANode = false
    var leavesKeystoreClosed = false

    func distort(_ response: inout SimulatedResponse) { if losesAnswer { response.dropsConnection = true } }
}

extension OracleWorld {
    mutating func takeFaults(_ call: Call) -> OracleBend {
        var bend = OracleBend()
        for index in faults.indices where faults[index].strikes(call) { strike(faults[index], &bend) }
        return bend
    }

    private mutating func strike(_ rule: FaultRule, _ bend: inout OracleBend) {
        switch rule.kind {
        case .throttle:
            bend.answer = Self.refusal(429, "TooManyRequests", "Too many requests for the user.")
            bend.answer?.headers["retry-after"] = rule.argument("retry-after")
        case .unavailable:
            bend.answer = Self.refusal(503, "ServiceUnavailable", "The service is temporarily unavailable.")
        case .connectionLostBeforeEffect:
            bend.answer = Self.refusal(503, "ServiceUnavailable", "Never sent: the connection breaks.")
            bend.losesAnswer = true
        case .connectionLostAfterEffect: bend.losesAnswer = true
        case .slowOperation: bend.slowness = Double(rule.argument("factor")) ?? 1
        case .stuckOperation: bend.neverEnds = true
        case .busy:
            bend.answer = Self.refusal(409, "IncorrectState", "Another operation works on the resource.")
        case .connectorTokenExpired: bend.tokenHasExpired = true
        case .nodeNotEnrolled: bend.leavesOutANode = true
        case .workRequestNeedsAttention: bend.needsAttention = true
        case .switchoverHalfCompletes: bend.outcome = .halfDone
        case .workRequestFailsLate:
            bend.outcome = .notDone
            bend.slowness = Double(rule.argument("factor")) ?? 1
        case .keystoreClosedAfterReset: bend.leavesKeystoreClosed = true
        case .pluggableDatabaseClosed: closePluggable(rule.argument("name"))
        case .archiveGap:
            for one in state.databases where one.role == "STANDBY" { state.change(one.id) { $0.place.gaps = 1 } }
        case .lagOverLimit:
            for one in state.databases where one.role == "STANDBY" {
                state.change(one.id) {
                    $0.applyLag = rule.argument("lag")
                    $0.transportLag = rule.argument("lag")
                }
            }
        default: break
        }
    }
}

extension FaultRule {
    /// True when this rule strikes this call; it counts. The operation is the action's name, such as `switchover`, or what is
    /// done to which kind of resource, such as `create-oracleDbAzureVault`.
    mutating func strikes(_ call: OracleWorld.Call) -> Bool {
        guard meets(call) else { return false }
        seen += 1
        guard seen > after, times.map({ struck < $0 }) ?? true else { return false }
        struck += 1
        return true
    }

    private func meets(_ call: OracleWorld.Call) -> Bool {
        let action = call.operation
        if let operation, !matches(action, pattern: operation) { return false }
        if let method, call.request.method != method.uppercased() { return false }
        if let path, !matches(call.request.path, pattern: path) { return false }
        if operation != nil || method != nil || path != nil { return true }
        switch kind.description.meets {
        case .any: return true
        case .reads: return !call.isChange
        case .changes: return call.isChange
        case .switchovers: return action == "switchover"
        case .connectors: return ["create-oracleDbAzureConnector", "update-oracleDbAzureConnector"].contains(action)
        case .nodeResets: return call.path.first == "dbNodes" && call.isChange
        case .failovers, .plannedFailovers: return false
        }
    }
}

extension OracleWorld.Call {
    /// What a fault's `operation` can name.
    var operation: String {
        guard isChange, let kind = path.first else { return "read" }
        switch request.method {
        case "POST" where path.count == 1: return "create-\(kind)"
        case "PUT": return "update-\(kind)"
        case "DELETE": return "delete-\(kind)"
        default: return path.last ?? kind
        }
    }
}
