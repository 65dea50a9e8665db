// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudSimulator
import MusterModel
import MusterPlugin
import Synchronization
import Testing

@testable import AzureClient
@testable import TestFailover

/// Refuses `begin` from the given call on, as when the engine dies there.
final class Crash: Sendable {
    private let calls = Mutex(0)
    private let first: Int
    init(atBegin first: Int) { self.first = first }
    func begin() throws {
        let count = calls.withLock { calls in
            calls += 1
            return calls
        }
        if count >= first { throw StepError.permanent("test.crash", "the engine is gone") }
    }
}

struct PlannedFailoverTests {
    @Test func `the group changes sides once and is waited for`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(PlannedFailover.self)
        #expect(try await step.check(lab.over).notMet.isEmpty)
        #expect(
            try await step.observe(lab.over)
                == .needed([
                    Change("failoverGroups/tdefailovergroup/primary", from: "tdeprimarytest", to: "tdesecondarytest")
                ]))
        let outputs = try await step.apply(lab.over)
        #expect(outputs.previousPrimary.name == "tdeprimarytest")
        #expect([outputs.replicationBefore, outputs.replicationAfter] == ["CATCH_UP", "CATCH_UP"])
        #expect(try await step.verify(lab.over).notMet.isEmpty)
        #expect(lab.cloud.failovers == ["failover-group.failed-over tdefailovergroup to tdesecondarytest"])
        #expect(step.progress.contains { $0.contains("which loses nothing") })
    }

    @Test func `a target that is primary already is asked nothing`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(PlannedFailover.self)
        guard case .satisfied(let outputs) = try await step.observe(lab.back) else {
            Issue.record("it is as wanted")
            return
        }
        #expect(try await step.apply(lab.back) == outputs)
        #expect(lab.cloud.failovers.isEmpty)
        #expect(try step.begun().isEmpty)
    }

    @Test func `somebody else's failover just before is seen and nothing is sent`() async throws {
        let lab = try await Lab()
        _ = try await lab.harness(PlannedFailover.self).observe(lab.over)
        try await lab.failOver()
        let step = try lab.harness(PlannedFailover.self)
        _ = try await step.apply(lab.over)
        #expect(lab.cloud.failovers.count == 1)
    }

    @Test(arguments: ["connection-lost-after-effect", "connection-lost-before-effect", "unavailable", "throttle"])
    func `an answer that is lost leads to one failover at most`(fault: String) async throws {
        let lab = try await Lab(faults: ["\(fault):operation=FailoverGroups_Failover,times=1"])
        let step = try lab.harness(PlannedFailover.self)
        do {
            _ = try await step.apply(lab.over)
        } catch let error as StepError {
            #expect(error.kind != .permanent)
            switch try await step.observe(lab.over) {
            case .satisfied: break
            case .needed: _ = try await step.apply(lab.over)
            default: Issue.record("the world tells where it stands")
            }
        }
        #expect(try await step.verify(lab.over).notMet.isEmpty)
        #expect(lab.cloud.failovers.count == 1)
    }

    @Test func `an operation that outlived its engine is followed to its end`() async throws {
        let lab = try await Lab()
        let crash = Crash(atBegin: 2)
        let step = try lab.harness(PlannedFailover.self) { try crash.begin() }
        _ = await stepError { try await step.apply(lab.over) }
        #expect(lab.cloud.failovers.isEmpty)
        guard case .satisfied(let outputs) = try await step.observe(lab.over) else {
            Issue.record("the operation was not followed")
            return
        }
        #expect(outputs.previousPrimary.name == "tdeprimarytest")
        #expect(lab.cloud.failovers.count == 1)
    }

    @Test func `what never ends keeps the state unknown`() async throws {
        let lab = try await Lab(faults: ["stuck-operation"])
        let step = try lab.harness(PlannedFailover.self, timeout: .seconds(300))
        #expect(await stepError { try await step.apply(lab.over) }?.kind == .unknownOutcome)
        guard case .unknown = try await step.observe(lab.over) else {
            Issue.record("an operation that runs on is not settled")
            return
        }
    }

    @Test func `a time-out of the service is told with its code and changes nothing`() async throws {
        let lab = try await Lab(faults: ["planned-failover-timeout"])
        let step = try lab.harness(PlannedFailover.self)
        #expect(await stepError { try await step.apply(lab.over) }?.code == "PlannedFailoverTimedOut")
        guard case .needed = try await step.observe(lab.over) else {
            Issue.record("the roles are as before")
            return
        }
        #expect(lab.cloud.failovers.isEmpty)
    }

    @Test func `a group that is left suspended is not called caught up`() async throws {
        let lab = try await Lab(faults: ["left-suspended"])
        let step = try lab.harness(PlannedFailover.self)
        #expect(try await step.apply(lab.over).replicationAfter == "SUSPENDED")
        #expect(try await step.verify(lab.over).notMet == ["replication-caught-up"])
        #expect(step.progress.contains { $0.contains("SUSPENDED") })
    }

    @Test func `a group that is not caught up is not asked to fail over`() async throws {
        let lab = try await Lab { $0.failoverGroups[SimulatedCloud.group]?.replicationState = "SUSPENDED" }
        let step = try lab.harness(PlannedFailover.self)
        #expect(await stepError { try await step.apply(lab.over) }?.code == "test-failover.not-caught-up")
        #expect(try step.begun().isEmpty)
    }

    @Test func `undo fails back once, and the notes hold the commands for it`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(PlannedFailover.self)
        _ = try await step.apply(lab.over)
        let undo = try #require(try step.begun().last)
        #expect(
            undo.azCommand
                == "az sql failover-group set-primary --resource-group harshitha_lab --server tdeprimarytest "
                + "--name tdefailovergroup")
        #expect(
            undo.powerShellCommand
                == "Switch-AzSqlDatabaseFailoverGroup -ResourceGroupName 'harshitha_lab' -ServerName 'tdeprimarytest' "
                + "-FailoverGroupName 'tdefailovergroup'")
        try await step.undo(lab.over)
        try await step.undo(lab.over)
        #expect(lab.cloud.failovers.count == 2)
        guard case .needed = try await step.observe(lab.over) else {
            Issue.record("the group is still on the other side")
            return
        }
    }

    @Test func `undo is done when both servers are level again`() async throws {
        let lab = try await Lab(faults: ["left-suspended:duration=2m,times=2"])
        let step = try lab.harness(PlannedFailover.self)
        _ = try await step.apply(lab.over)
        try await step.undo(lab.over)
        let group = try #require(lab.cloud.state.failoverGroups[SimulatedCloud.group])
        #expect(group.primary == SimulatedCloud.primary && group.replicationState == "CATCH_UP")
        lab.cloud.change { $0.failoverGroups[SimulatedCloud.group]?.replicationState = "SUSPENDED" }
        let error = await stepError { try await step.undo(lab.over) }
        #expect(error?.code == "test-failover.not-caught-up" && error?.kind == .retryable)
        #expect(lab.cloud.failovers.count == 2)
    }

    @Test func `undo does not go back to a server that has lost its databases`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(PlannedFailover.self)
        _ = try await step.apply(lab.over)
        lab.cloud.change { $0.servers[SimulatedCloud.primary]?.closedAtOnce = true }
        lab.cloud.disableKey(of: SimulatedCloud.primary)
        #expect(await stepError { try await step.undo(lab.over) }?.code == "test-failover.target-inaccessible")
        #expect(lab.cloud.failovers.count == 1)
    }
}

