// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterDocuments
internal import MusterGit
internal import MusterModel
internal import MusterPluginHost
internal import MusterSystem

struct PluginCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin", abstract: "Look at plugins and build them.",
        subcommands: [PluginListCommand.self, PluginBuildCommand.self])
}

struct PluginListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the catalog's plugins: the executable that a run would use, its digest, and its steps.",
        discussion: "Executables are looked for in the folders of --plugins, then beside muster. None is started.")

    @Option(
        name: .customLong("plugins"),
        help: ArgumentHelp("A folder with plugins' executables; may be repeated.", valueName: "dir"))
    var pluginFolders: [String] = []
    @OptionGroup var common: CommonOptions

    func run() throws {
        let documents = try committedDocuments(common.catalog, nil)
        let finder = DefinitionFinder(documents: documents)
        let locator = PluginLocator(pluginFolders)
        var opener = PluginExecutable.Opener()
        let terminal = Terminal()
        var list: [JSON] = []
        for folder in try documents.folders(in: "plugins") {
            let plugin = kebabName(pluginFolder: folder)
            let steps = try finder.versions(of: plugin)
            var members: [String: JSON] = [
                "plugin": .string(plugin), "steps": .object(steps.mapValues { .string($0) }),
            ]
            var place = "no executable"
            if let path = locator.path(of: plugin) {
                let digest = try opener.open(path).digest
                members["executable"] = .string(path)
                members["digest"] = .string(digest.description)
                place = "\(digest.short)  \(visibleText(path))"
            }
            list.append(.object(members))
            guard !common.json else { continue }
            terminal.out("\(plugin)  \(place)")
            for (step, version) in steps.sorted(by: { $0.key < $1.key }) { terminal.out("    \(step)@\(version)") }
        }
        if common.json { terminal.out(JSON.array(list).canonicalText) }
    }
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
