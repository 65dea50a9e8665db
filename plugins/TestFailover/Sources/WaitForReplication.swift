// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin
internal import MusterSQL
internal import SQLSteps

/// Waits until a failover group is caught up, and tells what the provider says of its lag.
struct WaitForReplication: ReportStep {
    static let name = "wait-for-replication"
    static let definition = PackageResources.wait_for_replication_yaml

    struct Inputs: Decodable, Sendable {
        let failoverGroup: ResourceID
        let within: Span
    }

    struct Outputs: Hashable, Codable, Sendable {
        let replicationState: String
        let providerLag: String
    }

    /// learn.microsoft.com/sql/relational-databases/system-dynamic-management-views/sys-dm-geo-replication-link-status-azure-sql-database
    static let lagQuery =
        "SELECT partner_server, partner_database, replication_state_desc, replication_lag_sec, last_replication "
        + "FROM sys.dm_geo_replication_link_status"

    private struct State: Sendable {
        var view: GroupView
        var links: Finding
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await checkGroup(inputs.failoverGroup, context)
    }

    func report(_ inputs: Inputs, _ context: StepContext) async throws -> Report<Outputs> {
        try await Databases.run(context) { databases in
            try await AzureSession.run(context) { session in
                let state = try await session.wait(within: inputs.within.duration, context) {
                    try await look(inputs, session)
                }
                try context.evidence("failover-group", GroupEntry(state.view))
                let shown = ["failover-group", "requests"]
                let conditions = [
                    state.view.isCaughtUpFinding.condition("group-caught-up", evidence: shown),
                    state.links.condition("links-caught-up"),
                ]
                guard conditions.allSatisfy({ $0.verdict == .met }) else { return Report(conditions, nil) }
                let lag = try await lag(state.view, databases, session)
                return Report(conditions, Outputs(replicationState: state.view.replication, providerLag: lag))
            }
        }
    }

    private func look(_ inputs: Inputs, _ session: AzureSession) async throws -> Look<State> {
        let view = try await GroupView.read(inputs.failoverGroup, session.azure.sql)
        guard case .met = view.isCaughtUpFinding else {
            let links = Finding.unmet("The group itself is not caught up.")
            return .notYet(
                State(view: view, links: links), "waiting for \(view.name) to be CATCH_UP; it is \(view.replication)")
        }
        let links = try await view.linksAreCaughtUp(session.azure.sql)
        guard case .unmet(let why) = links else { return .done(State(view: view, links: links)) }
        return .notYet(State(view: view, links: links), "waiting for the databases of \(view.name): \(why)")
    }

    /// The provider's figure. It tells how far behind the link was at its last look, not what a failover would lose.
    private func lag(_ view: GroupView, _ databases: Databases, _ session: AzureSession) async throws -> String {
        guard let primary = view.primary else { return "not asked: the primary is not known" }
        let endpoint = try await Endpoint(server: primary, session)
        var told: [String] = []
        for database in view.databases {
            do {
                let rows = try await databases.ask(endpoint.target(database, .readWrite), Self.lagQuery)
                told.append("\(database): \(Self.words(rows))")
            } catch let error as SQLError {
                told.append("\(database): could not be asked (\(error))")
            }
        }
        return told.joined(separator: "; ") + ", as the provider reports it"
    }

    private static func words(_ rows: SQLRows) -> String {
        guard let lag = rows.position(of: "replication_lag_sec"), let last = rows.position(of: "last_replication")
        else {
            return "answered with other columns"
        }
        let links = rows.rows.compactMap { row -> String? in
            guard row.indices.contains(lag), row.indices.contains(last) else { return nil }
            let seconds = row[lag].whole.map { "\($0) s behind" } ?? "lag not told"
            return seconds + (row[last].words.map { ", last replication \($0)" } ?? "")
        }
        return links.isEmpty ? "no link shown" : links.joined(separator: ", ")
    }
}
