// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterEngine
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterPluginHost
internal import MusterSystem

/// Opens and hashes the executables of the plugins that the definitions belong to.
///
/// - Throws: `plugin.missing`, and what stands against an executable.
func openPlugins(
    _ definitions: [StepUse: PlanMaterial.Definition], _ folders: [String], _ documents: CatalogDocuments
) throws(MusterError) -> ([String: PluginPool.Entry], [Plan.Plugin]) {
    var wanted: [String: [String: ObjectID]] = [:]
    for (use, found) in definitions where !use.reference.isBuiltIn {
        wanted[use.reference.plugin, default: [:]][use.reference.step] = found.document?.blob
    }
    let locator = PluginLocator(folders)
    var opener = PluginExecutable.Opener()
    var entries: [String: PluginPool.Entry] = [:]
    var pins: [Plan.Plugin] = []
    for (plugin, steps) in wanted.sorted(by: { $0.key < $1.key }) {
        let executable = try locator.executable(plugin, &opener)
        entries[plugin] = PluginPool.Entry(executable: executable, definitions: steps)
        let sources = try documents.pluginSources(plugin)
        pins.append(Plan.Plugin(name: plugin, executable: executable.digest, sources: sources))
    }
    return (entries, pins)
}

/// The plugins of a run, each handed the environment's sections that its steps name.
func pluginPool(
    _ entries: [String: PluginPool.Entry], _ environment: Environment, _ state: RepositoryState,
    _ secrets: @escaping (SecretReference) throws(MusterError) -> String
) -> PluginPool {
    let root = state.workTree ?? state.gitFolder
    return PluginPool(entries, environment: Host.variables, secrets: secrets) { name, hide throws(MusterError) in
        try connection(environment, name, root: root, secrets: secrets, hide: hide)
    }
}

/// Reads each secret once for the run: a command that prints one may take long, and the loop waits for it.
func onceEach(
    _ read: @escaping (SecretReference) throws(MusterError) -> String
) -> (SecretReference) throws(MusterError) -> String {
    var known: [SecretReference: String] = [:]
    return { reference throws(MusterError) in
        if let value = known[reference] { return value }
        let value = try read(reference)
        known[reference] = value
        return value
    }
}
