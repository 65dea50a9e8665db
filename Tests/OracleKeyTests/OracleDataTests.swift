// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterPlugin
import Testing

@testable import CloudSimulator
@testable import TestFailover

struct OracleDataTests {
    private func look(_ more: [String: JSON] = [:]) -> JSON {
        given(
            [
                "database": .string(DatabaseLab.sales), "pluggableDatabase": "ORDERS", "table": "drill.rows",
                "role": "PRIMARY", "series": "none", "atLeast": 0, "lagWithin": "30s", "within": "1m",
            ], more)
    }

    private let row: JSON = [
        "database": .string(DatabaseLab.sales), "pluggableDatabase": "ORDERS", "table": "drill.rows",
    ]

    @Test func `a row is written, read back, found by a proof, and taken away`() async throws {
        let lab = try await DatabaseLab()
        let step = try lab.harness(WriteOracleData.self)
        #expect(try await step.check(row).failing == [])
        let series = try await step.apply(row).series
        #expect(try await step.verify(row).failing == [])
        let report = try await lab.harness(VerifyOracleData.self)
            .report(look(["series": .string(series), "atLeast": 1]))
        #expect(report.postconditions.failing == [], "\(report.postconditions)")
        #expect(report.outputs?.newest == 1 && report.outputs?.openMode == "READ WRITE")
        for _ in 0..<2 { try await step.undo(row) }
        guard case .needed = try await step.observe(row) else { Issue.record("not needed"); return }
        #expect(lab.effects == ["row.written SALES_EAST", "rows.deleted SALES_EAST"])
    }

    @Test func `what is not so is told by the database's own account`() async throws {
        let lab = try await DatabaseLab {
            $0[path: "oracle", "databases", "SALES_EAST", "tablespaces"] = ["USERS": false]
        }
        let found = try await lab.harness(VerifyOracleData.self).report(
            look(["role": "SNAPSHOT STANDBY", "atLeast": 1]))
        #expect(found.postconditions.failing == ["role-as-named", "table-encrypted", "data-readable"])
        #expect(found.outputs == nil)
    }

    @Test func `a table in the open is told before a row is written`() async throws {
        let lab = try await DatabaseLab {
            $0[path: "oracle", "databases", "SALES_EAST", "tablespaces"] = ["USERS": false]
        }
        let found = try await lab.harness(WriteOracleData.self).check(row)
        #expect(found.failing == ["table-encrypted"])
        #expect(found.one("table-encrypted")?.says.contains("USERS, which is not encrypted") == true)
    }

    @Test func `a standby that is only mounted proves nothing`() async throws {
        let lab = try await DatabaseLab { $0[path: "oracle", "databases", "SALES_EAST", "role"] = "STANDBY" }
        let found = try await lab.harness(VerifyOracleData.self).report(look(["role": "PHYSICAL STANDBY"]))
        #expect(found.postconditions.allSatisfy { $0.verdict == .unverifiable })
        #expect(found.postconditions.first?.says.contains("ORA-01033") == true)
        let error = await thrown { try await lab.harness(WriteOracleData.self).apply(row) }
        #expect(error?.code == "sql.unavailable" && lab.effects.isEmpty)
    }

    @Test func `a table is named with its schema, and in a pluggable database that is there`() async throws {
        let step = try await DatabaseLab().harness(VerifyOracleData.self)
        #expect(
            await thrown { try await step.report(look(["table": "rows"])) }?.code == "test-failover.table-name")
        let other = await thrown { try await step.report(look(["pluggableDatabase": "CRM"])) }
        #expect(other?.code == "test-failover.foreign-database")
    }
}
