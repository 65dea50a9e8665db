// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterExpressions
internal import MusterMachine
internal import MusterModel

/// The steps of a plan while they are written out.
struct PlanDraft {
    let material: PlanMaterial
    let inputs: [String: JSON]
    private(set) var steps: [PlannedStep] = []
    /// Ids of the planned steps that stand for a step of the runbook.
    private var instances: [String: [String]] = [:]

    /// Most instances of one `for-each`, and most steps in all: a plan is something a person reads.
    private static let instancesMax = 1000
    private static let stepsMax = 10_000

    init(material: PlanMaterial, inputs: [String: JSON]) {
        self.material = material
        self.inputs = inputs
    }

    private var scope: ValueScope {
        ValueScope(roots: ["inputs": .object(inputs), "environment": .object(material.environment.values)])
    }

    mutating func expand() throws {
        let all = material.runbook.allSteps
        let ordering = material.runbook.ordering
        for position in ordering.sequence where all[position].section == .steps {
            try expand(all[position], needs: ordering.needs[position].map { all[$0].id.value })
        }
        for position in ordering.sequence where all[position].section == .finally {
            try expand(all[position], needs: ordering.needs[position].map { all[$0].id.value })
        }
        guard steps.count <= Self.stepsMax else {
            throw MusterError(
                code: "plan.too-large", "The plan has \(steps.count) steps, more than \(Self.stepsMax).",
                help: "Split the runbook.")
        }
    }

    private mutating func expand(_ step: Runbook.Step, needs: [String]) throws {
        guard let use = step.uses?.value, let definition = material.definitions[use] else {
            preconditionFailure("a linted runbook uses known definitions")
        }
        let uses = "\(use.reference)@\(definition.definition.version.value)"
        let allNeeds = needs.flatMap { instances[$0] ?? [] }
        func planned(_ id: String, _ group: PlannedStep.Group?) -> PlannedStep {
            PlannedStep(
                id: id, section: step.section == .steps ? .steps : .finally, uses: uses, needs: allNeeds, group: group,
                condition: step.condition?.value.text, with: arguments(step, definition.definition),
                retry: .init(
                    attempts: step.retry.attempts, backoffMinMilliseconds: step.retry.backoff.least.milliseconds,
                    backoffMaxMilliseconds: step.retry.backoff.most.milliseconds),
                onFailure: step.onFailure.value == .continue ? .continue : .stop,
                timeoutMilliseconds: (step.timeout ?? definition.definition.timeout).milliseconds, preview: nil)
        }
        let id = step.id.value
        guard let forEach = step.forEach else {
            steps.append(planned(id, nil))
            instances[id] = [id]
            return
        }
        let items = try items(forEach, of: id)
        for (index, item) in items.enumerated() {
            steps.append(planned("\(id)[\(index)]", .init(id: id, parallel: step.parallel, item: item)))
        }
        // A list that is empty leaves its needs to those behind it, so that the order still holds.
        instances[id] = items.isEmpty ? allNeeds : items.indices.map { "\(id)[\($0)]" }
    }

    private func arguments(_ step: Runbook.Step, _ definition: StepDefinition) -> [String: JSON] {
        var with = step.arguments
        for input in definition.inputs where with[input.name.value] == nil {
            if let value = input.defaultValue { with[input.name.value] = value }
        }
        return with
    }

    private func items(_ forEach: TemplateValue, of id: String) throws -> [JSON] {
        guard let items = try evaluate(forEach.json, in: scope).array else {
            throw MusterError(code: "plan.for-each", "The for-each of step '\(id)' is not a list.")
        }
        guard items.count <= Self.instancesMax else {
            throw MusterError(
                code: "plan.too-large", "The for-each of step '\(id)' has \(items.count) items, more than \(Self.instancesMax).",
                help: "Split the list over several runs.")
        }
        return items
    }

    func locks() throws -> [String] {
        try material.runbook.locks.map { try evaluate($0.json, in: scope).text }
    }
}
