// SPDX-License-Identifier: Apache-2.0

import CloudSimulator
import MusterDocuments
import MusterModel
import MusterPlugin
import MusterSQL
import Testing

@testable import AzureClient
@testable import TestFailover

private func declaredAtUndo(_ step: any Step.Type) throws -> [String] {
    try StepDefinition.parse(step.definition, file: "\(step.name).yaml").get().preconditions
        .filter { $0.at == .undo }.map(\.id.value)
}

struct FailoverUndoTests {
    private func isBack(_ step: StepHarness<PlannedFailover>, _ lab: Lab) async throws -> Bool {
        if case .needed = try await step.observe(lab.over) { true } else { false }
    }

    @Test func `what an undo needs is shown before it, and still holds after it`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(PlannedFailover.self)
        _ = try await step.apply(lab.over)
        let before = try await step.checkUndo(lab.over)
        #expect(before.map(\.id) == (try declaredAtUndo(PlannedFailover.self)))
        #expect(before.notMet.isEmpty, "\(before)")
        try await step.undo(lab.over)
        let after = try await step.checkUndo(lab.over)
        #expect(after.map(\.id) == before.map(\.id) && after.notMet.isEmpty)
        #expect(after["undo-servers-ready"]?.says == "tdeprimarytest is primary already.")
        #expect(try await isBack(step, lab))
    }

    @Test func `fail-back is undone in the same way`() async throws {
        let lab = try await Lab()
        try await lab.failOver()
        let step = try lab.harness(FailBack.self)
        _ = try await step.apply(lab.back)
        #expect(try await step.checkUndo(lab.back).map(\.id) == (try declaredAtUndo(FailBack.self)))
        for _ in 0..<2 { try await step.undo(lab.back) }
        #expect(lab.cloud.failovers.count == 3)
        guard case .needed = try await step.observe(lab.back) else { Issue.record("not needed"); return }
    }

    static let lacks: [(String, String, @Sendable (SimulatedCloud) -> Void)] = [
        (
            "undo-servers-ready", "tdeprimarytest is Disabled",
            { $0.change { $0.servers[SimulatedCloud.primary]?.state = "Disabled" } }
        ),
        (
            "undo-target-opens-databases", "tdeprimarytest has lost its key",
            {
                $0.change { $0.servers[SimulatedCloud.primary]?.closedAtOnce = true }
                $0.disableKey(of: SimulatedCloud.primary)
            }
        ),
        ("undo-target-opens-databases", "disabled", { $0.disableKey(of: SimulatedCloud.primary) }),
        (
            "undo-replication-healthy", "SUSPENDED",
            { $0.change { $0.failoverGroups[SimulatedCloud.group]?.replicationState = "SUSPENDED" } }
        ),
    ]

    @Test(arguments: lacks)
    func `what is missing for the way back is named`(
        id: String, says: String, change: @Sendable (SimulatedCloud) -> Void
    ) async throws {
        let lab = try await Lab()
        let step = try lab.harness(PlannedFailover.self)
        _ = try await step.apply(lab.over)
        change(lab.cloud)
        let found = try await step.checkUndo(lab.over)
        #expect(found.notMet == [id], "\(found)")
        #expect(found[id]?.says.contains(says) == true, "\(found[id]?.says ?? "")")
        #expect(lab.cloud.failovers.count == 1)
    }

    @Test func `keys that cannot be looked at hinder no way back`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(PlannedFailover.self)
        _ = try await step.apply(lab.over)
        lab.cloud.change { $0.client.deniedActions = ["Microsoft.KeyVault/vaults/*"] }
        #expect(try await step.checkUndo(lab.over).notMet.isEmpty)
        try await step.undo(lab.over)
        #expect(try await isBack(step, lab))
    }

    @Test(arguments: [1, 2])
    func `a failover that was begun when the engine died is undone, made or not`(begin: Int) async throws {
        let lab = try await Lab()
        let crash = Crash(atBegin: begin)
        let dying = try lab.harness(PlannedFailover.self) { try crash.begin() }
        _ = await stepError { try await dying.apply(lab.over) }
        let stored = try #require(try dying.begun().first)
        let step = try lab.harness(PlannedFailover.self)
        #expect(try await step.checkUndo(lab.over, with: stored).notMet.isEmpty)
        for _ in 0..<2 { try await step.undo(lab.over, with: stored) }
        #expect(lab.cloud.failovers.count == (begin == 1 ? 0 : 2))
        #expect(try await isBack(step, lab))
    }

    @Test func `an undo that was cut off is taken up again and fails over once`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(PlannedFailover.self)
        _ = try await step.apply(lab.over)
        let undo = try #require(try step.begun().last)
        let crash = Crash(atBegin: 2)
        let dying = try lab.harness(PlannedFailover.self) { try crash.begin() }
        _ = await stepError { try await dying.undo(lab.over, with: undo) }
        #expect(lab.cloud.failovers.count == 1)
        let stored = try #require(try dying.begun().first)
        try await step.undo(lab.over, with: stored)
        #expect(lab.cloud.failovers.count == 2)
        #expect(try await isBack(step, lab))
    }

    @Test func `what never ends is neither met nor undone over`() async throws {
        let lab = try await Lab(faults: ["stuck-operation"])
        let step = try lab.harness(PlannedFailover.self, timeout: .seconds(300))
        _ = await stepError { try await step.apply(lab.over) }
        let found = try await step.checkUndo(lab.over)
        #expect(found.allSatisfy { $0.verdict == .unverifiable })
        #expect(await stepError { try await step.undo(lab.over) }?.code == "test-failover.still-running")
    }
}

