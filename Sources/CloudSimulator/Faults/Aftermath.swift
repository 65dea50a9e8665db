// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What a fault brings when an operation has succeeded.
package struct Aftermath: Sendable, Hashable {
    package struct Suspension: Sendable, Hashable {
        /// Nil: for good.
        var duration: Duration?
        init(_ duration: Duration?) { self.duration = duration }
    }

    package enum KeyLoss: Sendable, Hashable {
        case atOnce, byTheRules
        /// When SQL first asks the server for its encryption.
        case whenAsked

        init(_ text: String) {
            switch text {
            case "true": self = .atOnce
            case "when-asked": self = .whenAsked
            default: self = .byTheRules
            }
        }
    }

    /// How long the listeners still lead where they led before.
    var listenerDelay: Duration?
    var suspension: Suspension?
    var withholdsKey = false
    var keyLoss: KeyLoss?
}

extension AzureWorld {
    /// Lets an operation's aftermath come, after the operation's own work.
    mutating func befall(_ operation: Operation, at now: Timestamp) {
        let aftermath = operation.aftermath
        if case .failover(let name, _) = operation.work {
            if let delay = aftermath.listenerDelay {
                state.failoverGroups[name]?.listenersFollowAt = now.advanced(by: delay)
            }
            if let suspension = aftermath.suspension, var group = state.failoverGroups[name] {
                suspend(&group, until: suspension.duration.map(now.advanced(by:)), at: now)
                state.failoverGroups[name] = group
            }
            // That a server with the key's registration and all rights fails to use it, and that a planned failover away
            // from it is accepted then, is known from no recording.
            if aftermath.withholdsKey { withholdKey(of: operation.server, at: now) }
        }
        switch aftermath.keyLoss {
        case nil: break
        case .whenAsked: state.servers[operation.server]?.losesKeyWhenAsked = true
        case .atOnce?: loseProtectorKey(of: operation.server, closesAtOnce: true, at: now)
        case .byTheRules?: loseProtectorKey(of: operation.server, closesAtOnce: false, at: now)
        }
    }

    /// SQL asks a server for its encryption.
    mutating func befallEncryption(of name: CaselessName, at now: Timestamp) {
        guard state.servers[name]?.losesKeyWhenAsked == true else { return }
        state.servers[name]?.losesKeyWhenAsked = false
        loseProtectorKey(of: name, closesAtOnce: true, at: now)
    }

    /// Disables the version of the key that protects the server. Whether the partner, whose copy is encrypted with it
    /// too, would lose its databases as well is known from no recording; here a server needs its own protector only.
    private mutating func loseProtectorKey(of name: CaselessName, closesAtOnce: Bool, at now: Timestamp) {
        guard let reference = state.servers[name]?.protectorKey?.reference else { return }
        let vault = CaselessName(reference.vault)
        let key = CaselessName(reference.key)
        for index in state.vaults[vault]?.keys[key]?.versions.indices ?? 0..<0
        where state.vaults[vault]?.keys[key]?.versions[index].version == reference.version {
            state.vaults[vault]?.keys[key]?.versions[index].enabled = false
        }
        followKeyAccess(at: now)
        if closesAtOnce { state.servers[name]?.closedAtOnce = true }
    }
}
