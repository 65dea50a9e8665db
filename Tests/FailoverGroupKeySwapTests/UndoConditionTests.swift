// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterPlugin
import Testing

@testable import AzureSteps
@testable import CloudSimulator
@testable import FailoverGroupKeySwap

/// The ids of a definition's preconditions `at: undo`, in its order.
func declaredAtUndo(_ step: any Step.Type) throws -> [String] {
    try StepDefinition.parse(step.definition, file: "\(step.name).yaml").get().preconditions
        .filter { $0.at == .undo }.map(\.id.value)
}

struct RegisterKeyUndoTests {
    private let harm = "failover-group-key-swap.still-running"

    private func inputs(_ lab: Lab) -> [String: String] { lab.pair("primary", "secondaryKey") }

    private func isGone(_ harness: StepHarness<RegisterKey>, _ lab: Lab) async throws -> Bool {
        if case .needed = try await harness.observe(inputs(lab)) { true } else { false }
    }

    @Test func `what an undo needs is shown before it, and still holds after it`() async throws {
        let lab = try await Lab()
        let harness = try lab.harness(RegisterKey.self)
        _ = try await harness.apply(inputs(lab))
        let before = try await harness.checkUndo(inputs(lab))
        #expect(before.map(\.id) == (try declaredAtUndo(RegisterKey.self)))
        #expect(before.notMet.isEmpty, "\(before)")
        #expect(before.allSatisfy { !$0.evidence.isEmpty })
        try await harness.undo(inputs(lab))
        let after = try await harness.checkUndo(inputs(lab))
        #expect(after.map(\.id) == before.map(\.id) && after.notMet.isEmpty)
        #expect(after["undo-key-ours"]?.says.contains("gone already") == true)
        #expect(try await isGone(harness, lab))
    }

    @Test func `a key that protects a partner is in use`() async throws {
        let lab = try await Lab()
        let harness = try lab.harness(RegisterKey.self)
        _ = try await harness.apply(inputs(lab))
        try await lab.register("secondary", "secondaryKey")
        _ = try await lab.harness(SetProtector.self).apply(lab.pair("secondary", "secondaryKey"))
        let found = try await harness.checkUndo(inputs(lab))
        #expect(found.notMet == ["undo-key-unused"])
        #expect(found["undo-key-unused"]?.says.contains("protects tdesecondarytest") == true)
    }

    @Test func `a registration that may be somebody else's is not this run's to undo`() async throws {
        let lab = try await Lab(faults: ["connection-lost-after-effect"])
        let harness = try lab.harness(RegisterKey.self)
        _ = await stepError { try await harness.apply(inputs(lab)) }
        #expect(try await harness.checkUndo(inputs(lab)).notMet == ["undo-key-ours"])
    }

    @Test func `what never ends keeps the owner unknown, and nothing is undone`() async throws {
        let lab = try await Lab(faults: ["stuck-operation"])
        let harness = try lab.harness(RegisterKey.self)
        _ = await stepError { try await harness.apply(inputs(lab)) }
        let error = await stepError { try await harness.undo(inputs(lab)) }
        // The service lists no key yet, so that nothing is left to be shown but that it goes on.
        #expect(error?.code == harm && error?.kind == .retryable)
        #expect(lab.cloud.effects.isEmpty)
    }

    @Test func `a registration under way when the engine died is waited for, then undone`() async throws {
        let lab = try await Lab()
        let crash = Crash(atBegin: 2)
        let dying = try lab.harness(RegisterKey.self) { try crash.begin() }
        _ = await stepError { try await dying.apply(inputs(lab)) }
        #expect(lab.cloud.effects.isEmpty)
        let operation = try #require(try dying.begun().last)
        let harness = try lab.harness(RegisterKey.self)
        try await harness.undo(inputs(lab), with: operation)
        #expect(lab.cloud.effects.count == 2)
        #expect(try await isGone(harness, lab))
    }

