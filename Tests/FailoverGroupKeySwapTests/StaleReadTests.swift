// SPDX-License-Identifier: Apache-2.0

import MusterPlugin
import Testing

@testable import AzureSteps
@testable import FailoverGroupKeySwap

/// For a while after a change, reads show what was before it.
struct StaleReadTests {
    @Test func `a registration that is not shown yet is waited for and stays the run's own`() async throws {
        let lab = try await Lab(faults: ["stale-reads:operation=ServerKeys_CreateOrUpdate"])
        let inputs = lab.pair("primary", "secondaryKey")
        let harness = try lab.harness(RegisterKey.self)
        _ = try await harness.apply(inputs)
        #expect(try await harness.verify(inputs).notMet.isEmpty)
        #expect(try harness.begun().map(\.wasRegistered) == [false, false])
        try await harness.undo(inputs)
        #expect(lab.cloud.effects.count == 2)
    }

    @Test func `an undo ends once reads show that the key is gone`() async throws {
        let lab = try await Lab(faults: ["stale-reads:operation=ServerKeys_Delete"])
        let inputs = lab.pair("primary", "secondaryKey")
        let harness = try lab.harness(RegisterKey.self)
        _ = try await harness.apply(inputs)
        try await harness.undo(inputs)
        guard case .needed = try await harness.observe(inputs) else {
            Issue.record("the key is still shown")
            return
        }
    }

    @Test func `a protector that is not shown yet is waited for`() async throws {
        let lab = try await Lab(faults: ["stale-reads:operation=EncryptionProtectors_CreateOrUpdate"])
        try await lab.register("primary", "secondaryKey")
        try await lab.register("secondary", "secondaryKey")
        let inputs = lab.pair("secondary", "secondaryKey")
        let harness = try lab.harness(SetProtector.self)
        _ = try await harness.apply(inputs)
        #expect(try await harness.verify(inputs).notMet.isEmpty)
        #expect(lab.cloud.effects.count == 3)
    }
}
