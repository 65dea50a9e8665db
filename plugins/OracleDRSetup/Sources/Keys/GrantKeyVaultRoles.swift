// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

/// Grants a group what Oracle's nodes need on a vault: Key Vault Crypto Officer and Key Vault Reader.
///
/// Granted is not effective: that shows only when a node uses the key, which other steps prove.
struct GrantKeyVaultRoles: ReversibleStep {
    static let name = "key-vault-roles"
    static let definition = PackageResources.key_vault_roles_yaml

    struct Inputs: Decodable, Sendable {
        let vault: ResourceID
        let group: String
    }

    struct Outputs: Hashable, Codable, Sendable { let groupId: String }

    struct Undo: Hashable, Codable, Sendable {
        let vault: ResourceID
        let group: String
        let groupId: String
        /// Names that only this step gives. What somebody else granted has another name, and stays.
        let assignments: [String]
        /// Object ids of the group's members before the first grant.
        let membersBefore: [String]?
    }

    /// Ids as of learn.microsoft.com/azure/role-based-access-control/built-in-roles/security.
    static let roles = [
        VaultRole(name: "Key Vault Crypto Officer", id: "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"),
        VaultRole(name: "Key Vault Reader", id: "21090545-7ca7-4776-b22c-e363652d74d2"),
    ]

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            [
                try await usesRoles(inputs.vault, session).condition("vault-uses-roles"),
                try await GroupPlace(inputs.group, session).finding(isNeeded: true).condition("group-exists"),
            ]
        }
    }

    private func usesRoles(_ id: ResourceID, _ session: AzureSession) async throws -> Finding {
        switch try await attempt({ () throws(AzureError) in try await session.azure.vaults.vaultIfAny(id) }) {
        case .failure(let error): .unverifiable("\(id.name) could not be read: \(error)")
        case .success(nil): .unmet("There is no vault \(id.name).")
        case .success(let vault?):
            vault.usesRoles
                ? .met("\(vault.name) goes by roles.")
                : .unmet("\(vault.name) goes by access policies, so roles give no access to it.")
        }
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await AzureSession.run(context) { session in
            guard try await session.azure.vaults.vaultIfAny(inputs.vault) != nil,
                let group = try await GroupPlace(inputs.group, session).group()
            else { return .needed(changes(Self.roles, inputs, inputs.group)) }
            let missing = try await AzureRoles(inputs.vault, group.id, session).missing(Self.roles)
            if missing.isEmpty { return .satisfied(Outputs(groupId: group.id)) }
            let wanted = changes(missing, inputs, group.displayName)
            guard let undo = try context.recordedUndo(as: Undo.self) else { return .needed(wanted) }
            let left = try await AzureRoles(undo.vault, undo.groupId, session).named(undo.assignments)
            if left.isEmpty { return .needed(wanted) }
            return .unfinished(wanted, why: "\(left.count) of the grants to \(undo.group) are this run's.")
        }
    }

    private func changes(_ roles: [VaultRole], _ inputs: Inputs, _ group: String) -> [Change] {
        roles.map { Change("\(inputs.vault.name)/roles/\(group)/\($0.name)", to: "granted") }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await AzureSession.run(context, reads: false) { session in
            let group = try await GroupPlace(inputs.group, session).existing()
            let roles = AzureRoles(inputs.vault, group.id, session, mark: Mark(context).text)
            let missing = try await roles.missing(Self.roles)
            if missing.isEmpty { return Outputs(groupId: group.id) }
            let undo = Undo(
                vault: inputs.vault, group: group.displayName, groupId: group.id,
                assignments: Self.roles.map { roles.grant($0).name },
                membersBefore: try await Self.membersBefore(group.id, session, context))
            try await gate.begin(undo: undo)
            try await each(missing) { role in
                context.progress("granting \(role.name) on \(inputs.vault.name) to \(group.displayName)")
                try await session.azure.authorization.assign(roles.grant(role))
            }
            try await afterEffect { try await roles.untilGranted(Self.roles) }
            return Outputs(groupId: group.id)
        }
    }

    /// As an earlier attempt saw them: it may have granted a role already.
    private static func membersBefore(
        _ group: String, _ session: AzureSession, _ context: StepContext
    ) async throws -> [String] {
        let earlier = try context.recordedUndo(as: Undo.self).flatMap { $0.groupId == group ? $0.membersBefore : nil }
        if let earlier { return earlier }
        return try await GroupUse.members(of: group, session)
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let group = try await GroupPlace(inputs.group, session).existing()
            let missing = try await AzureRoles(inputs.vault, group.id, session).missing(Self.roles)
            let finding: Finding =
                missing.isEmpty
                ? .met(
                    "\(group.displayName) is granted both roles. When they are effective, a use of the key will show.")
                : .unmet("\(group.displayName) lacks \(missing.map(\.name).joined(separator: " and ")).")
            return [finding.condition("roles-granted")]
        }
    }

    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            [
                try await GroupUse.finding(undo.groupId, before: undo.membersBefore, session).condition(
                    "undo-group-unused")
            ]
        }
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await AzureSession.run(context, reads: false) { session in
            let roles = AzureRoles(undo.vault, undo.groupId, session)
            let left = try await roles.named(undo.assignments)
            if left.isEmpty { return }
            try await GroupUse.demandUnused(undo.groupId, before: undo.membersBefore, session)
            try await gate.begin(undo: undo)
            try await each(left) { name in
                context.progress("taking a role on \(undo.vault.name) from \(undo.group)")
                try await session.azure.authorization.remove(name, at: undo.vault)
            }
            try await afterEffect { try await roles.untilGone(undo.assignments) }
        }
    }
}
