// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Opens a standby for writing without touching the primary, and turns it into a standby again.
struct SnapshotStandby: ReversibleStep {
    static let name = "snapshot-standby"
    static let definition = PackageResources.snapshot_standby_yaml

    enum Kind: String, Codable, Sendable {
        case snapshot, physical

        var role: String { self == .snapshot ? DataGuardRole.snapshotStandby : DataGuardRole.standby }
        var opposite: Kind { self == .snapshot ? .physical : .snapshot }
        var goal: RoleGoal { .role(role, from: [opposite.role]) }
    }

    struct Inputs: Decodable, Sendable {
        let database: OracleID
        let to: Kind
        let days: Int
        let settleWithin: Span
        let reachWithin: Span
    }

    struct Outputs: Hashable, Codable, Sendable {
        let role: String
    }

    typealias Undo = RoleUndo

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            try await session.letSettle(inputs.database, within: inputs.settleWithin.duration, context)
            let view = try await DataGuardView.read(inputs.database, session)
            try context.evidence("data-guard", DataGuardEvidence(view))
            let shown = ["data-guard", "requests"]
            return [
                view.isInGroup.condition("in-group", evidence: shown),
                session.hasPassword.condition("password-given", evidence: []),
                daysAllowed(inputs).condition("days-allowed", evidence: []),
                protectionAllows(inputs.to, view).condition("protection-allows", evidence: shown),
                view.hasRole([DataGuardRole.standby, DataGuardRole.snapshotStandby])
                    .condition("is-standby", evidence: shown),
                view.allAvailable.condition("databases-available", evidence: shown),
                try await keyReached(inputs, view, session, context).condition("key-reached", evidence: shown),
            ]
        }
    }

    /// A conversion starts the database anew. The way back is never barred by that.
    private func keyReached(
        _ inputs: Inputs, _ view: DataGuardView, _ session: OracleSession, _ context: StepContext
    ) async throws -> Finding {
        guard inputs.to == .snapshot, view.role(of: view.id) != DataGuardRole.snapshotStandby else {
            return .met("Nothing is opened anew for writing.")
        }
        return .all(
            [
                try await session.targetReachesKey(view, statusWithin: inputs.reachWithin.duration, context),
                try await session.keysUsable([view.id], view, context),
            ], none: "")
    }

    /// The range is the service's (ConvertStandbyDatabaseTypeDetails, snapshotDurationInDays).
    private func daysAllowed(_ inputs: Inputs) -> Finding {
        guard inputs.to == .snapshot else { return .met("A conversion back takes no number of days.") }
        guard (3...14).contains(inputs.days) else { return .unmet("days is \(inputs.days), not 3 to 14.") }
        return .met(
            "The service converts it back by itself after \(inputs.days) days. As long as it is open, redo piles up in its "
                + "fast recovery area: convert it back as soon as the test is over.")
    }

    /// With maximum protection the primary stops when no standby takes its redo.
    private func protectionAllows(_ kind: Kind, _ view: DataGuardView) -> Finding {
        guard kind == .snapshot else { return .met("Every protection mode allows a conversion back.") }
        guard let mode = view.target.value.dataGuardGroup?.protectionMode else {
            return .unverifiable("The group of \(view.name) does not say its protection mode.")
        }
        return mode == "MAXIMUM_PROTECTION"
            ? .unmet("The group's mode is MAXIMUM_PROTECTION, whose last standby cannot be a snapshot.")
            : .met("The group's mode is \(mode).")
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await OracleSession.run(context) { session in
            let undo = try context.recordedUndo(as: Undo.self)
            switch try await session.settledView(inputs.database, after: undo, context) {
            case .failure(let unsettled): return .unknown(why: unsettled.why)
            case .success(let view):
                let change = Change(
                    "data-guard/\(view.target.value.dbName)/\(view.name)/role", from: view.role(of: view.id),
                    to: inputs.to.role)
                if undo?.isUndone == true { return .needed([change]) }
                switch inputs.to.goal.standing(view) {
                case .reached: return .satisfied(Outputs(role: inputs.to.role))
                case .untouched: return .needed([change])
                case .mixed(let roles): return .partial([change], why: roles + ".")
                }
            }
        }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await OracleSession.run(context, reads: false) { session in
            let view = try await DataGuardView.read(inputs.database, session)
            try await convert(
                view, to: inputs.to, days: inputs.days, leaving: Self.undo(view, inputs.to), session, context, gate)
            return Outputs(role: inputs.to.role)
        }
    }

    private static func undo(_ view: DataGuardView, _ kind: Kind) -> Undo {
        let name = view.target.value.dbUniqueName
        let primary = view.primaries.first ?? view.id
        return Undo(
            previousPrimary: primary, previousPrimaryName: view.label(primary), databaseName: name,
            previousRole: kind.opposite.role,
            byHand: "dgmgrl sys@\(view.database(primary)?.dbUniqueName ?? name): convert database '\(name)' to "
                + "\(kind.opposite == .snapshot ? "snapshot" : "physical") standby")
    }

    /// Does nothing when it is of that kind already.
    ///
    /// - Parameter undo: the way back from what the step does, in its own undo too.
    private func convert(
        _ view: DataGuardView, to kind: Kind, days: Int, leaving undo: Undo, _ session: OracleSession,
        _ context: StepContext, _ gate: EffectGate<Undo>
    ) async throws {
        switch kind.goal.standing(view) {
        case .reached: return
        case .mixed(let roles):
            throw StepError.permanent(
                "data-guard.roles", "Only a standby can be converted: \(roles).",
                remedy: "Name the standby; reinstate a disabled one first.")
        case .untouched: break
        }
        var undo = undo
        undo.operation = nil
        let action = kind == .snapshot ? DataGuardAction.convertToSnapshot(days: days) : .convertToPhysical
        _ = try await gate.ask(undo, context) {
            context.progress("converting \(view.name) to a \(kind.rawValue) standby")
            return try await session.change(action, view, goal: kind.goal, context) { operation in
                undo.operation = operation
                try await gate.begin(undo: undo)
            }
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let view = try await DataGuardView.read(inputs.database, session)
            try context.evidence("data-guard", DataGuardEvidence(view))
            let shown = ["data-guard", "requests"]
            return [
                view.hasRole([inputs.to.role]).condition("has-role", evidence: shown),
                view.hasOnePrimary.condition("one-primary", evidence: shown),
                view.allAvailable.condition("databases-available", evidence: shown),
            ]
        }
    }

    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let ids = ["undo-password-given", "undo-is-standby", "undo-protection-allows", "undo-databases-available"]
            if let nothing = undo.nothingToUndo { return nothing.conditions(ids) }
            let view: DataGuardView
            switch try await session.settledView(inputs.database, after: undo, context) {
            case .failure(let unsettled): return Finding.unverifiable(unsettled.why).conditions(ids)
            case .success(let settled): view = settled
            }
            try context.evidence("data-guard", DataGuardEvidence(view))
            let shown = ["data-guard", "requests"]
            let back = inputs.to.opposite
            if case .reached = back.goal.standing(view) {
                return Finding.met("\(view.name) is \(back.role) again.").conditions(ids, evidence: shown)
            }
            return [
                session.hasPassword.condition("undo-password-given", evidence: []),
                view.hasRole([inputs.to.role]).condition("undo-is-standby", evidence: shown),
                protectionAllows(back, view).condition("undo-protection-allows", evidence: shown),
                view.allAvailable.condition("undo-databases-available", evidence: shown),
            ]
        }
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await OracleSession.run(context, reads: false) { session in
            if try await gate.endsWithNothing(undo) { return }
            let view = try await session.settledView(inputs.database, after: undo, context).orThrow()
            try await convert(
                view, to: inputs.to.opposite, days: inputs.days, leaving: undo, session, context, gate)
        }
    }
}
