// SPDX-License-Identifier: Apache-2.0

import CloudSimulator
import MusterModel
import Testing

/// What the simulator answers in a database's stead.
@Suite struct DatabaseTests {
    @Test func `the query for encryption keys shows the primary's protector on both sides, under every name`() throws {
        var drill = try Rehearsal(Rehearsal.differentKeys)
        let thumbprint = try drill.thumbprint(Rehearsal.nameA, on: "first")
        for server in ["first", "second", "pair", "PAIR.secondary"] {
            let keys = try drill.encryptionKeys(on: server)
            #expect(keys.columns == Rehearsal.encryptionColumns)
            #expect(keys.rows == [Rehearsal.encrypted(by: thumbprint)])
        }
        #expect(drill.world.requests.entries.suffix(4).map(\.operation) == Array(repeating: "sql", count: 4))
        #expect(drill.effects.isEmpty)
    }

    @Test func `white space, case and a semicolon do not matter, the columns do`() throws {
        var drill = try Rehearsal()
        let loud = Rehearsal.encryptionQuery.uppercased().replacing(" ", with: "\n\t ") + " ; \n"
        #expect(drill.sql(loud, on: "first").status == 200)
        let other = drill.sql("SELECT percent_complete FROM sys.dm_database_encryption_keys", on: "first")
        #expect(other.status == 400 && other.json?["sqlstate"] == "42000")
    }

    @Test func `after a failover the new primary takes its own key into use, a while later`() throws {
        var drill = try Rehearsal(Rehearsal.differentKeys)
        let first = try drill.thumbprint(Rehearsal.nameA, on: "first")
        let second = try drill.thumbprint(Rehearsal.nameB, on: "second")
        _ = drill.call("POST", "\(Rehearsal.servers)/second/failoverGroups/pair/failover")
        drill.pass(.seconds(40))
        for server in ["pair", "first"] {
            let row = try drill.encryptionKeys(on: server).rows[0]
            #expect(row[1] == 6 && row[2] == "PROTECTION_CHANGE_IN_PROGRESS" && row[6]?.string == first)
        }
        drill.pass(.seconds(20))
        for server in ["second", "pair.secondary"] {
            #expect(try drill.encryptionKeys(on: server).rows == [Rehearsal.encrypted(by: second)])
        }
    }

    @Test func `a service-managed protector shows as a certificate`() throws {
        var drill = try Rehearsal { $0.set("cloud", "servers", "first", "protector", to: "service-managed") }
        let row = try drill.encryptionKeys(on: "first").rows[0]
        #expect(row[5] == "CERTIFICATE" && row[6]?.string?.count == 40)
    }

    @Test func `any other reading statement is answered by the simulator's name`() throws {
        var drill = try Rehearsal()
        for text in ["SELECT 1 AS good", "with x as (select 2 as y) select y from x"] {
            #expect(try drill.table(text, on: "pair") == Table(columns: ["simulated"], rows: [[1]]))
        }
        for text in [
            "UPDATE t SET a = 1", "", "DROP TABLE t", "INSERT INTO a;b (run, marker, written_at) VALUES (?, ?, ?)",
        ] {
            let answer = drill.sql(text, on: "pair")
            #expect(answer.status == 400 && answer.json?["sqlstate"] == "42000", "\(text)")
        }
    }

    @Test(arguments: [
        ("nowhere", "db", 404, 11001), ("pair.tertiary", "db", 404, 11001), ("first", "none", 400, 4060),
    ])
    func `what can't be reached says so`(server: String, database: String, status: Int, native: Int64) throws {
        var drill = try Rehearsal()
        let answer = drill.sql("SELECT 1", on: server, database: database)
        #expect(answer.status == status && answer.json?["native"] == .int(native))
    }

    @Test(arguments: [
        #"{"#, #"{"server": "first"}"#,
        #"{"server":"first","database":"db","statement":"SELECT 1"}"#,
        #"{"server":"first","database":"db","intent":"Write","statement":"SELECT 1"}"#,
        #"{"server":"first","database":"db","intent":"ReadOnly","statement":"SELECT 1","parameters":[3]}"#,
    ])
    func `a request that can't be read is refused`(body: String) throws {
        var drill = try Rehearsal()
        let answer = drill.send(
            SimulatedRequest("POST", host: "127.0.0.1:8080", target: "/simulator/sql", body: Array(body.utf8)))
        #expect(answer.status == 400 && answer.json?["sqlstate"] == "HY000")
    }

