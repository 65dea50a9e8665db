// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterSQL
import PostgreSQLFixture
import Testing

struct QueryTests {
    /// The query of Azure's documentation for the state of encryption, to the byte.
    static let encryptionState = """
        SELECT
            DB_NAME(db_id()) AS database_name,
            dek.encryption_state,
            dek.encryption_state_desc,
            dek.key_algorithm,
            dek.key_length,
            dek.encryptor_type,
            dek.encryptor_thumbprint
        FROM sys.dm_database_encryption_keys AS dek
        WHERE database_id <> 2;
        """

    @Test func `the query for the state of encryption runs unchanged`() async throws {
        let trial = try TrialDatabase()
        let thumbprint = "0102030405060708090A0B0C0D0E0F1011121314"
        _ = try trial.server.run(
            PostgreSQLFixture.sqlServerNames(databaseName: "tdedatabase")
                + PostgreSQLFixture.EncryptionKey(thumbprint: thumbprint).script
                + PostgreSQLFixture.EncryptionKey(databaseID: 2, thumbprint: "FF").script, in: trial.name)
        let rows = try await trial.with { try await $0.run(Self.encryptionState) }
        #expect(
            rows.columns == [
                "database_name", "encryption_state", "encryption_state_desc", "key_algorithm", "key_length",
                "encryptor_type",
                "encryptor_thumbprint",
            ])
        #expect(
            rows.rows == [
                [
                    .text("tdedatabase"), .integer(3), .text("ENCRYPTED"), .text("AES"), .integer(256),
                    .text("ASYMMETRIC KEY"), .bytes(Array(1...20)),
                ]
            ])
        #expect(rows.position(of: "Encryptor_Thumbprint") == 6)
    }

    @Test func `who answered is known`() async throws {
        let source = try await TrialDatabase().with { $0.source }
        #expect(source.kind == .odbc)
        #expect(source.driver?.hasPrefix("psqlodbcw.so ") == true)
        #expect(source.product.hasPrefix("PostgreSQL 1"))
    }

    static let values: [(String, SQLValue)] = [
        ("1::smallint", .integer(1)), ("(-2147483648)::int", .integer(-2_147_483_648)),
        ("9223372036854775807::bigint", .integer(.max)), ("1.5::real", .number(1.5)),
        ("1e300::double precision", .number(1e300)), ("NULL::int", .null), ("NULL::text", .null),
        ("NULL::bytea", .null),
        ("NULL::double precision", .null), ("''", .text("")), ("''::bytea", .bytes([])),
        ("'\\x00ff0a'::bytea", .bytes([0, 255, 10])),
        ("'Grüße, 世界 🇩🇪'", .text("Grüße, 世界 🇩🇪")), ("12345678901234567890.5::numeric", .text("12345678901234567890.5")),
        ("'2026-03-10 12:34:56.789'::timestamp", .text("2026-03-10 12:34:56.789")),
        ("'2026-03-10'::date", .text("2026-03-10")),
        ("repeat('🔑a', 20000)", .text(String(repeating: "🔑a", count: 20_000))),
        ("repeat('x', 4095)", .text(String(repeating: "x", count: 4095))),
        ("repeat('x', 4096)", .text(String(repeating: "x", count: 4096))),
        ("decode(repeat('0aff', 9000), 'hex')", .bytes((0..<18_000).map { $0 % 2 == 0 ? 10 : 255 })),
    ]

    @Test func `each type comes as what it is`() async throws {
        try await TrialDatabase().with { connection in
            for (expression, value) in Self.values {
                let rows = try await connection.run("SELECT \(expression)")
                #expect(rows.rows == [[value]], "\(expression)")
            }
        }
    }

    @Test func `parameters are values, whatever they hold`() async throws {
        let parameters: [SQLValue] = [
            .text("x'); DROP TABLE marker; --"), .text("Grüße 🔑"), .text(""), .integer(.min), .number(0.1), .null,
            .bytes([0, 255, 39]), .boolean(true), .text(String(repeating: "🔑", count: 5000)),
            .bytes(.init(repeating: 7, count: 9000)),
        ]
        try await TrialDatabase().with { connection in
            _ = try await connection.run(
                """
                CREATE TABLE marker (a varchar(64), b text, c text, d bigint, e double precision, f int, g bytea, h boolean,
                    i text, j bytea)
                """)
            let inserted = try await connection.run(
                "INSERT INTO marker VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", parameters)
            #expect(inserted == SQLRows(columns: [], rows: []))
            let rows = try await connection.run(
                "SELECT a, b, c, d, e, f, g, h::int, i, j FROM marker WHERE a = ?", [parameters[0]])
            var expected = parameters
            expected[7] = .integer(1)
            #expect(rows.rows == [expected])
        }
    }

    @Test func `marker rows with a time are written, read and taken away`() async throws {
        try await TrialDatabase().with { connection in
            _ = try await connection.run("CREATE TABLE markers (run varchar(64), marker int, written_at timestamp)")
            for marker in 1...3 {
                _ = try await connection.run(
                    "INSERT INTO markers (run, marker, written_at) VALUES (?, ?, ?)",
                    [.text("run-1"), .integer(Int64(marker)), .text("2026-03-10 12:00:0\(marker)")])
            }
            let newest = "SELECT MAX(marker) AS newest FROM markers WHERE run = ?"
            #expect(try await connection.run(newest, [.text("run-1")]).rows == [[.integer(3)]])
            #expect(try await connection.run("DELETE FROM markers WHERE run = ?", [.text("run-1")]).columns == [])
            #expect(try await connection.run("DELETE FROM markers WHERE run = ?", [.text("run-1")]).columns == [])
            #expect(try await connection.run(newest, [.text("run-1")]) == SQLRows(columns: ["newest"], rows: [[.null]]))
        }
    }

    @Test func `an answer without end is refused, and the connection stays`() async throws {
        let connection = try await TrialDatabase().open()
        let rows = await #expect(throws: SQLError.self) {
            try await connection.run("SELECT * FROM generate_series(1, 10001)")
        }
        #expect(rows?.kind == .statement && rows?.message == "The statement answers more than 10000 rows.")
        #expect(try await connection.run("SELECT * FROM generate_series(1, 10000)").rows.count == 10_000)
        let bytes = await #expect(throws: SQLError.self) {
            try await connection.run("SELECT repeat('x', 1000000) FROM generate_series(1, 9)")
        }
        #expect(bytes?.message == "The statement answers more than 16 MiB.")
        #expect(try await connection.run("SELECT 1").rows == [[.integer(1)]])
        await connection.close()
    }
}
