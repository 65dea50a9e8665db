// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterPlugin
import OracleCloudClient
import OracleSteps
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup

struct KeyStoreTests {
    private let inputs: JSON = [
        "cluster": .string(ConnectionLab.cluster), "databases": [], "settleWithin": "1s",
    ]

    @Test func `the key store is enabled, once, and disabled when it is undone`() async throws {
        let lab = try await ConnectionLab()
        _ = try await lab.connected()
        let step = try lab.harness(EnableKeyStore.self)
        #expect(try await step.check(inputs).failing == [])
        let change = Change("exa-fra/key-store", from: "none", to: "AZURE")
        #expect(try await step.observe(inputs) == .needed([change]))
        #expect(try await step.apply(inputs).keyStore == "AZURE")
        #expect(try await step.verify(inputs).failing == [])
        #expect(try await step.apply(inputs).keyStore == "AZURE")
        #expect(
            lab.clouds.effects.filter { $0.hasPrefix("key-store") } == ["key-store.enabled \(ConnectionLab.cluster)"])
        #expect(try await step.checkUndo(inputs).failing == [])
        try await step.undo(inputs)
        try await step.undo(inputs)
        #expect(lab.clouds.effects.filter { $0.hasPrefix("key-store") }.count == 2)
        #expect(try await step.observe(inputs) == .needed([change]))
    }

    @Test func `without a connector, and with another provider's store, it is refused before any effect`() async throws
    {
        let lab = try await ConnectionLab()
        let step = try lab.harness(EnableKeyStore.self)
        #expect(try await step.check(inputs).failing == ["connector-present"])
        lab.clouds.changeOracle { $0.multicloud.clusters[1].keyStore = "OCI" }
        #expect(try await step.check(inputs).failing == ["connector-present", "no-other-key-store"])
        #expect(await thrown { try await step.apply(inputs) }?.code == "key-store.other")
        #expect(try step.begun().isEmpty)
    }

    @Test(arguments: ["connection-lost-after-effect", "connection-lost-before-effect"])
    func `after a lost answer the cluster says what became of it`(fault: String) async throws {
        let lab = try await ConnectionLab(faults: ["\(fault):operation=registerPkcs,times=10"])
        _ = try await lab.connected()
        let step = try lab.harness(EnableKeyStore.self)
        #expect(await thrown { try await step.apply(inputs) }?.kind == .unknownOutcome)
        let isDone = fault.hasSuffix("after-effect")
        switch try await step.observe(inputs) {
        case .satisfied: #expect(isDone)
        case .needed: #expect(!isDone)
        default: Issue.record("it is neither")
        }
    }

    @Test func `a key store that somebody else enabled while this run was refused stays on`() async throws {
        let lab = try await ConnectionLab(faults: ["throttle:operation=registerPkcs,times=6"])
        _ = try await lab.connected()
        let step = try lab.harness(EnableKeyStore.self)
        #expect(await thrown { try await step.apply(inputs) }?.kind == .retryable)
        lab.clouds.changeOracle { $0.multicloud.clusters[1].keyStore = "AZURE" }
        #expect(try await step.observe(inputs).isSatisfied)
        #expect(try await step.checkUndo(inputs).count == 2)
        #expect(try await step.checkUndo(inputs).failing == [])
        try await step.undo(inputs)
        #expect(lab.clouds.effects.filter { $0.hasPrefix("key-store") } == [])
        #expect(try await step.observe(inputs).isNeeded)
    }

    @Test func `a work request that fails late is told with its reason, and nothing was changed`() async throws {
        let lab = try await ConnectionLab(faults: ["work-request-fails-late:operation=registerPkcs"])
        _ = try await lab.connected()
        let step = try lab.harness(EnableKeyStore.self)
        let error = await thrown { try await step.apply(inputs) }
        #expect(error?.code == "key-store.not-done" && error?.message.contains("given up") == true)
        guard case .needed = try await step.observe(inputs) else {
            Issue.record("it counts as done")
            return
        }
    }
}
