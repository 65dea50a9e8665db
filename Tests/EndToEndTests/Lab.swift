// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterModel
import PostgreSQLFixture

/// The shipped runbooks with an environment `lab`: a simulated cloud, and a real database for what the drills ask by SQL.
struct Lab {
    let catalog: Catalog
    let cloud: LabCloud
    let database: LabDatabase
    let runbook: String

    /// - Parameters:
    ///   - faults: the cloud's, as `--fault` takes them.
    ///   - arrange: changes the catalog's documents; they are committed with the environment.
    init(_ runbook: String, faults: [String] = [], arrange: (Catalog) throws -> Void = { _ in }) throws {
        self.runbook = runbook
        catalog = try Catalog(.shipped)
        try arrange(catalog)
        cloud = try LabCloud(scenario: catalog.scenario(of: runbook), faults: faults)
        database = try LabDatabase(of: cloud)
        try catalog.write(
            "environments/lab.yaml", cloud.environment(sql: database.connection, user: PostgreSQLFixture.user))
        try catalog.commit("The lab")
        catalog.variables = [
            LabCloud.secretName: cloud.secret, LabDatabase.secretName: PostgreSQLFixture.password,
        ]
    }

    /// Leads SQL elsewhere.
    func connect(_ connection: String) throws {
        try catalog.write("environments/lab.yaml", cloud.environment(sql: connection, user: PostgreSQLFixture.user))
        try catalog.commit("Another database")
    }

    func run(_ more: String...) throws -> CommandResult {
        try catalog.muster(
            ["run", runbook, "-e", "lab", "--inputs", try catalog.inputs(of: runbook), "--yes"] + more)
    }
}
