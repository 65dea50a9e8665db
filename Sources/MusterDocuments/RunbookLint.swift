// SPDX-License-Identifier: Apache-2.0

import MusterExpressions
package import MusterModel

/// What a catalog answers when it is asked for a step.
package enum DefinitionLookup: Sendable {
    case found(StepDefinition)
    /// The names of the steps there are.
    case unknownStep(candidates: [String])
    /// The step exists in these versions only.
    case unknownVersion(available: [SemanticVersion])
    /// It exists and has errors, which are reported where it is linted itself.
    case unreadable
}

/// Everything wrong with a runbook that its own document cannot show, in the order of the document.
///
/// - Parameters:
///   - lock: checked against the runbook where there is one; its versions are then the ones looked up.
///   - definitions: asked once for each step and version.
package func lintRunbook(
    _ runbook: Runbook, lock: Lock? = nil, definitions: (StepReference, VersionRequirement) -> DefinitionLookup
) -> [Diagnostic] {
    var lint = RunbookLint(runbook)
    lint.findDefinitions(lock: lock, definitions)
    lint.checkName()
    lint.checkOrder()
    for index in lint.context.steps.indices { lint.checkStep(index) }
    lint.checkLocks()
    lint.checkMeasures()
    lint.checkUnusedInputs()
    if let lock { lint.check(lock) }
    return lint.diagnostics.sorted(by: inDocumentOrder)
}

struct RunbookLint {
    var context: RunbookLintContext
    var diagnostics: [Diagnostic] = []
    let runbook: Runbook
    private var usedInputs: Set<String> = []

    init(_ runbook: Runbook) {
        self.runbook = runbook
        context = RunbookLintContext(runbook)
    }

    mutating func report(
        _ code: String, _ summary: String, help: String? = nil, severity: Diagnostic.Severity = .error,
        at location: SourceLocation?
    ) {
        diagnostics.append(Diagnostic(severity, code: "runbook." + code, summary, help: help, at: location))
    }

    mutating func findDefinitions(lock: Lock?, _ lookUp: (StepReference, VersionRequirement) -> DefinitionLookup) {
        var known: [StepUse: DefinitionLookup] = [:]
        for (index, step) in context.steps.enumerated() {
            guard let uses = step.uses else { continue }
            let use = uses.value
            if use.reference.isBuiltIn {
                findBuiltIn(use, for: index, at: uses.location)
                continue
            }
            let locked = lock?.entry(for: use).map { VersionRequirement.exactly($0.version) }
            let lookup = known[use] ?? lookUp(use.reference, locked ?? use.requirement)
            known[use] = lookup
            take(lookup, of: use, for: index, at: uses.location)
        }
    }

    private mutating func findBuiltIn(_ use: StepUse, for index: Int, at location: SourceLocation) {
        let name = use.reference.description
        if let definition = StepDefinition.builtIns[use.reference] {
            context.definitions[index] = definition
        } else if StepDefinition.unavailableBuiltIns.contains(name) {
            report(
                "not-available", "'\(name)' is not available in this version of Muster", help: "Remove the step.",
                at: location)
        } else {
            let names = StepDefinition.builtIns.keys.map(\.description).sorted()
            let help = suggestion(for: name, in: names) ?? "There are \(names.joined(separator: ", "))."
            report("unknown-step", "There is no built-in step '\(name)'", help: help, at: location)
        }
    }

    private mutating func take(_ lookup: DefinitionLookup, of use: StepUse, for index: Int, at location: SourceLocation)
    {
        switch lookup {
        case .found(let definition): context.definitions[index] = definition
        case .unreadable: break
        case .unknownStep(let candidates):
            let name = use.reference.description
            let help =
                suggestion(for: name, in: context.candidates(candidates))
                ?? "No step of the catalog has a name like it."
            report("unknown-step", "There is no step '\(name)'", help: help, at: location)
        case .unknownVersion(let available):
            let versions = available.sorted(by: >).prefix(8).map(\.description).joined(separator: ", ")
            report(
                "unknown-version", "The step '\(use.reference)' has no version \(use.requirement)",
                help: available.isEmpty ? "No version of it is published." : "There are \(versions).", at: location)
        }
    }

