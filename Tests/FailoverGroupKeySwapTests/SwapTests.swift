// SPDX-License-Identifier: Apache-2.0

import MusterPlugin
import Testing

@testable import AzureSteps
@testable import FailoverGroupKeySwap

private let teyOnPrimary = "tdeprimarytest/keys/testanu2_tey_29497babb0cb4af58a773104a5dd61e5"

/// The whole procedure on the shipped scenario.
struct SwapTests {
    /// Checks, observes, applies, observes and verifies one step, as the engine does.
    private func run<S: EffectStep>(_ step: S.Type, _ inputs: [String: String], in lab: Lab) async throws {
        let harness = try lab.harness(step)
        #expect(try await harness.check(inputs).notMet.isEmpty)
        guard case .needed(let changes) = try await harness.observe(inputs) else {
            Issue.record("\(S.name) is not needed")
            return
        }
        #expect(!changes.isEmpty)
        _ = try await harness.apply(inputs)
        #expect(try await harness.verify(inputs).notMet.isEmpty)
        guard case .satisfied = try await harness.observe(inputs) else {
            Issue.record("\(S.name) is still needed")
            return
        }
    }

    @Test func `the order of the runbook gives each server its own key`() async throws {
        let lab = try await Lab()
        try await run(RegisterKey.self, lab.pair("primary", "secondaryKey"), in: lab)
        try await run(RegisterKey.self, lab.pair("secondary", "secondaryKey"), in: lab)
        try await run(SetProtector.self, lab.pair("secondary", "secondaryKey"), in: lab)
        try await run(RegisterKey.self, lab.pair("secondary", "primaryKey"), in: lab)
        try await run(RegisterKey.self, lab.pair("primary", "primaryKey"), in: lab)
        try await run(SetProtector.self, lab.pair("primary", "primaryKey"), in: lab)
        #expect(
            lab.cloud.effects.map { $0.split(separator: " ")[0] } == [
                "server-key.registered", "server-key.registered", "protector.changed", "server-key.registered",
                "server-key.registered", "protector.changed",
            ])
        let keys = [
            "servers": [lab.text("primary"), lab.text("secondary")],
            "keys": [lab.text("primaryKey"), lab.text("secondaryKey")],
        ]
        #expect(try await lab.harness(VerifyRegisteredKeys.self).check(keys).notMet.isEmpty)
        #expect(try await lab.harness(VerifyRegisteredKeys.self).verify(keys).notMet.isEmpty)
        #expect(try await lab.harness(VerifyProtectors.self).check(lab.proof).notMet.isEmpty)
        #expect(try await lab.harness(VerifyProtectors.self).verify(lab.proof).notMet.isEmpty)
    }

    @Test func `the proofs fail before the swap`() async throws {
        let lab = try await Lab()
        let keys = ["servers": [lab.text("primary")], "keys": [lab.text("primaryKey"), lab.text("secondaryKey")]]
        #expect(try await lab.harness(VerifyRegisteredKeys.self).verify(keys).notMet == ["keys-registered"])
        #expect(
            try await lab.harness(VerifyProtectors.self).verify(lab.proof).notMet == [
                "primary-has-its-key", "secondary-has-its-key",
            ])
        let nothing: [String: [String]] = ["servers": [], "keys": []]
        #expect(try await lab.harness(VerifyRegisteredKeys.self).verify(nothing).notMet == ["keys-registered"])
    }

    @Test func `a server named primary that is not is said before anything begins`() async throws {
        let lab = try await Lab()
        var swapped = lab.proof
        (swapped["primary"], swapped["secondary"]) = (swapped["secondary"], swapped["primary"])
        #expect(try await lab.harness(VerifyProtectors.self).check(swapped).notMet == ["roles-as-named"])
    }

    @Test func `what is done already is not done again`() async throws {
        let lab = try await Lab()
        let inputs = lab.pair("primary", "secondaryKey")
        let first = try await lab.harness(RegisterKey.self).apply(inputs)
        let again = try lab.harness(RegisterKey.self)
        #expect(try await again.observe(inputs) == .satisfied(first))
        #expect(try await again.apply(inputs) == first)
        #expect(try again.begun().isEmpty)
        #expect(lab.cloud.effects == ["server-key.registered \(teyOnPrimary)"])
    }

    @Test func `evidence holds the service's request ids and no secret`() async throws {
        let lab = try await Lab()
        let harness = try lab.harness(RegisterKey.self)
        _ = try await harness.apply(lab.pair("primary", "secondaryKey"))
        let exchanges = try harness.evidence("requests", as: [Seen].self).flatMap { $0 }
        #expect(
            exchanges.contains {
                $0.method == "PUT" && $0.status == 202 && $0.requestID != nil && $0.correlationID != nil
            })
        for text in exchanges.map(\.url) {
            #expect(!text.contains(SimulatedCloud.secret))
            #expect(text.utf8.count < 500)
        }
    }
}

private struct Seen: Decodable {
    var method: String
    var url: String
    var status: Int?
    var requestID: String?
    var correlationID: String?
}
