// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterEngine
internal import MusterGit
internal import MusterMachine
internal import MusterModel

/// The plan that the documents of a commit make, without any look at a target.
///
/// Whoever hands a plan on may have written another one: with a gate left out, say, or a production environment whose document is
/// that of a laboratory. People read what is planned, and agree to it, by the documents' names.
struct RemadePlan {
    let plan: Plan

    /// - Parameter given: its commit, kind, inputs, change and executables are taken from it.
    /// - Throws: document errors, what cannot be found or read, and `plan.…` where the documents make no plan of these inputs.
    init(of given: Plan, at commit: ObjectID, _ git: Catalog, _ state: RepositoryState) throws(MusterError) {
        let documents = CatalogDocuments(git: git, state: state, source: .commit(commit))
        let name = given.runbook.name
        let (runbook, document) = try documents.runbook(name)
        let lock = try documents.lock(name)
        var environment = given.environment
        if given.kind != .rehearsal {
            let (section, document) = try documents.environment(given.environment.name)
            environment = Plan.Environment(section, document)
        }
        let definitions = try DefinitionFinder(documents: documents).lockedDefinitions(of: runbook, lock: lock?.lock)
        let material = PlanMaterial(
            kind: given.kind, runbook: runbook, runbookDocument: document, commit: commit, lock: lock?.document,
            environment: environment, change: given.change, inputs: given.inputs,
            definitions: definitions, plugins: try Self.plugins(of: definitions, given, documents))
        plan = try material.draft()
    }

    /// The executables as the plan names them, for whichever plugins the definitions are of.
    private static func plugins(
        of definitions: [StepUse: PlanMaterial.Definition], _ given: Plan, _ documents: CatalogDocuments
    ) throws(MusterError) -> [Plan.Plugin] {
        var plugins: [Plan.Plugin] = []
        for name in Set(definitions.keys.map(\.reference).filter { !$0.isBuiltIn }.map(\.plugin)).sorted() {
            let executable = given.plugins.first { $0.name == name }?.executable ?? Digest(of: [])
            plugins.append(
                Plan.Plugin(name: name, executable: executable, sources: try documents.pluginSources(name)))
        }
        return plugins
    }

    /// What of a plan is not what the documents make, in words; empty for one that a planner made.
    ///
    /// What a plan saw of its targets is its own. So is where a definition was published, which is another commit once history was
    /// rewritten; what it holds decides.
    func differences(from given: Plan) throws(MusterError) -> [String] {
        var (given, made) = (given, plan)
        for at in given.steps.indices { given.steps[at].preview = nil }
        for name in Set(given.definitions.keys).union(made.definitions.keys) {
            given.definitions[name]?.commit = nil
            made.definitions[name]?.commit = nil
            // Plans of the first releases did not have them.
            if given.definitions[name]?.outputTypes == nil { made.definitions[name]?.outputTypes = nil }
        }
        let (before, after): (JSON, JSON)
        do { (before, after) = (try JSON(encoding: given), try JSON(encoding: made)) } catch {
            throw MusterError(
                code: "plan.not-encodable", "The plan holds a number that JSON has no text for: \(error).")
        }
        return planDifferences(before, after).map { part, planned, made in
            "\(part): the plan has \(planned), the documents make \(made)"
        }
    }
}

extension Plan.Environment {
    /// As its document has it.
    init(_ environment: Environment, _ document: Plan.Document?, named name: String? = nil) {
        self.init(
            name: name ?? environment.name.value, document: document,
            digest: Digest(of: environment.withoutSecrets().canonicalBytes()), values: environment.values)
    }
}
