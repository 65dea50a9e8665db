// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import MusterModel
import PostgreSQLFixture
import Testing

/// Drills whose database can't be had: nothing is begun, or the group comes back all the same.
struct DatabaseTroubleTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// The connection string, given the right one.
        var connection: @Sendable (String) -> String = { $0 }
        var password = PostgreSQLFixture.password
        /// What must be said.
        let says: [String]
    }

    static let cases: [Case] = [
        Case(
            testDescription: "nobody listens",
            connection: { $0.replacing(/Port=\d+/, with: "Port=1") }, says: ["[precondition.unverifiable]", "refused"]),
        Case(
            testDescription: "wrong password", password: "a-wrong-password",
            says: ["[precondition.unverifiable]", "password"]),
        Case(
            testDescription: "missing driver",
            connection: { $0.replacing("PostgreSQL Unicode", with: "ODBC Driver 18 for SQL Server") },
            says: ["[precondition.unverifiable]", "ODBC Driver 18 for SQL Server", "odbcinst"]),
    ]

    @Test(arguments: cases)
    func `a database that can't be asked stops the drill before it begins`(trouble: Case) throws {
        let lab = try Lab(FailoverDrillTests.runbook)
        try lab.connect(trouble.connection(lab.database.connection))
        let refs = try lab.catalog.refs
        lab.catalog.variables[LabDatabase.secretName] = trouble.password
        let result = try lab.run()
        #expect(result.status == 3, "\(result)")
        for words in trouble.says { #expect(result.errors.contains(words), "\(words) is not said: \(result)") }
        #expect(!result.everything.contains(trouble.password))
        #expect(try lab.cloud.effects().isEmpty)
        #expect(lab.catalog.runFolders.isEmpty)
        #expect(try lab.catalog.refs == refs)
    }

    @Test func `a database that goes away in the middle keeps nobody from coming back`() throws {
        let lab = try Lab(FailoverDrillTests.runbook)
        let command = try lab.start()
        try command.wait(for: "fail-over: effect begun")
        try lab.database.close()
        let result = try command.finish()
        #expect(result.status == 1, "\(result)")
        let run = try lab.catalog.onlyRun
        #expect(try run.outcome == "failed")
        #expect(try run.result(of: "fail-over") == "verified")
        #expect(try run.result(of: "probe-new-primary") == "failed")
        #expect(try run.result(of: "fail-back") == "verified")
        #expect(try run.record["why"]?.string?.contains("not currently accepting connections") == true, "\(result)")
        #expect(try lab.cloud.primary() == Lab.primary)
        #expect(try lab.catalog.muster("verify", "last").status == 0)
    }
}
