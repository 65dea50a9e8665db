// SPDX-License-Identifier: Apache-2.0

import CloudSteps
import MusterModel
import MusterPlugin
import MusterSQL
import OracleSteps
import PostgreSQLFixture
import SQLSteps
import Testing

@testable import TestFailover

/// Asks the database that its environment leads to what it says of its keys.
private struct AskingKeys: ProofStep {
    static let name = "ask-keys"
    static let definition: [UInt8] = []

    struct Inputs: Codable, Sendable {
        var nodes: [String]
        var pluggables = 1
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await Databases.runOracle(context) { databases in
            let target = SQLTarget(
                server: "SALES_EAST", host: "scan.example:1521", database: "sales_east", intent: .readOnly)
            let answers = try await KeyAnswers.ask(target, pluggables: inputs.pluggables, databases)
            let age = (try? answers.get().newestAge)?.milliseconds  // Silence is a finding of its own.
            return [
                answers.finding(\.keystoresOpen).condition("keystores-open"),
                answers.finding(\.keysExternal).condition("keys-external"),
                answers.finding(\.containersSeen).condition("containers-seen"),
                answers.finding { $0.instancesOpen(on: inputs.nodes) }.condition("instances-open"),
                .met("age", "\(age ?? -1)"),
                .met("due", (try? answers.get().notStarted(since: .seconds(3600), of: inputs.nodes).joined()) ?? "?"),
            ]
        }
    }
}

/// A database of its own with Oracle's names in it.
private struct RealOracleNames {
    let server: PostgreSQLFixture
    let name: String

    init(_ rows: String) throws {
        server = try PostgreSQLFixture.running()
        name = try server.createDatabase()
        try run(PostgreSQLFixture.oracleNames + rows)
    }

    @discardableResult
    func run(_ script: String) throws -> String { try server.run(script, in: name) }

    /// Of an environment.
    var section: JSON {
        [
            "connection": .string(server.connectionString(database: name)), "user": .string(PostgreSQLFixture.user),
            "password": .string(PostgreSQLFixture.password),
        ]
    }
}

/// The very statements, through a real driver, on a real database with views of Oracle's names.
struct RealDatabaseTests {
    private let nodes = AskingKeys.Inputs(nodes: ["east1", "east2"])

    private func step(_ rows: String) throws -> StepHarness<AskingKeys> {
        try StepHarness(AskingKeys.self, connections: ["sql.oracle": RealOracleNames(rows).section])
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
        #expect(found.failing == [], "\(found)")
        // 13:00 at +02:00 is an hour before noon; the older key of the same container does not count.
        #expect(found.one("age")?.says == "3600000")
        #expect(found.one("due")?.says == "east1")
    }

    @Test func `what is closed, in a wallet or not there is told`() async throws {
        let changes = """
            UPDATE "gv$encryption_wallet" SET status = 'CLOSED' WHERE inst_id = 2 AND con_id = 3;
            UPDATE "v$encryption_keys" SET keystore_type = 'SOFTWARE KEYSTORE' WHERE con_id = 3;
            DELETE FROM "gv$instance" WHERE inst_id = 2;

            """
        let found = try await step(Self.rows + changes).verify(nodes)
        #expect(found.failing == ["keystores-open", "keys-external", "instances-open"])
        #expect(found.one("keystores-open")?.says.contains("container 3 has OKV CLOSED") == true)
        #expect(found.one("instances-open")?.says == "No instance is OPEN on east2.")
    }

    @Test func `rows of fewer containers than there are prove nothing, and the seed is none of them`() async throws {
        let seed = """
            INSERT INTO "gv$encryption_wallet" VALUES (1, 2, 'HSM', 'CLOSED', 'HSM');
            INSERT INTO "v$encryption_keys" VALUES
                (2, 'seed', 'SOFTWARE KEYSTORE', '2026-03-10 11:59:00+00', '2026-03-10 12:00:00+00');

            """
        let step = try step(Self.rows + seed)
        #expect(try await step.verify(nodes).failing == [])
        #expect(try await step.verify(nodes).one("age")?.says == "3600000")
        let found = try await step.verify(AskingKeys.Inputs(nodes: ["east1", "east2"], pluggables: 2))
        for id in ["keystores-open", "keys-external", "containers-seen"] {
            #expect(found.one(id)?.verdict == .unverifiable, "\(found)")
            #expect(found.one(id)?.says.contains("SET CONTAINER_DATA = ALL CONTAINER = CURRENT") == true)
        }
    }

