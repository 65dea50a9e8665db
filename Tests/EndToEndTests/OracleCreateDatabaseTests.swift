// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import MusterModel
import Testing

/// The shipped creation of a database on a key of Azure, against both simulated clouds.
struct OracleCreateDatabaseTests {
    private static let runbook = "oracle-create-database-with-key"

    @Test func `a database is made on a key of its own, and the vault's log shows its nodes at work`() throws {
        let rehearsal = try OracleRehearsal(Self.runbook)
        #expect(try rehearsal.run.outcome == "succeeded")
        #expect(
            try rehearsal.results() == [
                "shown", "verified", "already-so", "verified", "shown", "verified", "shown", "shown", "shown",
            ])
        try rehearsal.expectPage(says: [
            "`databases/SALES_FRA`", "ORDERS is READ\\_WRITE.", "The master keys in use by 2 containers are in HSM.",
            "the log shows 2 uses of sales, by each of 2 identities", "Objectives: 1 of 1 met",
        ])
    }

    @Test func `a database that is there on its key is left as it is`() throws {
        let rehearsal = try OracleRehearsal(Self.runbook, "already-created")
        #expect(try Set(rehearsal.results()) == ["already-so", "shown"])
        #expect(try rehearsal.run.result(of: "key-was-used") == "skipped")
        #expect(try rehearsal.keyChanges() == [])
    }

    @Test(arguments: [
        ("key-roles-lost", ["ForbiddenByRbac", "ORA-28407"]),
        ("key-disabled", ["KeyDisabled: the key sales of tde-keys is disabled", "ORA-28407"]),
    ])
    func `a database that can't get at its key is never called made`(scenario: String, says: [String]) throws {
        let rehearsal = try OracleRehearsal(Self.runbook, scenario)
        #expect(try rehearsal.run.outcome == "stuck")
        #expect(try rehearsal.run.result(of: "create-database") == "in-doubt")
        try rehearsal.expectPage(says: says + ["SALES\\_FRA (eu-frankfurt-1) is FAILED"])
    }

    @Test func `nodes that reach no endpoint of the vault are told before there is a database`() throws {
        let rehearsal = try OracleRehearsal(Self.runbook, "vault-out-of-reach")
        #expect(try rehearsal.run.outcome == "failed")
        #expect(try rehearsal.run.result(of: "create-database") == "not-reached")
        try rehearsal.expectPage(says: ["fra-1 gets no answer from tde-keys"])
    }

    @Test(arguments: [
        ("name=TOOLONGNAME", "eight at most"), ("uniqueName=SALES FRA", "no name of a DB_UNIQUE_NAME"),
        ("home=ocid1.dbhome.oc1.eu-frankfurt-1.home-two", "The cluster has no home"),
        ("cluster=ocid1.cloudvmcluster.oc1.eu-frankfurt-1.other", "is that of ocid1.cloudvmcluster"),
        ("compartment=ocid1.compartment.oc1..other", "is in ocid1.compartment.oc1..drill, not in"),
        ("registration=nonsense", "is registered as tde-keys, not as nonsense"),
    ])
    func `what does not belong together is told by the plan, and nothing is made`(input: String, says: String) throws {
        let catalog = try Catalog(.shipped)
        let result = try catalog.muster("rehearse", Self.runbook, "--speed", "400", "--input", input)
        #expect(result.status == 3, "\(result)")
        #expect((result.errors + result.output).contains(says), "\(result)")
        #expect(catalog.runFolders.isEmpty)
    }

    // MARK: At a cloud that stays

    @Test func `a second run makes nothing, and a rollback leaves nothing of what the first has made`() throws {
        let lab = try OracleLab(Self.runbook)
        let before = (try lab.cloud.look(at: "state"), try lab.cloud.look(at: "oracle"))
        let first = try lab.run("--input", "waitsForUser=false")
        #expect(first.status == 0, "\(first)")
        let effects = (try lab.cloud.effects(), try lab.oracleEffects())
        #expect(effects.0["key.created sales"] == 1 && effects.1.filter { $0 == "database.created" }.count == 1)
        let second = try lab.run("--input", "waitsForUser=false")
        #expect(second.status == 0, "\(second)")
        #expect(try (lab.cloud.effects(), lab.oracleEffects()) == effects)
        let run = try #require(lab.catalog.runFolders.first)
        let back = try lab.catalog.muster("rollback", run, "--reason", "Back", "--yes")
        #expect(back.status == 0 && back.output.contains("↺ rolled back"), "\(back)")
        #expect(try lab.oracleEffects() == effects.1 + ["database.deleted"])
        try expectAsBefore(lab, before)
        let record = try lab.catalog.record(of: run)
        #expect(try record.outcome == "rolled-back")
        try OracleRehearsal.expectNoSecrets(lab.catalog, record, also: Array(lab.cloud.secrets.values))
    }

    /// The database is gone, its key is deleted and can be recovered, and what was there before is as it was.
    private func expectAsBefore(_ lab: OracleLab, _ before: (JSON, JSON)) throws {
        let after = (try lab.cloud.look(at: "state"), try lab.cloud.look(at: "oracle"))
        for part in ["groups", "role-assignments", "arc-machines"] {
            #expect(after.0[part] == before.0[part], "\(after.0)")
        }
        #expect(after.0["vaults"]?["tde-keys"]?["keys"] == ["hr": "there", "sales": "deleted"])
        #expect(after.1["databases"] == before.1["databases"], "\(after.1)")
        let again = try lab.run("--input", "waitsForUser=false")
        #expect(again.status == 0, "\(again)")
        #expect(try lab.cloud.effects()["key.recovered sales"] == 1)
    }
}

extension OracleRehearsal {
    /// Requests that changed a cloud: neither a question to a log nor what a drill writes by SQL.
    func keyChanges() throws -> [String] { try changes().filter { !$0.hasSuffix("/query") } }
}
