// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudSteps
import MusterModel
import OracleCloudClient
import OracleSteps
import Testing

struct ProtectionTests {
    private func protection(_ mode: String, _ transports: [String?]) throws -> Finding {
        let members = transports.enumerated().map { number, transport -> JSON in
            var member: [String: JSON] = [
                "databaseId": .string("ocid1.database.oc1.fra.\(number)"), "role": number == 0 ? "PRIMARY" : "STANDBY",
            ]
            if let transport { member["transportType"] = .string(transport) }
            return .object(member)
        }
        let database: JSON = [
            "id": "ocid1.database.oc1.fra.0", "dbName": "SALES", "dbUniqueName": "SALES_FRA",
            "lifecycleState": "AVAILABLE",
            "dataGuardGroup": ["protectionMode": .string(mode), "members": .array(members)],
        ]
        let target = Tagged(value: try database.decode(OracleDatabase.self), etag: nil)
        return DataGuardView(target: target, peers: [], now: ManualTime.start).isProtectionSound
    }

    @Test func `a protection is sound when its mode takes the transports`() throws {
        #expect(try protection("MAXIMUM_PERFORMANCE", ["ASYNC", "ASYNC"]).isMet)
        guard case .unmet = try protection("MAXIMUM_PROTECTION", ["SYNC", "ASYNC"]) else {
            Issue.record("not unmet")
            return
        }
    }

    @Test func `where no transport is named nobody knows whether it is sound`() throws {
        guard case .unverifiable(let why) = try protection("MAXIMUM_AVAILABILITY", [nil, nil]) else {
            Issue.record("not unverifiable")
            return
        }
        #expect(why.contains("no transport named"))
    }
}