struct MarkerUndoTests {
    private func standing(_ step: StepHarness<WriteMarkers>, _ lab: Lab) async throws -> String {
        switch try await step.observe(lab.markers()) {
        case .satisfied: "satisfied"
        case .needed, .absent: "needed"
        case .partial(_, let why), .unfinished(_, let why): why
        case .unknown(let why): why
        }
    }

    @Test func `markers are deleted, and that they are is read`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(WriteMarkers.self)
        _ = try await step.apply(lab.markers())
        let found = try await step.checkUndo(lab.markers())
        #expect(found.map(\.id) == (try declaredAtUndo(WriteMarkers.self)) && found.notMet.isEmpty)
        for _ in 0..<2 { try await step.undo(lab.markers()) }
        #expect(try await standing(step, lab) == "needed")
        #expect(lab.databases.asked.count { $0.statement.hasPrefix("DELETE") } == 2)
    }

    @Test func `rows that an undo has left behind are not called gone`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(WriteMarkers.self)
        _ = try await step.apply(lab.markers())
        lab.databases.fail { _, statement in
            statement.hasPrefix("DELETE") ? .of(.statement, "42000", 229, "The DELETE permission was denied.") : nil
        }
        _ = await stepError { try await step.undo(lab.markers()) }
        #expect(try await standing(step, lab).contains("up to 5 of"))
        lab.databases.fail { _, _ in nil }
        try await step.undo(lab.markers())
        #expect(try await standing(step, lab) == "needed")
    }

    @Test func `half of the markers, and none, are undone too`() async throws {
        for written in [0, 3] {
            let lab = try await Lab()
            lab.databases.fail { [databases = lab.databases] _, statement in
                let inserts = databases.asked.count { $0.statement.hasPrefix("INSERT") }
                return statement.hasPrefix("INSERT") && inserts > written
                    ? .of(.connectionLost, "08S01", 0, "broke") : nil
            }
            let step = try lab.harness(WriteMarkers.self)
            _ = await stepError { try await step.apply(lab.markers()) }
            #expect(lab.cloud.state.markers.count == written)
            try await step.undo(lab.markers())
            #expect(lab.cloud.state.markers.isEmpty)
            #expect(try await standing(step, lab) == "needed")
        }
    }

    @Test func `a table that does not answer is said before the undo`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(WriteMarkers.self)
        _ = try await step.apply(lab.markers())
        lab.databases.fail { _, _ in .of(.denied, "42000", 229, "The SELECT permission was denied.") }
        let found = try await step.checkUndo(lab.markers())
        #expect(found.notMet == ["undo-table-readable"])
        #expect(found["undo-table-readable"]?.says.contains("SELECT permission") == true)
    }

    @Test func `markers are looked for where they were written`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(WriteMarkers.self)
        _ = try await step.apply(lab.markers())
        let undo = try #require(try step.begun().last)
        var elsewhere = lab.markers()
        elsewhere["database"] = "another"
        #expect(try await step.checkUndo(elsewhere, with: undo).notMet.isEmpty)
        try await step.undo(elsewhere, with: undo)
        #expect(lab.cloud.state.markers.isEmpty)
    }
}
