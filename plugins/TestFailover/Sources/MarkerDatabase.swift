// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import MusterPlugin
internal import MusterSQL

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

    /// The newest marker of the series; nil when there is none.
    func newest(_ series: String) async throws -> Int64? {
        let rows = try await databases.ask(target, table.newest, [.text(series)])
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
