// SPDX-License-Identifier: Apache-2.0

package import MusterPlugin
package import MusterSQL
package import OracleCloudClient
package import SQLSteps

extension DatabaseDoors.Kind {
    package static let oracle = Self(section: "sql.oracle", simulatorPath: "/simulator/oracle/sql")
}

extension Databases {
    /// Runs the work with the Oracle databases of the step's environment.
    package static func runOracle<Value>(
        _ context: StepContext, _ work: (Databases) async throws -> Value
    ) async throws -> Value {
        let door = try await DatabaseDoors.shared.door(to: .oracle, for: context) {
            () async throws(StepError) -> DatabaseDoors.Token in
            throw .permanent(
                SQLError.Kind.configuration.rawValue, "The section sql.oracle says 'token: azure'.",
                remedy: "Give user and password, or let the driver's own configuration say who signs in.")
        }
        return try await run(context, by: { _ in door }, work)
    }
}

/// Where a database is asked: `target.host` is `host:port`, and `target.database` the name of its service.
private func target(_ name: String, _ connectString: String?, _ intent: SQLTarget.Intent) throws(StepError) -> SQLTarget
{
    let parts = (connectString ?? "").split(separator: "/", maxSplits: 1).map(String.init)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw .permanent(
            "oracle.no-connect-string", "\(name) does not say how clients reach it: \(connectString ?? "nothing").",
            remedy: "Look at its connection strings in Oracle's console.")
    }
    return SQLTarget(server: name, host: parts[0], database: parts[1], intent: intent)
}

extension OracleDatabase {
    /// Its root container.
    ///
    /// - Throws: ``StepError`` `oracle.no-connect-string`.
    package func target(_ intent: SQLTarget.Intent = .readOnly) throws(StepError) -> SQLTarget {
        try OracleSteps.target(dbUniqueName, connectionStrings?.cdbDefault, intent)
    }
}

extension PluggableDatabase {
    /// - Parameter container: the database that it is in.
    /// - Throws: ``StepError`` `oracle.no-connect-string`.
    package func target(in container: OracleDatabase, _ intent: SQLTarget.Intent) throws(StepError) -> SQLTarget {
        try OracleSteps.target(container.dbUniqueName, connectionStrings?.pdbDefault, intent)
    }
}
