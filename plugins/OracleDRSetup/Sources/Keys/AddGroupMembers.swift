// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudHTTP
internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient

/// Adds the identities of Oracle's nodes to a group, so that they may do what the group is granted.
///
/// That they are members is not that it counts for them: their tokens are kept for hours, up to a day.
struct AddGroupMembers: ReversibleStep {
    static let name = "group-members"
    static let definition = PackageResources.group_members_yaml

    struct Inputs: Decodable, Sendable {
        let group: String
        let members: [String]
        /// Of machines that are given by name.
        let resourceGroup: String?
        /// Whose databases an undo must not part from their keys.
        let cluster: OracleID?
        let databases: [OracleID]
        let patience: Span
    }

    struct Outputs: Hashable, Codable, Sendable {
        let groupId: String
        let members: [String]
    }

    struct Undo: Hashable, Codable, Sendable {
        let group: String
        let groupId: String
        /// Object ids that were no members before: each is noted before it is added, and no longer once that was refused.
        var added: [String]
        /// Nothing was left to be undone, and so it was.
        var isUndone: Bool?
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            [
                try await GroupPlace(inputs.group, session).finding(isNeeded: true).condition("group-exists"),
                try await Principals.finding(inputs, session).condition("members-known"),
                try await ofCluster(inputs, session, context).condition("members-of-cluster"),
            ]
        }
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await AzureSession.run(context) { session in
            let undo = try context.recordedUndo(as: Undo.self)
            if undo?.isUndone == true {
                return .needed(changes(inputs.members.map { ResourceID($0)?.name ?? $0 }, in: inputs.group))
            }
            guard let group = try await GroupPlace(inputs.group, session).group(),
                let members = try await Principals.read(inputs, session)
            else {
                let wanted = changes(inputs.members.map { ResourceID($0)?.name ?? $0 }, in: inputs.group)
                return try await lacking(wanted, undo, session)
            }
            let missing = try await missing(members.map(\.id), in: group, session)
            guard missing.isEmpty else {
                let wanted = changes(members.filter { missing.contains($0.id) }.map(\.label), in: group.displayName)
                return try await lacking(wanted, undo, session)
            }
            return .satisfied(Outputs(groupId: group.id, members: members.map(\.id)))
        }
    }

    /// Some members are missing; an earlier attempt may have added others, which an undo takes out again.
    private func lacking(
        _ changes: [Change], _ undo: Undo?, _ session: AzureSession
    ) async throws -> Observed<Outputs> {
        guard let undo, let group = try await session.azure.graph.group(undo.groupId) else { return .needed(changes) }
        let gone = Set(try await missing(undo.added, in: group, session))
        let left = undo.added.filter { !gone.contains($0) }
        if left.isEmpty { return .needed(changes) }
        return .unfinished(changes, why: "This run has added \(left.joined(separator: ", ")) to \(undo.group).")
    }

    private func changes(_ members: [String], in group: String) -> [Change] {
        members.map { Change("\(group)/members/\($0)", to: "member") }
    }

    func missing(
        _ members: [String], in group: DirectoryGroup, _ session: AzureSession
    ) async throws(AzureError) -> [String] {
        let there = Set(try await session.azure.graph.members(of: group.id).map { $0.id.lowercased() })
        return members.filter { !there.contains($0) }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await AzureSession.run(context, reads: false) { session in
            let group = try await GroupPlace(inputs.group, session).existing()
            guard let members = try await Principals.read(inputs, session) else {
                throw StepError.permanent(
                    "oracle-dr-setup.no-identity", "Not every member has an identity.",
                    remedy: "Make the identity connector first; each Arc machine then shows its principal id.")
            }
            let ids = members.map(\.id)
            let missing = try await missing(ids, in: group, session)
            if missing.isEmpty { return Outputs(groupId: group.id, members: ids) }
            // What an earlier attempt has added is this step's as well.
            let earlier = try context.recordedUndo(as: Undo.self).map { $0.groupId == group.id ? $0.added : [] } ?? []
            var undo = Undo(group: group.displayName, groupId: group.id, added: earlier)
            try await each(members.filter { missing.contains($0.id) }) { member in
                try await join(member, group, &undo, inputs, session, context, gate)
            }
            return Outputs(groupId: group.id, members: ids)
        }
    }

    /// Notes it as added by this run, adds it, and takes the note back where that was refused, or somebody else was faster.
    private func join(
        _ member: Principal, _ group: DirectoryGroup, _ undo: inout Undo, _ inputs: Inputs, _ session: AzureSession,
        _ context: StepContext, _ gate: EffectGate<Undo>
    ) async throws {
        let before = undo
        if !undo.added.contains(member.id) { undo.added.append(member.id) }
        try await gate.begin(undo: undo)
        context.progress("adding \(member.label) to \(group.displayName)")
        do {
            if try await add(member.id, to: group, inputs, session, context) { return }
        } catch let error as AzureError where error.advice != .unknownOutcome {
            undo = before
            try await gate.begin(undo: undo)
            // Known nowhere for now is no reason not to look again.
            throw error.isNotFound ? error.inDoubt : error
        }
        undo = before
        try await gate.begin(undo: undo)
    }

    /// A fresh identity may be unknown to the directory for some minutes.
    ///
    /// - Returns: whether this made it a member.
    private func add(
        _ member: String, to group: DirectoryGroup, _ inputs: Inputs, _ session: AzureSession, _ context: StepContext
    ) async throws -> Bool {
        try await session.wait(within: inputs.patience.duration, pausingUpTo: .seconds(15), context) {
            try await self.look(member, group, session)
        }.get()
    }

    /// Adds it. The error is that one of both is unknown, perhaps for now.
    private func look(
        _ member: String, _ group: DirectoryGroup, _ session: AzureSession
    ) async throws(AzureError) -> Look<Result<Bool, AzureError>> {
        do throws(AzureError) {
            return .done(.success(try await session.azure.graph.add(member, to: group.id)))
        } catch  where error.isNotFound && error.advice != .unknownOutcome {
            return .notYet(.failure(error), "waiting for the directory to know \(member)")
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let group = try await GroupPlace(inputs.group, session).existing()
            guard let members = try await Principals.read(inputs, session) else {
                return Finding.unmet("Not every member has an identity.").conditions(["members-added"])
            }
            let left = try await session.wait(within: .seconds(120), context) { () async throws -> Look<[String]> in
                let left = try await missing(members.map(\.id), in: group, session)
                return left.isEmpty
                    ? .done([]) : .notYet(left, "waiting for \(group.displayName) to show its new members")
            }
            let finding: Finding =
                left.isEmpty
                ? .met(
                    "\(labels(members)) are members of \(group.displayName). When that counts for them, a use of the key will show."
                )
                : .unmet(
                    "No members of \(group.displayName): \(labels(members.filter { left.contains($0.id) })).")
            return [finding.condition("members-added")]
        }
    }

    private func labels(_ members: [Principal]) -> String { members.map(\.label).joined(separator: ", ") }
}

