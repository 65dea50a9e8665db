// SPDX-License-Identifier: Apache-2.0

import MusterPlugin
import Synchronization
import Testing

@testable import AzureSteps
@testable import CloudSimulator
@testable import FailoverGroupKeySwap

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

struct UndoTests {
    @Test func `a key that the run registered is unregistered, once and for all`() async throws {
        let lab = try await Lab()
        let inputs = lab.pair("primary", "secondaryKey")
        let harness = try lab.harness(RegisterKey.self)
        _ = try await harness.apply(inputs)
        #expect(try harness.begun().map { $0.operation != nil } == [false, true])
        try await harness.undo(inputs)
        try await harness.undo(inputs)
        guard case .needed = try await harness.observe(inputs) else {
            Issue.record("the key is still there")
            return
        }
        #expect(lab.cloud.effects.count == 2)
    }

    @Test func `a key that was there before is never removed`() async throws {
        let lab = try await Lab()
        let inputs = lab.pair("primary", "secondaryKey")
        try await lab.register("primary", "secondaryKey")
        let undo = RegisterKey.Undo(
            wasRegistered: true, serverKeyName: "testanu2_tey_29497babb0cb4af58a773104a5dd61e5",
            serverName: "tdeprimarytest",
            resourceGroup: "harshitha_lab")
        try await lab.harness(RegisterKey.self).undo(inputs, with: undo)
        #expect(lab.cloud.effects.count == 1)
    }

    @Test(arguments: [AzureState.RepeatedKeyPut.conflict, .accept])
    func `a key that somebody else registers at the same moment is not this run's`(
        answer: AzureState.RepeatedKeyPut
    ) async throws {
        let lab = try await Lab()
        lab.cloud.change { $0.repeatedKeyPut = answer }
        let inputs = lab.pair("primary", "secondaryKey")
        let harness = try lab.harness(RegisterKey.self) {
            if lab.cloud.effects.isEmpty { try await lab.register("primary", "secondaryKey") }
        }
        _ = try await harness.apply(inputs)
        #expect(try harness.begun().map(\.wasRegistered) == [false, true])
        try await harness.undo(inputs)
        #expect(lab.cloud.effects.count == 1)
    }

    @Test func `a key that nobody can say who registered is left to a person`() async throws {
        let lab = try await Lab(faults: ["connection-lost-after-effect"])
        let inputs = lab.pair("primary", "secondaryKey")
        let harness = try lab.harness(RegisterKey.self)
        #expect(await stepError { try await harness.apply(inputs) }?.kind == .unknownOutcome)
        #expect(
            await stepError { try await harness.undo(inputs) }?.code == "failover-group-key-swap.unproven-owner")
        #expect(lab.cloud.effects.count == 1)
    }

    @Test func `a key that protects a partner stays`() async throws {
        let lab = try await Lab()
        let primary = try lab.harness(RegisterKey.self)
        _ = try await primary.apply(lab.pair("primary", "secondaryKey"))
        try await lab.register("secondary", "secondaryKey")
        _ = try await lab.harness(SetProtector.self).apply(lab.pair("secondary", "secondaryKey"))
        let before = lab.cloud.effects
        let error = await stepError { try await primary.undo(lab.pair("primary", "secondaryKey")) }
        #expect(error?.code == "failover-group-key-swap.key-in-use")
        #expect(error?.message.contains("protects tdesecondarytest") == true)
        #expect(lab.cloud.effects == before)
    }

    @Test func `the previous protector comes back, and the notes hold the commands for it`() async throws {
        let lab = try await Lab()
        try await lab.register("primary", "secondaryKey")
        try await lab.register("secondary", "secondaryKey")
        let inputs = lab.pair("secondary", "secondaryKey")
        let harness = try lab.harness(SetProtector.self)
        _ = try await harness.apply(inputs)
        let undo = try #require(try harness.begun().last)
        #expect(
            undo.previousKey == "https://tdesharedvault.vault.azure.net/keys/tdeshared/5d0f6c1c2b7e4a3f9a8b7c6d5e4f3a21"
        )
        #expect(
            undo.azCommand
                == "az sql server tde-key set --resource-group harshitha_lab --server tdesecondarytest "
                + "--server-key-type AzureKeyVault --kid \(undo.previousKey) --auto-rotation-enabled false")
        try await harness.undo(inputs)
        try await harness.undo(inputs)
        guard case .needed(let changes) = try await harness.observe(inputs) else {
            Issue.record("the protector is still the new one")
            return
        }
        #expect(changes.map(\.from) == [undo.previousKey])
        #expect(lab.cloud.effects.count { $0.hasPrefix("protector.changed") } == 2)
    }

    @Test func `a protector that somebody else has set since is left alone`() async throws {
        let lab = try await Lab()
        for server in ["primary", "secondary"] {
            try await lab.register(server, "secondaryKey")
            try await lab.register(server, "primaryKey")
        }
        let inputs = lab.pair("secondary", "secondaryKey")
        let harness = try lab.harness(SetProtector.self)
        _ = try await harness.apply(inputs)
        _ = try await lab.harness(SetProtector.self).apply(lab.pair("secondary", "primaryKey"))
        let before = lab.cloud.effects
        #expect(await stepError { try await harness.undo(inputs) }?.code == "failover-group-key-swap.protector-changed")
        #expect(lab.cloud.effects == before)
    }

    @Test func `a previous key that the partner has lost is not put back`() async throws {
        let lab = try await Lab()
        try await lab.register("primary", "secondaryKey")
        try await lab.register("secondary", "secondaryKey")
        let inputs = lab.pair("secondary", "secondaryKey")
        let harness = try lab.harness(SetProtector.self)
        _ = try await harness.apply(inputs)
        lab.cloud.forgetSharedKey(on: "tdeprimarytest")
        let error = await stepError { try await harness.undo(inputs) }
        #expect(error?.code == "failover-group-key-swap.previous-key-missing")
    }
}

