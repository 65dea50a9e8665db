// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterEngine
internal import MusterGit
internal import MusterMachine
internal import MusterModel

/// Finds the definitions that a runbook uses: those its lock pins, or, in uncommitted work, those in the work tree.
struct DefinitionFinder {
    let documents: CatalogDocuments

    /// The runbook's definitions by use, after lint.
    ///
    /// - Throws: `runbook.invalid` with every diagnostic; `lock.missing`; `git.missing-object`.
    func definitions(
        of runbook: Runbook, lock: Lock?
    ) throws(MusterError) -> [StepUse: PlanMaterial.Definition] {
        var (found, diagnostics) = try read(runbook, lock: lock)
        diagnostics += try lint(runbook, lock: documents.commit == nil ? nil : lock, found)
        if runbook.allSteps.contains(where: \.isGate) {
            diagnostics += lintGates(runbook, try documents.configuration().policy)
        }
        try refuse(diagnostics, in: runbook)
        return found
    }

    /// The runbook's definitions by use, as they are pinned, without lint: the rules for documents may be stricter today than
    /// when a plan was made of them.
    ///
    /// - Throws: `runbook.invalid` where one cannot be read.
    func lockedDefinitions(
        of runbook: Runbook, lock: Lock?
    ) throws(MusterError) -> [StepUse: PlanMaterial.Definition] {
        let (found, diagnostics) = try read(runbook, lock: lock)
        try refuse(diagnostics, in: runbook)
        return found
    }

    private func refuse(_ diagnostics: [Diagnostic], in runbook: Runbook) throws(MusterError) {
        guard diagnostics.contains(where: { $0.severity == .error }) else { return }
        throw MusterError(
            code: "runbook.invalid", "The runbook \(runbook.name.value) cannot be used.", diagnostics: diagnostics)
    }

    private func read(
        _ runbook: Runbook, lock: Lock?
    ) throws(MusterError) -> ([StepUse: PlanMaterial.Definition], [Diagnostic]) {
        var found: [StepUse: PlanMaterial.Definition] = [:]
        var diagnostics: [Diagnostic] = []
        for use in uses(runbook) {
            if let builtIn = StepDefinition.builtIns[use.reference] {
                found[use] = PlanMaterial.Definition(definition: builtIn, document: nil, commit: nil)
            } else if case .commit = documents.source {
                guard let entry = lock?.entry(for: use) else { continue }
                let bytes = try documents.git.blobs([entry.blob]).first?.bytes ?? []
                guard let definition = read(bytes, use.reference, &diagnostics) else { continue }
                if let wrong = entry.wrongVersion(of: definition) { diagnostics.append(wrong) }
                let document = Plan.Document(path: use.reference.definitionPath, blob: entry.blob)
                found[use] = PlanMaterial.Definition(definition: definition, document: document, commit: entry.commit)
            } else if let file = try documents.file(use.reference.definitionPath) {
                guard let definition = read(file.bytes, use.reference, &diagnostics) else { continue }
                found[use] = PlanMaterial.Definition(definition: definition, document: file.document, commit: nil)
            }
        }
        return (found, diagnostics)
    }

    private func read(
        _ bytes: [UInt8], _ reference: StepReference, _ diagnostics: inout [Diagnostic]
    ) -> StepDefinition? {
        let parsed = StepDefinition.parse(bytes, file: reference.definitionPath)
        diagnostics += parsed.diagnostics
        if let wrong = parsed.partial?.wrongName(for: reference) { diagnostics.append(wrong) }
        return parsed.partial
    }

    private func uses(_ runbook: Runbook) -> [StepUse] {
        Set(runbook.allSteps.compactMap { $0.uses?.value }).sorted { $0.description < $1.description }
    }

    private func lint(
        _ runbook: Runbook, lock: Lock?, _ found: [StepUse: PlanMaterial.Definition]
    ) throws(MusterError) -> [Diagnostic] {
        let candidates = try stepNames()
        return lintRunbook(runbook, lock: lock) { reference, requirement in
            let known = found.filter { $0.key.reference == reference }.values.map(\.definition)
            if let match = known.first(where: { requirement.accepts($0.version.value) }) { return .found(match) }
            if known.isEmpty, !candidates.contains("\(reference)") { return .unknownStep(candidates: candidates) }
            return .unknownVersion(available: known.map(\.version.value))
        }
    }

    /// The versions of a plugin's steps as the catalog has them now, by step; `?` for one that cannot be read.
    func versions(of plugin: String) throws(MusterError) -> [String: String] {
        var versions: [String: String] = [:]
        for file in try documents.names(in: "plugins/\(pluginFolderName(plugin))/steps", ending: ".yaml") {
            let reference = StepReference(plugin: plugin, step: String(file.dropLast(5)))
            guard let bytes = try documents.file(reference.definitionPath)?.bytes else { continue }
            let definition = StepDefinition.parse(bytes, file: reference.definitionPath).partial
            versions[reference.step] = definition?.version.value.description ?? "?"
        }
        return versions
    }

    /// The steps of the catalog by their names in `uses:`.
    func stepNames() throws(MusterError) -> [String] {
        var names: [String] = []
        for folder in try documents.folders(in: "plugins") {
            let plugin = kebabName(pluginFolder: folder)
            for file in try documents.names(in: "plugins/\(folder)/steps", ending: ".yaml") {
                names.append("\(plugin)/\(file.dropLast(5))")
            }
        }
        return names
    }
}

extension StepDefinition {
    /// Complains when the definition is another step's than the one whose place holds it, or whose lock pins it.
    func wrongName(for reference: StepReference) -> Diagnostic? {
        guard self.reference.value != reference else { return nil }
        return Diagnostic(
            code: "step.wrong-name", "The step is called \(self.reference.value), its place says \(reference)",
            help: "Rename the step or move the file, then run muster lock.", at: self.reference.location)
    }
}

extension Lock.Entry {
    /// Complains when the content that the lock pins is of another version than the lock says.
    fileprivate func wrongVersion(of definition: StepDefinition) -> Diagnostic? {
        guard definition.version.value != version else { return nil }
        return Diagnostic(
            code: "step.wrong-version",
            "The locked content \(blob.short) is version \(definition.version.value), the lock says \(version)",
            help: "Run muster lock.", at: definition.version.location)
    }
}
