// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterDocuments
import MusterEngine
import MusterMachine
import MusterModel
import MusterTestSupport

@testable import FailoverGroupKeySwap
@testable import MusterPlugin

/// The swap itself: the shipped runbook up to the proof that each server has its own key, with the definitions that the
/// plugin was built with.
enum SwapPlan {
    static let steps: [any Step.Type] = [
        RegisterKey.self, SetProtector.self, VerifyRegisteredKeys.self, VerifyProtectors.self,
    ]

    static let plugin = "failover-group-key-swap"

    /// With the inputs of the shipped scenario.
    static let shipped = Result {
        let file = "runbooks/tests/failover-group-key-swap/default.yaml"
        return try make(inputs: RehearsalScenario.parse(Lab.read(file), file: file).get().inputs.mapValues(\.value))
    }

    private static func make(inputs: [String: JSON]) throws -> Plan {
        let file = "runbooks/failover-group-key-swap.yaml"
        let runbook = try Runbook.parse(Lab.read(file), file: file).get()
        var definitions: [StepUse: PlanMaterial.Definition] = [:]
        for use in Set(runbook.allSteps.compactMap { $0.uses?.value }) {
            let path = use.reference.definitionPath
            let bytes = try Lab.read(path)
            definitions[use] = PlanMaterial.Definition(
                definition: try StepDefinition.parse(bytes, file: path).get(),
                document: Plan.Document(path: path, blob: ObjectID(blob: bytes)), commit: nil)
        }
        var plan = try PlanMaterial(
            kind: .rehearsal, runbook: runbook,
            runbookDocument: Plan.Document(path: file, blob: ObjectID(blob: try Lab.read(file))), commit: nil,
            lock: nil,
            environment: Plan.Environment(name: "lab", document: nil, digest: Digest(of: []), values: [:]), change: nil,
            inputs: inputs, definitions: definitions, plugins: []
        ).draft()
        plan.steps = plan.steps.filter { $0.uses.hasPrefix(plugin) }
        plan.definitions = plan.definitions.filter { $0.key.hasPrefix(plugin) }
        plan.measures = []
        return plan
    }

    static let opening = [PlanFixture.created(rules: RunCreated.currentRules), PlanFixture.started]
}
