// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterDocuments
internal import MusterGit
internal import MusterModel
internal import MusterSystem

struct PluginCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin", abstract: "Look at plugins and build them.", subcommands: [PluginBuildCommand.self])
}

struct PluginBuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Build a plugin's executable from the catalog's committed sources, and say where it is.",
        discussion: """
            PLUGIN is a name, or name@commit. The commit's whole tree is taken out into a cache under MUSTER_HOME and built \
            there with swift build -c release; the work tree is not touched. Give the folder to plan and run with --plugins.
            """)

    @Argument(help: "The plugin in kebab case, or name@commit.") var plugin: String
    @OptionGroup var common: CommonOptions

    func run() throws {
        let parts = plugin.split(separator: "@", maxSplits: 1).map(String.init)
        guard let name = parts.first, isKebabCase(name) else {
            throw MusterError(
                code: "plugin.bad-name", "\"\(visibleText(plugin))\" names no plugin.",
                help: "Such as failover-group-key-swap.")
        }
        let documents = try committedDocuments(common.catalog, parts.count > 1 ? parts[1] : nil)
        guard let commit = documents.commit,
            try documents.git.treeID("plugins/\(pluginFolderName(name))", at: commit) != nil
        else {
            throw MusterError(
                code: "plugin.no-sources", "The catalog has no plugins/\(pluginFolderName(name)).",
                help: "There are \(try documents.folders(in: "plugins").map(kebabName).joined(separator: ", ")).")
        }
        let builder = PluginBuilder(
            repository: documents.state.gitFolder, commit: commit, product: pluginFolderName(name))
        let folder = try builder.build(in: try StateFolder().path, Terminal())
        Terminal().out(
            common.json
                ? JSON.object(["folder": .string(folder)]).canonicalText : "Built; use it with: --plugins \(folder)")
    }
}
