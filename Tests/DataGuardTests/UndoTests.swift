// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import MusterPlugin
import OracleCloudClient
import OracleSteps
import Testing

@testable import CloudSimulator
@testable import TestFailover

private func declaredAtUndo(_ step: any Step.Type) throws -> [String] {
    try StepDefinition.parse(step.definition, file: "\(step.name).yaml").get().preconditions
        .filter { $0.at == .undo }.map(\.id.value)
}

struct SwitchoverUndoTests {
    private func isBack(_ step: StepHarness<DataGuardSwitchover>) async throws -> Bool {
        if case .needed = try await step.observe(switchover()) { true } else { false }
    }

    @Test func `what an undo needs is shown before it, and twice is harmless`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(DataGuardSwitchover.self)
        _ = try await step.apply(switchover())
        let before = try await step.checkUndo(switchover())
        #expect(before.map(\.id) == (try declaredAtUndo(DataGuardSwitchover.self)))
        #expect(before.notMet.isEmpty, "\(before)")
        for _ in 0..<2 { try await step.undo(switchover()) }
        let after = try await step.checkUndo(switchover())
        #expect(after.map(\.id) == before.map(\.id) && after.notMet.isEmpty)
        #expect(try await isBack(step))
        #expect(lab.cloud.effects == ["data-guard.switchover SALES_AMS", "data-guard.switchover SALES_FRA"])
    }

    @Test func `a work request that the service has forgotten bars no way back`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(DataGuardSwitchover.self)
        _ = try await step.apply(switchover())
        lab.cloud.change { $0.workRequests = [] }
        #expect(try await step.checkUndo(switchover()).notMet == [])
        try await step.undo(switchover())
        #expect(lab.cloud.effects == ["data-guard.switchover SALES_AMS", "data-guard.switchover SALES_FRA"])
    }

    static let lacks: [([String], String, @Sendable (inout OracleState) -> Void)] = [
        (
            ["undo-databases-available"], "SALES_AMS (eu-amsterdam-1) is FAILED",
            { $0.alter("SALES_AMS") { $0.lifecycleState = "FAILED" } }
        ),
        (["undo-lag-within"], "is 31 s, over 30 s", { $0.alter("SALES_FRA") { $0.applyLag = "31 seconds" } }),
        (
            ["undo-ready-for-switchover"], "is WARNING for a switchover",
            { $0.alter("SALES_FRA") { $0.readiness = "WARNING" } }
        ),
        (["undo-previous-standby"], "is SNAPSHOT_STANDBY", { $0.alter("SALES_FRA") { $0.role = "SNAPSHOT_STANDBY" } }),
        (["undo-one-primary"], "No database of the group", { $0.alter("SALES_AMS") { $0.role = "STANDBY" } }),
    ]

    @Test(arguments: lacks)
    func `what is missing for the way back is named`(
        ids: [String], says: String, change: @Sendable (inout OracleState) -> Void
    ) async throws {
        let lab = try await Lab()
        let step = try lab.harness(DataGuardSwitchover.self)
        _ = try await step.apply(switchover())
        lab.cloud.change(change)
        let found = try await step.checkUndo(switchover())
        #expect(found.notMet == ids, "\(found)")
        #expect(found[ids[0]]?.says.contains(says) == true, "\(found[ids[0]]?.says ?? "")")
        #expect(lab.cloud.effects.count == 1)
    }

    @Test func `figures of lag that are not known hinder no way back`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(DataGuardSwitchover.self)
        _ = try await step.apply(switchover())
        lab.cloud.change { $0.alter("SALES_FRA") { $0.transportLag = "soon" } }
        let found = try await step.checkUndo(switchover())
        #expect(found.notMet.isEmpty)
        #expect(found["undo-lag-within"]?.says.contains("not known: soon") == true)
    }

    @Test func `half of a switchover is not switched over again`() async throws {
        let lab = try await Lab(faults: ["switchover-half-completes"])
        let step = try lab.harness(DataGuardSwitchover.self)
        _ = await stepError { try await step.apply(switchover()) }
        #expect(try await step.checkUndo(switchover()).notMet.contains("undo-one-primary"))
        let before = lab.cloud.effects
        let error = await stepError { try await step.undo(switchover()) }
        #expect(error?.code == "data-guard.roles" && error?.kind == .permanent)
        #expect(lab.cloud.effects == before)
    }

    @Test func `a switchover that was made or not when its answer stayed lost is undone all the same`() async throws {
        for fault in ["connection-lost-after-effect", "connection-lost-before-effect"] {
            let lab = try await Lab(faults: ["\(fault):operation=switchover,times=9"])
            let step = try lab.harness(DataGuardSwitchover.self)
            _ = await stepError { try await step.apply(switchover()) }
            #expect(try step.begun().last?.operation == nil)
            // The undo is a request of its own, which gets through.
            let undoing = try lab.harness(DataGuardSwitchover.self, attempt: 2)
            let undo = try #require(try step.begun().last)
            for _ in 0..<9 { _ = try? await undoing.undo(switchover(), with: undo) }  // Some answers are lost too.
            try await undoing.undo(switchover(), with: undo)
            #expect(try await isBack(undoing))
            let wasMade = fault == "connection-lost-after-effect"
            #expect(
                lab.cloud.effects
                    == (wasMade ? ["data-guard.switchover SALES_AMS", "data-guard.switchover SALES_FRA"] : []))
        }
    }
}