    @Test func `a user who may not see the views is no proof of anything`() async throws {
        let found = try await step("REVOKE SELECT ON \"gv$encryption_wallet\" FROM \(PostgreSQLFixture.user);").verify(
            nodes)
        #expect(found.one("keystores-open")?.verdict == .unmet)
        #expect(found.one("keystores-open")?.says.contains("permission denied") == true)
    }

    // MARK: The drill's own statements

    private static let place: [String: JSON] = [
        "database": .string(DatabaseLab.sales), "pluggableDatabase": "ORDERS", "table": "drill.rows",
    ]

    private static func look(_ role: String, _ more: [String: JSON] = [:]) -> JSON {
        given(
            place.merging(["role": .string(role), "series": "none", "atLeast": 0, "lagWithin": "30s", "within": "1s"]) {
                $1
            }, more)
    }

    private static let primary = """
        INSERT INTO "v$database" VALUES ('SALES', 'SALES_EAST', 'PRIMARY', 'READ WRITE', 'MAXIMUM PERFORMANCE',
            'TO STANDBY', 'YES', 'YES');
        INSERT INTO all_tables VALUES ('DRILL', 'ROWS', 'USERS'), ('OTHER', 'ROWS', 'PLAIN');
        INSERT INTO user_tablespaces VALUES ('USERS', 'YES'), ('PLAIN', 'NO');

        """

    @Test func `a row is written, read with role and tablespace, and taken away`() async throws {
        let lab = try await DatabaseLab()
        let real = try RealOracleNames(Self.primary)
        let step = try lab.harness(WriteOracleData.self, database: real.section)
        let row = given(Self.place)
        #expect(try await step.check(row).failing == [])
        let series = try await step.apply(row).series
        #expect(try await step.verify(row).failing == [])
        #expect(try real.run("SELECT run, marker, length(written_at) > 10 FROM drill.rows") == "\(series)|1|t\n")
        let found = try await lab.harness(VerifyOracleData.self, database: real.section)
            .report(Self.look("PRIMARY", ["series": .string(series), "atLeast": 1]))
        #expect(found.postconditions.failing == [], "\(found.postconditions)")
        #expect(found.outputs == .init(openMode: "READ WRITE", newest: 1, lags: "none"))
        try await step.undo(row)
        #expect(try real.run("SELECT count(*) FROM drill.rows") == "0\n")
    }

    private static let standby =
        primary + """
            UPDATE "v$database" SET database_role = 'PHYSICAL STANDBY', open_mode = 'READ ONLY WITH APPLY';
            INSERT INTO "v$dataguard_stats" VALUES
                ('transport lag', '+00 00:00:00', '03/10/2026 12:00:00', '03/10/2026 11:59:59'),
                ('apply lag', '+00 00:00:02', '03/10/2026 12:00:00', '03/10/2026 11:59:59'),
                ('apply finish time', NULL, NULL, NULL);

            """

    @Test(arguments: [
        ("", []),
        ("UPDATE \"v$dataguard_stats\" SET value = '+00 00:20:00' WHERE name = 'apply lag';", ["lags-within"]),
        // An unknown lag is none of zero.
        ("UPDATE \"v$dataguard_stats\" SET value = NULL;", ["lags-within"]),
        ("INSERT INTO \"v$archive_gap\" VALUES (1, 120, 124);", ["no-gap"]),
        ("UPDATE user_tablespaces SET encrypted = 'NO';", ["table-encrypted"]),
        ("UPDATE \"v$database\" SET database_role = 'SNAPSHOT STANDBY';", ["role-as-named"]),
    ])
    func `a standby's role, lags and gaps are read as it tells them`(change: String, lacking: [String]) async throws {
        let lab = try await DatabaseLab()
        let real = try RealOracleNames(Self.standby + change)
        let found = try await lab.harness(VerifyOracleData.self, database: real.section)
            .report(Self.look("PHYSICAL STANDBY"))
        #expect(found.postconditions.failing == lacking, "\(found.postconditions)")
        if lacking.isEmpty { #expect(found.outputs?.lags.contains("apply lag +00 00:00:02") == true) }
    }

    @Test func `an empty answer is no open keystore`() async throws {
        let found = try await step("").verify(nodes)
        #expect(found.failing == ["keystores-open", "keys-external", "containers-seen", "instances-open"])
    }
}
