// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterModel
internal import MusterPlugin
internal import MusterSQL
internal import OracleCloudClient
internal import OracleSteps
internal import SQLSteps

/// Where the drill's table is: a database, or a pluggable one in it.
struct OracleDataPlace: Sendable {
    let database: OracleDatabase
    let target: SQLTarget
    let table: MarkerTable

    static let view =
        "SELECT name, db_unique_name, database_role, open_mode, protection_mode, switchover_status, force_logging, "
        + "flashback_on FROM v$database"
    static let lags = "SELECT name, value, time_computed, datum_time FROM v$dataguard_stats"
    static let gaps = "SELECT COUNT(*) AS gaps FROM v$archive_gap"
    static let tablespace =
        "SELECT s.tablespace_name, s.encrypted FROM all_tables t JOIN user_tablespaces s "
        + "ON s.tablespace_name = t.tablespace_name WHERE t.owner = ? AND t.table_name = ?"

    /// - Throws: ``StepError`` for a name that is none, or a pluggable database that is not there.
    static func find(
        _ id: OracleID, pluggable: String?, table: String, _ intent: SQLTarget.Intent, _ session: OracleSession
    ) async throws -> OracleDataPlace {
        guard let named = MarkerTable(table), table.contains(".") else {
            throw StepError.permanent(
                "test-failover.table-name", "\"\(table)\" is no plain schema.table.",
                remedy: "Use letters, digits and underscores, as schema.table.")
        }
        let view = try await KeyedDatabase.read(id, session)
        guard let pluggable else {
            return OracleDataPlace(database: view.database, target: try view.database.target(intent), table: named)
        }
        guard let found = view.pluggables.first(where: { $0.pdbName.lowercased() == pluggable.lowercased() }) else {
            let names = view.pluggables.map(\.pdbName).joined(separator: ", ")
            throw StepError.permanent(
                "test-failover.foreign-database", "\(pluggable) is not in \(view.name), which holds \(names).")
        }
        return OracleDataPlace(
            database: view.database, target: try found.target(in: view.database, intent), table: named)
    }

    /// Whether reading the table takes the key, by what ``tablespace`` answered.
    static func encryption(_ rows: SQLRows, of table: String) -> Finding {
        guard let found = rows.read(["tablespace_name", "encrypted"], { $0.compactMap(\.trimmed) }) else {
            return .unverifiable("The database does not tell where \(table) is.")
        }
        guard let row = found.first, row.count == 2 else {
            return .unmet("There is no table \(table) to be seen.")
        }
        return row[1] == "YES"
            ? .met("\(table) is in \(row[0]), which is encrypted.")
            : .unmet("\(table) is in \(row[0]), which is not encrypted, so that reading it shows nothing.")
    }

    /// Names are kept in upper case unless they were written in quotes, which the drill's are not.
    var owner: [SQLValue] {
        table.name.uppercased().split(separator: ".").map { .text(String($0)) }
    }
}
