// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// An error as a database connection shows it, in Azure SQL's numbers and words.
struct DatabaseError: Error, Sendable, Hashable {
    /// Of the HTTP answer that carries it.
    var status: Int
    var sqlstate: String
    /// The service's own number; 0 for what is the simulator's.
    var native: Int64
    var message: String

    init(_ status: Int, _ sqlstate: String, _ native: Int64, _ message: String) {
        self.status = status
        self.sqlstate = sqlstate
        self.native = native
        self.message = message
    }

    var response: SimulatedResponse {
        SimulatedResponse(
            status, ["sqlstate": .string(sqlstate), "native": .int(native), "message": .string(message)])
    }

    // MARK: Connections

    /// The name leads nowhere; the number is the system's for a host that is not found.
    static func unknownServer(_ name: String) -> DatabaseError {
        DatabaseError(
            404, "08001", 11001,
            "A network-related or instance-specific error has occurred while establishing a connection to \(name). "
                + "Server is not found or not accessible.")
    }

    static func unknownDatabase(_ name: String) -> DatabaseError {
        DatabaseError(400, "42000", 4060, "Cannot open database \"\(name)\" requested by the login. The login failed.")
    }

    // https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues
    static func notAvailable(_ database: String, on server: String) -> DatabaseError {
        DatabaseError(
            503, "HY000", 40613,
            "Database '\(database)' on server '\(server)' is not currently available. Please retry the connection "
                + "later. If the problem persists, contact customer support.")
    }

    // The number: https://github.com/microsoft/healthcare-shared-components, SqlErrorCodes.cs
    static func keyNotReached(_ database: String) -> DatabaseError {
        DatabaseError(
            503, "HY000", 40981, "Database '\(database)' is not accessible due to Azure Key Vault critical error.")
    }

    static let stateForbids = DatabaseError(
        503, "HY000", 40925, "Can not connect to the database in its current state.")

    // MARK: Statements

    static func readOnly(_ database: String) -> DatabaseError {
        DatabaseError(
            400, "25000", 3906, "Failed to update database \"\(database)\" because the database is read-only.")
    }

    static let unknownStatement = DatabaseError(
        400, "42000", 0,
        "The cloud simulator can't answer this statement. docs/guides/rehearse.md lists those that it knows.")

    static let parameterCount = DatabaseError(400, "07002", 0, "COUNT field incorrect or syntax error")

    static func notAnInteger(_ value: String) -> DatabaseError {
        DatabaseError(
            400, "22018", 245, "Conversion failed when converting the value '\(value)' to data type int.")
    }

    static let notAText = DatabaseError(400, "22018", 206, "Operand type clash.")

    static let notATime = DatabaseError(
        400, "22007", 241, "Conversion failed when converting date and/or time from character string.")

    static let tooLong = DatabaseError(400, "22001", 2628, "String or binary data would be truncated in column 'run'.")

    static func invalidRequest(_ reason: String) -> DatabaseError {
        DatabaseError(400, "HY000", 0, "The cloud simulator can't read the request: \(reason)")
    }
}
