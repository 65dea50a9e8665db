// SPDX-License-Identifier: Apache-2.0

import CloudSimulator
import MusterModel
import Testing

/// Faults that come with a failover, on a group whose servers have a key each.
@Suite struct FailoverFaultTests {
    private static let toSecond = "\(Rehearsal.servers)/second/failoverGroups/pair/failover"
    private static let toFirst = "\(Rehearsal.servers)/first/failoverGroups/pair/failover"

    private func drill(_ faults: String...) throws -> Rehearsal {
        try Rehearsal(Rehearsal.differentKeys, faults: faults)
    }

    @Test func `statements lose their connections from the failover on, as many as asked`() throws {
        var drill = try drill("failover-drops-connections:statements=2")
        #expect(!drill.sql("SELECT 1", on: "pair").dropsConnection)
        #expect(drill.call("POST", Self.toSecond).status == 202)
        #expect(drill.sql("SELECT 1", on: "pair").dropsConnection)
        drill.pass(.seconds(40))
        #expect(drill.look("open", server: "pair").status == 503)
        #expect(try drill.table("SELECT 1", on: "pair").rows == [[1]])
        let struck = drill.world.requests.entries.filter { $0.operation == "sql" }.map(\.faults)
        #expect(struck == [[], ["failover-drops-connections"], ["failover-drops-connections"], []])
        #expect(drill.follow("POST", Self.toFirst) == "Succeeded")
        #expect(!drill.sql("SELECT 1", on: "pair").dropsConnection)
    }

    @Test func `a lost connection writes no row`() throws {
        var drill = try drill("failover-drops-connections:statements=1")
        #expect(drill.follow("POST", Self.toSecond) == "Succeeded")
        let row: [JSON] = [["text": "R1"], ["integer": 1], ["text": "2026-11-22 04:30:00"]]
        let insert = "INSERT INTO m (run, marker, written_at) VALUES (?, ?, ?)"
        #expect(drill.sql(insert, row, on: "pair").dropsConnection)
        #expect(drill.effects == ["failover-group.failed-over"])
        #expect(drill.sql(insert, row, on: "pair").status == 200)
        #expect(drill.effects == ["failover-group.failed-over", "marker.written"])
    }

    @Test func `with late names the listeners lead where they led before, for a while`() throws {
        var drill = try drill("dns-delay:delay=45s")
        let query = "SELECT DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS updateability"
        _ = drill.call("POST", Self.toSecond)
        drill.pass(.seconds(40))
        for wait in [Duration.zero, .milliseconds(44_999)] {
            drill.pass(wait)
            #expect(try drill.table(query, on: "pair").rows == [["READ_ONLY"]])
            #expect(try drill.table(query, on: "pair.secondary").rows == [["READ_WRITE"]])
            #expect(try drill.table(query, on: "second").rows == [["READ_WRITE"]])
        }
        drill.pass(.milliseconds(1))
        #expect(try drill.table(query, on: "pair").rows == [["READ_WRITE"]])
    }

    @Test func `a planned failover that times out leaves the roles, and the next one is planned as ever`() throws {
        var drill = try drill("planned-failover-timeout")
        #expect(drill.follow("POST", Self.toSecond) == "PlannedFailoverTimedOut")
        #expect(drill.roles == ["Primary", "Secondary"] && drill.replicationStates == ["CATCH_UP", "CATCH_UP"])
        #expect(drill.effects.isEmpty)
        #expect(drill.follow("POST", Self.toSecond) == "Succeeded")
    }

    @Test func `a group that is left suspended fails back only when it is caught up`() throws {
        var drill = try drill("left-suspended:duration=10m")
        #expect(drill.follow("POST", Self.toSecond) == "Succeeded")
        #expect(drill.roles == ["Secondary", "Primary"] && drill.replicationStates == ["SUSPENDED", "SUSPENDED"])
        #expect(drill.follow("POST", Self.toFirst) == "PlannedFailoverTimedOut")
        drill.pass(.seconds(600))
        #expect(drill.replicationStates == ["CATCH_UP", "CATCH_UP"])
        #expect(drill.follow("POST", Self.toFirst) == "Succeeded")
        #expect(drill.replicationStates == ["CATCH_UP", "CATCH_UP"])
    }

    @Test func `without a duration it stays suspended until a forced failover`() throws {
        var drill = try drill("left-suspended")
        #expect(drill.follow("POST", Self.toSecond) == "Succeeded")
        drill.pass(.seconds(3000))
        #expect(drill.replicationStates == ["SUSPENDED", "SUSPENDED"])
        let force = "\(Rehearsal.servers)/first/failoverGroups/pair/forceFailoverAllowDataLoss"
        #expect(drill.follow("POST", force) == "Succeeded")
        #expect(drill.replicationStates == ["CATCH_UP", "CATCH_UP"])
    }

