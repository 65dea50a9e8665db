// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterExpressions
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// Checks documents of a work tree, against each other and against what was published.
struct CatalogLint {
    let documents: CatalogDocuments
    private(set) var diagnostics: [Diagnostic] = []
    private var definitions: [StepReference: Parsed<StepDefinition>] = [:]
    private var stepNames: [String] = []
    private var published: PublishedVersions?
    /// What the runbooks that were checked use.
    private var used: Set<AuthoredDocument> = []

    init(documents: CatalogDocuments) { self.documents = documents }

    /// Checks these documents, or all; returns how many.
    mutating func check(_ paths: [String]) throws(MusterError) -> Int {
        stepNames = try DefinitionFinder(documents: documents).stepNames()
        let all = paths.isEmpty ? try allPaths() : paths
        for path in all { try check(path) }
        if try excludesAuthors() { diagnostics += try lintAuthors(used, try policy(), documents) }
        diagnostics.sort(by: inDocumentOrder)
        return all.count
    }

    private func allPaths() throws(MusterError) -> [String] {
        var paths = ["muster.yaml"]
        paths += try documents.names(in: "runbooks", ending: ".yaml").map { "runbooks/\($0)" }
        for runbook in try documents.folders(in: "runbooks/tests") {
            paths += try documents.names(in: "runbooks/tests/\(runbook)", ending: ".yaml").map {
                "runbooks/tests/\(runbook)/\($0)"
            }
        }
        for plugin in try documents.folders(in: "plugins") {
            paths += try documents.names(in: "plugins/\(plugin)/steps", ending: ".yaml").map {
                "plugins/\(plugin)/steps/\($0)"
            }
        }
        paths += try documents.names(in: "environments", ending: ".yaml").map { "environments/\($0)" }
        if try documents.file(AllowedSigners.path) != nil { paths.append(AllowedSigners.path) }
        return paths
    }

    private mutating func check(_ path: String) throws(MusterError) {
        let read: [UInt8]?
        do {
            read = try documents.file(path)?.bytes ?? elsewhere(path)
        } catch  where ["catalog.link", "catalog.unreadable"].contains(error.code) {
            let place = SourceLocation(file: path, line: 1, column: 1)
            diagnostics.append(Diagnostic(code: error.code, error.summary, help: error.help, at: place))
            return
        }
        guard let bytes = read else {
            diagnostics.append(
                Diagnostic(
                    code: "lint.no-document", "There is no document \(path)",
                    help: "Give paths from the catalog's root; findings of a review may stand anywhere."))
            return
        }
        let parts = path.split(separator: "/").map(String.init)
        switch (parts.first, parts.count) {
        case ("muster.yaml", 1):
            let parsed = Configuration.parse(bytes, file: path)
            diagnostics += parsed.diagnostics
            if let configuration = parsed.value {
                diagnostics += lintLeases(configuration, bytes, folderRemotes: documents.state.folderRemotes)
                diagnostics += lintZones(configuration.zoneNames)
                let environments = try documents.names(in: "environments", ending: ".yaml").map {
                    String($0.dropLast(5))
                }
                diagnostics += lintEnvironmentNames(configuration.environmentNames, environments)
            }
        case ("runbooks", 4) where parts[1] == "tests": try checkScenario(bytes, path, parts[2])
        case ("runbooks", 2) where path.hasSuffix(".lock.yaml"):
            diagnostics += Lock.parse(bytes, file: path).diagnostics
        case ("runbooks", 2): try checkRunbook(bytes, path)
        case ("plugins", 4) where parts[2] == "steps": try checkDefinition(parts[1], parts[3])
        case ("environments", 2): try checkEnvironment(bytes, path)
        case ("policy", 2) where path == AllowedSigners.path: try checkSigners(bytes)
        case ("policy", _): break
        default: checkFindings(bytes, path)
        }
    }

