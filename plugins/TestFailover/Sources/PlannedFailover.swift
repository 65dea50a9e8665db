// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

/// Makes the other server of a failover group primary, losing nothing.
struct PlannedFailover: ReversibleStep {
    static let name = "planned-failover"
    static let definition = PackageResources.planned_failover_yaml

    struct Inputs: Decodable, Sendable {
        let failoverGroup: ResourceID
        let to: ResourceID
        let within: Span
    }

    typealias Outputs = FailoverOutputs
    typealias Undo = FailoverUndo

    private func failover(_ inputs: Inputs, _ session: AzureSession, _ context: StepContext) -> Failover {
        Failover(
            group: inputs.failoverGroup, target: inputs.to, kind: .planned, within: inputs.within.duration,
            session: session, context: context)
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let sql = session.azure.sql
            let target = try await ServerView.read(inputs.to, sql)
            let group = try await attempt { () throws(AzureError) in
                try await GroupView.read(inputs.failoverGroup, or: inputs.to, sql)
            }
            var servers = [target]
            var replication = group.finding { $0.isCaughtUpFinding }
            if case .success(let view) = group, let partner = view.partner(of: inputs.to) {
                servers.append(try await ServerView.read(partner, sql))
                replication = .all([replication, try await view.linksAreCaughtUp(sql)], none: "")
            }
            let keys = ProtectingKeys(servers)
            return [
                GroupView.joins(group, inputs.failoverGroup, inputs.to).condition("group-joins-target"),
                both(servers, \.isReady).condition("servers-ready"),
                both(servers, \.hasItsDatabases).condition("databases-accessible"),
                replication.condition("replication-healthy"),
                complete(servers, try await keys.areKnown()).condition("keys-known"),
                complete(servers, try await keys.areUsable(session)).condition("keys-usable"),
                complete(servers, try await keys.areReachable(session)).condition("keys-reachable"),
                both(servers, \.isIdle).condition("servers-idle"),
            ]
        }
    }

    private func both(_ servers: [ServerView], _ look: KeyPath<ServerView, Finding>) -> Finding {
        complete(servers, .all(servers.map { $0[keyPath: look] }, none: ""))
    }

    /// Of a partner that is not known nothing was seen.
    private func complete(_ servers: [ServerView], _ finding: Finding) -> Finding {
        guard servers.count < 2 else { return finding }
        return .all([finding, .unverifiable("The partner of \(servers[0].id.name) is not known.")], none: "")
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await AzureSession.run(context) { try await failover(inputs, $0, context).observe() }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await AzureSession.run(context, reads: false) { try await failover(inputs, $0, context).apply(gate) }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { try await failover(inputs, $0, context).verify(replication: true) }
    }

    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { try await failover(inputs, $0, context).checkUndo(undo) }
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await AzureSession.run(context, reads: false) { try await failover(inputs, $0, context).undo(undo, gate) }
    }
}
