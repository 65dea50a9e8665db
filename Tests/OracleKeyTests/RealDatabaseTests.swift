// SPDX-License-Identifier: Apache-2.0

import CloudSteps
import MusterModel
import MusterPlugin
import MusterSQL
import OracleSteps
import PostgreSQLFixture
import SQLSteps
import Testing

/// Asks the database that its environment leads to what it says of its keys.
private struct AskingKeys: ProofStep {
    static let name = "ask-keys"
    static let definition: [UInt8] = []

    struct Inputs: Codable, Sendable { var nodes: [String] }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await Databases.runOracle(context) { databases in
            let target = SQLTarget(
                server: "SALES_EAST", host: "scan.example:1521", database: "sales_east", intent: .readOnly)
            let answers = try await KeyAnswers.ask(target, databases)
            let age = (try? answers.get().newestAge)?.milliseconds  // Silence is a finding of its own.
            return [
                answers.finding(\.keystoresOpen).condition("keystores-open"),
                answers.finding(\.keysExternal).condition("keys-external"),
                answers.finding { $0.instancesOpen(on: inputs.nodes) }.condition("instances-open"),
                .met("age", "\(age ?? -1)"),
                .met("due", (try? answers.get().notStarted(since: .seconds(3600), of: inputs.nodes).joined()) ?? "?"),
            ]
        }
    }
}

/// The very statements, through a real driver, on a real database with views of Oracle's names.
struct RealDatabaseTests {
    private let nodes = AskingKeys.Inputs(nodes: ["east1", "east2"])

    private func step(_ rows: String) throws -> StepHarness<AskingKeys> {
        let server = try PostgreSQLFixture.running()
        let database = try server.createDatabase()
        _ = try server.run(PostgreSQLFixture.oracleNames + rows, in: database)
        let section: JSON = [
            "connection": .string(server.connectionString(database: database)), "user": .string(PostgreSQLFixture.user),
            "password": .string(PostgreSQLFixture.password),
        ]
        return try StepHarness(AskingKeys.self, connections: ["sql.oracle": section])
    }

    private static let rows = """
        INSERT INTO "gv$encryption_wallet" VALUES (1, 1, 'HSM', 'OPEN', 'HSM'), (1, 3, 'HSM', 'OPEN', 'HSM'),
            (1, 1, 'FILE', 'OPEN_NO_MASTER_KEY', 'AUTOLOGIN'), (2, 1, 'OKV', 'OPEN', 'OKV'), (2, 3, 'OKV', 'OPEN', 'OKV');
        INSERT INTO "gv$instance" VALUES (1, 'east1.example.com', 'OPEN', 99.5, 100), (2, 'east2', 'OPEN', 99.99, 100);
        INSERT INTO "v$encryption_keys" VALUES
            (1, 'old', 'SOFTWARE KEYSTORE', '2026-01-01 00:00:00+00', '2026-03-10 12:00:00+00'),
            (1, 'new', 'HSM', '2026-03-10 13:00:00+02', '2026-03-10 12:00:00+00'),
            (3, 'pdb', 'OKV', '2026-03-10 09:00:00+00', '2026-03-10 12:00:00+00');

        """

    @Test func `keystores, keys and instances are read as the database tells them`() async throws {
        let found = try await step(Self.rows).verify(nodes)
        #expect(found.lacking == [], "\(found)")
        // 13:00 at +02:00 is an hour before noon; the older key of the same container does not count.
        #expect(found.answer("age")?.says == "3600000")
        #expect(found.answer("due")?.says == "east1")
    }

    @Test func `what is closed, in a wallet or not there is told`() async throws {
        let changes = """
            UPDATE "gv$encryption_wallet" SET status = 'CLOSED' WHERE inst_id = 2 AND con_id = 3;
            UPDATE "v$encryption_keys" SET keystore_type = 'SOFTWARE KEYSTORE' WHERE con_id = 3;
            DELETE FROM "gv$instance" WHERE inst_id = 2;

            """
        let found = try await step(Self.rows + changes).verify(nodes)
        #expect(found.lacking == ["keystores-open", "keys-external", "instances-open"])
        #expect(found.answer("keystores-open")?.says.contains("container 3 has OKV CLOSED") == true)
        #expect(found.answer("instances-open")?.says == "No instance is OPEN on east2.")
    }

    @Test func `a user who may not see the views is no proof of anything`() async throws {
        let found = try await step("REVOKE SELECT ON \"gv$encryption_wallet\" FROM \(PostgreSQLFixture.user);").verify(
            nodes)
        #expect(found.answer("keystores-open")?.verdict == .unmet)
        #expect(found.answer("keystores-open")?.says.contains("permission denied") == true)
    }

    @Test func `an empty answer is no open keystore`() async throws {
        let found = try await step("").verify(nodes)
        #expect(found.lacking == ["keystores-open", "keys-external", "instances-open"])
    }
}