    /// A document that is not of the catalog, as `muster review` is given it; nil where there is none.
    private func elsewhere(_ path: String) -> [UInt8]? {
        let first = path.split(separator: "/", omittingEmptySubsequences: false).first.map(String.init) ?? ""
        return TreePath.catalogRoots.contains(first) ? nil : readSmallFile(path, onlyRegular: true)
    }

    // MARK: Kinds

    /// Findings of a review may stand anywhere; what says of itself that it is another kind of document may not.
    private mutating func checkFindings(_ bytes: [UInt8], _ path: String) {
        let names = Set((parseYAML(bytes, file: path).partial?.members ?? []).map(\.name))
        let isNamed = path.hasSuffix(".yaml") || path.hasSuffix(".yml")
        let others = ["catalog", "environment", "lock", "runbook", "scenario", "step"]
        if names.contains("findings") || (isNamed && names.isDisjoint(with: others)) {
            diagnostics += Findings.parse(bytes, file: path).diagnostics
            return
        }
        diagnostics.append(
            Diagnostic(
                code: "lint.no-kind", "\(path) is no place for a document",
                help:
                    "Documents are muster.yaml, runbooks/*.yaml, runbooks/tests/*/*.yaml, plugins/*/steps/*.yaml, "
                    + "environments/*.yaml, policy/allowed-signers and, anywhere, findings of a review."))
    }

    private mutating func checkDefinition(_ folder: String, _ file: String) throws(MusterError) {
        let reference = StepReference(plugin: kebabName(pluginFolder: folder), step: String(file.dropLast(5)))
        let parsed = try definition(reference)
        diagnostics += parsed.diagnostics
        guard let definition = parsed.partial else { return }
        if let wrong = definition.wrongName(for: reference) { diagnostics.append(wrong) }
        let blob = try documents.file(reference.definitionPath)?.document.blob
        if let blob, let conflict = try publications().conflict(reference, definition, blob: blob) {
            diagnostics.append(conflict)
        }
    }

    private mutating func checkRunbook(_ bytes: [UInt8], _ path: String) throws(MusterError) {
        let parsed = Runbook.parse(bytes, file: path)
        diagnostics += parsed.diagnostics
        guard let runbook = parsed.partial else { return }
        let stem = path.dropFirst("runbooks/".count).dropLast(".yaml".count)
        if !parsed.hasErrors, runbook.name.value != stem {
            diagnostics.append(
                Diagnostic(
                    code: "runbook.wrong-name",
                    "The runbook is called '\(runbook.name.value)', its file says '\(stem)'",
                    help: "Rename one of them.", at: runbook.name.location))
        }
        for use in Set(runbook.allSteps.compactMap { $0.uses?.value }) where !use.reference.isBuiltIn {
            _ = try definition(use.reference)
        }
        let lockPath = "runbooks/\(stem).lock.yaml"
        let lock = try documents.file(lockPath).flatMap { Lock.parse($0.bytes, file: lockPath).partial }
        if let blob = try documents.file(path)?.document.blob { used.insert(AuthoredDocument(path: path, blob: blob)) }
        for (use, entry) in lock?.steps ?? [:] {
            guard let reference = StepUse(use)?.reference else { continue }
            used.insert(AuthoredDocument(path: reference.definitionPath, blob: entry.blob))
        }
        let versions = try publications()
        diagnostics += lintRunbook(runbook, lock: lock) { lookUp($0, $1, versions) }
        diagnostics += lintGates(runbook, try policy())
    }

    private func lookUp(
        _ reference: StepReference, _ requirement: VersionRequirement, _ versions: PublishedVersions
    ) -> DefinitionLookup {
        if let parsed = definitions[reference] {
            guard let own = parsed.partial else { return .unreadable }
            if requirement.accepts(own.version.value) { return .found(own) }
        }
        if let publication = versions.newest(reference, requirement) { return .found(publication.definition) }
        let known = versions.versions(reference) + [definitions[reference]?.partial?.version.value].compactMap(\.self)
        return known.isEmpty ? .unknownStep(candidates: stepNames) : .unknownVersion(available: Set(known).sorted())
    }