    mutating func checkName() {
        guard !runbook.name.value.isEmpty, let file = runbook.location.file.split(separator: "/").last else { return }
        if file != runbook.name.value + ".yaml" {
            report(
                "name-differs", "The runbook is called '\(runbook.name.value)' and its file '\(file)'",
                help: "Give both the same name.", at: runbook.name.location)
        }
    }

    mutating func checkLocks() {
        for lock in runbook.locks {
            let scope = RunbookScope(context: context, step: nil, place: .locks)
            check(lock, is: .string, in: scope, what: "A lock")
        }
    }

    mutating func checkUnusedInputs() {
        for input in runbook.inputs where !usedInputs.contains(input.name.value) {
            report(
                "unused-input", "The input '\(input.name.value)' is never used", help: "Use it or remove it.",
                severity: .warning, at: input.name.location)
        }
    }

    mutating func check(_ lock: Lock) {
        let uses = Set(context.steps.compactMap(\.uses?.value).filter { !$0.reference.isBuiltIn })
        if lock.runbook != runbook.name.value {
            report(
                "lock-out-of-date", "The lock is of the runbook '\(lock.runbook)'", help: mendLock,
                at: runbook.name.location)
        }
        var reported: Set<StepUse> = []
        for step in context.steps {
            guard let use = step.uses, uses.contains(use.value), lock.entry(for: use.value) == nil,
                reported.insert(use.value).inserted
            else { continue }
            report("lock-out-of-date", "'\(use.value)' is not in the lock", help: mendLock, at: use.location)
        }
        let texts = Set(uses.map(\.description))
        for name in lock.steps.keys.sorted() where !texts.contains(name) {
            report(
                "lock-out-of-date", "The lock holds '\(name)', which the runbook does not use", help: mendLock,
                severity: .warning, at: lock.places[name])
        }
    }

    private var mendLock: String { "Run muster lock \(runbook.name.value)." }

    /// Checks the value's templates and, where the type is known, that it fits.
    mutating func check(_ value: TemplateValue, is type: ValueType, in scope: RunbookScope, what: String) {
        switch value.content {
        case .literal:
            if let why = type.mismatch(of: value.json), !value.source.hasInvalidPart {
                report("wrong-type", "\(what): \(why)", at: value.location)
            }
        case .template(let template): check(template, of: value.source, is: type, in: scope, what: what)
        case .list(let parts):
            let element: ValueType? =
                switch type.wrapped {
                case .list(let element): element
                case .any: .any
                default: nil
                }
            if element == nil { report("wrong-type", "\(what): \(type) is needed, this is a list", at: value.location) }
            for part in parts { check(part, is: element ?? .any, in: scope, what: what) }
        case .mapping(let members):
            if type.wrapped != .object, type.wrapped != .any {
                report("wrong-type", "\(what): \(type) is needed, this is an object", at: value.location)
            }
            for member in members { check(member.value, is: .any, in: scope, what: what) }
        }
    }

    private mutating func check(
        _ template: Template, of source: LocatedValue, is type: ValueType, in scope: RunbookScope, what: String
    ) {
        noteUse(of: template.references)
        let (found, issues) = template.check(against: scope)
        diagnostics += issues.map { $0.diagnostic(in: source) }
        guard issues.isEmpty, !type.admits(found) else { return }
        // Text put together from parts may be any kind of text: the plan checks the value.
        if template.single == nil, type.isText { return }
        let offset = template.single?.offset ?? 0
        report(
            "wrong-type", "\(what): \(type) is needed, this is \(found)", help: Self.help(type, found),
            at: source.location(atByte: offset))
    }

    private static func help(_ wanted: ValueType, _ found: ValueType) -> String? {
        if found.isOptional, !wanted.isOptional { return "It may be null; use default(…, otherwise)." }
        return found == .string && wanted.isText ? "Declare the source with the type \(wanted)." : nil
    }

    mutating func noteUse(of references: [Reference]) {
        for reference in references where reference.root == "inputs" {
            if let name = reference.path.first {
                usedInputs.insert(name)
            } else {
                usedInputs.formUnion(runbook.inputs.map(\.name.value))
            }
        }
    }
}
