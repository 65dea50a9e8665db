// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterModel
internal import MusterPluginHost
internal import MusterSystem

/// Finds plugins' executables: in the folders given, else beside `muster` itself.
struct PluginLocator {
    let folders: [String]

    init(_ given: [String]) {
        folders = given + [Host.executableFolder].compactMap(\.self)
    }

    /// The first of the folders that has it wins; nil where none has.
    func path(of plugin: String) -> String? {
        folders.map { "\($0)/\(pluginFolderName(plugin))" }.first { access($0, X_OK) == 0 }
    }

    /// - Throws: `plugin.missing`, naming the folders that were searched.
    func executable(_ plugin: String, _ opener: inout PluginExecutable.Opener) throws(MusterError) -> PluginExecutable {
        if let path = path(of: plugin) { return try opener.open(path) }
        let name = pluginFolderName(plugin)
        throw MusterError(
            code: "plugin.missing", "The executable of plugin \(plugin) was not found (\(name)).",
            help:
                "Searched \(folders.joined(separator: ", ")). \"muster plugin build \(plugin)\" builds its committed sources "
                + "and says which --plugins to give; in Muster's own repository \"make plugins\" puts all beside muster."
        )
    }
}