    private mutating func checkScenario(_ bytes: [UInt8], _ path: String, _ runbook: String) throws(MusterError) {
        let parsed = RehearsalScenario.parse(bytes, file: path)
        diagnostics += parsed.diagnostics
        guard let scenario = parsed.value else { return }
        guard let file = try documents.file("runbooks/\(runbook).yaml") else {
            diagnostics.append(
                Diagnostic(
                    code: "scenario.no-runbook", "There is no runbook '\(runbook)' for this scenario",
                    help: "Its folder is named for the runbook.", at: scenario.name.location))
            return
        }
        guard let inputs = Runbook.parse(file.bytes, file: "runbooks/\(runbook).yaml").partial?.inputs else { return }
        for (name, value) in scenario.inputs.sorted(by: { $0.key < $1.key }) {
            let declared = inputs.first { $0.name.value == name }
            let why = declared.map { $0.mismatch(of: value.value) } ?? "the runbook has no such input"
            guard let why else { continue }
            let near = declared == nil ? suggestion(for: name, in: inputs.map(\.name.value)) : nil
            diagnostics.append(
                Diagnostic(
                    code: "scenario.input", "The input '\(name)' does not fit: \(why)", help: near,
                    at: value.location))
        }
    }

    private mutating func checkSigners(_ bytes: [UInt8]) throws(MusterError) {
        let parsed = AllowedSigners.parse(bytes)
        diagnostics += parsed.diagnostics
        if let signers = parsed.value { diagnostics += signers.lint(try policy()) }
    }

    /// Of the same tree; none where `muster.yaml` is missing or has errors, which are its own.
    private func policy() throws(MusterError) -> ApprovalPolicy {
        guard let bytes = try documents.file("muster.yaml")?.bytes else { return ApprovalPolicy() }
        return Configuration.parse(bytes, file: "muster.yaml").partial?.policy ?? ApprovalPolicy()
    }

    /// Whether some environment does not count who wrote what a plan uses.
    private func excludesAuthors() throws(MusterError) -> Bool {
        if try policy().rules.values.contains(where: \.excludesAuthors) { return true }
        for name in try documents.names(in: "environments", ending: ".yaml") {
            guard let file = try documents.file("environments/\(name)") else { continue }
            let environment = Environment.parse(file.bytes, file: "environments/\(name)").partial
            if environment?.approvals?.excludesAuthors == true { return true }
        }
        return false
    }

    private mutating func checkEnvironment(_ bytes: [UInt8], _ path: String) throws(MusterError) {
        let parsed = Environment.parse(bytes, file: path)
        diagnostics += parsed.diagnostics
        if let environment = parsed.value {
            diagnostics += environment.lintApprovals(try policy()) + lintZones(environment.zoneNames)
        }
        let stem = path.dropFirst("environments/".count).dropLast(".yaml".count)
        if let environment = parsed.value, environment.name.value != stem {
            diagnostics.append(
                Diagnostic(
                    code: "environment.wrong-name",
                    "The environment is called '\(environment.name.value)', its file says '\(stem)'",
                    help: "Rename one of them.", at: environment.name.location))
        }
    }

    // MARK: What others refer to

    private mutating func definition(_ reference: StepReference) throws(MusterError) -> Parsed<StepDefinition> {
        if let known = definitions[reference] { return known }
        guard let file = try documents.file(reference.definitionPath) else {
            return Parsed(partial: nil, diagnostics: [])
        }
        let parsed = StepDefinition.parse(file.bytes, file: reference.definitionPath)
        definitions[reference] = parsed
        return parsed
    }

    /// One walk over the history serves all steps of the catalog.
    private mutating func publications() throws(MusterError) -> PublishedVersions {
        if let published { return published }
        let references = stepNames.compactMap { StepReference($0) }
        let all =
            if let head = documents.state.head {
                try PublishedVersions(git: documents.git, from: head, references)
            } else {
                PublishedVersions()
            }
        published = all
        return all
    }
}