/// An identity in the directory.
struct Principal: Hashable, Sendable {
    /// Its object id, lower case.
    let id: String
    /// The machine's name where it is a machine's, else the id.
    let label: String
}

/// Identities as a runbook names them: object ids, or Arc machines, whose identity is read.
enum Principals {
    /// Nil when a machine is not there or has no identity.
    static func read(_ inputs: AddGroupMembers.Inputs, _ session: AzureSession) async throws -> [Principal]? {
        var found: [Principal] = []
        for member in inputs.members {
            guard let id = try await principal(of: member, inputs.resourceGroup, session) else { return nil }
            let principal = Principal(id: id.lowercased(), label: ResourceID(member)?.name ?? member)
            if !found.contains(where: { $0.id == principal.id }) { found.append(principal) }
        }
        return found
    }

    private static func principal(
        of member: String, _ group: String?, _ session: AzureSession
    ) async throws -> String? {
        if RequestID.isUUID(member.lowercased()) { return member }
        guard let id = machineID(member, group, session.azure.connection.subscription),
            id.isType("Microsoft.HybridCompute/machines")
        else {
            throw StepError.permanent(
                "oracle-dr-setup.no-principal",
                "\"\(member)\" is neither an object id nor an Arc machine whose resource group is known.",
                remedy: "Give object ids, the machines' resource ids, or their names and the resource group.")
        }
        return try await machine(id, session)?.identity?.principalId
    }

    /// The machine that is given by its id, or by its name; nil where its resource group is not known.
    static func machineID(_ member: String, _ group: String?, _ subscription: String?) -> ResourceID? {
        if member.hasPrefix("/") { return ResourceID(member) }
        guard let group, let subscription else { return nil }
        let place = group.hasPrefix("/") ? group : "/subscriptions/\(subscription)/resourceGroups/\(group)"
        return ResourceID("\(place)/providers/Microsoft.HybridCompute/machines/\(member)")
    }

    private static func machine(_ id: ResourceID, _ session: AzureSession) async throws(AzureError) -> ArcMachine? {
        do throws(AzureError) {
            return try await session.azure.arc.machine(id)
        } catch  where error.isNotFound {
            return nil
        }
    }

    static func finding(_ inputs: AddGroupMembers.Inputs, _ session: AzureSession) async throws -> Finding {
        if inputs.members.isEmpty { return .unmet("No members are given.") }
        do {
            guard let found = try await read(inputs, session) else {
                return .unmet("Not every machine is there with an identity.")
            }
            let names = found.map { $0.id == $0.label.lowercased() ? $0.id : "\($0.label) (\($0.id))" }
            return .met("The members are \(names.joined(separator: ", ")).")
        } catch let error as AzureError {
            try Task.checkCancellation()
            return .unverifiable("The machines could not be read: \(error)")
        } catch let error as StepError {
            return .unmet(error.message)
        }
    }
}
