// SPDX-License-Identifier: Apache-2.0

import CloudSimulator
import MusterModel
import Testing

/// Rows that show how much a failover has lost.
@Suite struct MarkerTests {
    @Test func `rows belong to the pair, to one table and to one run`() throws {
        var drill = try Rehearsal()
        for marker in 1...3 { #expect(drill.mark(marker) == 200) }
        #expect(drill.mark(9, run: "R2") == 200)
        for server in ["pair", "first", "second", "pair.secondary"] { #expect(try drill.newest(on: server) == 3) }
        #expect(try drill.newest(on: "pair", table: "other") == nil)
        #expect(try drill.newest(on: "pair", table: "DBO.Markers") == 3)
        #expect(drill.effects == Array(repeating: "marker.written", count: 4))
        #expect(drill.world.effects.map(\.target) == Array(repeating: "pair/db dbo.markers", count: 4))
        let delete = "DELETE FROM dbo.markers WHERE run = ?"
        for _ in 0..<2 { #expect(drill.sql(delete, [["text": "R1"]], on: "pair").status == 200) }
        #expect(try drill.newest(on: "pair") == nil && drill.newest(on: "pair", run: "R2") == 9)
        #expect(drill.effects.suffix(1) == ["marker.removed"] && drill.effects.count == 5)
    }

    @Test func `a secondary is read-only`() throws {
        var drill = try Rehearsal()
        #expect(drill.mark(1) == 200)
        for server in ["second", "pair.secondary"] {
            let delete = drill.sql("DELETE FROM dbo.markers WHERE run = ?", [["text": "R1"]], on: server)
            #expect(delete.json?["native"] == 3906 && delete.json?["sqlstate"] == "25000")
            #expect(drill.mark(2, on: server) == 400)
        }
        #expect(try drill.newest(on: "pair") == 1)
    }

    @Test(
        arguments: [
            ([["text": "R1"], ["text": "five"], ["text": "2026-11-22 04:30:00"]], "22018"),
            ([["text": "R1"], ["integer": 3_000_000_000], ["text": "2026-11-22 04:30:00"]], "22018"),
            ([["integer": 1], ["integer": 1], ["text": "2026-11-22 04:30:00"]], "22018"),
            ([["text": "R1"], ["integer": 1], ["text": "yesterday"]], "22007"),
            (
                [
                    ["text": .string(String(repeating: "r", count: 65))], ["integer": 1],
                    ["text": "2026-11-22 04:30:00"],
                ], "22001"
            ),
            ([["text": "R1"], ["integer": 1]], "07002"),
        ] as [([JSON], String)])
    func `values that the table can't hold are refused`(parameters: [JSON], sqlstate: String) throws {
        var drill = try Rehearsal()
        let answer = drill.sql(Rehearsal.insert, parameters, on: "pair")
        #expect(answer.status == 400 && answer.json?["sqlstate"]?.string == sqlstate)
        #expect(drill.effects.isEmpty)
    }

    @Test func `a planned failover loses nothing`() throws {
        var drill = try Rehearsal()
        #expect(drill.mark(1) == 200)
        #expect(drill.follow("POST", "\(Rehearsal.servers)/second/failoverGroups/pair/failover") == "Succeeded")
        #expect(try drill.newest(on: "pair") == 1)
    }

    @Test(arguments: [([:] as JSON, 2), (["data-loss": "0s"], 3), (["data-loss": "1m"], nil)] as [(JSON, Int?)])
    func `a forced failover loses the last seconds and what was written while it ran`(durations: JSON, left: Int?)
        throws
    {
        var drill = try Rehearsal { $0.set("cloud", "durations", to: durations) }
        for (marker, wait) in [(1, 3), (2, 6), (3, 1)] {
            #expect(drill.mark(marker) == 200)
            drill.pass(.seconds(wait))
        }
        let forced = drill.call("POST", "\(Rehearsal.servers)/second/failoverGroups/pair/forceFailoverAllowDataLoss")
        #expect(forced.status == 202)
        drill.pass(.seconds(1))
        #expect(drill.mark(4) == 200)
        drill.pass(.seconds(9))
        #expect(try drill.newest(on: "pair") == left)
        drill.pass(.seconds(1))
        #expect(drill.mark(5) == 200)
        #expect(try drill.newest(on: "second") == 5)
        #expect(try drill.newest(on: "first") == 4, "the former primary keeps what is lost")
        drill.pass(.seconds(60))
        #expect(try drill.newest(on: "first") == 5)
    }

    @Test func `what was written since replication stopped is not on the secondary, and a forced failover loses it`()
        throws
    {
        var drill = try Rehearsal(faults: ["replication-broken:after=1"])
        #expect(drill.mark(1) == 200)
        drill.pass(.seconds(60))
        for _ in 0..<2 { _ = drill.get("\(Rehearsal.servers)/first") }
        drill.pass(.seconds(60))
        #expect(drill.mark(2) == 200)
        drill.pass(.seconds(60))
        #expect(try drill.newest(on: "first") == 2 && drill.newest(on: "second") == 1)
        let force = "\(Rehearsal.servers)/second/failoverGroups/pair/forceFailoverAllowDataLoss"
        #expect(drill.follow("POST", force) == "Succeeded")
        #expect(try drill.newest(on: "pair") == 1)
    }
}

extension Rehearsal {
    fileprivate static let insert = "INSERT INTO dbo.markers (run, marker, written_at) VALUES (?, ?, ?)"

    /// The HTTP status of writing a row.
    fileprivate mutating func mark(_ marker: Int, run: String = "R1", on server: String = "pair") -> Int {
        let time: JSON = ["text": .string(now.description)]
        return sql(Self.insert, [["text": .string(run)], ["integer": .int(Int64(marker))], time], on: server).status
    }

    fileprivate mutating func newest(on server: String, run: String = "R1", table name: String = "dbo.markers")
        throws -> Int?
    {
        let query = "SELECT MAX(marker) AS newest FROM \(name) WHERE run = ?"
        let table = try table(query, [["text": .string(run)]], on: server)
        #expect(table.columns == ["newest"] && table.rows.count == 1)
        let cell = table.rows.first?.first ?? nil
        return cell?.int.map { Int($0) }
    }
}