    @Test func `an undo that was cut off is taken up again and deletes once`() async throws {
        let lab = try await Lab()
        let harness = try lab.harness(RegisterKey.self)
        _ = try await harness.apply(inputs(lab))
        let undo = try #require(try harness.begun().last)
        let crash = Crash(atBegin: 2)
        let dying = try lab.harness(RegisterKey.self) { try crash.begin() }
        _ = await stepError { try await dying.undo(inputs(lab), with: undo) }
        // What the second begin would have stored is lost with the engine.
        let stored = try #require(try dying.begun().first)
        #expect(stored.isProvenOurs == true && stored.operation == nil)
        #expect(try await harness.checkUndo(inputs(lab), with: stored).notMet.isEmpty)
        try await harness.undo(inputs(lab), with: stored)
        #expect(lab.cloud.effects.count == 2)
        #expect(try await isGone(harness, lab))
    }

    @Test func `an undo that the service gave up is made again`() async throws {
        let lab = try await Lab(faults: ["operation-failed:method=DELETE,code=OperationTimedOut,message=late,times=1"])
        let harness = try lab.harness(RegisterKey.self)
        _ = try await harness.apply(inputs(lab))
        #expect(await stepError { try await harness.undo(inputs(lab)) }?.code == "OperationTimedOut")
        #expect(try await !isGone(harness, lab))
        #expect(try await harness.checkUndo(inputs(lab)).notMet.isEmpty)
        try await harness.undo(inputs(lab))
        #expect(try await isGone(harness, lab))
    }

    @Test func `a key that was registered before needs nothing and stays`() async throws {
        let lab = try await Lab()
        try await lab.register("primary", "secondaryKey")
        let undo = RegisterKey.Undo(
            wasRegistered: true, serverKeyName: "testanu2_tey_29497babb0cb4af58a773104a5dd61e5",
            serverName: "tdeprimarytest", resourceGroup: "harshitha_lab")
        let found = try await lab.harness(RegisterKey.self).checkUndo(inputs(lab), with: undo)
        #expect(found.notMet.isEmpty && found.allSatisfy { $0.says.contains("stays") })
    }
}

struct SetProtectorUndoTests {
    private func inputs(_ lab: Lab) -> [String: String] { lab.pair("secondary", "secondaryKey") }

    private func lab() async throws -> Lab {
        let lab = try await Lab()
        for server in ["primary", "secondary"] { try await lab.register(server, "secondaryKey") }
        return lab
    }

    private func changes(_ lab: Lab) -> Int { lab.cloud.effects.count { $0.hasPrefix("protector.changed") } }

    private func isBack(_ harness: StepHarness<SetProtector>, _ lab: Lab) async throws -> Bool {
        if case .needed = try await harness.observe(inputs(lab)) { true } else { false }
    }

    @Test func `what an undo needs is shown before it, and still holds after it`() async throws {
        let lab = try await lab()
        let harness = try lab.harness(SetProtector.self)
        _ = try await harness.apply(inputs(lab))
        let before = try await harness.checkUndo(inputs(lab))
        #expect(before.map(\.id) == (try declaredAtUndo(SetProtector.self)))
        #expect(before.notMet.isEmpty, "\(before)")
        #expect(before.allSatisfy { !$0.evidence.isEmpty })
        try await harness.undo(inputs(lab))
        let after = try await harness.checkUndo(inputs(lab))
        #expect(after.map(\.id) == before.map(\.id) && after.notMet.isEmpty)
        #expect(try await isBack(harness, lab))
    }

    /// What is wrong, the condition that says so, and a word of its sentence.
    static let lacks: [(String, String, @Sendable (inout AzureState) -> Void)] = [
        (
            "undo-server-ready", "Disabled, not Ready",
            { $0.servers[CaselessName("tdesecondarytest")]?.state = "Disabled" }
        ),
        (
            "undo-databases-accessible", "lost its key",
            { state in
                state.vaults[CaselessName("testanu2")]!.keys[CaselessName("tey")]!.versions[0].enabled = false
                state.servers[CaselessName("tdesecondarytest")]!.closedAtOnce = true
            }
        ),
        (
            "undo-previous-key-registered", "not registered on the partner tdeprimarytest",
            { state in
                let server = CaselessName("tdeprimarytest")
                state.servers[server]!.keys = state.servers[server]!.keys.filter {
                    !$0.value.name.contains("tdeshared")
                }
            }
        ),
        (
            "undo-previous-key-usable", "it is disabled",
            { $0.vaults[CaselessName("tdesharedvault")]!.keys[CaselessName("tdeshared")]!.versions[0].enabled = false }
        ),
        ("undo-previous-key-usable", "There is no key", { $0.vaults[CaselessName("tdesharedvault")]!.keys = [:] }),
    ]

