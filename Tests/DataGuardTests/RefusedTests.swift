// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import MusterModel
import MusterPlugin
import OracleCloudClient
import OracleSteps
import Testing

@testable import CloudSimulator
@testable import TestFailover

/// What a run asked for in vain is not its own when somebody else does it.
struct RefusedTests {
    @Test func `a switchover that was refused, and made by somebody else, is not taken back`() async throws {
        let lab = try await Lab(faults: ["throttle:operation=switchover,times=6"])
        let step = try lab.harness(DataGuardSwitchover.self)
        #expect(await stepError { try await step.apply(switchover()) }?.kind == .retryable)
        #expect(try step.begun().map(\.isRefused) == [nil, true])
        lab.cloud.change {
            $0.alter("SALES_AMS") { $0.role = "PRIMARY" }
            $0.alter("SALES_FRA") { $0.role = "STANDBY" }
        }
        guard case .satisfied = try await step.observe(switchover()) else { Issue.record("not shown"); return }
        let found = try await step.checkUndo(switchover())
        #expect(found.count == 7 && found.notMet.isEmpty)
        #expect(found.allSatisfy { $0.says.contains("refused") })
        for _ in 0..<2 { try await step.undo(switchover()) }
        #expect(lab.cloud.effects == [])
        guard case .needed = try await step.observe(switchover()) else { Issue.record("the proof fails"); return }
    }

    @Test func `a conversion that was refused, and made by somebody else, is not taken back`() async throws {
        let lab = try await Lab(faults: ["throttle:operation=convertStandbyDatabaseType,times=6"])
        let step = try lab.harness(SnapshotStandby.self)
        _ = await stepError { try await step.apply(conversion()) }
        lab.cloud.change { $0.alter("SALES_AMS") { $0.role = "SNAPSHOT_STANDBY" } }
        guard case .satisfied = try await step.observe(conversion()) else { Issue.record("not shown"); return }
        #expect(try await step.checkUndo(conversion()).count == 4)
        #expect(try await step.checkUndo(conversion()).notMet.isEmpty)
        try await step.undo(conversion())
        #expect(lab.cloud.effects == [])
        guard case .needed = try await step.observe(conversion()) else { Issue.record("the proof fails"); return }
    }

    @Test func `a refusal does not settle what became of an earlier request`() async throws {
        let lab = try await Lab(faults: ["throttle:operation=switchover,times=always"])
        let step = try lab.harness(DataGuardSwitchover.self)
        _ = await stepError { try await step.apply(switchover()) }
        let (asked, refused) = (try #require(try step.begun().first), try #require(try step.begun().last))
        // Killed before the answer: it may be ours, whatever the next attempt is told.
        _ = await stepError { try await step.apply(switchover(), after: asked) }
        #expect(try step.begun().last?.isRefused == nil)
        _ = await stepError { try await step.apply(switchover(), after: refused) }
        #expect(try step.begun().suffix(2).map(\.isRefused) == [nil, true])
    }

    @Test func `a switchover that is accepted after a refusal is this run's`() async throws {
        let lab = try await Lab(faults: ["throttle:operation=switchover,times=6"])
        let step = try lab.harness(DataGuardSwitchover.self)
        _ = await stepError { try await step.apply(switchover()) }
        _ = try await step.apply(switchover(), after: try step.begun().last)
        #expect(try step.begun().last?.isRefused == nil)
        try await step.undo(switchover())
        #expect(lab.cloud.effects == ["data-guard.switchover SALES_AMS", "data-guard.switchover SALES_FRA"])
    }

    @Test func `an undo that is refused still has something to undo`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(DataGuardSwitchover.self)
        _ = try await step.apply(switchover())
        let poor = try await Lab(faults: ["throttle:operation=switchover,times=6"]) {
            $0.alter("SALES_AMS") { $0.role = "PRIMARY" }
            $0.alter("SALES_FRA") { $0.role = "STANDBY" }
        }
        let undoing = try poor.harness(DataGuardSwitchover.self)
        var undo = try #require(try step.begun().last)
        undo.operation = nil
        _ = await stepError { try await undoing.undo(switchover(), with: undo) }
        #expect(try undoing.begun().last?.isRefused == nil)
        try await undoing.undo(switchover())
        #expect(poor.cloud.effects == ["data-guard.switchover SALES_FRA"])
    }

    @Test func `a switchover that shall wait for long is looked into anew before it is sent`() async throws {
        let lab = try await Lab(faults: ["throttle:operation=switchover,times=1,retry-after=45"])
        let step = try lab.harness(DataGuardSwitchover.self)
        let error = await stepError { try await step.apply(switchover()) }
        #expect(error?.kind == .retryable)
        #expect(lab.cloud.effects == [] && !lab.time.slept.contains(.seconds(45)))
    }
}
