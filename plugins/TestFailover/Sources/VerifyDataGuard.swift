// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import CloudSteps
internal import MusterModel
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Shows that a database is the primary of its group and that all others follow it closely.
struct VerifyDataGuard: ProofStep {
    static let name = "verify-data-guard"
    static let definition = PackageResources.verify_data_guard_yaml

    struct Inputs: Decodable, Sendable {
        let primary: OracleID
        /// Other databases that must be in its group.
        let members: [OracleID]
        let atStart: Bool
        let lagWithin: Span
        let statusWithin: Span
        let within: Span
        /// False: a database in no group is good as well.
        let standbyRequired: Bool
        /// By figures that were read since the step began.
        let healthy: Bool
        /// False: a group with a key in Azure is for a drill that has its standbys' reach proven.
        let azureKeys: Bool
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let view = try await DataGuardView.read(inputs.primary, session)
            return [
                inputs.standbyRequired || !view.isAlone
                    ? view.isInGroup.condition("in-group")
                    : view.nobodyFollows.condition("in-group"),
                role(view, inputs, context).condition("role-as-named"),
                keysAtHand(view, inputs).condition("keys-at-hand"),
                members(view, inputs).condition("members-as-named"),
            ]
        }
    }

    /// A database of another group would be switched over in its own, where nobody looks.
    private func members(_ view: DataGuardView, _ inputs: Inputs) -> Finding {
        let strangers = inputs.members.filter { id in id == view.id || !view.peers.contains { $0.id == id } }
        if inputs.members.isEmpty { return .met("No other members are named.") }
        return strangers.isEmpty
            ? .met("\(inputs.members.map(view.label).joined(separator: ", ")) is in the group of \(view.name).")
            : .unmet(
                "\(strangers.map(\.text).joined(separator: ", ")) is no other member of the group of \(view.name), which has "
                    + "\(view.peers.isEmpty ? "none" : view.peers.map { view.label($0.id) }.joined(separator: ", ")).")
    }

    /// A drill that takes the wrong database for the primary would switch "back" to it, so it must not begin.
    private func role(_ view: DataGuardView, _ inputs: Inputs, _ context: StepContext) -> Finding {
        guard inputs.atStart else { return .met("Which database is primary when the run begins is not asked here.") }
        if let before = context.lookedAtBefore { return before }
        return view.hasRole([DataGuardRole.primary])
    }

    /// A standby whose nodes do not reach the key in Azure looks well until it is to open.
    private func keysAtHand(_ view: DataGuardView, _ inputs: Inputs) -> Finding {
        if inputs.azureKeys { return .met("Where the databases have their keys is not asked here.") }
        let all = ([view.id] + view.peers.map(\.id)).compactMap(view.database)
        let inAzure = all.filter { $0.encryptionKeyLocationDetails?.providerType == "AZURE" }.map(\.label)
        if !inAzure.isEmpty { return .unmet("\(inAzure.joined(separator: ", ")) have their key in Azure.") }
        return all.count == view.peers.count + 1
            ? .met("No database of the group has its key in Azure.")
            : .unverifiable("Not every database of the group could be asked where its key is.")
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let end = Deadline(after: inputs.within.duration, from: session.time)
            let start = session.time.now
            while true {
                let view = try await DataGuardView.read(inputs.primary, session)
                let conditions = conditions(view, inputs, since: start)
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

    private static let ids = ["is-primary", "others-follow", "databases-available", "lags-within", "standbys-healthy"]

    private func conditions(_ view: DataGuardView, _ inputs: Inputs, since start: Timestamp) -> [Condition] {
        let shown = ["data-guard", "requests"]
        if view.isAlone, !inputs.standbyRequired { return view.nobodyFollows.conditions(Self.ids, evidence: shown) }
        return [
            Finding.all([view.hasRole([DataGuardRole.primary]), view.hasOnePrimary], none: "")
                .condition("is-primary", evidence: shown),
            view.peersFollow.condition("others-follow", evidence: shown),
            view.allAvailable.condition("databases-available", evidence: shown),
            view.peerLags(within: inputs.lagWithin.duration, asOf: inputs.statusWithin.duration)
                .condition("lags-within", evidence: shown),
            (inputs.healthy ? view.peersHealthy(since: start) : .met("Whether they are HEALTHY is not asked here."))
                .condition("standbys-healthy", evidence: shown),
        ]
    }
}
