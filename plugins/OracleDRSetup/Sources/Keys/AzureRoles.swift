// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudHTTP
internal import CloudSteps
internal import MusterPlugin

/// A built-in role, the same in every tenant.
struct VaultRole: Hashable, Sendable {
    let name: String
    let id: String
}

/// What a group is granted at a vault or Managed HSM by Azure's own roles.
struct AzureRoles {
    let scope: ResourceID
    let group: String
    let session: AzureSession
    /// Of the step that grants.
    let mark: String

    init(_ scope: ResourceID, _ group: String, _ session: AzureSession, mark: String = "") {
        self.scope = scope
        self.group = group
        self.session = session
        self.mark = mark
    }

    func grant(_ role: VaultRole) -> RoleGrant {
        RoleGrant(scope: scope, role: role.id, principal: group, type: .group, mark: mark)
    }

    /// Roles that are granted neither here nor above, without a condition.
    func missing(_ roles: [VaultRole]) async throws(AzureError) -> [VaultRole] {
        let granted = try await session.azure.authorization.directAssignments(at: scope, of: group)
            .filter { $0.covers(scope) && $0.properties.condition == nil }
        return roles.filter { role in !granted.contains { $0.role == role.id } }
    }

    /// Those of the names that are there.
    func named(_ names: [String]) async throws(AzureError) -> [String] {
        let there = try await session.azure.authorization.directAssignments(at: scope, of: group)
            .compactMap { $0.id?.split(separator: "/").last?.lowercased() }
        return names.filter { there.contains($0.lowercased()) }
    }

    func untilGranted(_ roles: [VaultRole]) async throws {
        try await look { () throws(AzureError) in try await missing(roles).isEmpty }
    }

    func untilGone(_ names: [String]) async throws {
        try await look { () throws(AzureError) in try await named(names).isEmpty }
    }

    /// For a while after a change some reads may still show what was before.
    private func look(_ isDone: () async throws(AzureError) -> Bool) async throws {
        let end = Deadline(after: .seconds(120), from: session.time)
        while try await !isDone(), end.remaining(session.time) > .zero {
            guard await session.time.pause(.seconds(3)) else { throw CancellationError() }
        }
    }
}

/// Who would lose what a group is granted.
enum GroupUse {
    /// The object ids of the group's members.
    static func members(of group: String, _ session: AzureSession) async throws(AzureError) -> [String] {
        guard try await session.azure.graph.group(group) != nil else { return [] }
        return try await session.azure.graph.members(of: group).map { $0.id.lowercased() }
    }

    /// The look right before the roles are taken.
    static func demandUnused(_ group: String, before: [String]?, _ session: AzureSession) async throws {
        try [try await finding(group, before: before, session).condition("undo-group-unused")].demandMet(
            code: "oracle-dr-setup.group-in-use",
            remedy:
                "Have those who added members take them out again. For members that were there before the grant, keep the roles, or take them by hand once no database relies on them."
        )
    }

    /// Members that were there before the grant count, too: what relies on the roles since cannot be seen from the group.
    ///
    /// - Parameter before: who were members when the roles were granted.
    static func finding(_ group: String, before: [String]?, _ session: AzureSession) async throws -> Finding {
        let read = try await attempt { () throws(AzureError) in try await members(of: group, session) }
        return read.finding { members in
            let since = members.filter { !(before ?? []).contains($0) }
            if !since.isEmpty {
                let names = since.joined(separator: ", ")
                return .unmet(
                    "The group has members that it had not when the roles were granted, and they may use the keys by them: "
                        + "\(names).")
            }
            return members.isEmpty
                ? .met("The group has no members, so nobody loses access.")
                : .unmet(
                    "The group has the members that it had when the roles were granted, and they may rely on them since: "
                        + "\(members.joined(separator: ", ")).")
        }
    }
}