struct CrashTests {
    @Test func `an engine that dies before the effect leaves none`() async throws {
        let lab = try await Lab()
        let crash = Crash(atBegin: 1)
        let harness = try lab.harness(RegisterKey.self) { try crash.begin() }
        _ = await stepError { try await harness.apply(lab.pair("primary", "secondaryKey")) }
        #expect(lab.cloud.effects.isEmpty)
    }

    @Test func `an operation that outlived its engine is followed to its end when it is observed`() async throws {
        let lab = try await Lab()
        let crash = Crash(atBegin: 2)
        let inputs = lab.pair("primary", "secondaryKey")
        let harness = try lab.harness(RegisterKey.self) { try crash.begin() }
        _ = await stepError { try await harness.apply(inputs) }
        #expect(lab.cloud.effects.isEmpty)
        guard case .satisfied = try await harness.observe(inputs) else {
            Issue.record("the operation was not followed")
            return
        }
        #expect(lab.cloud.effects.count == 1)
    }

    @Test(arguments: ["connection-lost-after-effect", "connection-lost-before-effect", "unavailable", "throttle"])
    func `a registration survives a network that fails and is made once`(fault: String) async throws {
        let lab = try await Lab(faults: [fault])
        let inputs = lab.pair("primary", "secondaryKey")
        let harness = try lab.harness(RegisterKey.self)
        do {
            _ = try await harness.apply(inputs)
        } catch let error as StepError {
            #expect(error.kind != .permanent, "\(error)")
        }
        switch try await harness.observe(inputs) {
        case .satisfied: break
        case .needed:
            #expect(fault != "connection-lost-after-effect", "an effect that was still on its way was not waited for")
            _ = try await harness.apply(inputs)
        default: Issue.record("the world tells where it stands")
        }
        #expect(try await harness.verify(inputs).notMet.isEmpty)
        #expect(lab.cloud.effects.count == 1)
    }

    @Test func `a registration whose answer was lost is in doubt, and found once it has landed`() async throws {
        let lab = try await Lab(faults: ["connection-lost-after-effect"])
        let inputs = lab.pair("primary", "secondaryKey")
        let harness = try lab.harness(RegisterKey.self)
        #expect(await stepError { try await harness.apply(inputs) }?.kind == .unknownOutcome)
        #expect(lab.cloud.effects.isEmpty)
        guard case .satisfied = try await harness.observe(inputs) else {
            Issue.record("the registration was not waited for")
            return
        }
        #expect(harness.progress.last?.contains("waiting for UpsertLogicalServerEncryptionKeys") == true)
    }

    @Test func `a protector whose answer was lost is in doubt, and found once it has landed`() async throws {
        let lab = try await Lab(faults: ["connection-lost-after-effect:method=PUT,path=*encryptionProtector*"])
        try await lab.register("primary", "secondaryKey")
        try await lab.register("secondary", "secondaryKey")
        let inputs = lab.pair("secondary", "secondaryKey")
        let harness = try lab.harness(SetProtector.self)
        #expect(await stepError { try await harness.apply(inputs) }?.kind == .unknownOutcome)
        #expect(lab.cloud.effects.count == 2)
        guard case .satisfied = try await harness.observe(inputs) else {
            Issue.record("the change was not waited for")
            return
        }
        #expect(lab.cloud.effects.count == 3)
    }

    @Test func `what never ends and may be ours keeps the state unknown`() async throws {
        let lab = try await Lab(faults: ["connection-lost-after-effect", "stuck-operation"])
        let inputs = lab.pair("primary", "secondaryKey")
        let harness = try lab.harness(RegisterKey.self)
        #expect(await stepError { try await harness.apply(inputs) }?.kind == .unknownOutcome)
        guard case .unknown(let why) = try await harness.observe(inputs) else {
            Issue.record("an operation that runs on is not settled")
            return
        }
        #expect(why.contains("UpsertLogicalServerEncryptionKeys (InProgress)"))
    }

    @Test func `an operation that fails inside HTTP 200 is a failure with the service's code`() async throws {
        let lab = try await Lab(faults: ["operation-failed:code=AzureKeyVaultKeyDisabled,message=the key is disabled"])
        let inputs = lab.pair("primary", "secondaryKey")
        let harness = try lab.harness(RegisterKey.self)
        let error = await stepError { try await harness.apply(inputs) }
        #expect(error?.code == "AzureKeyVaultKeyDisabled")
        #expect(error?.kind == .permanent)
        guard case .needed = try await harness.observe(inputs) else {
            Issue.record("nothing was registered")
            return
        }
    }

    @Test func `an operation that never ends leaves the outcome unknown, and observing says so`() async throws {
        let lab = try await Lab(faults: ["stuck-operation"])
        let inputs = lab.pair("primary", "secondaryKey")
        let harness = try lab.harness(RegisterKey.self)
        #expect(await stepError { try await harness.apply(inputs) }?.kind == .unknownOutcome)
        guard case .unknown = try await harness.observe(inputs) else {
            Issue.record("an operation that runs on is not settled")
            return
        }
    }

    @Test func `a token that expires in mid-run is replaced`() async throws {
        let lab = try await Lab(faults: ["token-expired"])
        _ = try await lab.harness(RegisterKey.self).apply(lab.pair("primary", "secondaryKey"))
        #expect(lab.cloud.effects.count == 1)
    }
}
