// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterPlugin

/// The end of an audit. Each of its looks goes on where another one failed, and here the run ends by all of them.
struct AuditVerdict: ProofStep {
    static let name = "audit-verdict"
    static let definition = PackageResources.audit_verdict_yaml

    struct Inputs: Decodable, Sendable {
        let surroundings: Bool
        let vaultKept: Bool
        let nodesReachKey: Bool
        let databaseOnKey: Bool
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        let looks = [
            ("surroundings-ready", "The surroundings", inputs.surroundings),
            ("vault-kept-well", "The vault", inputs.vaultKept),
            ("nodes-reach-key", "The nodes' way to the key", inputs.nodesReachKey),
            ("database-on-key", "The database", inputs.databaseOnKey),
        ]
        let failed = looks.filter { !$0.2 }.map(\.1)
        return looks.map { id, name, isFine in
            // The first one that does not hold is all that some views show of a step.
            let finding: Finding =
                isFine
                ? .met("\(name): all is as it must be.")
                : .unmet(
                    "Not as it must be: \(failed.joined(separator: "; ")). What and why, the steps before this one say."
                )
            return finding.condition(id, evidence: [])
        }
    }
}
