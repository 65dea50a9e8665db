// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterPlugin
import OracleCloudClient
import OracleSteps
import Testing

@testable import CloudSimulator
@testable import TestFailover

struct FailoverTests {
    private static let lost: @Sendable (inout OracleState) -> Void = {
        $0.alter("SALES_FRA") { $0.lifecycleState = "FAILED" }
    }

    @Test func `a lost primary is replaced, taken in again, and switched back to`() async throws {
        let lab = try await Lab(change: Self.lost)
        let step = try lab.harness(DataGuardFailover.self)
        #expect(try await step.check(failover()).notMet == [])
        let outputs = try await step.apply(failover())
        #expect(outputs.previousPrimary.text == primary)
        #expect(try await step.verify(failover()).notMet == [])
        guard case .satisfied = try await step.observe(failover()) else { Issue.record("not satisfied"); return }
        lab.cloud.change { $0.alter("SALES_FRA") { $0.lifecycleState = "AVAILABLE" } }
        let again: JSON = ["database": .string(primary), "settleWithin": "1s"]
        let reinstate = try lab.harness(DataGuardReinstate.self)
        #expect(try await reinstate.check(again).notMet == [])
        #expect(try await reinstate.apply(again).primary.text == standby)
        #expect(try await reinstate.verify(again).notMet == [])
        _ = try await lab.harness(DataGuardSwitchover.self).apply(switchover(to: primary))
        #expect(
            lab.cloud.effects == [
                "data-guard.failover SALES_AMS", "data-guard.reinstate SALES_FRA", "data-guard.switchover SALES_FRA",
            ])
    }

    static let lacks: [(String, [String: JSON], @Sendable (inout OracleState) -> Void)] = [
        ("primary-lost", [:], { _ in }), ("primary-lost", [:], { $0.alter("SALES_FRA") { $0.role = "STANDBY" } }),
        (
            "key-reached", [:],
            {
                lost(&$0)
                $0.alter("SALES_AMS") { $0.keys.registered = "ocid1.oracledbazurekey.oc1.eu-amsterdam-1.none" }
            }
        ), ("loss-confirmed", ["confirm": "sales"], lost),
        ("reason-given", ["reason": " "], lost),
        (
            "loss-within", ["lossWithin": "1s"],
            {
                lost(&$0)
                $0.alter("SALES_AMS") { $0.transportLag = "9 seconds" }
            }
        ),
        (
            "ready-for-failover", [:],
            {
                lost(&$0)
                $0.alter("SALES_AMS") { $0.readiness = "CRITICAL" }
            }
        ),
    ]

    @Test(arguments: lacks)
    func `the bar of a failover is high`(
        id: String, more: [String: JSON], change: @Sendable (inout OracleState) -> Void
    ) async throws {
        let lab = try await Lab(change: change)
        let found = try await lab.harness(DataGuardFailover.self).check(failover(more))
        #expect(found[id]?.verdict != .met)
    }

    @Test func `a target that is not shown to reach its key is taken only where that is risked`() async throws {
        let lab = try await Lab {
            Self.lost(&$0)
            $0.alter("SALES_AMS") { $0.keys.registered = "ocid1.oracledbazurekey.oc1.eu-amsterdam-1.none" }
        }
        let step = try lab.harness(DataGuardFailover.self)
        #expect(try await step.check(failover()).notMet == ["key-reached"])
        let found = try await step.check(failover(["evenIfKeyUnproven": true]))
        #expect(found.notMet == [] && found["key-reached"]?.says.contains("Risked all the same") == true)
    }

    @Test(arguments: ["BACKUP_IN_PROGRESS", "UPDATING", "UPGRADING", "CONVERTING", "PROVISIONING", "A_NEW_STATE"])
    func `a primary that is at work is not shown to be lost`(state: String) async throws {
        let lab = try await Lab { $0.alter("SALES_FRA") { $0.lifecycleState = state } }
        let step = try lab.harness(DataGuardFailover.self)
        let found = try await step.check(failover())
        #expect(found.notMet == ["primary-lost"])
        #expect(found["primary-lost"]?.verdict == .unverifiable)
        #expect(found["primary-lost"]?.says.contains("is \(state)") == true)
        #expect(try await step.check(failover(["evenIfHealthy": true])).notMet == [])
    }

    @Test(arguments: ["FAILED", "RESTORE_FAILED", "TERMINATING", "TERMINATED"])
    func `a primary that does not come back is lost`(state: String) async throws {
        let lab = try await Lab { $0.alter("SALES_FRA") { $0.lifecycleState = state } }
        #expect(try await lab.harness(DataGuardFailover.self).check(failover()).notMet == [])
    }

    @Test func `a primary that is well is given up only where that is asked for`() async throws {
        let lab = try await Lab()
        let found = try await lab.harness(DataGuardFailover.self).check(failover(["evenIfHealthy": true]))
        #expect(found.notMet == [])
        #expect(found["primary-lost"]?.says.contains("SALES_FRA (eu-frankfurt-1) is AVAILABLE") == true)
    }

    @Test func `a primary that cannot be looked at is not shown to be lost`() async throws {
        let lab = try await Lab(faults: ["unavailable:path=*salesfra*,times=always"])
        let step = try lab.harness(DataGuardFailover.self)
        let found = try await step.check(failover())
        #expect(found["primary-lost"]?.verdict == .unverifiable)
        _ = try await step.apply(failover(["evenIfHealthy": true]))
        #expect(lab.cloud.effects == ["data-guard.failover SALES_AMS"])
    }

    @Test func `only a disabled standby is reinstated`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(DataGuardReinstate.self)
        let there: JSON = ["database": .string(primary), "settleWithin": "1s"]
        #expect(try await step.check(there).notMet == ["is-disabled-standby"])
        #expect(await stepError { try await step.apply(there) }?.code == "data-guard.roles")
        let follower: JSON = ["database": .string(standby), "settleWithin": "1s"]
        guard case .satisfied = try await step.observe(follower) else { Issue.record("not satisfied"); return }
        #expect(lab.cloud.effects.isEmpty)
    }
}
