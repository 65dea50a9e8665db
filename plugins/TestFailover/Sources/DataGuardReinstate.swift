// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Takes a former primary into its group again, as a standby. What only it holds is discarded.
struct DataGuardReinstate: EffectStep {
    static let name = "data-guard-reinstate"
    static let definition = PackageResources.data_guard_reinstate_yaml

    struct Inputs: Decodable, Sendable {
        let database: OracleID
        let settleWithin: Span
    }

    struct Outputs: Hashable, Codable, Sendable {
        let primary: OracleID
    }

    typealias Undo = RoleUndo

    private static let goal = RoleGoal.role(DataGuardRole.standby, from: [DataGuardRole.disabledStandby])

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            try await session.letSettle(inputs.database, within: inputs.settleWithin.duration, context)
            let view = try await DataGuardView.read(inputs.database, session)
            try context.evidence("data-guard", DataGuardEvidence(view))
            let shown = ["data-guard", "requests"]
            return [
                view.isInGroup.condition("in-group", evidence: shown),
                session.hasPassword.condition("password-given", evidence: []),
                view.hasRole([DataGuardRole.disabledStandby, DataGuardRole.standby])
                    .condition("is-disabled-standby", evidence: shown),
                primaryAvailable(view).condition("primary-available", evidence: shown),
                view.isAvailable(view.id).condition("database-available", evidence: shown),
            ]
        }
    }

    private func primaryAvailable(_ view: DataGuardView) -> Finding {
        guard case .met(let text) = view.hasOnePrimary else { return view.hasOnePrimary }
        return .all([.met(text), view.isAvailable(view.primaries[0])], none: "")
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await OracleSession.run(context) { session in
            let undo = try context.recordedUndo(as: Undo.self)
            switch try await session.settledView(inputs.database, after: undo, context) {
            case .failure(let unsettled): return .unknown(why: unsettled.why)
            case .success(let view):
                let change = Change(
                    "data-guard/\(view.target.value.dbName)/\(view.name)/role", from: view.role(of: view.id),
                    to: DataGuardRole.standby)
                switch Self.goal.standing(view) {
                case .reached:
                    guard let primary = view.primaries.first else { return .partial([change], why: view.roles + ".") }
                    return .satisfied(Outputs(primary: primary))
                case .untouched: return .needed([change])
                case .mixed(let roles): return .partial([change], why: roles + ".")
                }
            }
        }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await OracleSession.run(context, reads: false) { session in
            let view = try await DataGuardView.read(inputs.database, session)
            let primaries = view.primaries
            guard primaries.count == 1, Self.goal.standing(view) != .mixed(view.roles) else {
                throw StepError.permanent(
                    "data-guard.roles", "A reinstatement takes one PRIMARY and a DISABLED_STANDBY: \(view.roles).",
                    remedy: "Bring the group into order first, with a database administrator.")
            }
            let outputs = Outputs(primary: primaries[0])
            if Self.goal.standing(view) == .reached { return outputs }
            let name = view.target.value.dbUniqueName
            var undo = Undo(
                previousPrimary: primaries[0], previousPrimaryName: view.label(primaries[0]),
                databaseName: view.target.value.dbName, previousRole: DataGuardRole.disabledStandby,
                byHand: "dgmgrl sys@\(view.database(primaries[0])?.dbUniqueName ?? name): reinstate database '\(name)'")
            try await gate.begin(undo: undo)
            context.progress("reinstating \(view.name)")
            _ = try await session.change(.reinstate(primary: primaries[0]), view, goal: Self.goal, context) {
                operation in
                undo.operation = operation
                try await gate.begin(undo: undo)
            }
            return outputs
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let view = try await DataGuardView.read(inputs.database, session)
            try context.evidence("data-guard", DataGuardEvidence(view))
            let shown = ["data-guard", "requests"]
            return [
                Finding.all([view.hasRole([DataGuardRole.standby]), view.hasOnePrimary], none: "")
                    .condition("is-standby", evidence: shown),
                view.isAvailable(view.id).condition("database-available", evidence: shown),
            ]
        }
    }
}
