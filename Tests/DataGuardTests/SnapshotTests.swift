// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import MusterModel
import MusterPlugin
import OracleCloudClient
import OracleSteps
import Testing

@testable import CloudSimulator
@testable import TestFailover

struct SnapshotTests {
    @Test func `a standby is opened as a snapshot and converted back`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(SnapshotStandby.self)
        let found = try await step.check(conversion())
        #expect(found.notMet == [])
        #expect(found["days-allowed"]?.says.contains("fast recovery area") == true)
        #expect(try await step.apply(conversion()).role == "SNAPSHOT_STANDBY")
        #expect(try await step.verify(conversion()).notMet == [])
        let undo = try #require(try step.begun().last)
        #expect(undo.byHand.contains("convert database 'SALES_AMS' to physical standby"))
        try await step.undo(conversion(), with: undo)
        guard case .needed = try await step.observe(conversion()) else { Issue.record("not needed"); return }
        #expect(lab.cloud.effects == ["data-guard.convert SALES_AMS", "data-guard.convert SALES_AMS"])
    }

    @Test func `converting back is a step of its own too`() async throws {
        let lab = try await Lab { $0.alter("SALES_AMS") { $0.role = "SNAPSHOT_STANDBY" } }
        let step = try lab.harness(SnapshotStandby.self)
        let back = conversion(["to": "physical"])
        #expect(try await step.check(back).notMet == [])
        #expect(try await step.apply(back).role == "STANDBY")
        guard case .satisfied = try await step.observe(back) else { Issue.record("not satisfied"); return }
    }

    @Test(
        arguments: [
            ("days-allowed", ["days": 2]), ("days-allowed", ["days": 15]),
            ("is-standby", ["database": .string(primary)]),
        ] as [(String, [String: JSON])])
    func `what cannot be converted is named`(id: String, more: [String: JSON]) async throws {
        let lab = try await Lab()
        #expect(try await lab.harness(SnapshotStandby.self).check(conversion(more)).notMet == [id])
    }

    @Test func `the last standby of maximum protection stays one`() async throws {
        let lab = try await Lab {
            $0.protectionMode = "MAXIMUM_PROTECTION"
            $0.transport = "SYNC"
        }
        #expect(try await lab.harness(SnapshotStandby.self).check(conversion()).notMet == ["protection-allows"])
    }

    @Test func `a primary is never converted`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(SnapshotStandby.self)
        let error = await stepError { try await step.apply(conversion(["database": .string(primary)])) }
        #expect(error?.code == "data-guard.roles")
        #expect(lab.cloud.effects.isEmpty)
    }
}

struct VerifyDataGuardTests {
    private func inputs(_ primary: String, within: String = "1m", atStart: Bool = false) -> JSON {
        [
            "primary": .string(primary), "lagWithin": "30s", "statusWithin": "15m", "within": .string(within),
            "atStart": .bool(atStart), "members": [], "standbyRequired": true, "azureKeys": true, "healthy": false,
        ]
    }

    @Test func `a drill that is told the wrong primary does not begin`() async throws {
        let lab = try await Lab()
        for (named, expected) in [(primary, []), (standby, ["role-as-named"])] {
            let planned = try lab.harness(VerifyDataGuard.self, isPlanned: true)
            #expect(try await planned.check(inputs(named, atStart: true)).notMet == expected)
            #expect(try await lab.harness(VerifyDataGuard.self).check(inputs(named, atStart: true)).notMet == [])
        }
    }

    @Test func `the roles as they are asked for are shown`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(VerifyDataGuard.self)
        #expect(try await step.check(inputs(primary)).notMet == [])
        #expect(try await step.verify(inputs(primary)).notMet == [])
        #expect(lab.time.now == ManualTime.start)
    }

    @Test func `a standby that lags is waited for, and said when the time is over`() async throws {
        let lab = try await Lab(faults: ["lag-over-limit:lag=2 minutes"])
        let step = try lab.harness(VerifyDataGuard.self)
        let found = try await step.verify(inputs(primary))
        #expect(found.notMet == ["lags-within"])
        #expect(found["lags-within"]?.says.contains("is 2 min, over 30 s") == true)
        #expect(lab.time.now.duration(since: ManualTime.start) == .seconds(50))
    }

    @Test func `another primary is not the one asked for`() async throws {
        let lab = try await Lab()
        let found = try await lab.harness(VerifyDataGuard.self).verify(inputs(standby, within: "1s"))
        #expect(found.notMet == ["is-primary", "others-follow", "lags-within"])
    }
}