    @Test(arguments: lacks)
    func `what is missing for the way back is named`(
        id: String, says: String, change: @Sendable (inout AzureState) -> Void
    ) async throws {
        let lab = try await lab()
        let harness = try lab.harness(SetProtector.self)
        _ = try await harness.apply(inputs(lab))
        lab.cloud.change(change)
        let found = try await harness.checkUndo(inputs(lab))
        #expect(found.notMet == [id], "\(found)")
        #expect(found[id]?.says.contains(says) == true, "\(found[id]?.says ?? "")")
        #expect(changes(lab) == 1)
    }

    @Test func `a previous key that cannot be looked at hinders no way back`() async throws {
        let lab = try await lab()
        let harness = try lab.harness(SetProtector.self)
        _ = try await harness.apply(inputs(lab))
        lab.cloud.change { $0.client.deniedActions = ["Microsoft.KeyVault/vaults/*"] }
        let found = try await harness.checkUndo(inputs(lab))
        #expect(found.notMet.isEmpty, "\(found)")
        #expect(found["undo-previous-key-usable"]?.says.contains("could not be read") == true)
    }

    @Test func `a protector of somebody else's is named and left alone`() async throws {
        let lab = try await lab()
        for server in ["primary", "secondary"] { try await lab.register(server, "primaryKey") }
        let harness = try lab.harness(SetProtector.self)
        _ = try await harness.apply(inputs(lab))
        _ = try await lab.harness(SetProtector.self).apply(lab.pair("secondary", "primaryKey"))
        #expect(try await harness.checkUndo(inputs(lab)).notMet == ["undo-protector-ours"])
        #expect(await stepError { try await harness.undo(inputs(lab)) }?.kind == .permanent)
        #expect(changes(lab) == 2)
    }

    @Test(arguments: [1, 2])
    func `a change that was begun when the engine died is put back, made or not`(begin: Int) async throws {
        let lab = try await lab()
        let crash = Crash(atBegin: begin)
        let dying = try lab.harness(SetProtector.self) { try crash.begin() }
        _ = await stepError { try await dying.apply(inputs(lab)) }
        let stored = try #require(try dying.begun().first)
        let harness = try lab.harness(SetProtector.self)
        #expect(try await harness.checkUndo(inputs(lab), with: stored).notMet.isEmpty)
        for _ in 0..<2 { try await harness.undo(inputs(lab), with: stored) }
        #expect(changes(lab) == (begin == 1 ? 0 : 2))
        #expect(try await isBack(harness, lab))
    }

    @Test func `an undo that was cut off is taken up again and changes once`() async throws {
        let lab = try await lab()
        let harness = try lab.harness(SetProtector.self)
        _ = try await harness.apply(inputs(lab))
        let undo = try #require(try harness.begun().last)
        let crash = Crash(atBegin: 2)
        let dying = try lab.harness(SetProtector.self) { try crash.begin() }
        _ = await stepError { try await dying.undo(inputs(lab), with: undo) }
        #expect(changes(lab) == 1)
        let stored = try #require(try dying.begun().first)
        try await harness.undo(inputs(lab), with: stored)
        #expect(changes(lab) == 2)
        #expect(try await isBack(harness, lab))
    }

    @Test func `an undo that never ends is retried, and nothing is said to be met meanwhile`() async throws {
        let lab = try await Lab(faults: ["stuck-operation:method=PUT,path=*encryptionProtector*,after=1"])
        for server in ["primary", "secondary"] { try await lab.register(server, "secondaryKey") }
        let harness = try lab.harness(SetProtector.self)
        _ = try await harness.apply(inputs(lab))
        #expect(await stepError { try await harness.undo(inputs(lab)) }?.kind == .unknownOutcome)
        let found = try await harness.checkUndo(inputs(lab))
        #expect(found.notMet == found.map(\.id) && found.allSatisfy { $0.verdict == .unverifiable })
        #expect(await stepError { try await harness.undo(inputs(lab)) }?.kind == .retryable)
    }
}
