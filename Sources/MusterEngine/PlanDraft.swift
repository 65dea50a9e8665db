// SPDX-License-Identifier: Apache-2.0

package import MusterDocuments
internal import MusterExpressions
package import MusterMachine
package import MusterModel

/// Everything a plan is made of, found and read.
package struct PlanMaterial {
    /// The definition that a `uses:` stands for.
    package struct Definition {
        package var definition: StepDefinition
        /// Nil for a built-in step.
        package var document: Plan.Document?
        /// Where this version was published; nil for uncommitted work.
        package var commit: ObjectID?

        package init(definition: StepDefinition, document: Plan.Document?, commit: ObjectID?) {
            self.definition = definition
            self.document = document
            self.commit = commit
        }
    }

    package var kind: RunKind
    package var runbook: Runbook
    package var runbookDocument: Plan.Document
    package var commit: ObjectID?
    package var lock: Plan.Document?
    package var environment: Plan.Environment
    package var change: String?
    /// As given by the operator or the scenario.
    package var inputs: [String: JSON]
    /// By the text of `uses:`.
    package var definitions: [StepUse: Definition]
    package var plugins: [Plan.Plugin]

    package init(
        kind: RunKind, runbook: Runbook, runbookDocument: Plan.Document, commit: ObjectID?, lock: Plan.Document?,
        environment: Plan.Environment, change: String?, inputs: [String: JSON], definitions: [StepUse: Definition],
        plugins: [Plan.Plugin]
    ) {
        self.kind = kind
        self.runbook = runbook
        self.runbookDocument = runbookDocument
        self.commit = commit
        self.lock = lock
        self.environment = environment
        self.change = change
        self.inputs = inputs
        self.definitions = definitions
        self.plugins = plugins
    }

    /// The plan without any look at its targets: inputs checked, `for-each` written out, needs resolved.
    ///
    /// - Precondition: the runbook was linted without an error against the same definitions.
    /// - Throws: `plan.inputs`, with one diagnostic for each input that is missing, unknown or of the wrong type;
    ///   `plan.expression` where an expression over inputs and environment has no value.
    package func draft() throws(MusterError) -> Plan {
        let inputs = try checkedInputs()
        var draft = PlanDraft(material: self, inputs: inputs)
        do {
            try draft.expand()
            return Plan(
                kind: kind, runbook: planRunbook, commit: commit, lock: lock, environment: environment, change: change,
                inputs: inputs, locks: try draft.locks(), plugins: plugins, definitions: try plannedDefinitions(),
                steps: draft.steps,
                measures: plannedMeasures)
        } catch let error as MusterError {
            throw error
        } catch {
            throw MusterError(
                code: "plan.expression", "The plan cannot be made: \(error).",
                help: "Correct the runbook or the values given.")
        }
    }

    private var planRunbook: Plan.Runbook {
        Plan.Runbook(
            name: runbook.name.value, version: runbook.version.value, summary: runbook.summary,
            document: runbookDocument)
    }

    private func plannedDefinitions() throws(MusterError) -> [String: PlannedDefinition] {
        var planned: [String: PlannedDefinition] = [:]
        var all = Array(definitions.values)
        if runbook.allSteps.contains(where: { $0.approval != nil }) {
            all.append(Definition(definition: .gate, document: nil, commit: nil))
        }
        for material in all {
            let definition = PlannedDefinition(material)
            let name = "\(definition.reference)@\(definition.version)"
            if let other = planned.updateValue(definition, forKey: name), other.document != definition.document {
                throw MusterError(
                    code: "plan.two-contents", "The lock pins two contents of \(name).", help: "Run muster lock.")
            }
        }
        return planned
    }

    // MARK: Inputs

    private func checkedInputs() throws(MusterError) -> [String: JSON] {
        var diagnostics: [Diagnostic] = []
        var values: [String: JSON] = [:]
        let known = Set(runbook.inputs.map(\.name.value))
        for name in inputs.keys.sorted() where !known.contains(name) {
            let names = known.sorted()
            let help = suggestion(for: name, in: names) ?? "It takes \(names.joined(separator: ", "))."
            diagnostics.append(
                Diagnostic(code: "plan.unknown-input", "The runbook has no input '\(name)'", help: help))
        }
        for input in runbook.inputs {
            // Null for an input that may be left out means left out; so stands one in the plan, which is planned anew from it.
            let given = inputs[input.name.value]
            let isLeftOut = given == .some(.null) && !input.isRequired
            guard let value = (isLeftOut ? .none : given) ?? input.defaultValue else {
                if input.isRequired {
                    diagnostics.append(
                        Diagnostic(
                            code: "plan.missing-input", "The input '\(input.name.value)' is missing (\(input.type))",
                            help: "Give it with --input \(input.name.value)=VALUE. \(input.summary ?? "")",
                            at: input.name.location))
                } else {
                    values[input.name.value] = .null
                }
                continue
            }
            if let why = input.type.mismatch(of: value) {
                diagnostics.append(
                    Diagnostic(
                        code: "plan.input-type", "The input '\(input.name.value)' does not fit its type: \(why)",
                        at: input.name.location))
            }
            values[input.name.value] = value
        }
        guard diagnostics.isEmpty else {
            throw MusterError(
                code: "plan.inputs", "The inputs do not fit the runbook \(runbook.name.value).",
                diagnostics: diagnostics)
        }
        return values
    }
}

extension PlannedDefinition {
    /// The parts of the definition that a run and its record need.
    init(_ material: PlanMaterial.Definition) {
        let definition = material.definition
        self.init(
            reference: definition.reference.value, version: definition.version.value, document: material.document,
            commit: material.commit, summary: definition.summary, effect: .init(definition.effect),
            timeoutMilliseconds: definition.timeout.milliseconds, connections: definition.connections.map(\.value),
            preconditions: definition.preconditions.map {
                .init(id: $0.id.value, at: .init($0.at), says: $0.says, why: $0.why, remedy: $0.remedy)
            },
            postconditions: definition.postconditions.map { .init(id: $0.id.value, says: $0.says, remedy: $0.remedy) },
            permissions: definition.permissions,
            inputs: definition.inputs.map(PlannedDefinition.Input.init), outputs: definition.outputs.map(\.name.value),
            outputTypes: Dictionary(
                definition.outputs.map { ($0.name.value, .init($0)) }, uniquingKeysWith: { first, _ in first }),
            rollback: definition.rollbackText,
            knownErrors: definition.knownErrors.map { .init(match: $0.match.value, means: $0.means, remedy: $0.remedy) }
        )
        let optional = definition.optionalConnections.map(\.value)
        optionalConnections = optional.isEmpty ? nil : optional
    }
}

extension PlannedDefinition.Input {
    fileprivate init(_ input: InputDeclaration) {
        let type = input.type.written
        self.init(
            name: input.name.value, type: type.name, resource: type.resource, values: type.values,
            isRequired: input.mustBeGiven)
    }
}

extension PlannedDefinition.OutputType {
    fileprivate init(_ output: OutputDeclaration) {
        let type = output.type.written
        self.init(type: type.name, resource: type.resource, values: type.values.isEmpty ? nil : type.values)
    }
}

extension PlannedDefinition.Precondition.Moment {
    fileprivate init(_ moment: StepDefinition.Precondition.Moment) {
        switch moment {
        case .start: self = .start
        case .step: self = .step
        case .undo: self = .undo
        }
    }
}

extension PlannedDefinition.Effect {
    fileprivate init(_ effect: StepDefinition.Effect) {
        switch effect {
        case .reversible: self = .reversible
        case .irreversible: self = .irreversible
        case .none: self = .none
        }
    }
}
