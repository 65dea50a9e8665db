// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// The shipped drill of a standby with its key in Azure, against both simulated clouds.
struct OracleDrillTests {
    private static let runbook = "oracle-dr-drill"

    @Test(arguments: [
        ("default", ["switchover", "switchover"], "switchover-time", ["READ WRITE", "PRIMARY"]),
        (
            "active-data-guard", ["switchover", "switchover"], "switchover-time",
            ["PHYSICAL STANDBY, READ ONLY WITH APPLY"]
        ),
        ("snapshot", ["convert", "convert"], "snapshot-time", ["SNAPSHOT STANDBY, READ WRITE"]),
    ])
    func `the standby shows it can take over, and all is as before`(
        scenario: String, roles: [String], measure: String, says: [String]
    ) throws {
        let rehearsal = try OracleRehearsal(Self.runbook, scenario)
        #expect(try rehearsal.run.outcome == "succeeded")
        #expect(try Set(rehearsal.results()) == ["verified", "shown"])
        #expect(try rehearsal.roleChanges() == roles)
        #expect(try rehearsal.run.measures()[measure]?["met"]?.bool == true)
        try rehearsal.expectPage(says: says + ["drill.rows is in USERS, which is encrypted."])
    }

    @Test(arguments: [
        ("lag-over-limit", "prove-start", ["20 min, over 30 s"]),
        ("archive-gap", "read-standby", ["Redo is missing in 1 place."]),
        ("archive-gap-unread", "switch-over", ["CRITICAL for a switchover", "ORA-16783"]),
        ("vault-unreachable", "prove-reach", ["ams-1", "get at the vault"]),
        ("primary-without-way", "prove-reach-home", ["fra-1", "fra-2"]),
        ("key-disabled", "key-usable", ["sales of tde-keys cannot be used"]),
    ])
    func `what is wrong beforehand ends the drill before a role is changed`(
        scenario: String, step: String, says: [String]
    ) throws {
        let rehearsal = try OracleRehearsal(Self.runbook, scenario)
        #expect(try rehearsal.run.outcome == "failed")
        #expect(try rehearsal.run.result(of: step) == "failed")
        #expect(try rehearsal.run.result(of: "switch-back") == "skipped")
        #expect(try rehearsal.roleChanges() == [])
        try rehearsal.expectPage(says: says)
    }

    @Test func `a first primary that has lost its way to the key is not switched back to`() throws {
        let rehearsal = try OracleRehearsal(Self.runbook, "primary-loses-way-at-switchover")
        #expect(try rehearsal.run.outcome == "failed")
        #expect(try rehearsal.run.result(of: "prove-way-back") == "failed")
        #expect(try rehearsal.run.result(of: "switch-back") == "failed")
        #expect(try rehearsal.roleChanges() == ["switchover"])
        try rehearsal.expectPage(says: ["fra-1", "production stays where it is", "keys-reached"])
        #expect(!rehearsal.result.output.contains("No database of the group is PRIMARY"))
    }

    @Test func `a way back that was refused is taken by a rollback, once both sides reach the key again`() throws {
        let fault = "arc-disconnected:machine=fra-*,operation=switchover,duration=12h"
        let lab = try OracleLab(Self.runbook, faults: [fault])
        let drill = try lab.run()
        #expect(drill.status == 1, "\(drill)")
        #expect(try lab.switchovers() == 1)
        let run = lab.catalog.runFolders[0]
        while try lab.cloud.look(at: "state")["arc-machines"]?["fra-1"] != "Connected" {}
        let back = try lab.catalog.muster("rollback", run, "--reason", "The agents are connected", "--yes")
        #expect(back.status == 0 && back.output.contains("↺ rolled back"), "\(back)")
        #expect(try lab.switchovers() == 2)
        let databases = try lab.cloud.look(at: "oracle")["databases"]
        #expect(databases?["SALES_FRA"]?["role"] == "PRIMARY", "\(databases?.text ?? "")")
    }

    @Test(arguments: ["oracle-dr-drill", "data-guard-drill"])
    func `a standby of another group is refused by the plan`(runbook: String) throws {
        let catalog = try Catalog(.shipped)
        let result = try catalog.muster("rehearse", runbook, "--scenario", "standby-of-another-group", "--speed", "400")
        #expect(
            result.status == 0 && result.errors.contains("is no other member of the group of SALES_FRA"), "\(result)")
        #expect(catalog.runFolders.isEmpty)
    }

    @Test(arguments: [
        ("connector=ocid1.oracledbazureconnector.oc1.eu-frankfurt-1.to-fra", "and SALES_AMS (eu-amsterdam-1) is on"),
        ("standbyKey=ocid1.oracledbazurekey.oc1.eu-frankfurt-1.none", "could not be read"),
    ])
    func `another cluster's connector, or another key, is told by the plan`(input: String, says: String) throws {
        let catalog = try Catalog(.shipped)
        let result = try catalog.muster("rehearse", Self.runbook, "--speed", "400", "--input", input)
        #expect(result.status == 3, "\(result)")
        #expect((result.errors + result.output).contains(says), "\(result)")
        #expect(catalog.runFolders.isEmpty)
    }

    @Test(arguments: [
        ("switchover-half-completes", ["could not be opened as primary"]),
        ("vault-unreachable-at-switchover", ["ORA-28374", "ams-1 gets no answer from tde-keys"]),
    ])
    func `half a switchover is told as such, and nothing is switched over it`(scenario: String, says: [String]) throws {
        let rehearsal = try OracleRehearsal(Self.runbook, scenario)
        #expect(try rehearsal.run.outcome == "stuck")
        #expect(try rehearsal.run.result(of: "switch-over") == "in-doubt")
        #expect(try rehearsal.roleChanges() == ["switchover"])
        try rehearsal.expectPage(
            says: says + ["dgmgrl sys@SALES_FRA: show configuration verbose", "No database of the group is PRIMARY"])
        let lines = rehearsal.result.output.split(separator: "\n").filter { $0.contains("read-home: waiting") }
        #expect(lines.allSatisfy { $0.components(separatedBy: "ORA-01033").count == 2 }, "\(lines)")
    }
}

extension OracleRehearsal {
    /// The changes of roles that were asked for, in order.
    fileprivate func roleChanges() throws -> [String] {
        try changes().compactMap { change in
            if change.contains("convertStandbyDatabaseType") { return "convert" }
            return change.contains("/switchover") ? "switchover" : nil
        }
    }
}

extension OracleLab {
    fileprivate func switchovers() throws -> Int { try oracleEffects().count { $0 == "data-guard.switchover" } }
}
