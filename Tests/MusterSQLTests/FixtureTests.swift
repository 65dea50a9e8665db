// SPDX-License-Identifier: Apache-2.0

import MusterModel
import PostgreSQLFixture
import Testing

struct FixtureTests {
    @Test func `the fixture's database answers its superuser, and says its errors`() throws {
        let server = try PostgreSQLFixture.running()
        let database = try server.createDatabase()
        #expect(try server.run("SELECT 1 + 1, 'x';\nSELECT current_database();", in: database) == "2|x\n\(database)\n")
        let error = #expect(throws: MusterError.self) { try server.run("SELECT nothing;", in: database) }
        #expect(error?.summary.contains("\"nothing\" does not exist") == true)
    }
}
