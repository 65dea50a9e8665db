// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The shipped drill, as far as its tests share it.
package enum KeySwap {
    package static let runbook = "failover-group-key-swap"
    package static let changingSteps = [
        "register-secondary-key-on-primary", "register-secondary-key-on-secondary", "set-secondary-protector",
        "register-primary-key-on-secondary", "register-primary-key-on-primary", "set-primary-protector",
    ]

    /// The runbook up to the proof by Resource Manager that each server has its own key.
    package static func withoutFailover(_ catalog: Catalog) throws -> String {
        let lines = try catalog.read("runbooks/\(runbook).yaml").split(
            separator: "\n", omittingEmptySubsequences: false)
        guard let steps = lines.firstIndex(of: "steps:"),
            let measure = lines.firstIndex(of: "  - id: recovery-time"),
            let proof = lines[steps...].firstIndex(of: "  - id: replication-before")
        else { throw FixtureFailure(description: "the runbook is not as it was") }
        return (lines[..<measure] + lines[steps..<proof]).joined(separator: "\n") + "\n"
    }

    /// The runbook's inputs, as a file for `--inputs`.
    package static func inputs(_ catalog: Catalog) throws -> String {
        let path = "\(catalog.root)/inputs.yaml"
        try catalog.inputs(of: runbook).write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }
}

extension Catalog {
    /// Path of a runbook's scenario.
    package func scenario(_ name: String = "default", of runbook: String) -> String {
        "\(folder)/runbooks/tests/\(runbook)/\(name).yaml"
    }

    /// A runbook's inputs: those of its scenario.
    package func inputs(of runbook: String, scenario: String = "default") throws -> String {
        let lines = try String(contentsOfFile: self.scenario(scenario, of: runbook), encoding: .utf8).split(
            separator: "\n")
        let values = lines.drop { $0 != "inputs:" }.dropFirst().prefix { $0.hasPrefix("  ") }
        return values.map { $0.dropFirst(2) }.joined(separator: "\n")
    }
}
