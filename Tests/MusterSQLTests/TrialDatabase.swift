// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterSQL
import PostgreSQLFixture

/// A database of its own for one test, and ways into it.
struct TrialDatabase {
    let server: PostgreSQLFixture
    let name: String

    init() throws {
        server = try PostgreSQLFixture.running()
        name = try server.createDatabase()
    }

    /// As a step's environment would give it.
    func section(user: String = PostgreSQLFixture.user, password: String = PostgreSQLFixture.password) -> JSON {
        [
            "connection": .string(
                server.connectionString(database: "").replacing("Database=", with: "Database=${{ target.database }}")),
            "user": .string(user), "password": .string(password),
        ]
    }

    func open(_ section: JSON? = nil, database: String? = nil, timeout: Duration = .seconds(20)) async throws(SQLError)
        -> ODBCConnection
    {
        try await MusterSQLTests.open(section ?? self.section(), database: database ?? name, timeout: timeout)
    }

    /// Runs the work with a connection, and ends that.
    func with<Value>(_ work: (ODBCConnection) async throws -> Value) async throws -> Value {
        let connection = try await open()
        do {
            let value = try await work(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }
}

func open(_ section: JSON, database: String, timeout: Duration = .seconds(20)) async throws(SQLError) -> ODBCConnection
{
    let settings = try SQLSettings(section)
    let target = SQLTarget(server: "trial", host: "trial.localhost", database: database, intent: .readWrite)
    guard case .database(let string) = try settings.address(of: target, inputs: [:]) else {
        throw SQLError(kind: .configuration, state: nil, native: 0, message: "a simulator", remedy: nil)
    }
    return try await ODBCConnection.open(string, as: settings.credential(token: nil), timeout: timeout)
}

extension ODBCConnection {
    func run(_ statement: String, _ parameters: [SQLValue] = []) async throws(SQLError) -> SQLRows {
        try await run(statement, parameters, timeout: .seconds(20))
    }
}