struct FailBackTests {
    @Test func `the group comes back, and a second time nothing is sent`() async throws {
        let lab = try await Lab()
        try await lab.failOver()
        let step = try lab.harness(FailBack.self)
        #expect(try await step.check(lab.back).notMet.isEmpty)
        #expect(try await step.apply(lab.back).previousPrimary.name == "tdesecondarytest")
        #expect(try await step.verify(lab.back).notMet.isEmpty)
        guard case .satisfied = try await lab.harness(FailBack.self).observe(lab.back) else {
            Issue.record("it is back already")
            return
        }
        #expect(lab.cloud.failovers.count == 2)
    }

    @Test func `a failover that is still under way is waited for before it is judged`() async throws {
        let lab = try await Lab()
        let crash = Crash(atBegin: 2)
        let first = try lab.harness(PlannedFailover.self) { try crash.begin() }
        _ = await stepError { try await first.apply(lab.over) }
        #expect(lab.cloud.failovers.isEmpty)
        guard case .needed = try await lab.harness(FailBack.self).observe(lab.back) else {
            Issue.record("the failover under way was not waited for")
            return
        }
        #expect(lab.cloud.failovers.count == 1)
    }

    @Test func `a plan does not wait`() async throws {
        let lab = try await Lab()
        let crash = Crash(atBegin: 2)
        let first = try lab.harness(PlannedFailover.self) { try crash.begin() }
        _ = await stepError { try await first.apply(lab.over) }
        let before = lab.time.now
        _ = try await lab.harness(FailBack.self, run: nil).observe(lab.back)
        #expect(lab.time.now == before)
    }

    @Test func `a new primary without its key does not hinder coming back`() async throws {
        let lab = try await Lab(faults: ["secondary-without-key"])
        let over = try lab.harness(PlannedFailover.self)
        _ = try await over.apply(lab.over)
        #expect(try await over.verify(lab.over).notMet == ["databases-accessible"])
        let step = try lab.harness(FailBack.self)
        #expect(try await step.check(lab.back).notMet.isEmpty)
        _ = try await step.apply(lab.back)
        #expect(try await step.verify(lab.back)["target-is-primary"]?.verdict == .met)
    }

    @Test func `a group that stays suspended is tried all the same, and the service's word counts`() async throws {
        let lab = try await Lab(faults: ["left-suspended"])
        try await lab.failOver()
        let step = try lab.harness(FailBack.self)
        let error = await stepError { try await step.apply(lab.back) }
        #expect(error?.code == "PlannedFailoverTimedOut")
        #expect(error?.kind == .retryable)
        #expect(lab.cloud.failovers.count == 1)
        lab.cloud.change { $0.failoverGroups[SimulatedCloud.group]?.replicationState = "CATCH_UP" }
        _ = try await step.apply(lab.back)
        #expect(lab.cloud.failovers.count == 2)
    }

    @Test func `a target that has lost its key is refused`() async throws {
        let lab = try await Lab()
        try await lab.failOver()
        lab.cloud.disableKey(of: SimulatedCloud.primary)
        let conditions = try await lab.harness(FailBack.self).check(lab.back)
        #expect(conditions.notMet == ["target-opens-databases"])
        #expect(conditions["target-opens-databases"]?.says.contains("disabled") == true)
    }

    @Test func `a vault that cannot be read does not hinder coming back`() async throws {
        let lab = try await Lab()
        try await lab.failOver()
        lab.cloud.change { $0.client.deniedActions = ["Microsoft.KeyVault/vaults/*"] }
        #expect(try await lab.harness(FailBack.self).check(lab.back).notMet.isEmpty)
    }
}
