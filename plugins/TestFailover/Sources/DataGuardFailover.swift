// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Makes a standby primary although its primary is lost. What has not come over is lost too.
struct DataGuardFailover: EffectStep {
    static let name = "data-guard-failover"
    static let definition = PackageResources.data_guard_failover_yaml

    struct Inputs: Decodable, Sendable {
        let to: OracleID
        let reason: String
        let confirm: String
        let lossWithin: Span
        let statusWithin: Span
        let evenIfHealthy: Bool
        let reachWithin: Span
        let evenIfKeyUnproven: Bool
    }

    struct Outputs: Hashable, Codable, Sendable {
        let previousPrimary: OracleID
        let replicationBefore: String
    }

    typealias Undo = RoleUndo

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let view = try await DataGuardView.read(inputs.to, session)
            try context.evidence("data-guard", DataGuardEvidence(view))
            let shown = ["data-guard", "requests"]
            return [
                view.isInGroup.condition("in-group", evidence: shown),
                session.hasPassword.condition("password-given", evidence: []),
                confirmation(inputs, view).condition("loss-confirmed", evidence: []),
                reason(inputs).condition("reason-given", evidence: []),
                primaryLost(inputs, view).condition("primary-lost", evidence: shown),
                view.hasRole([DataGuardRole.standby, DataGuardRole.primary]).condition(
                    "target-standby", evidence: shown),
                view.isAvailable(view.id).condition("target-available", evidence: shown),
                view.lags(within: inputs.lossWithin.duration, asOf: inputs.statusWithin.duration)
                    .condition("loss-within", evidence: shown),
                view.isReadyForFailover.condition("ready-for-failover", evidence: shown),
                try await keyReached(inputs, view, session, context).condition("key-reached", evidence: shown),
            ]
        }
    }

    private func confirmation(_ inputs: Inputs, _ view: DataGuardView) -> Finding {
        let name = view.target.value.dbName
        return inputs.confirm == name
            ? .met("The loss is confirmed for \(name).")
            : .unmet("confirm says \"\(inputs.confirm)\", the database is \"\(name)\".")
    }

    private func reason(_ inputs: Inputs) -> Finding {
        inputs.reason.contains { !$0.isWhitespace }
            ? .met("The reason: \(inputs.reason)") : .unmet("No reason is given.")
    }

    /// A target that does not get at its key cannot be opened, and is no standby any more.
    private func keyReached(
        _ inputs: Inputs, _ view: DataGuardView, _ session: OracleSession, _ context: StepContext
    ) async throws -> Finding {
        if view.role(of: view.id) == DataGuardRole.primary { return .met("\(view.name) is PRIMARY already.") }
        let finding = Finding.all(
            [
                try await session.targetReachesKey(view, statusWithin: inputs.reachWithin.duration, context),
                try await session.keysUsable([view.id], view, context),
            ], none: "")
        guard !finding.isMet, inputs.evenIfKeyUnproven else { return finding }
        return .met("Risked all the same, as the input evenIfKeyUnproven says. \(finding.text)")
    }

    /// A primary that works can be left by a switchover, which loses nothing.
    private func primaryLost(_ inputs: Inputs, _ view: DataGuardView) -> Finding {
        if view.role(of: view.id) == DataGuardRole.primary { return .met("\(view.name) is PRIMARY already.") }
        guard let id = view.primaries.first, let primary = view.peers.first(where: { $0.id == id }) else {
            return given(
                up: inputs,
                .unverifiable("\(view.name) sees no PRIMARY in its group, which may be in a change: \(view.roles)."))
        }
        return given(up: inputs, loss(of: id, primary.read))
    }

    private func given(up inputs: Inputs, _ finding: Finding) -> Finding {
        if case .met = finding { return finding }
        guard inputs.evenIfHealthy else { return finding }
        return .met("Given up all the same, as the input evenIfHealthy says. \(finding.text)")
    }

    private func loss(of id: OracleID, _ read: DataGuardView.Read) -> Finding {
        switch read {
        case .failure(let error): return .unverifiable("\(id) could not be read: \(error)")
        case .success(let read):
            let (label, state) = (read.value.label, read.value.lifecycleState)
            if read.value.isLost { return .met("\(label) is \(state).") }
            if state == "AVAILABLE" { return .unmet("\(label) is AVAILABLE. A switchover would lose nothing.") }
            return .unverifiable("\(label) is \(state). That does not show that it is lost.")
        }
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await OracleSession.run(context) { session in
            let undo = try context.recordedUndo(as: Undo.self)
            switch try await session.settledView(inputs.to, after: undo, context) {
            case .failure(let unsettled): return .unknown(why: unsettled.why)
            case .success(let view):
                // The target itself stands there where the group showed no primary.
                let recorded = undo.flatMap { $0.previousPrimary == view.id ? nil : $0.previousPrimary }
                let primary = recorded ?? view.primaries.first { $0 != view.id }
                let change = Change(
                    "data-guard/\(view.target.value.dbName)/primary", from: primary.map(view.label), to: view.name)
                switch RoleGoal.failedOver(previous: primary).standing(view) {
                case .reached: return .satisfied(outputs(view, previous: recorded))
                case .untouched: return .needed([change])
                case .mixed(let roles): return .partial([change], why: roles + ".")
                }
            }
        }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await OracleSession.run(context, reads: false) { session in
            let view = try await DataGuardView.read(inputs.to, session)
            let primary = view.peers.first { view.role(of: $0.id) == DataGuardRole.primary }?.id
            let goal = RoleGoal.failedOver(previous: primary)
            switch goal.standing(view) {
            case .reached: return outputs(view, previous: nil)
            case .mixed(let roles):
                throw StepError.permanent(
                    "data-guard.roles", "A failover takes a STANDBY: \(roles).",
                    remedy: "Convert a snapshot standby back first; a disabled standby cannot take over.")
            case .untouched: break
            }
            var undo = Self.undo(view, previous: primary)
            try await gate.begin(undo: undo)
            context.progress("failing over to \(view.name)")
            _ = try await session.change(.failover, view, goal: goal, context) { operation in
                undo.operation = operation
                try await gate.begin(undo: undo)
            }
            return Outputs(
                previousPrimary: undo.previousPrimary, replicationBefore: view.replication(of: inputs.to))
        }
    }

    /// - Parameter primary: nil where the group shows none; with one other member it was that.
    private static func undo(_ view: DataGuardView, previous primary: OracleID?) -> Undo {
        let previous = primary ?? (view.peers.count == 1 ? view.peers[0].id : nil)
        let name = previous.map { view.database($0)?.dbUniqueName ?? $0.text } ?? "THE FORMER PRIMARY"
        return Undo(
            previousPrimary: previous ?? view.id, previousPrimaryName: previous.map(view.label) ?? "not known",
            databaseName: view.target.value.dbName, previousRole: DataGuardRole.standby,
            byHand:
                "dgmgrl sys@\(view.target.value.dbUniqueName): show configuration verbose; reinstate database '\(name)'"
        )
    }

    private func outputs(_ view: DataGuardView, previous: OracleID?) -> Outputs {
        Outputs(previousPrimary: previous ?? view.id, replicationBefore: "unknown, the failover was made before")
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let view = try await DataGuardView.read(inputs.to, session)
            try context.evidence("data-guard", DataGuardEvidence(view))
            let shown = ["data-guard", "requests"]
            return [
                view.hasRole([DataGuardRole.primary]).condition("target-is-primary", evidence: shown),
                view.isAvailable(view.id).condition("target-available", evidence: shown),
            ]
        }
    }
}