    @Test func `a server that has lost its key opens no database after ten minutes`() throws {
        var drill = try Rehearsal(faults: ["key-disabled:key=shared/old"])
        _ = drill.get("\(Rehearsal.servers)/first")
        drill.pass(.seconds(599))
        #expect(drill.sql("SELECT 1", on: "first").status == 200)
        drill.pass(.seconds(1))
        let answer = drill.sql("SELECT 1", on: "first")
        #expect(answer.status == 503 && answer.json?["native"] == 40981)
        #expect(drill.look("open", server: "first").status == 503)
    }

    @Test func `in the second half of a failover the primary is not available, the secondary is`() throws {
        var drill = try Rehearsal()
        _ = drill.call("POST", "\(Rehearsal.servers)/second/failoverGroups/pair/failover")
        drill.pass(.milliseconds(19_999))
        #expect(drill.sql("SELECT 1", on: "pair").status == 200)
        drill.pass(.milliseconds(1))
        for server in ["pair", "first"] {
            let answer = drill.sql("SELECT 1", on: server)
            #expect(answer.status == 503 && answer.json?["native"] == 40613, "\(server)")
        }
        #expect(drill.sql("SELECT 1", on: "pair.secondary").status == 200)
        drill.pass(.seconds(20))
        #expect(drill.sql("SELECT 1", on: "pair").status == 200)
    }

    @Test func `whether a copy can be written is shown`() throws {
        var drill = try Rehearsal()
        let query = "SELECT DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS updateability"
        #expect(try drill.table(query, on: "pair").rows == [["READ_WRITE"]])
        #expect(try drill.table(query, on: "pair.secondary").rows == [["READ_ONLY"]])
    }

    @Test func `a secondary that is being seeded admits nobody`() throws {
        var drill = try Rehearsal { $0.set("cloud", "failover-groups", "pair", "replication-state", to: "SEEDING") }
        #expect(drill.sql("SELECT 1", on: "second").json?["native"] == 40925)
        #expect(drill.sql("SELECT 1", on: "first").status == 200)
    }

    @Test func `the replication view shows lag and time on the primary only`() throws {
        var drill = try Rehearsal()
        let query = """
            SELECT partner_server, partner_database, replication_state_desc, replication_lag_sec, last_replication
            FROM sys.dm_geo_replication_link_status
            """
        let healthy: [JSON?] = ["second", "db", "CATCH_UP", 0, "2026-11-18 11:06:40.0000000 +00:00"]
        #expect(try drill.table(query, on: "first").rows == [healthy])
        #expect(try drill.table(query, on: "second").rows == [["first", "db", "CATCH_UP", nil, nil]])
        var broken = try Rehearsal(faults: ["replication-broken"])
        _ = broken.get("\(Rehearsal.servers)/first")
        broken.pass(.milliseconds(90_500))
        let row = try broken.table(query, on: "pair").rows[0]
        #expect(row == ["second", "db", "SUSPENDED", 90, "2026-11-18 11:06:40.0000000 +00:00"])
    }

    @Test func `the rows come as CSV for a database that stands in`() throws {
        var drill = try Rehearsal(Rehearsal.differentKeys)
        let thumbprint = try drill.thumbprint(Rehearsal.nameA, on: "first")
        let answer = drill.look("dm_database_encryption_keys", server: "second")
        #expect(answer.status == 200 && answer.contentType == "text/csv; charset=utf-8")
        #expect(
            String(decoding: answer.bytes, as: UTF8.self) == """
                database_id,encryption_state,encryption_state_desc,key_algorithm,key_length,encryptor_type,encryptor_thumbprint
                2,3,ENCRYPTED,AES,256,,
                5,3,ENCRYPTED,AES,256,ASYMMETRIC KEY,\(thumbprint)

                """)
        #expect(drill.look("open", server: "pair").bytes == Array("1".utf8))
        #expect(drill.look("nothing", server: "pair").status == 404)
        #expect(drill.look("open", server: "nowhere").status == 404)
    }
}
