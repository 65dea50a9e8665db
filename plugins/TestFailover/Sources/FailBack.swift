// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

/// Brings a failover group back to a server, whatever has happened before: it asks for little and waits for much.
struct FailBack: ReversibleStep {
    static let name = "fail-back"
    static let definition = PackageResources.fail_back_yaml

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
            let target = try await ServerView.read(inputs.to, session.azure.sql)
            let group = try await attempt { () throws(AzureError) in
                try await GroupView.read(inputs.failoverGroup, or: inputs.to, session.azure.sql)
            }
            return [
                GroupView.joins(group, inputs.failoverGroup, inputs.to).condition("group-joins-target"),
                try await opens(target, session).condition("target-opens-databases"),
            ]
        }
    }

    /// That the service has all databases open counts more than what can be read of the key.
    private func opens(_ target: ServerView, _ session: AzureSession) async throws -> Finding {
        let keys = ProtectingKeys([target])
        let access = target.hasItsDatabases
        guard case .met = access else { return access }
        let findings = [try await keys.areUsable(session), try await keys.areReachable(session)]
        let against = findings.filter { if case .unmet = $0 { true } else { false } }
        return .all([access] + against, none: "")
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await AzureSession.run(context) { session in
            // A failover that is still under way may make this very server primary, or another one.
            try await failover(inputs, session, context).observe(settling: true)
        }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await AzureSession.run(context, reads: false) { session in
            try await failover(inputs, session, context).apply(gate, patient: true)
        }
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
