// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import Testing

/// The kinds of documents that people write and Muster reads.
enum DocumentKind: String, CaseIterable, Sendable {
    case catalog, runbook, step, environment, lock, scenario, findings, inputs

    var file: String {
        switch self {
        case .catalog: "muster.yaml"
        case .runbook: "runbooks/swap.yaml"
        case .step: "plugins/Swap/steps/set.yaml"
        case .environment: "environments/lab.yaml"
        case .lock: "runbooks/swap.lock.yaml"
        case .scenario: "runbooks/tests/swap/all-is-well.yaml"
        case .findings: "findings.yaml"
        case .inputs: "inputs.yaml"
        }
    }

    var sample: String {
        switch self {
        case .catalog: HostileSamples.catalog
        case .runbook: HostileSamples.runbook
        case .step: HostileSamples.step
        case .environment: HostileSamples.environment
        case .lock: HostileSamples.lock
        case .scenario: HostileSamples.scenario
        case .findings: HostileSamples.findings
        case .inputs: HostileSamples.inputs
        }
    }

    /// What reading the document, and holding it against those beside it, says: what `muster lint` does with one.
    func diagnostics(of bytes: [UInt8]) -> [Diagnostic] {
        switch self {
        case .catalog: return Configuration.parse(bytes, file: file).diagnostics
        case .runbook:
            let parsed = Runbook.parse(bytes, file: file)
            guard let runbook = parsed.partial else { return parsed.diagnostics }
            return parsed.diagnostics + lintRunbook(runbook, definitions: Self.lookUp)
                + lintGates(runbook, Self.policy)
        case .step: return StepDefinition.parse(bytes, file: file).diagnostics
        case .environment:
            let parsed = Environment.parse(bytes, file: file)
            return parsed.diagnostics + (parsed.partial?.lintApprovals(Self.policy) ?? [])
        case .lock: return Lock.parse(bytes, file: file).diagnostics
        case .scenario: return RehearsalScenario.parse(bytes, file: file).diagnostics
        case .findings: return Findings.parse(bytes, file: file).diagnostics
        case .inputs: return RunInputs.parse(bytes, file: file, for: Self.declared).diagnostics
        }
    }

    private static let policy =
        Configuration.parse(Array(HostileSamples.catalog.utf8), file: "muster.yaml").partial?.policy ?? ApprovalPolicy()
    private static let declared =
        Runbook.parse(Array(HostileSamples.runbook.utf8), file: "runbooks/swap.yaml").partial?.inputs ?? []
    private static let set = StepDefinition.parse(Array(HostileSamples.step.utf8), file: "set.yaml").partial

    private static func lookUp(_ reference: StepReference, _ requirement: VersionRequirement) -> DefinitionLookup {
        guard let set, reference == set.reference.value else { return .unknownStep(candidates: ["swap/set"]) }
        return requirement.accepts(set.version.value) ? .found(set) : .unknownVersion(available: [set.version.value])
    }
}

/// A hostile document in which each error that must come of it is marked where it must be told: `«document.bad-value»one`.
struct HostileDocument: Sendable, CustomTestStringConvertible {
    let kind: DocumentKind
    let text: String
    /// `code line:column`, in the order of the document.
    let expected: [String]
    let testDescription: String

    /// A whole document.
    init(_ kind: DocumentKind, _ marked: String) {
        self.kind = kind
        (text, expected) = Self.unmark(marked)
        testDescription = "\(kind): \(marked.prefix(120))"
    }

    /// The kind's sample with one part of it replaced.
    init(_ kind: DocumentKind, _ part: String, _ marked: String) { self.init(kind, (part, marked)) }

    /// The kind's sample with several parts of it replaced.
    init(_ kind: DocumentKind, _ changes: (part: String, marked: String)...) {
        self.kind = kind
        var sample = kind.sample
        for change in changes {
            precondition(sample.contains(change.part), "the sample of \(kind) holds no \(change.part)")
            sample = sample.replacing(change.part, with: change.marked, maxReplacements: 1)
        }
        (text, expected) = Self.unmark(sample)
        testDescription = "\(kind): \(changes.map(\.marked).joined(separator: " … ").prefix(120))"
    }

    /// Takes the marks out and says where they stood.
    private static func unmark(_ marked: String) -> (String, [String]) {
        var text = ""
        var found: [String] = []
        var (line, column) = (1, 1)
        var code: String?
        for character in marked.unicodeScalars {
            switch (character, code) {
            case ("«", nil): code = ""
            case ("»", let done?):
                found.append("\(done) \(line):\(column)")
                code = nil
            case (_, let begun?): code = begun + String(character)
            case (_, nil):
                text.unicodeScalars.append(character)
                (line, column) = character == "\n" ? (line + 1, 1) : (line, column + 1)
            }
        }
        return (text, found)
    }

    /// The errors that come of it, as ``expected`` has them.
    var told: [String] {
        kind.diagnostics(of: Array(text.utf8)).filter { $0.severity == .error }.sorted(by: inDocumentOrder)
            .map { "\($0.code) \($0.location?.line ?? 0):\($0.location?.column ?? 0)" }
    }
}