struct SnapshotUndoTests {
    @Test func `what an undo needs is shown before it, and twice is harmless`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(SnapshotStandby.self)
        _ = try await step.apply(conversion())
        let before = try await step.checkUndo(conversion())
        #expect(before.map(\.id) == (try declaredAtUndo(SnapshotStandby.self)))
        #expect(before.notMet.isEmpty, "\(before)")
        for _ in 0..<2 { try await step.undo(conversion()) }
        #expect(try await step.checkUndo(conversion()).notMet.isEmpty)
        guard case .needed = try await step.observe(conversion()) else { Issue.record("not needed"); return }
        #expect(lab.cloud.effects == ["data-guard.convert SALES_AMS", "data-guard.convert SALES_AMS"])
    }

    @Test func `an undo leaves the notes of the way back as they were`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(SnapshotStandby.self)
        _ = try await step.apply(conversion())
        let first = try #require(try step.begun().first)
        try await step.undo(conversion())
        #expect(try step.begun().map(\.byHand) == Array(repeating: first.byHand, count: 4))
        #expect(try step.begun().map(\.previousRole) == Array(repeating: "STANDBY", count: 4))
    }

    @Test func `a snapshot that the service has converted back by itself needs nothing`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(SnapshotStandby.self)
        _ = try await step.apply(conversion())
        lab.cloud.change { $0.alter("SALES_AMS") { $0.role = "STANDBY" } }
        #expect(try await step.checkUndo(conversion()).notMet.isEmpty)
        try await step.undo(conversion())
        #expect(lab.cloud.effects.count == 1)
    }

    @Test func `a standby that somebody made primary since is left alone`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(SnapshotStandby.self)
        _ = try await step.apply(conversion())
        lab.cloud.change { $0.alter("SALES_AMS") { $0.role = "PRIMARY" } }
        #expect(try await step.checkUndo(conversion()).notMet.contains("undo-is-standby"))
        #expect(await stepError { try await step.undo(conversion()) }?.code == "data-guard.roles")
        #expect(lab.cloud.effects.count == 1)
    }

    @Test func `no password is said before the undo`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(SnapshotStandby.self)
        _ = try await step.apply(conversion())
        let undo = try #require(try step.begun().last)
        let poor = try await Lab(without: ["database-admin-password"]) {
            $0.alter("SALES_AMS") { $0.role = "SNAPSHOT_STANDBY" }
        }
        var data = undo
        data.operation = nil
        let found = try await poor.harness(SnapshotStandby.self).checkUndo(conversion(), with: data)
        #expect(found.notMet == ["undo-password-given"])
    }
}
