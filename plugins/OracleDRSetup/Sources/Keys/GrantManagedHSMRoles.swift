// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

/// Grants a group what Oracle's nodes need on a Managed HSM: Reader in Azure, and in the HSM itself Crypto Officer and
/// Crypto User. Crypto Officer alone can neither make nor use keys, whatever its name says.
struct GrantManagedHSMRoles: ReversibleStep {
    static let name = "managed-hsm-roles"
    static let definition = PackageResources.managed_hsm_roles_yaml

    struct Inputs: Decodable, Sendable {
        let vault: ResourceID
        let group: String
    }

    struct Outputs: Hashable, Codable, Sendable { let groupId: String }

    struct Undo: Hashable, Codable, Sendable {
        let vault: ResourceID
        let hsmName: String
        let group: String
        let groupId: String
        /// Names that only this step gives. What somebody else granted has another name, and stays.
        let assignments: [String]
        let localAssignments: [String]
        /// Object ids of the group's members before the first grant.
        let membersBefore: [String]?
    }

    /// Its id as of learn.microsoft.com/azure/role-based-access-control/built-in-roles/general.
    static let azureRoles = [VaultRole(name: "Reader", id: "acdd72a7-3385-48ef-bd42-f606fba81ae7")]
    /// Ids as of learn.microsoft.com/azure/key-vault/managed-hsm/built-in-roles.
    static let localRoles = [
        VaultRole(name: "Managed HSM Crypto Officer", id: "515eb02d-2335-4d2d-92f2-b1cbdf9c3778"),
        VaultRole(name: "Managed HSM Crypto User", id: "21dbd100-6940-42c2-9190-5d6cb909625b"),
    ]

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let usable: Finding =
                switch try await KeyPlace.attempt(inputs.vault, session) {
                case .failure(let error): .unverifiable("\(inputs.vault.name) could not be read: \(error)")
                case .success(let place):
                    place.home == nil ? .unmet(place.why) : .met("\(inputs.vault.name) is activated.")
                }
            return [
                usable.condition("hsm-activated"),
                try await GroupPlace(inputs.group, session).finding(isNeeded: true).condition("group-exists"),
            ]
        }
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await AzureSession.run(context) { session in
            guard let home = try await KeyPlace.read(inputs.vault, session).home,
                let group = try await GroupPlace(inputs.group, session).group()
            else { return .needed(changes(Self.azureRoles + Self.localRoles, inputs, inputs.group)) }
            let missing = try await missing(inputs, group.id, home, session)
            let all = missing.azure + missing.local
            if all.isEmpty { return .satisfied(Outputs(groupId: group.id)) }
            let wanted = changes(all, inputs, group.displayName)
            guard let undo = try context.recordedUndo(as: Undo.self) else { return .needed(wanted) }
            let left = try await left(undo, home, session)
            if left.azure.isEmpty, left.local.isEmpty { return .needed(wanted) }
            let count = left.azure.count + left.local.count
            return .unfinished(wanted, why: "\(count) of the grants to \(undo.group) are this run's.")
        }
    }

    private func changes(_ roles: [VaultRole], _ inputs: Inputs, _ group: String) -> [Change] {
        roles.map { Change("\(inputs.vault.name)/roles/\(group)/\($0.name)", to: "granted") }
    }

    private func missing(
        _ inputs: Inputs, _ group: String, _ home: KeyHome, _ session: AzureSession
    ) async throws(AzureError) -> (azure: [VaultRole], local: [VaultRole]) {
        let local = try await session.azure.localRoles.assignments(in: home)
        return (
            try await AzureRoles(inputs.vault, group, session).missing(Self.azureRoles),
            Self.localRoles.filter { role in !local.contains(where: grant(role, home, group).isGranted) }
        )
    }

    private func grant(_ role: VaultRole, _ home: KeyHome, _ group: String, _ mark: String = "") -> LocalRoleGrant {
        LocalRoleGrant(hsm: home.name, role: role.id, principal: group, mark: mark)
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await AzureSession.run(context, reads: false) { session in
            let group = try await GroupPlace(inputs.group, session).existing()
            let place = try await KeyPlace.read(inputs.vault, session)
            guard let home = place.home else {
                throw StepError.permanent("oracle-dr-setup.vault-not-usable", place.why, remedy: "Set it up first.")
            }
            let missing = try await missing(inputs, group.id, home, session)
            if missing.azure.isEmpty, missing.local.isEmpty { return Outputs(groupId: group.id) }
            let roles = AzureRoles(inputs.vault, group.id, session, mark: Mark(context).text)
            let local = { (role: VaultRole) in grant(role, home, group.id, Mark(context).text) }
            try await gate.begin(
                undo: Undo(
                    vault: inputs.vault, hsmName: inputs.vault.name, group: group.displayName, groupId: group.id,
                    assignments: Self.azureRoles.map { roles.grant($0).name },
                    localAssignments: Self.localRoles.map { local($0).name },
                    membersBefore: try await Self.membersBefore(group.id, session, context)))
            try await each(missing.azure) { role in
                context.progress("granting \(role.name) on \(inputs.vault.name) to \(group.displayName)")
                try await session.azure.authorization.assign(roles.grant(role))
            }
            try await each(missing.local, isFirst: missing.azure.isEmpty) { role in
                context.progress("granting \(role.name) in \(inputs.vault.name) to \(group.displayName)")
                try await session.azure.localRoles.assign(local(role), in: home)
            }
            try await afterEffect { try await roles.untilGranted(Self.azureRoles) }
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
            let place = try await KeyPlace.read(inputs.vault, session)
            guard let home = place.home else { return Finding.unmet(place.why).conditions(["roles-granted"]) }
            let missing = try await missing(inputs, group.id, home, session)
            let names = (missing.azure + missing.local).map(\.name)
            let finding: Finding =
                names.isEmpty
                ? .met(
                    "\(group.displayName) is granted all three roles. When they are effective, a use of the key will show."
                )
                : .unmet("\(group.displayName) lacks \(names.joined(separator: " and ")).")
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

    /// What is there of what the run granted.
    private func left(
        _ undo: Undo, _ home: KeyHome?, _ session: AzureSession
    ) async throws(AzureError) -> (azure: [String], local: [String]) {
        let azure = try await AzureRoles(undo.vault, undo.groupId, session).named(undo.assignments)
        guard let home else { return (azure, []) }
        let there = Set(try await session.azure.localRoles.assignments(in: home).map { $0.name.lowercased() })
        return (azure, undo.localAssignments.filter { there.contains($0.lowercased()) })
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await AzureSession.run(context, reads: false) { session in
            let roles = AzureRoles(undo.vault, undo.groupId, session)
            let home = try await KeyPlace.read(undo.vault, session).home
            let (left, local) = try await left(undo, home, session)
            if left.isEmpty, local.isEmpty { return }
            try await GroupUse.demandUnused(undo.groupId, before: undo.membersBefore, session)
            try await gate.begin(undo: undo)
            context.progress("taking roles on \(undo.hsmName) from \(undo.group)")
            if let home { try await each(local) { try await session.azure.localRoles.remove($0, in: home) } }
            try await each(left, isFirst: local.isEmpty) {
                try await session.azure.authorization.remove($0, at: undo.vault)
            }
            try await afterEffect { try await roles.untilGone(undo.assignments) }
        }
    }
}
