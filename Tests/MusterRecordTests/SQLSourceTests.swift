// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import Testing

@testable import MusterRecord

/// Who answered what a run asked by SQL.
@Suite struct SQLSourceTests {
    static let database: JSON = [
        "kind": "odbc", "driver": "psqlodbcw.so 13.02.0000", "product": "PostgreSQL 15.18",
    ]
    static let simulator: JSON = ["kind": "simulator", "product": "the cloud simulator"]

    private func statement(_ source: JSON?) -> JSON {
        var members: [String: JSON] = ["statement": "SELECT 1", "rows": [[1]]]
        members["source"] = source
        return .object(members)
    }

    private func script(_ data: [JSON]) throws -> RunScript {
        var script = try RunScript.begun()
        try script.start("verify-protectors")
        for data in data { try script.show("verify-protectors", "sql", "verify", data) }
        return script
    }

    @Test func `each source stands once on the first page, and the simulator is no database`() throws {
        let script = try script([
            .array([statement(Self.database), statement(nil), statement(Self.database)]),
            ["asked": statement(Self.simulator)],
        ])
        #expect(
            try script.page().contains(
                "| SQL answered by | PostgreSQL 15.18 over psqlodbcw.so 13.02.0000<br>"
                    + "**the cloud simulator**, no database |\n"))
        let sources = try script.files().record.sqlSources
        #expect(sources?.map(\.kind) == ["odbc", "simulator"])
        #expect(try JSON(encoding: sources) == .array([Self.database, Self.simulator]))
    }

    static let others: [JSON] = [
        [], ["source": ["kind": "odbc", "product": "P"]], ["statement": "S", "source": "P"],
        ["statement": "S", "source": ["kind": "odbc"]], [["statement": "S", "error": "Nobody was reached"]],
    ]

    @Test(arguments: others) func `where nobody answered by SQL the page says nothing of it`(data: JSON) throws {
        let script = try script([data])
        #expect(try script.files().record.sqlSources == nil)
        #expect(try !script.page().contains("SQL answered by"))
    }

    @Test func `what a source says of itself is no markup, and many are counted`() throws {
        let many = (1...8).map { statement(["kind": "odbc", "product": .string("<b>\($0)|")]) }
        let page = try script([.array(many)]).page()
        #expect(page.contains("\\<b\\>6\\|<br>and 2 more, in record.json |"))
    }
}
