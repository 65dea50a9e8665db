// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterDocuments
internal import MusterGit
internal import MusterModel
internal import MusterSystem

struct LockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Resolve a runbook's steps to published definitions and write runbooks/<name>.lock.yaml.",
        discussion: "A definition is published by being committed. Read the lock's difference before you commit it.")

    @Argument(help: "The runbook's name.") var runbook: String
    @OptionGroup var common: CommonOptions

    func run() throws {
        let (git, state) = try CatalogDocuments.open(common.catalog)
        guard let root = state.workTree, let head = state.head else {
            throw MusterError(
                code: "catalog.no-commit", "There is no commit to lock against.",
                help: "Commit the step definitions first.")
        }
        let documents = CatalogDocuments(git: git, state: state, source: .workTree(root))
        let document = try documents.runbook(runbook).runbook
        let uses = Set(document.allSteps.compactMap { $0.uses }.filter { !$0.value.reference.isBuiltIn }.map(\.value))
        let references = Set(uses.map(\.reference)).sorted { $0.description < $1.description }
        let versions = try PublishedVersions(git: git, from: head, references)
        var lock = Lock(runbook: runbook, steps: [:])
        var diagnostics: [Diagnostic] = []
        for use in uses.sorted(by: { $0.description < $1.description }) {
            guard let found = versions.newest(use.reference, use.requirement) else {
                diagnostics.append(unpublished(use, versions, documents, document))
                continue
            }
            diagnostics += [found.definition.wrongName(for: use.reference), versions.ambiguity(use.reference, found)]
                .compactMap(\.self)
            let folder = "plugins/\(use.reference.pluginFolder)"
            guard let sources = try git.treeID(folder, at: found.commit) else {
                diagnostics.append(
                    Diagnostic(
                        code: "lock.no-sources",
                        "Commit \(found.commit.short) has no folder \(folder) to build \(use) from",
                        help: "Commit the plugin's sources with its steps."))
                continue
            }
            lock.steps[use.description] = Lock.Entry(
                version: found.definition.version.value, commit: found.commit, blob: found.blob, sources: sources)
        }
        guard diagnostics.isEmpty else {
            throw MusterError(
                code: "lock.unresolved", "The runbook \(runbook) cannot be locked.", diagnostics: diagnostics)
        }
        try write(lock, root, try documents.lock(runbook)?.lock)
    }

    private func unpublished(
        _ use: StepUse, _ versions: PublishedVersions, _ documents: CatalogDocuments, _ runbook: Runbook
    ) -> Diagnostic {
        let known = versions.versions(use.reference).map(\.description).joined(separator: ", ")
        let place = runbook.allSteps.first { $0.uses?.value == use }?.uses?.location
        return Diagnostic(
            code: "lock.not-published", "No published version of \(use.reference) fits @\(use.requirement)",
            help: known.isEmpty
                ? "Commit \(use.reference.definitionPath) first." : "Published are \(known).", at: place)
    }

    private func write(_ lock: Lock, _ root: String, _ before: Lock?) throws {
        let path = "runbooks/\(runbook).lock.yaml"
        let text = Array(lock.text.utf8)
        let isChanged = readSmallFile("\(root)/\(path)") != text
        if isChanged { try writeFile("\(root)/\(path)", text) }
        let terminal = Terminal()
        if common.json {
            let steps = lock.steps.mapValues { entry -> JSON in
                [
                    "version": .string(entry.version.description), "commit": .string(entry.commit.hex),
                    "blob": .string(entry.blob.hex),
                ]
            }
            return terminal.out(JSON.object(["lock": .string(path), "steps": .object(steps)]).canonicalText)
        }
        for (name, entry) in lock.steps.sorted(by: { $0.key < $1.key }) {
            let mark = before?.steps[name] == entry ? " " : "~"
            terminal.out(
                "\(mark) \(name) → \(entry.version), blob \(entry.blob.short), published in \(entry.commit.short)")
        }
        terminal.out(isChanged ? "Wrote \(path): commit it." : "\(path) is up to date: nothing was written.")
    }
}
