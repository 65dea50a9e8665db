// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// The Entra directory: its security groups. Service principals are where they belong, with servers and machines.
package struct Directory: Sendable, Hashable {
    /// In order of their making; display names are not unique.
    package var groups: [SecurityGroup] = []
    /// How long a new member waits until what the group was granted counts for it.
    package var groupPropagation: Duration = .zero
    /// Who cannot reach which vault, by a fault.
    var cutOff: [CutOff] = []
    /// Object ids that the scenario names and that belong to nothing else.
    var others: Set<String> = []

    struct CutOff: Sendable, Hashable {
        /// Patterns, `*` for any text: a vault's name, and an Arc machine's name or an object id.
        var vault: String
        var machine: String
    }
}

package struct SecurityGroup: Sendable, Hashable {
    package struct Member: Sendable, Hashable {
        /// Object id.
        package var id: String
        /// From when on the group's grants count for it.
        package var effective: Timestamp
    }

    package var id: String
    package var name: String
    package var mailNickname: String
    package var summary = ""
    package var isSecurityGroup = true
    package var members: [Member] = []

    package func has(_ id: String) -> Bool { members.contains { $0.id.lowercased() == id.lowercased() } }
}

/// What kinds of places hold keys.
package enum VaultKind: String, Sendable, Hashable {
    case vault = "Microsoft.KeyVault/vaults"
    case managedHSM = "Microsoft.KeyVault/managedHSMs"

    /// Last word of the resource type.
    var plural: String { self == .vault ? "vaults" : "managedHSMs" }
    /// In the host's name behind the vault's own.
    var label: String { self == .vault ? "vault" : "managedhsm" }
    /// As the real cloud's hosts end.
    var suffix: String { "\(label).azure.net" }
}

/// What only a Managed HSM has.
package struct HSMState: Sendable, Hashable {
    /// False until its security domain was downloaded, in a ceremony that no drill holds.
    package var isActive = true
    /// Object ids that may manage the local roles from the beginning.
    package var administrators: [String] = []
    /// Scopes are `/`, `/keys` or `/keys/NAME`.
    package var localRoles: [RoleAssignment] = []
    /// Until then it is being provisioned.
    package var readyAt: Timestamp?
    /// When people will have activated one that was made in the rehearsal.
    package var activeAt: Timestamp?
    /// What its making ends with, by a fault.
    package var failure: AzureError?
}

extension AzureState {
    /// The vault or Managed HSM of that name, deleted or not.
    subscript(kind: VaultKind, name: some StringProtocol) -> Vault? {
        get { kind == .vault ? vaults[CaselessName(name)] : managedHSMs[CaselessName(name)] }
        set {
            switch kind {
            case .vault: vaults[CaselessName(name)] = newValue
            case .managedHSM: managedHSMs[CaselessName(name)] = newValue
            }
        }
    }
}
