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

    /// - Throws: `plugin.missing`, naming the folders that were searched.
    func executable(_ plugin: String, _ opener: inout PluginExecutable.Opener) throws(MusterError) -> PluginExecutable {
        let name = pluginFolderName(plugin)
        for folder in folders where access("\(folder)/\(name)", X_OK) == 0 {
            return try opener.open("\(folder)/\(name)")
        }
        throw MusterError(
            code: "plugin.missing", "The executable of plugin \(plugin) was not found (\(name)).",
            help: "Searched \(folders.joined(separator: ", ")). Build it with \"muster plugin build \(plugin)\", "
                + "or name its folder with --plugins.")
    }
}
