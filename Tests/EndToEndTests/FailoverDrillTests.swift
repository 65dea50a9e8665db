// SPDX-License-Identifier: Apache-2.0

import MusterModel
import Testing

/// The whole drill against a cloud that is simulated and a database that is not.
struct FailoverDrillTests {
    @Test func `provisional`() throws {
        let lab = try Lab("failover-group-drill") { try $0.replace("SELECT 1 AS good", by: "SELECT good FROM orders", in: "runbooks/failover-group-drill.yaml") }
        let result = try lab.run()
        print(result.output, result.errors)
        print(try lab.cloud.effects())
        print(try lab.catalog.onlyRun.file("evidence/encryption-on-primary/sql.json"))
        print(try lab.catalog.onlyRun.file("evidence/probe-new-primary/reads.json"))
    }
}
