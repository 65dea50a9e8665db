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

    private var needsCount = 0

    /// Most instances of one `for-each`, and most steps in all: a plan is something a person reads.
    private static let instancesMax = 1000
    private static let stepsMax = 10_000
    /// Most needs of all steps together: a list that waits for a list has a need for each pair of their elements.
    private static let needsMax = 50_000

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
    }

    /// Counts what is about to be written out, so that nothing too large is ever made.
    private mutating func reserve(_ count: Int, needs: Int, for id: String) throws(MusterError) {
        guard steps.count + count <= Self.stepsMax else {
            throw MusterError(
                code: "plan.too-large", "With step '\(id)' the plan has more than \(Self.stepsMax) steps.",
                help: "Split the runbook.")
        }
        needsCount += count * needs
        guard needsCount <= Self.needsMax else {
            throw MusterError(
                code: "plan.too-large",
                "With step '\(id)' the steps of the plan wait for more than \(Self.needsMax) others in all: "
                    + "\(count) steps that each wait for \(needs).",
                help: "Put a single step, such as a muster/wait or a muster/manual, between one for-each and the next.")
        }
    }

    private mutating func expand(_ step: Runbook.Step, needs: [String]) throws {
        let definition = try definition(of: step)
        let uses = "\(definition.reference.value)@\(definition.version.value)"
        var allNeeds = instances(of: needs)
        if let group = step.approval?.value {
            try reserve(1, needs: allNeeds.count, for: step.id.value)
            let gate = gate(before: step, group, needs: allNeeds)
            steps.append(gate)
            allNeeds = [gate.id]
        }
        func planned(_ id: String, _ group: PlannedStep.Group?) -> PlannedStep {
            PlannedStep(
                id: id, section: step.section == .steps ? .steps : .finally, uses: uses, needs: allNeeds, group: group,
                condition: step.condition?.value.text, with: arguments(step, definition),
                retry: .init(
                    attempts: step.retry.attempts, backoffMinMilliseconds: step.retry.backoff.least.milliseconds,
                    backoffMaxMilliseconds: step.retry.backoff.most.milliseconds),
                onFailure: PlannedStep.OnFailure(rawValue: step.onFailure.value.rawValue) ?? .stop,
                timeoutMilliseconds: (step.timeout ?? definition.timeout).milliseconds, preview: nil)
        }
        let id = step.id.value
        guard let forEach = step.forEach else {
            try reserve(1, needs: allNeeds.count, for: id)
            steps.append(planned(id, nil))
            instances[id] = [id]
            return
        }
        let items = try items(forEach, of: id)
        try reserve(items.count, needs: allNeeds.count, for: id)
        for (index, item) in items.enumerated() {
            steps.append(planned("\(id)[\(index)]", .init(id: id, parallel: step.parallel, item: item)))
        }
        // A list that is empty leaves its needs to those behind it, so that the order still holds.
        instances[id] = items.isEmpty ? allNeeds : items.indices.map { "\(id)[\($0)]" }
    }

    /// What `approval:` stands for: a gate of its own, which the step needs. A false condition of the step opens none.
    private func gate(before step: Runbook.Step, _ group: String, needs: [String]) -> PlannedStep {
        let definition = StepDefinition.gate
        return PlannedStep(
            id: RunState.gateID(before: step.id.value), section: step.section == .steps ? .steps : .finally,
            uses: "\(definition.reference.value)@\(definition.version.value)", needs: needs, group: nil,
            condition: step.forEach == nil ? step.condition?.value.text : nil,
            with: [
                "count": .int(1), "group": .string(group),
                "question": .string("May the step \(step.id.value) begin?"),
            ],
            retry: .init(attempts: 1, backoffMinMilliseconds: 0, backoffMaxMilliseconds: 0), onFailure: .stop,
            timeoutMilliseconds: definition.timeout.milliseconds, preview: nil)
    }

    private func definition(of step: Runbook.Step) throws(MusterError) -> StepDefinition {
        let use = step.uses?.value
        guard let use, let found = material.definitions[use]?.definition, found.reference.value == use.reference else {
            throw MusterError(
                code: "plan.no-definition",
                "Step '\(step.id.value)' has no definition of \(use.map { "\($0.reference)" } ?? "a step").",
                help: "Check the catalog with muster lint, then run muster lock.")
        }
        return found
    }

    /// The planned steps behind steps of the runbook, each once: an empty list hands on needs that others may have too.
    private func instances(of needs: [String]) -> [String] {
        var seen: Set<String> = []
        return needs.flatMap { instances[$0] ?? [] }.filter { seen.insert($0).inserted }
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
                code: "plan.too-large",
                "The for-each of step '\(id)' has \(items.count) items, more than \(Self.instancesMax).",
                help: "Split the list over several runs.")
        }
        return items
    }

    func locks() throws -> [String] {
        try material.runbook.locks.map { try evaluate($0.json, in: scope).text }
    }
}
