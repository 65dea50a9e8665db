// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// The faults that keep an Oracle database's nodes from their key.
extension FaultKind {
    /// It stands between machines and a key, whichever cloud is asked first.
    var isOfKeyAccess: Bool {
        switch self {
        case .keyDisabled, .keyDeleted, .keyRolesLost, .vaultUnreachable, .arcDisconnected, .rolePropagation,
            .groupPropagation:
            true
        default: false
        }
    }

    var keyAccessDescription: Description {
        switch self {
        case .vaultUnreachable:
            .init(
                summary: "From now on no answer of a vault reaches some machines, as without route or DNS",
                drill: "Says which node does not reach which vault, by its use and not by what is granted; stops.",
                arguments: [
                    .init(name: "vault", fallback: "*", summary: "name of the vault or Managed HSM"),
                    .init(name: "machine", fallback: "*", summary: "name of the Arc machine"),
                ], times: 1)
        case .keyRolesLost:
            .init(
                summary: "All roles on a vault are gone, local roles of a Managed HSM too",
                drill: "Sees by use that the key is refused, names the roles to grant, and stops.",
                arguments: [.init(name: "vault", fallback: "*", summary: "name of the vault or Managed HSM")], times: 1)
        default:
            .init(
                summary: "What a group is granted counts for its members, old and new, only after a while",
                drill: "Waits until a use of the key succeeds, and says what it waits for; a resume goes on.",
                arguments: [.init(name: "delay", fallback: "2h", summary: "simulated time")], times: 1)
        }
    }
}

extension AzureWorld {
    mutating func strikeKeyAccess(_ rule: FaultRule, at now: Timestamp) {
        let pattern = rule.argument("vault")
        switch rule.kind {
        case .vaultUnreachable:
            state.directory.cutOff.append(.init(vault: pattern, machine: rule.argument("machine")))
        case .keyRolesLost:
            for vault in Array(state.vaults.values) + state.managedHSMs.values
            where matches(vault.name, pattern: pattern) {
                let id = vaultID(vault).lowercased()
                state.roleAssignments.removeAll { "\($0.scope.lowercased())/".hasPrefix("\(id)/") }
                state[vault.kind, vault.name]?.hsm.localRoles = []
                state[vault.kind, vault.name]?.accessPolicies = [:]
            }
        case .groupPropagation:
            let delay = Duration(durationText: rule.argument("delay")) ?? .zero
            state.directory.groupPropagation = delay
            for group in state.directory.groups.indices {
                for member in state.directory.groups[group].members.indices {
                    state.directory.groups[group].members[member].effective = now.advanced(by: delay)
                }
            }
        default: break
        }
    }
}
