// SPDX-License-Identifier: Apache-2.0

package import MusterExpressions
package import MusterModel

/// `plugins/<Name>/steps/<step>.yaml`: what a step promises (`docs/formats/step-definition-v1.md`).
package struct StepDefinition: Sendable {
    package enum Effect: String, Sendable, CaseIterable { case reversible, irreversible, none }

    package struct Precondition: Sendable {
        package enum Moment: String, Sendable, CaseIterable {
            /// Before the run's first effect.
            case start
            /// Just before the step.
            case step
            /// Before the step is undone.
            case undo
        }

        package var id: Located<String>
        package var at: Moment
        package var says: String
        package var why: String?
        package var remedy: String?
    }

    package struct Postcondition: Sendable {
        package var id: Located<String>
        package var says: String
        package var remedy: String?
    }

    package struct KnownError: Sendable {
        /// A code, compared whole.
        package var match: Located<String>
        package var means: String
        package var remedy: String
    }

    package var location: SourceLocation
    package var reference: Located<StepReference>
    package var version: Located<SemanticVersion>
    package var summary: String
    package var effect: Effect
    package var timeout: Duration
    /// Sections of the environment that the step is given.
    package var connections: [Located<String>]
    /// Those that it is given where the environment has them.
    package var optionalConnections: [Located<String>]
    package var inputs: [InputDeclaration]
    package var outputs: [OutputDeclaration]
    package var preconditions: [Precondition]
    package var permissions: [String]
    package var postconditions: [Postcondition]
    /// Of `inputs` and `undo`; nil for a step without an effect.
    package var rollback: Located<Template>?
    /// As written.
    package var rollbackText: String?
    package var knownErrors: [KnownError]

    package static func parse(_ bytes: [UInt8], file: String) -> Parsed<StepDefinition> {
        parseDocument(bytes, file: file, shape: shape, named: "A step definition") { root, diagnostics in
            let definition = StepDefinition(root, into: &diagnostics)
            definition.check(root, into: &diagnostics)
            if definition.reference.value.isBuiltIn {
                diagnostics.append(
                    Diagnostic(
                        code: "step.reserved-name", "The plugin name 'muster' belongs to the built-in steps",
                        help: "Give the plugin another name.", at: definition.reference.location))
            }
            return definition
        }
    }
}

extension StepDefinition {
    static let shape = ObjectShape([
        .required("step", .text(.stepName), "The step's name, plugin/step"),
        .required("version", .text(.version), "Its version; a published version never changes"),
        .required("summary", .text(.sentence), "What it does, in one line"),
        .required("effect", .choice(Effect.allCases.map(\.rawValue)), "Whether it has an effect that can be undone"),
        .required("timeout", .text(.duration), "The longest that one call of the step may take"),
        .optional("connections", .list(.text(.section)), "The sections of the environment that the step is given"),
        .optional(
            "optional-connections", .list(.text(.section)), "Sections that it is given where the environment has them"),
        .optional("inputs", .map(names: .name, InputDeclaration.shape), "What it takes"),
        .optional("outputs", .map(names: .name, OutputDeclaration.shape), "What it returns"),
        .optional("preconditions", .list(precondition), "What must hold before it"),
        .optional("permissions", .list(.text(.sentence)), "The rights that it needs in the cloud or the database"),
        .optional("postconditions", .list(postcondition), "What it shows to hold after it"),
        .optional("rollback", .text(.sentence), "How to undo it, by Muster and by hand; a template of inputs and undo"),
        .optional("known-errors", .list(knownError), "Errors with their meaning and remedy"),
    ])

    private static let precondition = Shape.object(
        .required("id", .text(.kebab), "Its name in results"),
        .optional(
            "at", .choice(Precondition.Moment.allCases.map(\.rawValue)),
            "start: before the run's first effect; step: before this step; undo: before this step is undone"),
        .required("says", .text(.sentence), "What must hold"),
        .optional("why", .text(.sentence), "What goes wrong otherwise"),
        .optional("remedy", .text(.sentence), "What to do where it does not hold"))

    private static let postcondition = Shape.object(
        .required("id", .text(.kebab), "Its name in results"),
        .required("says", .text(.sentence), "What holds afterwards"),
        .optional("remedy", .text(.sentence), "What to do when it does not hold"))

    private static let knownError = Shape.object(
        .required("match", .text(.sentence), "The error's code"),
        .required("means", .text(.sentence), "What it means"),
        .required("remedy", .text(.sentence), "What to do"))

    init(_ root: LocatedValue, into diagnostics: inout [Diagnostic]) {
        location = root.location
        reference = root.read("step", or: StepReference(plugin: "", step: ""), StepReference.init)
        version = root.read("version", or: SemanticVersion(0, 0, 0), SemanticVersion.init)
        summary = root["summary"]?.string ?? ""
        effect = root["effect"]?.string.flatMap(Effect.init) ?? .none
        timeout = root["timeout"]?.string.flatMap(Duration.init(durationText:)) ?? .zero
        connections = root.texts("connections")
        optionalConnections = root.texts("optional-connections")
        inputs = InputDeclaration.read(root["inputs"], into: &diagnostics)
        outputs = OutputDeclaration.read(root["outputs"], into: &diagnostics)
        preconditions = (root["preconditions"]?.list ?? []).map(Precondition.init)
        permissions = root.texts("permissions").map(\.value)
        postconditions = (root["postconditions"]?.list ?? []).map(Postcondition.init)
        rollback = root.template("rollback", into: &diagnostics)
        rollbackText = root["rollback"]?.string
        knownErrors = (root["known-errors"]?.list ?? []).map(KnownError.init)
    }
}

extension StepDefinition.Precondition {
    fileprivate init(_ value: LocatedValue) {
        id = value.read("id", or: "") { $0 }
        at = value["at"]?.string.flatMap(Moment.init) ?? .step
        says = value["says"]?.string ?? ""
        why = value["why"]?.string
        remedy = value["remedy"]?.string
    }
}

extension StepDefinition.Postcondition {
    fileprivate init(_ value: LocatedValue) {
        id = value.read("id", or: "") { $0 }
        says = value["says"]?.string ?? ""
        remedy = value["remedy"]?.string
    }
}

extension StepDefinition.KnownError {
    fileprivate init(_ value: LocatedValue) {
        match = value.read("match", or: "") { $0 }
        means = value["means"]?.string ?? ""
        remedy = value["remedy"]?.string ?? ""
    }
}
