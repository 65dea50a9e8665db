// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What the Oracle side does in Azure through an identity connector: it enrols its nodes with Azure Arc, and the nodes
/// use keys.
extension AzureWorld {
    /// The namespace without which no machine can be enrolled.
    static let arcProvider = "Microsoft.HybridCompute"

    /// Whether the subscription has registered a resource provider, such as ``arcProvider``.
    func isRegistered(_ provider: String, at now: Timestamp) -> Bool {
        guard let registration = state.surroundings.providers[CaselessName(provider)] else { return false }
        return registration.registeringUntil.map { $0 <= now } ?? true
    }

    /// A node becomes an Arc machine. One that is there already stays the same, and is connected again.
    ///
    /// - Parameter cluster: OCID of the VM cluster whose node it is.
    /// - Returns: the object id of its identity.
    mutating func enrolArcMachine(
        _ name: String, resourceGroup: String, location: String, privateLinkScope: String? = nil,
        cluster: String? = nil, at now: Timestamp
    ) -> String {
        let place = MachinePlace(resourceGroup, name)
        if var machine = state.surroundings.machines[place] {
            if machine.status != "Connected" { (machine.status, machine.statusChanged) = ("Connected", now) }
            machine.privateLinkScope = privateLinkScope ?? machine.privateLinkScope
            machine.cluster = cluster ?? machine.cluster
            state.surroundings.machines[place] = machine
            return machine.principal
        }
        let ordinal = state.surroundings.enrolments[place, default: 0] + 1
        state.surroundings.enrolments[place] = ordinal
        let principal = DerivedID.arcPrincipal(resourceGroup, name, enrolment: ordinal)
        state.surroundings.machines[place] = ArcMachine(
            name: name, group: resourceGroup, location: location, principal: principal, statusChanged: now,
            privateLinkScope: privateLinkScope, cluster: cluster)
        record("arc-machine.enrolled", "\(resourceGroup)/\(name)", at: now)
        return principal
    }

    /// The machine and its identity are gone; nothing happens when there is none.
    mutating func removeArcMachine(_ name: String, resourceGroup: String, at now: Timestamp) {
        guard let machine = state.surroundings.machines.removeValue(forKey: MachinePlace(resourceGroup, name)) else {
            return
        }
        record("arc-machine.removed", "\(machine.group)/\(machine.name)", at: now)
    }

    /// `Connected`, `Disconnected` …; nil when there is no such machine.
    func arcMachineStatus(_ name: String, resourceGroup: String) -> String? {
        state.surroundings.machines[MachinePlace(resourceGroup, name)]?.status
    }

    /// The object id of the machine's identity; nil when there is no such machine.
    func arcMachinePrincipal(_ name: String, resourceGroup: String) -> String? {
        state.surroundings.machines[MachinePlace(resourceGroup, name)]?.principal
    }

    /// A key was used; whether a log shows it is the business of the vault's diagnostic settings.
    ///
    /// - Parameters:
    ///   - vault: a vault's or Managed HSM's resource id, URI or name.
    ///   - operation: as in the log, such as `KeyUnwrap`.
    mutating func noteKeyUse(principal: String, vault: String, key: String, operation: String, at now: Timestamp) {
        guard let holder = keyHolder(vault) else { return }
        state.surroundings.keyUses.append(
            KeyUse(
                at: now, principal: principal, vault: CaselessName(vaultID(holder)), key: key, operation: operation))
    }
}

extension DerivedID {
    static func arcPrincipal(_ group: String, _ name: String, enrolment: Int) -> String {
        guid("arc-machine", group.lowercased(), name.lowercased(), String(enrolment))
    }
}
