// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import PostgreSQLFixture

/// A database of a real PostgreSQL that stands in for those of the simulated servers; it asks the simulator how they are.
struct LabDatabase {
    /// The variable that holds the password.
    static let secretName = LabCloud.databaseSecretName
    static let markerTable = "muster_markers"

    let server: PostgreSQLFixture
    let name: String

    init(of cloud: LabCloud) throws {
        server = try PostgreSQLFixture.running()
        name = try server.createDatabase()
        let servers = "\(projectFolder)/Tests/EndToEndTests/Servers"
        // PostgreSQL runs it, as a user who may not reach the project.
        let fetch = "\(server.folder)/fetch-\(name).py"
        try FileManager.default.copyItem(atPath: "\(servers)/fetch.py", toPath: fetch)
        let script = try String(contentsOfFile: "\(servers)/azure.sql", encoding: .utf8)
        _ = try server.run(
            """
            \\set address '\(cloud.address)'
            \\set fetch '\(fetch)'
            \\set drill \(PostgreSQLFixture.user)
            \(script)
            """, in: name)
    }

    /// The environment's connection string: each session says for which server and database it was made.
    var connection: String { Self.connection(to: server.connectionString(database: name)) }

    static func connection(to database: String) -> String {
        database
            + ";ConnSettings={SET muster.server TO '${{ target.server }}'; SET muster.database TO '${{ target.database }}'}"
    }

    /// Ends every session of the drill's, and admits no more.
    func close() throws {
        _ = try server.run(
            """
            ALTER DATABASE "\(name)" WITH ALLOW_CONNECTIONS false;
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(name)';
            """, in: "postgres")
    }

    func run(_ script: String) throws -> String { try server.run(script, in: name) }
}
