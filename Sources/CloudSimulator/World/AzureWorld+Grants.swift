// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What an identity may do with a vault's keys: roles and access policies of its own, and of the groups that it is in.
extension AzureWorld {
    private static let vaultReaders: Set<String> = [
        "21090545-7ca7-4776-b22c-e363652d74d2",  // Key Vault Reader
        "acdd72a7-3385-48ef-bd42-f606fba81ae7",  // Reader
        "b24988ac-6180-42a0-ab88-20f7382dd24c",  // Contributor
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",  // Owner
    ]
    private static let keyListers: Set<String> = keyUsingRoles.union(["21090545-7ca7-4776-b22c-e363652d74d2"])

    /// Local roles of a Managed HSM that let keys be used. Crypto Officer is not one of them.
    /// https://learn.microsoft.com/azure/key-vault/managed-hsm/built-in-roles
    private static let localKeyUsers: Set<String> = [
        "21dbd100-6940-42c2-9190-5d6cb909625b",  // Managed HSM Crypto User
        "33413926-3206-4cdd-b39a-83574fe37a17",  // Managed HSM Crypto Service Encryption User
    ]
    private static let localKeyListers: Set<String> = localKeyUsers.union([
        "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3"  // Managed HSM Crypto Auditor
    ])

    /// The identity itself and the groups whose grants count for it by now.
    func grantees(of principal: String, at now: Timestamp) -> Set<String> {
        let own = principal.lowercased()
        let groups = state.directory.groups.filter { group in
            group.members.contains { $0.id.lowercased() == own && $0.effective <= now }
        }
        return Set([own] + groups.map { $0.id.lowercased() })
    }

    /// Whether one of the roles is granted, and effective, at the resource or above it.
    func hasRole(_ roles: Set<String>, _ principal: String, on resource: String, at now: Timestamp) -> Bool {
        let grantees = grantees(of: principal, at: now)
        return state.roleAssignments.contains {
            roles.contains($0.role) && grantees.contains($0.principal.lowercased()) && $0.effective <= now
                && $0.covers(resource)
        }
    }

    private func hasLocalRole(
        _ roles: Set<String>, _ principal: String, on hsm: Vault, key: String?, at now: Timestamp
    ) -> Bool {
        let grantees = grantees(of: principal, at: now)
        let scopes = ["/", "/keys"] + (key.map { ["/keys/\($0.lowercased())"] } ?? [])
        return hsm.hsm.localRoles.contains {
            roles.contains($0.role) && grantees.contains($0.principal.lowercased()) && $0.effective <= now
                && scopes.contains($0.scope.lowercased())
        }
    }

    func policyAllows(_ permissions: Set<String>, _ principal: String, on vault: Vault, at now: Timestamp)
        -> Bool
    {
        let grantees = grantees(of: principal, at: now)
        let granted = vault.accessPolicies.filter { grantees.contains($0.key.lowercased()) }.flatMap(\.value)
        return granted.contains("all") || permissions.isSubset(of: granted)
    }

    /// Reading, wrapping and unwrapping with a key; nil when nothing is missing, else what the service says.
    func missingRight(of principal: String, on vault: Vault, key: String, at now: Timestamp) -> String? {
        let has =
            switch (vault.kind, vault.roleBased) {
            case (.managedHSM, _): hasLocalRole(Self.localKeyUsers, principal, on: vault, key: key, at: now)
            case (.vault, true): hasRole(Self.keyUsingRoles, principal, on: "\(vaultID(vault))/keys/\(key)", at: now)
            case (.vault, false): policyAllows(["get", "wrapkey", "unwrapkey"], principal, on: vault, at: now)
            }
        return has ? nil : Self.forbidden(principal, "keys/unwrap/action", "\(vault.name)/keys/\(key)", vault)
    }

    /// Whether the vault is found and its keys can be listed, as when a vault is discovered.
    func listing(of vault: Vault, by principal: String, at now: Timestamp) -> KeyReach {
        guard hasRole(Self.vaultReaders, principal, on: vaultID(vault), at: now) else {
            return .refused(Self.forbidden(principal, "read", vault.name, vault))
        }
        let lists =
            switch (vault.kind, vault.roleBased) {
            case (.managedHSM, _): hasLocalRole(Self.localKeyListers, principal, on: vault, key: nil, at: now)
            case (.vault, true): hasRole(Self.keyListers, principal, on: vaultID(vault), at: now)
            case (.vault, false): policyAllows(["list"], principal, on: vault, at: now)
            }
        return lists ? .reachable : .refused(Self.forbidden(principal, "keys/read", vault.name, vault))
    }

    private static func forbidden(_ principal: String, _ right: String, _ resource: String, _ vault: Vault) -> String {
        "ForbiddenByRbac: the identity \(principal) may not \(vault.kind.rawValue)/\(right) on \(resource)."
    }

    /// Whether a fault keeps the identity's machine from reaching the vault, or Azure Arc altogether.
    func isCutOff(_ principal: String, from vault: Vault) -> Bool {
        let machine = state.surroundings.machines.values.first { $0.principal.lowercased() == principal.lowercased() }
        return isDisconnected(principal)
            || state.directory.cutOff.contains { cut in
                matches(vault.name, pattern: cut.vault) && matches(machine?.name ?? principal, pattern: cut.machine)
            }
    }
}
