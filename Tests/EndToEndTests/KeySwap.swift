// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// The shipped drill, as far as its tests share it.
enum KeySwap {
    static let runbook = "failover-group-key-swap"
    static let changingSteps = [
        "register-secondary-key-on-primary", "register-secondary-key-on-secondary", "set-secondary-protector",
        "register-primary-key-on-secondary", "register-primary-key-on-primary", "set-primary-protector",
    ]

    /// The runbook up to the proof by Resource Manager that each server has its own key.
    static func withoutFailover(_ catalog: Catalog) throws -> String {
        let lines = try catalog.read("runbooks/\(runbook).yaml").split(
            separator: "\n", omittingEmptySubsequences: false)
        let steps = try #require(lines.firstIndex(of: "steps:"))
        let measure = try #require(lines.firstIndex(of: "  - id: recovery-time"))
        let proof = try #require(lines[steps...].firstIndex(of: "  - id: replication-before"))
        return (lines[..<measure] + lines[steps..<proof]).joined(separator: "\n") + "\n"
    }

    /// The runbook's inputs, as a file for `--inputs`.
    static func inputs(_ catalog: Catalog) throws -> String {
        let path = "\(catalog.root)/inputs.yaml"
        try catalog.inputs(of: runbook).write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }
}

extension Catalog {
    /// Path of a runbook's scenario.
    func scenario(_ name: String = "default", of runbook: String) -> String {
        "\(folder)/runbooks/tests/\(runbook)/\(name).yaml"
    }

    /// A runbook's inputs: those of its scenario.
    func inputs(of runbook: String, scenario: String = "default") throws -> String {
        let lines = try String(contentsOfFile: self.scenario(scenario, of: runbook), encoding: .utf8).split(
            separator: "\n")
        let values = lines.drop { $0 != "inputs:" }.dropFirst().prefix { $0.hasPrefix("  ") }
        return values.map { $0.dropFirst(2) }.joined(separator: "\n")
    }
}

extension RecordedRun {
    /// The record shows that both keys stand on both servers, and that each server is protected by its own.
    func expectSwapped(changes: String = "verified", sourceLocation: Testing.SourceLocation = #_sourceLocation) throws {
        #expect(try outcome == "succeeded", sourceLocation: sourceLocation)
        for step in KeySwap.changingSteps {
            #expect(try result(of: step) == changes, "\(step)", sourceLocation: sourceLocation)
        }
        let proofs = try postconditions(of: "verify-protectors")
        #expect(try result(of: "verify-protectors") == "shown" && proofs.count == 4, sourceLocation: sourceLocation)
        #expect(proofs.values.allSatisfy { $0 == "met" }, sourceLocation: sourceLocation)
        #expect(
            try postconditions(of: "verify-registered-keys") == ["keys-registered": "met"],
            sourceLocation: sourceLocation)

        let inputs = try #require(try json("plan.json")["inputs"])
        let keys = try ["primaryKey", "secondaryKey"].map { try #require(inputs[$0]?.string) }
        let servers = try ["primary", "secondary"].map { try #require(inputs[$0]?.string) }
        let protectors = try #require(try json("evidence/verify-protectors/protectors.json")["data"]?.array)
        #expect(protectors.map { $0["server"]?.string } == servers, sourceLocation: sourceLocation)
        #expect(protectors.map { $0["uri"]?.string } == keys, sourceLocation: sourceLocation)
        let listed = try #require(try json("evidence/verify-registered-keys/server-keys.json")["data"]?.array)
        #expect(listed.map { $0["server"]?.string } == servers, sourceLocation: sourceLocation)
        for server in listed {
            let registered = (server["keys"]?.array ?? []).compactMap { $0["uri"]?.string }
            #expect(Set(registered).isSuperset(of: keys), sourceLocation: sourceLocation)
        }
    }
}
