// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What the struck faults do to one request.
struct InjectedFaults: Sendable {
    var names: [String] = []
    /// Answered at once, before anything is looked at.
    var answer: AzureError?
    /// Answered to changes of a server that would otherwise be made.
    var busy: AzureError?
    var deniesAction = false
    var slowness = 1.0
    var neverEnds = false
    var operationError: AzureError?
    /// What comes of the operation besides, when it succeeds.
    var aftermath = Aftermath()
    /// How many SQL statements lose their connection from the request on, when it begins a failover.
    var droppedStatements = 0
    var losesAnswer = false
    var wrongForm: String?

    /// What becomes of the answer on its way back.
    func distort(_ response: inout SimulatedResponse) {
        if losesAnswer { response.dropsConnection = true }
        guard let wrongForm else { return }
        response.status = 200
        switch wrongForm {
        case "truncated":
            let bytes = response.bytes
            response.body = .raw(Array(bytes.prefix(bytes.count / 2)), contentType: "application/json; charset=utf-8")
        case "empty": response.body = .none
        case "other-json": response.body = .json(["status": "ok"])
        default:
            let page = "<html><head><title>Sign in to the network</title></head><body>Please sign in.</body></html>"
            response.body = .raw(Array(page.utf8), contentType: "text/html")
        }
    }
}

extension AzureWorld {
    mutating func takeFaults(for call: Call) -> InjectedFaults {
        var injected = InjectedFaults()
        for index in faults.indices {
            guard faults[index].strikes(call) else { continue }
            injected.names.append(faults[index].kind.rawValue)
            if !answer(faults[index], in: &injected) { strike(faults[index], bearer: call.bearer, at: call.at) }
        }
        return injected
    }

    /// The faults that bend one exchange. False: the fault changes the world instead.
    private func answer(_ rule: FaultRule, in injected: inout InjectedFaults) -> Bool {
        switch rule.kind {
        case .throttle:
            injected.answer = AzureError(
                429, "TooManyRequests",
                "The request is being throttled as the limit has been reached for operation type.",
                headers: ["retry-after": rule.argument("retry-after")])
        case .unavailable:
            injected.answer = AzureError(
                503, "ServiceUnavailable", "The service is temporarily unavailable. Please retry later.")
        case .connectionLostBeforeEffect:
            injected.answer = AzureError(503, "ServiceUnavailable", "Never sent: the connection breaks.")
            injected.losesAnswer = true
        case .connectionLostAfterEffect: injected.losesAnswer = true
        case .slowOperation: injected.slowness = Double(rule.argument("factor")) ?? 1
        case .stuckOperation: injected.neverEnds = true
        case .operationFailed:
            injected.operationError = AzureError(400, rule.argument("code"), rule.argument("message"))
        case .missingRole: injected.deniesAction = true
        case .busy: injected.busy = SQLError.busy
        case .wrongAnswer: injected.wrongForm = rule.argument("form")
        default: return accompanyFailover(rule, in: &injected)
        }
        return true
    }

    /// The faults that come with a failover. False: it is none of them.
    private func accompanyFailover(_ rule: FaultRule, in injected: inout InjectedFaults) -> Bool {
        switch rule.kind {
        case .failoverDropsConnections: injected.droppedStatements = Int(rule.argument("statements")) ?? 0
        case .dnsDelay: injected.aftermath.listenerDelay = Duration(durationText: rule.argument("delay"))
        case .plannedFailoverTimeout: injected.operationError = SQLError.plannedFailoverTimedOut
        case .leftSuspended: injected.aftermath.suspension = .init(Duration(durationText: rule.argument("duration")))
        case .secondaryWithoutKey: injected.aftermath.withholdsKey = true
        case .keyDisabledMidDrill:
            injected.aftermath.keyLoss = Aftermath.KeyLoss(rule.argument("at-once"))
        default: return false
        }
        return true
    }

    /// The faults that change the world for good.
    /// What keeps a cluster's nodes from their key strikes at Oracle's requests too: a runbook may ask no other cloud.
    mutating func takeKeyAccessFaults(for call: OracleWorld.Call) {
        for index in faults.indices where faults[index].kind.isOfKeyAccess && faults[index].strikes(call) {
            strike(faults[index], bearer: nil, at: call.at)
        }
    }

    private mutating func strike(_ rule: FaultRule, bearer: String?, at now: Timestamp) {
        switch rule.kind {
        case .tokenExpired: if let token = bearer { tokens[token] = nil }
        case .rolePropagation:
            let delay = Duration(durationText: rule.argument("delay")) ?? .zero
            state.rolePropagation = delay
            for index in state.roleAssignments.indices {
                state.roleAssignments[index].effective = now.advanced(by: delay)
            }
            for name in state.managedHSMs.keys {
                for index in state.managedHSMs[name]?.hsm.localRoles.indices ?? 0..<0 {
                    state.managedHSMs[name]?.hsm.localRoles[index].effective = now.advanced(by: delay)
                }
            }
        case .serverIdentityWithoutRights:
            let principals = state.servers.values.filter { matches($0.name, pattern: rule.argument("server")) }
                .compactMap(\.principal)
            state.roleAssignments.removeAll { principals.contains($0.principal) }
            for name in state.vaults.keys { for one in principals { state.vaults[name]?.accessPolicies[one] = nil } }
        case .staleReads:
            let delay = Duration(durationText: rule.argument("delay")) ?? .zero
            formerServers = FormerServers(servers: state.servers, until: now.advanced(by: delay))
        case .keyDisabled: changeKeys(rule) { for index in $0.versions.indices { $0.versions[index].enabled = false } }
        case .keyDeleted: changeKeys(rule) { $0.deletedAt = now }
        case .purgeProtectionMissing:
            for (name, vault) in state.vaults where matches(vault.name, pattern: rule.argument("vault")) {
                state.vaults[name]?.purgeProtection = false
            }
        case .arcDisconnected:
            let duration = Duration(durationText: rule.argument("duration"))
            disconnectMachines(rule.argument("machine"), for: duration, at: now)
        case .replicationBroken:
            for (name, group) in state.failoverGroups where matches(group.name, pattern: rule.argument("group")) {
                var broken = group
                suspend(&broken, until: nil, at: now)
                state.failoverGroups[name] = broken
            }
        default: strikeKeyAccess(rule, at: now)
        }
        followKeyAccess(at: now)
    }

    private mutating func changeKeys(_ rule: FaultRule, _ change: (inout VaultKey) -> Void) {
        let pattern = rule.argument("key")
        let protectors = Set(
            state.servers.values.compactMap(\.protectorKey).map { $0.reference.serverKeyName.lowercased() })
        for vault in Array(state.vaults.values) + state.managedHSMs.values {
            for (keyName, key) in vault.keys {
                let inUse = key.versions.contains {
                    protectors.contains("\(vault.name)_\(key.name)_\($0.version)".lowercased())
                }
                guard pattern == "*" ? !inUse : matches("\(vault.name)/\(key.name)", pattern: pattern) else { continue }
                var changed = key
                change(&changed)
                state[vault.kind, vault.name]?.keys[keyName] = changed
            }
        }
    }
}
