// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import MusterModel
import PostgreSQLFixture
import Testing

/// The lab itself: what its database shows is what its cloud says at that moment.
struct LabTests {
    /// The query of the page that the drill follows, word for word.
    private static let query = """
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

    @Test func `the database shows what the cloud says, and nothing to a session that has not said where it is`() throws
    {
        let catalog = try Catalog(.shipped)
        let cloud = try LabCloud(scenario: catalog.scenario(of: KeySwap.runbook))
        let database = try LabDatabase(of: cloud)
        let here = "SET muster.server TO 'tdeprimarytest'; SET muster.database TO 'tdedatabase';\n"
        let shown = try database.run(here + Self.query)
        let thumbprint = try #require(
            try cloud.look(at: "state")["servers"]?["tdeprimarytest"]?["databases"]?["tdedatabase"]?[
                "encryptor-thumbprint"]?
                .string)
        #expect(shown == "tdedatabase|3|ENCRYPTED|AES|256|ASYMMETRIC KEY|\\x\(thumbprint.lowercased())\n")
        #expect(try database.run(here + "SELECT good FROM orders") == "1\n")
        let updateability = "SELECT DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS updateability"
        #expect(try database.run(here + updateability) == "READ_WRITE\n")
        let there = here.replacing("tdeprimary", with: "tdesecondary")
        #expect(try database.run(there + updateability) == "READ_ONLY\n")
        let partner = "SELECT partner_server, replication_state_desc FROM sys.dm_geo_replication_link_status"
        #expect(try database.run(there + partner) == "tdeprimarytest|CATCH_UP\n")
        #expect(throws: MusterError.self) { try database.run(Self.query) }
        #expect(throws: MusterError.self) { try database.run(here.replacing("tdep", with: "$(id)") + Self.query) }
    }
}
