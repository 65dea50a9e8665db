// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Shows that a database is the primary of its group and that all others follow it closely.
struct VerifyDataGuard: ProofStep {
    static let name = "verify-data-guard"
    static let definition = PackageResources.verify_data_guard_yaml

    struct Inputs: Decodable, Sendable {
        let primary: OracleID
        let atStart: Bool
        let lagWithin: Span
        let statusWithin: Span
        let within: Span
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let view = try await DataGuardView.read(inputs.primary, session)
            return [
                view.isInGroup.condition("in-group"), role(view, inputs, context).condition("role-as-named"),
            ]
        }
    }

    /// A drill that takes the wrong database for the primary would switch "back" to it, so it must not begin.
    private func role(_ view: DataGuardView, _ inputs: Inputs, _ context: StepContext) -> Finding {
        guard inputs.atStart else { return .met("Which database is primary when the run begins is not asked here.") }
        if let before = context.lookedAtBefore { return before }
        return view.hasRole([DataGuardRole.primary])
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let end = Deadline(after: inputs.within.duration, from: session.time)
            while true {
                let view = try await DataGuardView.read(inputs.primary, session)
                let conditions = conditions(view, inputs)
                let missing = conditions.filter { $0.verdict != .met }.map(\.says)
                guard !missing.isEmpty, end.remaining(session.time) > Self.pause else {
                    try context.evidence("data-guard", DataGuardEvidence(view))
                    return conditions
                }
                context.progress("waiting: \(missing.joined(separator: " "))")
                try await session.time.sleep(Self.pause)
            }
        }
    }

    /// The service reads lags seldom: to look more often shows nothing new.
    private static let pause = Duration.seconds(10)

    private func conditions(_ view: DataGuardView, _ inputs: Inputs) -> [Condition] {
        let shown = ["data-guard", "requests"]
        return [
            Finding.all([view.hasRole([DataGuardRole.primary]), view.hasOnePrimary], none: "")
                .condition("is-primary", evidence: shown),
            view.peersFollow.condition("others-follow", evidence: shown),
            view.allAvailable.condition("databases-available", evidence: shown),
            view.peerLags(within: inputs.lagWithin.duration, asOf: inputs.statusWithin.duration)
                .condition("lags-within", evidence: shown),
        ]
    }
}
