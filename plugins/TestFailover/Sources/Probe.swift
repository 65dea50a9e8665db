// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudHTTP
internal import CloudSteps
internal import MusterModel
internal import MusterPlugin
internal import MusterSQL
internal import SQLSteps

/// Reads over the group's read-write listener, as a client would, until so many reads in a row were good.
///
/// Each read is a new connection: those of before break at a failover, and the listener's DNS name changes with a time
/// to live of half a minute. An old DNS answer leads to a readable secondary, which answers a query as well: so the
/// database is asked over the same connection whether it takes writes, and the server whether it is primary. That a row
/// really gets in, markers show.
struct Probe: ReportStep {
    static let name = "probe"
    static let definition = PackageResources.probe_yaml

    /// learn.microsoft.com/sql/t-sql/functions/databasepropertyex-transact-sql
    static let updateability = "SELECT DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS updateability"

    struct Inputs: Decodable, Sendable {
        let failoverGroup: ResourceID
        let primary: ResourceID
        let reads: Int
        let interval: Span
        let within: Span
        let query: String
        let database: String?
    }

    struct Outputs: Hashable, Codable, Sendable {
        let firstGoodRead: Timestamp
        let lastGoodRead: Timestamp
        let failedReads: Int
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        let query: Finding =
            !readsOnly(inputs.query)
            ? .unmet("The query is not one SELECT or WITH statement: \(inputs.query)")
            : (1...1000).contains(inputs.reads)
                ? .met("The query reads, and \(inputs.reads) reads in a row are wanted.")
                : .unmet("\(inputs.reads) reads are wanted; 1 to 1000 can be.")
        return try await checkGroup(inputs.failoverGroup, context) + [query.condition("query-reads", evidence: [])]
    }

    func report(_ inputs: Inputs, _ context: StepContext) async throws -> Report<Outputs> {
        try await Databases.run(context) { databases in
            try await AzureSession.run(context) { session in
                let view = try await GroupView.read(inputs.failoverGroup, or: inputs.primary, session.azure.sql)
                let listener = try await Endpoint(listenerOf: view, session)
                var reads = ProbeReads(wanted: inputs.reads)
                let names = inputs.database.map { [$0] } ?? view.databases
                let round = Round(
                    inputs: inputs, targets: names.map { listener.target($0, .readWrite) }, databases: databases,
                    session: session)
                if !names.isEmpty { reads = try await read(reads, round, context) }
                let summary = ProbeReads.Summary(
                    wanted: reads.wanted, goodInARow: reads.good, failedRounds: reads.failedRounds,
                    failures: reads.failures, statement: inputs.query, host: listener.host)
                try context.evidence("reads", summary)
                return report(reads, names, listener.host, inputs)
            }
        }
    }

    private func read(_ begun: ProbeReads, _ round: Round, _ context: StepContext) async throws -> ProbeReads {
        var reads = begun
        let inputs = round.inputs
        return try await round.session.wait(
            within: inputs.within.duration, every: inputs.interval.duration, context
        ) {
            // The first good read and those in which a failure might hide are kept; more would say the same.
            if let failure = try await round.failure(noting: reads.good.isEmpty && reads.failures.isEmpty) {
                reads.noteFailure(failure.why, at: round.session.time.now)
                // Whoever waits for what does not pass keeps the way back waiting.
                return failure.isLasting ? .done(reads) : .notYet(reads, "not served: \(failure.why)")
            }
            reads.noteGood(at: round.session.time.now)
            let count = "\(reads.good.count) of \(reads.wanted) good reads in a row"
            return reads.isDone ? .done(reads) : .notYet(reads, count)
        }
    }

    private func report(_ reads: ProbeReads, _ names: [String], _ host: String, _ inputs: Inputs) -> Report<Outputs> {
        let all = names.joined(separator: ", ")
        let reasons = reads.failures.map { "\($0.rounds) times: \($0.reason)" }.joined(separator: " ")
        let before =
            reads.failedRounds == 0 ? "" : " Before that \(reads.failedRounds) rounds were not good. \(reasons)"
        let good: Finding
        if names.isEmpty {
            good = .unmet("The group holds no database, so nothing was read.")
        } else if let first = reads.good.first, let last = reads.good.last, reads.isDone {
            good = .met(
                "\(reads.wanted) reads in a row over \(host) were good in \(all), \(first) to \(last).\(before)")
        } else {
            good = .unmet(
                "Within \(inputs.within.text) there were not \(reads.wanted) good reads in a row over \(host) in \(all). \(reasons)"
            )
        }
        let role: Finding =
            reads.isDone
            ? .met("\(inputs.primary.name) said before each good read that it is primary.")
            : .unmet("There was no row of good reads for which \(inputs.primary.name) was primary.")
        let conditions = [
            good.condition("reads-good", evidence: ["reads", "sql"]),
            role.condition("server-is-primary", evidence: ["reads", "requests"]),
        ]
        guard reads.isDone, let first = reads.good.first, let last = reads.good.last else {
            return Report(conditions, nil)
        }
        return Report(
            conditions, Outputs(firstGoodRead: first, lastGoodRead: last, failedReads: reads.failedRounds))
    }
}

/// One read of every database.
private struct Round: Sendable {
    let inputs: Probe.Inputs
    let targets: [SQLTarget]
    let databases: Databases
    let session: AzureSession

    /// Why a round is not good.
    struct Failure: Sendable {
        var why: String
        /// The same would be found for ever.
        var isLasting = false
    }

    /// Nil when the round is good.
    func failure(noting: Bool) async throws -> Failure? {
        let group = try await attempt { () throws(AzureError) in
            try await session.azure.sql.failoverGroup(inputs.primary, inputs.failoverGroup.name)
        }
        switch group {
        case .failure(let error):
            return Failure(why: "\(inputs.primary.name) could not be asked for its role: \(error)")
        case .success(let group):
            guard group.properties.replicationRole == "Primary" else {
                let role = group.properties.replicationRole ?? "without a role"
                return Failure(why: "\(inputs.primary.name) is \(role), not Primary")
            }
        }
        for target in targets {
            do {
                let answers = try await databases.ask(
                    target, [Question(inputs.query), Question(Probe.updateability)], noting: noting)
                if answers[0].rows.isEmpty { return Failure(why: "\(target.database) answered no row") }
                let updateability = answers[1].rows.first?.first?.words ?? "nothing"
                guard updateability == "READ_WRITE" else {
                    return Failure(
                        why: "\(target.server) leads to a copy of \(target.database) that is \(updateability)")
                }
            } catch let error as SQLError {
                return Failure(why: "\(target.database): \(error)", isLasting: error.isLasting)
            }
        }
        return nil
    }
}
