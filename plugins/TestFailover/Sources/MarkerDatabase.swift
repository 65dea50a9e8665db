// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import MusterPlugin
internal import MusterSQL
internal import SQLSteps

/// The marker table in one database of a group, over the group's read-write listener.
struct MarkerDatabase: Sendable {
    let table: MarkerTable
    let target: SQLTarget
    private let databases: Databases

    /// - Parameter database: nil for the group's first by name.
    init(
        _ table: String, in database: String?, of group: ResourceID, _ databases: Databases, _ session: AzureSession
    ) async throws {
        guard let table = MarkerTable(table) else {
            throw StepError.permanent(
                "test-failover.table-name", "\"\(table)\" is no plain table name.",
                remedy: "Use letters, digits and underscores, as table or schema.table.")
        }
        let view = try await GroupView.read(group, session.azure.sql)
        let names = view.databases
        guard let name = database ?? names.first, names.contains(where: { $0.lowercased() == name.lowercased() }) else {
            throw StepError.permanent(
                "test-failover.foreign-database",
                "\(database ?? "A database") is not in \(view.name), which holds \(names.joined(separator: ", ")).")
        }
        self.table = table
        self.databases = databases
        target = try await Endpoint(listenerOf: view, session).target(name, .readWrite)
    }

    /// What the copy tells that the listener leads to.
    enum Newest: Hashable, Sendable {
        /// The primary's newest marker of the series; nil when there is none.
        case told(Int64?)
        /// Another copy answered, which may hold what the primary has lost; the sentence says which.
        case elsewhere(String)
    }

    /// Asks over one connection for the newest marker of the series and whether the copy takes writes: an old DNS answer
    /// leads to the former primary, where what a forced failover has lost is still to be seen.
    func look(for series: String) async throws -> Newest {
        let questions = [Question(table.newest, [.text(series)]), Question(Probe.updateability)]
        let answers = try await databases.ask(target, questions, noting: true)
        let updateability = answers[1].rows.first?.first?.words ?? "nothing"
        guard updateability == "READ_WRITE" else {
            return .elsewhere("\(target.server) leads to a copy of \(target.database) that is \(updateability).")
        }
        return .told(try newest(in: answers[0]))
    }

    /// The newest marker of the series on the primary; nil when there is none.
    func newest(_ series: String) async throws -> Int64? {
        switch try await look(for: series) {
        case .told(let newest): return newest
        case .elsewhere(let why):
            throw StepError.retryable(
                "test-failover.stale-copy", why,
                remedy: "Wait until the listener's name leads to the primary; its DNS entry may be half a minute old.")
        }
    }

    private func newest(in rows: SQLRows) throws -> Int64? {
        guard let newest = MarkerTable.newest(rows) else {
            throw StepError.permanent(
                "test-failover.marker-answer",
                "\(target.database) answered the newest marker with columns \(rows.columns.joined(separator: ", ")).")
        }
        return newest
    }

    func delete(_ series: String) async throws {
        _ = try await databases.ask(target, table.delete, [.text(series)])
    }

    func write(_ number: Int64, _ series: String, at time: String) async throws {
        _ = try await databases.ask(target, table.insert, [.text(series), .integer(number), .text(time)])
    }
}

/// Work on a database whose errors become the step's.
func asStepError<Value>(begun: Bool = false, _ work: () async throws -> Value) async throws -> Value {
    do {
        return try await work()
    } catch let error as SQLError {
        throw StepError(error, reads: !begun)
    }
}
