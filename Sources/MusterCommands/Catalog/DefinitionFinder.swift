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
        var found: [StepUse: PlanMaterial.Definition] = [:]
        var diagnostics: [Diagnostic] = []
        for use in uses(runbook) {
            if let builtIn = StepDefinition.builtIns[use.reference] {
                found[use] = PlanMaterial.Definition(definition: builtIn, document: nil, commit: nil)
            } else if case .commit = documents.source {
                guard let entry = lock?.entry(for: use) else { continue }
                let bytes = try documents.git.blobs([entry.blob]).first?.bytes ?? []
                let parsed = StepDefinition.parse(bytes, file: use.reference.definitionPath)
                diagnostics += parsed.diagnostics
                guard let definition = parsed.partial else { continue }
                let document = Plan.Document(path: use.reference.definitionPath, blob: entry.blob)
                found[use] = PlanMaterial.Definition(definition: definition, document: document, commit: entry.commit)
            } else if let file = try documents.file(use.reference.definitionPath) {
                let parsed = StepDefinition.parse(file.bytes, file: use.reference.definitionPath)
                diagnostics += parsed.diagnostics
                guard let definition = parsed.partial else { continue }
                found[use] = PlanMaterial.Definition(definition: definition, document: file.document, commit: nil)
            }
        }
        diagnostics += try lint(runbook, lock: documents.commit == nil ? nil : lock, found)
        guard !diagnostics.contains(where: { $0.severity == .error }) else {
            throw MusterError(
                code: "runbook.invalid", "The runbook \(runbook.name.value) cannot be used.", diagnostics: diagnostics)
        }
        return found
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

/// `OracleDRSetup` → `oracle-dr-setup`: the other way round than `pluginFolderName`, which keeps DR in capitals.
func kebabName(pluginFolder: String) -> String {
    var name = ""
    for character in pluginFolder.replacing("DR", with: "Dr") {
        if character.isUppercase, !name.isEmpty { name += "-" }
        name += character.lowercased()
    }
    return name
}
