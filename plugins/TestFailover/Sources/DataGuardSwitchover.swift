// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Makes a standby primary, and the primary its standby. Nothing is lost.
struct DataGuardSwitchover: ReversibleStep {
    static let name = "data-guard-switchover"
    static let definition = PackageResources.data_guard_switchover_yaml

    struct Inputs: Decodable, Sendable {
        let to: OracleID
        let lagWithin: Span
        let statusWithin: Span
        let settleWithin: Span
        let reachWithin: Span
    }

    struct Outputs: Hashable, Codable, Sendable {
        let previousPrimary: OracleID
        let replicationBefore: String
        let replicationAfter: String
    }

    typealias Undo = RoleUndo

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            try await session.letSettle(inputs.to, within: inputs.settleWithin.duration, context)
            let view = try await DataGuardView.read(inputs.to, session)
            try context.evidence("data-guard", DataGuardEvidence(view))
            let shown = ["data-guard", "requests"]
            return [
                view.isInGroup.condition("in-group", evidence: shown),
                session.hasPassword.condition("password-given", evidence: []),
                view.isProtectionSound.condition("protection-sound", evidence: shown),
                view.allAvailable.condition("databases-available", evidence: shown),
                view.hasOnePrimary.condition("one-primary", evidence: shown),
                view.hasRole([DataGuardRole.standby, DataGuardRole.primary]).condition(
                    "target-standby", evidence: shown),
                view.lags(within: inputs.lagWithin.duration, asOf: inputs.statusWithin.duration)
                    .condition("lag-within", evidence: shown),
                view.isReadyForSwitchover.condition("ready-for-switchover", evidence: shown),
                try await keysReached(view, inputs, session, context).condition("keys-reached", evidence: shown),
            ]
        }
    }

    /// Both sides start again in a switchover. One that then does not get at its key leaves the group without a primary, or
    /// without a standby to go back to.
    private func keysReached(
        _ view: DataGuardView, _ inputs: Inputs, _ session: OracleSession, _ context: StepContext
    ) async throws -> Finding {
        if view.role(of: view.id) == DataGuardRole.primary {
            return .met("\(view.name) is PRIMARY already, so that no database starts anew.")
        }
        let reached = try await session.membersReachKeys(view, statusWithin: inputs.reachWithin.duration, context)
        return .all(
            [reached, try await session.keysUsable([view.id] + view.peers.map(\.id), view, context)], none: "")
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await OracleSession.run(context) { session in
            let undo = try context.recordedUndo(as: Undo.self)
            switch try await session.settledView(inputs.to, after: undo, context) {
            case .failure(let unsettled): return .unknown(why: unsettled.why)
            case .success(let view): return standing(view, undo)
            }
        }
    }

    private func standing(_ view: DataGuardView, _ undo: Undo?) -> Observed<Outputs> {
        let change = Change(
            "data-guard/\(view.target.value.dbName)/primary", from: view.primaries.first.map(view.label), to: view.name)
        if undo?.isUndone == true { return .needed([change]) }
        switch RoleGoal.switchedOver(previous: undo?.previousPrimary).standing(view) {
        case .reached: return .satisfied(outputs(view, previous: undo?.previousPrimary, before: nil))
        case .untouched: return .needed([change])
        case .mixed(let roles): return .partial([change], why: roles + ".")
        }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await OracleSession.run(context, reads: false) { session in
            let view = try await DataGuardView.read(inputs.to, session)
            switch RoleGoal.switchedOver(previous: nil).standing(view) {
            case .reached: return outputs(view, previous: nil, before: nil)
            case .mixed(let roles): throw Self.unfit(roles)
            case .untouched: break
            }
            let primary = view.primaries[0]
            let after = try await Self.switchOver(
                view, undo: Self.undo(view, previous: primary), session, context, gate)
            return outputs(after, previous: primary, before: view.replication(of: inputs.to))
        }
    }

    /// Opens the gate and makes the view's target primary in the place of the undo's previous one.
    private static func switchOver(
        _ view: DataGuardView, undo: Undo, from: OracleID? = nil, _ session: OracleSession, _ context: StepContext,
        _ gate: EffectGate<Undo>
    ) async throws -> DataGuardView {
        var undo = undo
        undo.operation = nil
        return try await gate.ask(undo, context) {
            context.progress("switching over to \(view.name)")
            return try await session.change(
                .switchover, view, goal: .switchedOver(previous: from ?? undo.previousPrimary), context
            ) { operation in
                undo.operation = operation
                try await gate.begin(undo: undo)
            }
        }
    }

    private static func unfit(_ roles: String) -> StepError {
        .permanent(
            "data-guard.roles", "A switchover takes one PRIMARY and a STANDBY: \(roles).",
            remedy: "Bring the group into order first, with a database administrator.")
    }

    private static func undo(_ view: DataGuardView, previous: OracleID) -> Undo {
        let name = view.database(previous)?.dbUniqueName ?? previous.text
        return Undo(
            previousPrimary: previous, previousPrimaryName: view.label(previous),
            databaseName: view.target.value.dbName, previousRole: DataGuardRole.standby,
            byHand:
                "dgmgrl sys@\(name): show configuration verbose; validate database '\(name)'; switchover to '\(name)'")
    }

    /// - Parameters:
    ///   - previous: nil where it was primary before already.
    ///   - before: nil where nothing was changed, so that before and after are the same.
    private func outputs(_ view: DataGuardView, previous: OracleID?, before: String?) -> Outputs {
        let followers = previous.map { [$0] } ?? view.peers.map(\.id)
        let now = followers.map(view.replication).joined(separator: "; ")
        return Outputs(previousPrimary: previous ?? view.id, replicationBefore: before ?? now, replicationAfter: now)
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let view = try await DataGuardView.read(inputs.to, session)
            try context.evidence("data-guard", DataGuardEvidence(view))
            let shown = ["data-guard", "requests"]
            return [
                Finding.all([view.hasRole([DataGuardRole.primary]), view.hasOnePrimary], none: "")
                    .condition("target-is-primary", evidence: shown),
                view.peersFollow.condition("others-follow", evidence: shown),
                view.allAvailable.condition("databases-available", evidence: shown),
            ]
        }
    }

    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let ids = [
                "undo-password-given", "undo-databases-available", "undo-one-primary", "undo-previous-standby",
                "undo-lag-within", "undo-ready-for-switchover", "undo-keys-reached",
            ]
            if let nothing = undo.nothingToUndo { return nothing.conditions(ids) }
            let view: DataGuardView
            switch try await session.settledView(undo.previousPrimary, after: undo, context) {
            case .failure(let unsettled): return Finding.unverifiable(unsettled.why).conditions(ids)
            case .success(let settled): view = settled
            }
            try context.evidence("data-guard", DataGuardEvidence(view))
            let shown = ["data-guard", "requests"]
            if case .reached = RoleGoal.switchedOver(previous: inputs.to).standing(view) {
                return Finding.met("\(view.name) is PRIMARY again.").conditions(ids, evidence: shown)
            }
            let lag = view.lags(within: inputs.lagWithin.duration, asOf: inputs.statusWithin.duration)
            return [
                session.hasPassword.condition("undo-password-given", evidence: []),
                view.allAvailable.condition("undo-databases-available", evidence: shown),
                view.hasOnePrimary.condition("undo-one-primary", evidence: shown),
                view.hasRole([DataGuardRole.standby]).condition("undo-previous-standby", evidence: shown),
                Finding.nothingAgainst([lag], none: "").condition("undo-lag-within", evidence: shown),
                Finding.nothingAgainst([view.isReadyForSwitchover], none: "")
                    .condition("undo-ready-for-switchover", evidence: shown),
                try await keysReached(view, inputs, session, context).condition("undo-keys-reached", evidence: shown),
            ]
        }
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await OracleSession.run(context, reads: false) { session in
            if try await gate.endsWithNothing(undo) { return }
            let view = try await session.settledView(undo.previousPrimary, after: undo, context).orThrow()
            switch RoleGoal.switchedOver(previous: inputs.to).standing(view) {
            case .reached: return
            case .mixed(let roles): throw Self.unfit(roles)
            case .untouched: _ = try await Self.switchOver(view, undo: undo, from: inputs.to, session, context, gate)
            }
        }
    }
}
