// SPDX-License-Identifier: Apache-2.0

package import AzureClient
package import CloudSteps
internal import MusterModel

/// Whether a server's identity can read, wrap and unwrap with a key: what is granted, and whether it can be effective yet.
package struct KeyAccess {
    package let view: KeyView
    package let server: ServerView
    package let azure: AzureCalls

    package init(view: KeyView, server: ServerView, azure: AzureCalls) {
        self.view = view
        self.server = server
        self.azure = azure
    }

    /// Roles of every tenant that hold the three rights (learn.microsoft.com/azure/key-vault/general/rbac-guide).
    private static let keyUsingRoles: Set<String> = [
        "e147488a-f6f5-4113-8e2d-b22465e65bf6",  // Key Vault Crypto Service Encryption User
        "12338af0-0e69-4776-bea7-57ae8d297424",  // Key Vault Crypto User
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",  // Key Vault Crypto Officer
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",  // Key Vault Administrator
    ]

    private static let dataActions = ["read", "wrap/action", "unwrap/action"].map {
        "Microsoft.KeyVault/vaults/keys/\($0)"
    }

    /// A role assignment takes up to ten minutes to be known everywhere.
    private static let spreading = Duration.seconds(600)

    private var name: String { server.id.name }

    package func finding() async throws -> Finding {
        guard case .success(let found) = server.server, let principal = found.vaultPrincipal else {
            return server.hasIdentity
        }
        if isInUse {
            return .met("\(name) uses \(view.id.serverKeyName) now, and all its databases are accessible.")
        }
        guard view.kind == .vault else {
            return .unverifiable(
                "\(view.id.vault) is a Managed HSM, whose own roles are not read here. Check that \(principal) is Managed HSM "
                    + "Crypto Service Encryption User of the key.")
        }
        switch view.vault {
        case .failure(let error): return .unverifiable("\(view.id.vault) could not be read: \(error)")
        case .success(nil):
            return .unverifiable(
                "\(view.id.vault) is in no subscription that is known here, so its rights cannot be read.")
        case .success(let vault?): return try await grants(in: vault, to: principal)
        }
    }

    /// The one proof that needs no right on the vault: the key works at this moment.
    private var isInUse: Bool {
        guard case .success(let protector) = server.protector, protector.isKey(view.id),
            case .success(let inaccessible) = server.inaccessible
        else { return false }
        return inaccessible.isEmpty
    }

    private func grants(in vault: Vault, to principal: String) async throws -> Finding {
        guard vault.admitsTrustedServices else {
            return .unmet("\(vault.name)'s firewall lets no trusted Azure service in, so \(name) cannot reach it.")
        }
        return vault.usesRoles ? try await roles(in: vault, to: principal) : policies(in: vault, to: principal)
    }

    private func policies(in vault: Vault, to principal: String) -> Finding {
        let own = vault.properties.accessPolicies?.first { $0.objectId.lowercased() == principal.lowercased() }
        let granted = Set((own?.permissions?.keys ?? []).map { $0.lowercased() })
        let missing = granted.contains("all") ? [] : ["get", "wrapkey", "unwrapkey"].filter { !granted.contains($0) }
        return missing.isEmpty
            ? .met("\(vault.name)'s access policy lets \(name) get, wrap and unwrap.")
            : .unmet(
                "\(vault.name)'s access policy gives \(name) (\(principal)) no \(missing.joined(separator: ", ")).")
    }

    private func roles(in vault: Vault, to principal: String) async throws -> Finding {
        guard let key = vault.id.appending("keys", view.id.name) else {
            return .unverifiable("\(view.id.name) has no id under \(vault.id).")
        }
        let read = try await attempt { () throws(AzureError) in
            try await azure.authorization.assignments(at: vault.id, to: principal)
        }
        switch read {
        case .failure(let error): return .unverifiable("The roles on \(vault.name) could not be read: \(error)")
        case .success(let assignments):
            var fitting: [RoleAssignment] = []
            for assignment in assignments where assignment.covers(key) {
                switch try await allows(assignment) {
                case .failure(let error): return .unverifiable("A role on \(vault.name) could not be read: \(error)")
                case .success(let fits): if fits { fitting.append(assignment) }
                }
            }
            return judge(fitting, vault, principal)
        }
    }

    private func allows(_ assignment: RoleAssignment) async throws -> Result<Bool, AzureError> {
        if Self.keyUsingRoles.contains(assignment.role) { return .success(true) }
        let definition = try await attempt { () throws(AzureError) in
            try await azure.authorization.roleDefinition(assignment.properties.roleDefinitionId)
        }
        return definition.map { definition in Self.dataActions.allSatisfy(definition.allows) }
    }

    private func judge(_ fitting: [RoleAssignment], _ vault: Vault, _ principal: String) -> Finding {
        guard !fitting.isEmpty else {
            return .unmet("No role on \(vault.name) lets \(name) (\(principal)) get, wrap and unwrap.")
        }
        let direct = fitting.filter {
            $0.properties.principalId.lowercased() == principal.lowercased() && $0.properties.condition == nil
        }
        guard !direct.isEmpty else {
            return .unverifiable(
                "\(name) has its role on \(vault.name) only through a group or with a condition. A group's grant takes up to a "
                    + "day to reach a managed identity, so whether it is effective cannot be known.")
        }
        guard let oldest = direct.compactMap(\.createdAt).min() else {
            return .unverifiable("The role of \(name) on \(vault.name) does not say since when it is granted.")
        }
        let age = view.now.duration(since: oldest)
        return age >= Self.spreading
            ? .met("\(name) has a role on \(vault.name) that lets it get, wrap and unwrap, since \(oldest).")
            : .unmet(
                "\(name) got its role on \(vault.name) at \(oldest); until ten minutes later it may not be effective.")
    }
}
