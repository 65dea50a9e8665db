// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudHTTP
internal import CloudSteps
internal import MusterPlugin
internal import MusterSQL
internal import SQLSteps

/// Makes the other server of a failover group primary at once. What has not come over to it is lost.
struct ForcedFailover: EffectStep {
    static let name = "forced-failover"
    static let definition = PackageResources.forced_failover_yaml

    struct Inputs: Decodable, Sendable {
        let failoverGroup: ResourceID
        let to: ResourceID
        let reason: String
        let confirm: String
        let evenIfHealthy: Bool
    }

    typealias Outputs = FailoverOutputs
    typealias Undo = FailoverUndo

    private func failover(_ inputs: Inputs, _ session: AzureSession, _ context: StepContext) -> Failover {
        Failover(
            group: inputs.failoverGroup, target: inputs.to, kind: .forced, within: nil, session: session,
            context: context)
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await Databases.run(context) { databases in
            try await AzureSession.run(context) { patient in
                let session = patient.hurried
                let target = try await ServerView.read(inputs.to, session.azure.sql)
                let group = try await attempt { () throws(AzureError) in
                    try await GroupView.read(inputs.failoverGroup, or: inputs.to, session.azure.sql)
                }
                let lost = try await PrimaryLoss(group: group, target: target).finding(databases, session)
                return [
                    GroupView.joins(group, inputs.failoverGroup, inputs.to).condition("group-joins-target"),
                    confirmation(inputs).condition("loss-confirmed", evidence: []),
                    reason(inputs).condition("reason-given", evidence: []),
                    decided(lost, inputs).condition("primary-lost", evidence: ["requests", "sql"]),
                    Finding.all([target.isReady, target.hasItsDatabases], none: "").condition("target-ready"),
                    try await keys(target, group, session).condition("target-key-usable"),
                    target.isIdle.condition("target-idle"),
                ]
            }
        }
    }

    private func confirmation(_ inputs: Inputs) -> Finding {
        inputs.confirm == inputs.failoverGroup.name
            ? .met("The loss is confirmed for \(inputs.failoverGroup.name).")
            : .unmet("confirm says \"\(inputs.confirm)\", the failover group is \"\(inputs.failoverGroup.name)\".")
    }

    private func reason(_ inputs: Inputs) -> Finding {
        inputs.reason.contains { !$0.isWhitespace }
            ? .met("The reason: \(inputs.reason)") : .unmet("No reason is given.")
    }

    private func decided(_ lost: Finding, _ inputs: Inputs) -> Finding {
        if case .met = lost { return lost }
        guard inputs.evenIfHealthy else { return lost }
        return .met("The exercise gives the primary up although it is not shown to be lost. \(lost.text)")
    }

    /// The target must open with its own key, and with the primary's as far as that one can still be read.
    private func keys(
        _ target: ServerView, _ group: Result<GroupView, AzureError>, _ session: AzureSession
    ) async throws -> Finding {
        let own = ProtectingKeys([target])
        var findings = [try await own.areUsable(session), try await own.areReachable(session)]
        guard case .success(let view) = group, let primary = view.partner(of: target.id) else {
            return .all(findings + [.unverifiable("The primary is not known.")], none: "")
        }
        let protector = try await attempt { () throws(AzureError) in try await session.azure.sql.protector(primary) }
        switch protector {
        case .failure(let error):
            // A primary that is gone may not tell its key any more, and that is when this step is needed.
            findings.append(.met("The key of \(primary.name) can't be read (\(error)), so it was not looked at."))
        case .success(let found):
            guard let key = found.properties.uri.flatMap({ KeyIdentifier($0) }) else { break }
            let seen = try await KeyView.read(key, for: target.id, session)
            let access = try await KeyAccess(view: seen, server: target, azure: session.azure).finding()
            findings += [target.knows(key), seen.isUsable, access]
        }
        return .all(findings, none: "")
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await AzureSession.run(context) { try await failover(inputs, $0, context).observe() }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await AzureSession.run(context, reads: false) { session in
            let failover = failover(inputs, session, context)
            try context.evidence("replication-before", GroupEntry(try await failover.read()))
            return try await failover.apply(gate)
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { try await failover(inputs, $0, context).verify(replication: false) }
    }
}

/// Whether the primary of a group is gone, by the service's word and by SQL.
struct PrimaryLoss: Sendable {
    let group: Result<GroupView, AzureError>
    let target: ServerView

    private static let triesInARow = 3
    private static let pause = Duration.seconds(15)

    /// Met when it is lost. One failed connection shows nothing, and neither does a refused password.
    func finding(_ databases: Databases, _ session: AzureSession) async throws -> Finding {
        guard case .success(let view) = group else {
            return .unverifiable("The failover group could not be read, so its primary is not known.")
        }
        guard case .settled(let primary, _) = view.roles else { return .unverifiable("The roles are not settled.") }
        guard primary != target.id else { return .met("\(target.id.name) is primary already; nothing is lost by it.") }
        let sql = session.azure.sql
        let server = try await attempt { () throws(AzureError) in try await sql.server(primary) }
        if case .success(let found) = server, let state = found.properties.state, state != "Ready" {
            return .met("\(primary.name) is \(state), not Ready.")
        }
        let inaccessible = try await attempt { () throws(AzureError) in try await sql.inaccessibleDatabases(primary) }
        if case .success(let found) = inaccessible, !found.isEmpty {
            return .met("\(primary.name) can't open \(found.map(\.name).joined(separator: ", ")).")
        }
        guard let endpoint = Endpoint(server: primary, read: server, like: target.server) else {
            return .unverifiable("The DNS name of \(primary.name) is not known, so it was not asked by SQL.")
        }
        guard let database = view.databases.first else { return .unverifiable("\(view.name) holds no database.") }
        return try await answer(endpoint.target(database, .readWrite), databases, session.time)
    }

    /// One try may meet a short disturbance, so there are some with a while between them.
    private func answer(_ asked: SQLTarget, _ databases: Databases, _ time: TimeSource) async throws -> Finding {
        var errors: [SQLError] = []
        for round in 0..<Self.triesInARow {
            if round > 0, !(await time.pause(Self.pause)) { throw CancellationError() }
            do {
                _ = try await databases.ask(asked, "SELECT 1 AS good")
                return .unmet("\(asked.server) answers in \(asked.database).")
            } catch let error as SQLError {
                errors.append(error)
            }
        }
        let last = errors.last.map { "\($0)" } ?? ""
        let says = "\(asked.database) on \(asked.server) was asked \(errors.count) times: \(last)"
        return errors.allSatisfy(\.isSilence)
            ? .met("\(says) It is out of reach from here; the status of the region tells whether for everybody.")
            : .unverifiable("\(says) That does not show that the primary is lost.")
    }
}
