// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What the account that asks may do with keys by its own roles, once the scenario grants it any.
extension AzureWorld {
    private static let keys = "Microsoft.KeyVault/vaults/keys"
    private static let rotation = "Microsoft.KeyVault/vaults/keyrotationpolicies"
    /// A right of its own in a Managed HSM alone.
    private static let deletedKeys = "Microsoft.KeyVault/managedHsm/keys/deletedKeys/read/action"

    /// Data actions on keys of Azure's built-in roles; Owner, Contributor and Reader have none.
    /// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security
    private static let dataActions: [String: [String]] = [
        "Key Vault Administrator": ["Microsoft.KeyVault/vaults/*"],
        "Key Vault Crypto Officer": ["\(keys)/*", "\(rotation)/*"],
        "Key Vault Crypto User": ["read", "update", "backup", "encrypt", "decrypt", "wrap", "unwrap", "sign", "verify"]
            .map { $0 == "read" ? "\(keys)/read" : "\(keys)/\($0)/action" },
        "Key Vault Crypto Service Encryption User": ["\(keys)/read", "\(keys)/wrap/action", "\(keys)/unwrap/action"],
        "Key Vault Reader": ["Microsoft.KeyVault/vaults/*/read"],
    ]

    /// The same of a Managed HSM's local roles, by the names that a vault has for them. An administrator may grant roles, and
    /// do nothing with keys; who makes keys sees no deleted ones.
    /// https://learn.microsoft.com/azure/key-vault/managed-hsm/built-in-roles
    private static let localActions: [String: [String]] = {
        let roles = "Microsoft.KeyVault/managedHsm/roleAssignments"
        let uses = ["read", "create/action", "import/action", "update/action", "delete"].map { "\(keys)/\($0)" }
        return [
            "Managed HSM Administrator": ["\(roles)/*"],
            "Managed HSM Policy Administrator": ["\(roles)/*"],
            "Managed HSM Crypto Officer": ["\(roles)/*", deletedKeys, "\(keys)/recover/action"],
            "Managed HSM Crypto User": uses + ["\(rotation)/*", "\(roles)/read/action"],
            "Managed HSM Crypto Auditor": ["\(keys)/read", deletedKeys, "\(rotation)/read", "\(roles)/read/action"],
        ]
    }()

    /// What an access policy calls the data actions.
    private static let policyNames = [
        "\(keys)/create/action": "create", "\(keys)/import/action": "import", "\(keys)/update/action": "update",
        "\(keys)/delete": "delete", "\(keys)/recover/action": "recover", "\(rotation)/read": "getrotationpolicy",
    ]

    func lacksRole(for call: Call, _ action: String, on vault: Vault) -> Bool {
        guard state.client.isHeldToItsRoles else { return false }
        let now = call.at
        switch (vault.kind, vault.roleBased) {
        case (.managedHSM, _):
            let readsDeleted = ["GetDeletedKeys", "GetDeletedKey"].contains(call.operation)
            return !grants(locally(in: vault, at: now), readsDeleted ? Self.deletedKeys : action)
        case (.vault, true): return !grants(dataActions(at: vaultID(vault), now), action)
        case (.vault, false):
            return !policyAllows([Self.policyNames[action] ?? "get"], state.client.objectID, on: vault, at: now)
        }
    }

    private func grants(_ actions: [String], _ action: String) -> Bool {
        actions.contains { matches(action, pattern: $0) }
    }

    private func dataActions(at scope: String, _ now: Timestamp) -> [String] {
        let grantees = grantees(of: state.client.objectID, at: now)
        let held = state.roleAssignments.filter {
            grantees.contains($0.principal.lowercased()) && $0.effective <= now && $0.covers(scope)
        }
        return held.flatMap { assignment in
            Self.dataActions.first { BuiltInRole.ids[$0.key] == assignment.role }?.value ?? []
        }
    }

    private func locally(in hsm: Vault, at now: Timestamp) -> [String] {
        let grantees = grantees(of: state.client.objectID, at: now)
        var roles = Set(
            hsm.hsm.localRoles.filter { grantees.contains($0.principal.lowercased()) && $0.effective <= now }
                .map(\.role))
        // Who is named at its making is its administrator from then on.
        if hsm.hsm.administrators.contains(where: { grantees.contains($0.lowercased()) }) {
            roles.insert(LocalRole.ids["Managed HSM Administrator"] ?? "")
        }
        if hsm.hsm.activeAt != nil { roles.formUnion(state.client.localRoles) }
        return Self.localActions.filter { roles.contains(LocalRole.ids[$0.key] ?? "") }.flatMap(\.value)
    }

    /// One entry for the rights of management, and one for those on data.
    func callerPermissions(_ call: Call) -> [JSON] {
        let path = call.request.segments.prefix { $0.lowercased() != "microsoft.authorization" }.dropLast()
        let scope = "/" + path.joined(separator: "/")
        let denied = JSON.array(state.client.deniedActions.map { .string($0) })
        let data =
            state.client.isHeldToItsRoles ? dataActions(at: scope, call.at) : ["Microsoft.KeyVault/vaults/*"]
        return [
            ["actions": ["*"], "notActions": denied, "dataActions": [], "notDataActions": []],
            [
                "actions": [], "notActions": [], "dataActions": .array(data.map { .string($0) }),
                "notDataActions": denied,
            ],
        ]
    }
}
