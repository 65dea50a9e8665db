// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudHTTP
internal import CloudSteps
internal import MusterPlugin

/// Makes the security group to which the nodes of the clusters shall belong, or takes one that is there.
struct SetUpSecurityGroup: ReversibleStep {
    static let name = "security-group"
    static let definition = PackageResources.security_group_yaml

    struct Inputs: Decodable, Sendable { let group: String }

    struct Outputs: Hashable, Codable, Sendable {
        let group: String
        let groupId: String
    }

    struct Undo: Hashable, Codable, Sendable {
        let group: String
        let mark: Mark
        /// Known as soon as the service has answered.
        var groupId: String?
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let unique = try await GroupPlace(inputs.group, session).finding(isNeeded: false)
            let isName = !RequestID.isUUID(inputs.group.lowercased()) && (1...256).contains(inputs.group.count)
            let named: Finding =
                isName
                ? .met("\(inputs.group) can be a group's name.") : .unmet("\"\(inputs.group)\" is no group's name.")
            return [named.condition("group-name-valid"), unique.condition("group-unambiguous")]
        }
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await AzureSession.run(context) { session in
            let undo = try context.recordedUndo(as: Undo.self)
            // A group of our own that a search does not show yet must not be made again.
            guard let group = try await shown(inputs, undo, session) else {
                return .needed([Change("groups/\(inputs.group)", to: "security group")])
            }
            return .satisfied(Outputs(group: inputs.group, groupId: group.id))
        }
    }

    private func shown(_ inputs: Inputs, _ undo: Undo?, _ session: AzureSession) async throws -> DirectoryGroup? {
        let place = GroupPlace(inputs.group, session)
        guard let undo else { return try await place.group() }
        if let id = undo.groupId { return try await session.azure.graph.group(id) }
        return try await untilShown(place, session)
    }

    private func untilShown(_ place: GroupPlace, _ session: AzureSession) async throws -> DirectoryGroup? {
        let end = Deadline(after: .seconds(120), from: session.time)
        while true {
            if let group = try await place.group() { return group }
            guard end.remaining(session.time) > .zero, await session.time.pause(.seconds(5)) else { return nil }
        }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await AzureSession.run(context, reads: false) { session in
            if let group = try await GroupPlace(inputs.group, session).group() {
                return Outputs(group: inputs.group, groupId: group.id)
            }
            var undo = Undo(group: inputs.group, mark: Mark(context))
            try await gate.begin(undo: undo)
            context.progress("making the security group \(inputs.group)")
            let group = try await session.azure.graph.createGroup(
                named: inputs.group,
                description: "Nodes of Oracle clusters that use keys in Azure. Made by muster, \(undo.mark.text)")
            undo.groupId = group.id
            try await gate.begin(undo: undo)
            _ = try await afterEffect { try await untilShown(GroupPlace(inputs.group, session), session) }
            return Outputs(group: inputs.group, groupId: group.id)
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            [try await GroupPlace(inputs.group, session).finding(isNeeded: true).condition("group-ready")]
        }
    }
}

extension SetUpSecurityGroup {
    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let ids = ["undo-group-ours", "undo-group-empty"]
            guard let group = try await shown(inputs, undo, session) else {
                return Finding.met("\(undo.group) is gone already.").conditions(ids)
            }
            return [
                ownership(group, undo).condition("undo-group-ours"),
                try await isEmpty(group, session).condition("undo-group-empty"),
            ]
        }
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await AzureSession.run(context, reads: false) { session in
            guard let group = try await shown(inputs, undo, session) else { return }
            try [ownership(group, undo).condition("ours")].demandMet(
                code: "oracle-dr-setup.not-ours", remedy: "To leave the group does no harm; else ask who made it.")
            try [try await isEmpty(group, session).condition("empty")].demandMet(
                code: "oracle-dr-setup.group-not-empty",
                remedy: "Leave the group as long as it has members; what it is granted counts for them.")
            try await gate.begin(undo: undo)
            context.progress("deleting the security group \(undo.group)")
            try await session.azure.graph.deleteGroup(group.id)
            try await afterEffect { try await untilGone(group.id, inputs, session) }
        }
    }

    private func untilGone(_ id: String, _ inputs: Inputs, _ session: AzureSession) async throws {
        let end = Deadline(after: .seconds(120), from: session.time)
        while try await GroupPlace(inputs.group, session).candidates().contains(where: { $0.id == id }),
            end.remaining(session.time) > .zero
        {
            guard await session.time.pause(.seconds(5)) else { throw CancellationError() }
        }
    }

    private func ownership(_ group: DirectoryGroup, _ undo: Undo) -> Finding {
        group.id == undo.groupId || undo.mark.isIn(description: group.description)
            ? .met("This run made \(undo.group).")
            : .unmet("\(undo.group) does not bear this run's mark: somebody else may have made it. It is left alone.")
    }

    private func isEmpty(_ group: DirectoryGroup, _ session: AzureSession) async throws -> Finding {
        let read = try await attempt { () throws(AzureError) in try await session.azure.graph.members(of: group.id) }
        return read.finding { members in
            members.isEmpty
                ? .met("\(group.displayName) has no members.")
                : .unmet("\(group.displayName) has \(members.count) members, which would lose what it is granted.")
        }
    }
}