    @Test func `a secondary without its key has inaccessible databases, and the way back is open`() throws {
        var drill = try drill("secondary-without-key")
        let before = drill.get("\(Rehearsal.servers)/second/keys/\(Rehearsal.nameB)")
        #expect(drill.inaccessible(on: "second") == [])
        #expect(drill.follow("POST", Self.toSecond) == "Succeeded")
        #expect(drill.inaccessible(on: "second") == ["db"] && drill.inaccessible(on: "first") == [])
        #expect(drill.get("\(Rehearsal.servers)/second/keys/\(Rehearsal.nameB)") == before)
        #expect(drill.sql("SELECT 1", on: "pair").json?["native"] == 40981)
        let first = try drill.thumbprint(Rehearsal.nameA, on: "first")
        #expect(try drill.encryptionKeys(on: "first").rows[0][6]?.string == first)
        drill.pass(.seconds(2400))
        #expect(drill.inaccessible(on: "second") == ["db"])
        #expect(drill.follow("POST", Self.toFirst) == "Succeeded")
        #expect(drill.inaccessible(on: "second") == [] && drill.roles == ["Primary", "Secondary"])
        #expect(try drill.encryptionKeys(on: "pair").rows == [Rehearsal.encrypted(by: first)])
        try drill.renewTokens()
        #expect(drill.follow("POST", Self.toSecond) == "Succeeded")
        #expect(drill.sql("SELECT 1", on: "pair").status == 200)
    }

    @Test(arguments: [("key-disabled-mid-drill", 600), ("key-disabled-mid-drill:at-once=true", 0)])
    func `a key that is disabled after the failover closes the databases`(fault: String, seconds: Int) throws {
        var drill = try drill(fault)
        _ = drill.call("POST", Self.toSecond)
        drill.pass(.seconds(40))
        let enabled = ["vaulta/a", "vaultb/b"].map { key in
            let parts = key.split(separator: "/")
            return drill.key("\(parts[0])", "/keys/\(parts[1])/").json?["attributes"]?["enabled"]?.bool
        }
        #expect(enabled == [true, false])
        if seconds > 0 {
            drill.pass(.seconds(seconds - 1))
            #expect(drill.inaccessible(on: "second") == [])
            // The new primary can't take its own key into use.
            #expect(try drill.encryptionKeys(on: "pair").rows[0][1] == 6)
            drill.pass(.seconds(1))
        }
        #expect(drill.inaccessible(on: "second") == ["db"])
        #expect(drill.sql("SELECT 1", on: "pair").json?["native"] == 40981)
        #expect(drill.follow("POST", Self.toFirst) == "Succeeded")
        let first = try drill.thumbprint(Rehearsal.nameA, on: "first")
        #expect(try drill.encryptionKeys(on: "pair").rows == [Rehearsal.encrypted(by: first)])
    }

    @Test func `a key that goes when it is asked for stays until then, however long that is`() throws {
        var drill = try drill("key-disabled-mid-drill:at-once=when-asked")
        #expect(drill.follow("POST", Self.toSecond) == "Succeeded")
        drill.pass(.seconds(2000))
        #expect(drill.inaccessible(on: "second") == [])
        #expect(drill.sql("SELECT 1", on: "pair").status == 200)
        #expect(drill.sql(Rehearsal.encryptionQuery, on: "pair").json?["native"] == 40981)
        #expect(drill.inaccessible(on: "second") == ["db"])
        #expect(drill.sql("SELECT 1", on: "pair").json?["native"] == 40981)
    }

    @Test func `these faults meet failovers only`() throws {
        for kind in ["dns-delay", "secondary-without-key", "key-disabled-mid-drill", "planned-failover-timeout"] {
            var drill = try drill(kind)
            #expect(drill.protect("second", with: Rehearsal.nameA) == "Succeeded")
            #expect(drill.inaccessible(on: "second") == [])
            let struck = drill.world.requests.entries.flatMap(\.faults)
            #expect(struck.isEmpty, "\(kind)")
        }
    }

    @Test(arguments: [
        "failover-drops-connections:statements=some", "dns-delay:delay=soon", "left-suspended:duration=never",
        "key-disabled-mid-drill:at-once=perhaps", "secondary-without-key:server=x",
    ])
    func `settings that can't be read are refused`(text: String) {
        let error = #expect(throws: MusterError.self) { try FaultRule(commandLine: text) }
        #expect(error?.code == "simulator.invalid-fault" && error?.help?.isEmpty == false)
    }
}

extension Rehearsal {
    /// As the first and the second server tell it.
    fileprivate var roles: [String?] { mutating get { members("replicationRole") } }
    fileprivate var replicationStates: [String?] { mutating get { members("replicationState") } }

    private mutating func members(_ name: String) -> [String?] {
        ["first", "second"].map {
            get("\(Self.servers)/\($0)/failoverGroups/pair")["properties"]?[name]?.string
        }
    }

    fileprivate mutating func inaccessible(on server: String) -> [String] {
        get("\(Self.servers)/\(server)/inaccessibleDatabases")["value"]?.array?.compactMap { $0["name"]?.string }
            ?? ["no answer"]
    }
}
