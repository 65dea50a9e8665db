// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudHTTP
internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// The way back: who was added is taken out again, unless a database lives by a key of Azure on those nodes.
extension AddGroupMembers {
    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            if undo.added.isEmpty {
                return Finding.met("This run has added nobody to \(undo.group): who is a member is not its own.")
                    .conditions(["undo-group-readable", "undo-no-database-uses-it"])
            }
            let read = try await attempt { () throws(AzureError) in try await session.azure.graph.group(undo.groupId) }
            let finding: Finding =
                switch read {
                case .failure(let error): .unverifiable("\(undo.group) could not be read: \(error)")
                case .success(nil): .met("\(undo.group) is gone, and its members with it.")
                case .success: .met("\(undo.group) is there; \(undo.added.count) members were added by this run.")
                }
            return [
                finding.condition("undo-group-readable"),
                try await users(inputs, context).condition("undo-no-database-uses-it"),
            ]
        }
    }

    /// A node that is no member any more loses the key of every database that runs on it.
    private func users(_ inputs: Inputs, _ context: StepContext) async throws -> Finding {
        guard let cluster = inputs.cluster else {
            return .unverifiable("No cluster is given, so whether a database uses a key of Azure was not looked up.")
        }
        do {
            return try await OracleSession.run(context) { session in
                try await session.keyUsers(ofCluster: cluster, knowing: inputs.databases)
            }
        } catch let error as StepError {
            return .unverifiable("Whether a database uses a key of Azure could not be read: \(error.message)")
        }
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await AzureSession.run(context, reads: false) { session in
            guard !undo.added.isEmpty else {
                // That nothing is left to be done can be seen from nothing but this record.
                var undo = undo
                undo.isUndone = true
                return try await gate.begin(undo: undo)
            }
            guard let group = try await session.azure.graph.group(undo.groupId) else { return }
            let missing = Set(try await missing(undo.added, in: group, session))
            let left = undo.added.filter { !missing.contains($0) }
            if left.isEmpty { return }
            try [try await users(inputs, context).condition("undo-no-database-uses-it")].demandMet(
                code: "oracle-dr-setup.members-in-use",
                remedy: "Leave the members as long as a database uses a key of Azure on the cluster.")
            try await gate.begin(undo: undo)
            try await each(left) { member in
                context.progress("removing \(member) from \(undo.group)")
                try await session.azure.graph.remove(member, from: group.id)
            }
            try await afterEffect { try await untilGone(left, group, session) }
        }
    }

    private func untilGone(_ members: [String], _ group: DirectoryGroup, _ session: AzureSession) async throws {
        let end = Deadline(after: .seconds(120), from: session.time)
        while try await missing(members, in: group, session).count < members.count, end.remaining(session.time) > .zero
        {
            guard await session.time.pause(.seconds(3)) else { throw CancellationError() }
        }
    }
}
