// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterPluginHost
internal import MusterSystem

/// The very executables that runs of this machine were agreed to with: `plugins/<digest>` in the state folder.
///
/// A plugin that is built anew takes its old file away, and a run that stands half-way still needs it.
struct KeptPlugins {
    /// Room that a copy leaves to journals, in bytes.
    private static let freeBytesMin: Int64 = 256 << 20

    let folder: String

    init(_ state: StateFolder) { folder = "\(state.path)/plugins" }

    private func path(_ digest: Digest) -> String { "\(folder)/\(digest.hex)" }

    /// Keeps the executable, once for each digest.
    ///
    /// - Returns: why it could not be kept; nil when it is. That keeps nobody from running: the built file is still there.
    private func keep(_ executable: PluginExecutable) -> String? {
        let target = path(executable.digest)
        var status = stat()
        // Not read again: it is, when it is used.
        if stat(target, &status) == 0, Int64(status.st_size) == executable.file.identity.size { return nil }
        do {
            try makeFolders(folder)
            guard hasRoom(for: executable.file.identity.size) else { return "the disk of \(folder) is nearly full" }
            try executable.file.copy(to: target) { copy throws(MusterError) in
                try copy.digest() == executable.digest
            }
            return nil
        } catch {
            return error.summary
        }
    }

    /// What to tell the person where the executable could not be kept.
    func notice(_ executable: PluginExecutable) -> String? {
        keep(executable).map {
            "\(executable.path) could not be kept, so going on with this run needs that very file: \($0)"
        }
    }

    private func hasRoom(for size: Int64) -> Bool {
        var disk = statvfs()
        guard statvfs(folder, &disk) == 0 else { return true }  // copying tells
        let free = UInt64(disk.f_bavail).multipliedReportingOverflow(by: UInt64(disk.f_frsize)).partialValue
        return Int64(clamping: free) >= Self.freeBytesMin + size
    }

    /// The executable with this digest, whose every byte was looked at; nil where none is kept, or what is kept is another.
    func executable(_ digest: Digest, _ opener: inout PluginExecutable.Opener) -> PluginExecutable? {
        // Whatever keeps it from being read, it cannot be used.
        guard let kept = try? opener.open(path(digest)), kept.digest == digest else { return nil }
        return kept
    }
}

extension Plan {
    /// The executables that the plan pins: those that are built, else those that were kept.
    ///
    /// - Returns: what the pool starts, and what to tell the person.
    /// - Throws: `plugin.missing`, and `run.plugin-changed` for one that is not the very file that was planned with.
    func openPlugins(
        _ folders: [String], kept: KeptPlugins
    ) throws(MusterError) -> (entries: [String: PluginPool.Entry], notices: [String]) {
        let locator = PluginLocator(folders)
        var opener = PluginExecutable.Opener()
        var entries: [String: PluginPool.Entry] = [:]
        var notices: [String] = []
        for pin in plugins {
            let (executable, notice) = try pin.open(locator, kept, &opener)
            var blobs: [String: ObjectID] = [:]
            for definition in definitions.values where definition.reference.plugin == pin.name {
                blobs[definition.reference.step] = definition.document?.blob
            }
            entries[pin.name] = PluginPool.Entry(executable: executable, definitions: blobs)
            notices += [notice].compactMap(\.self)
        }
        return (entries, notices)
    }
}

extension Plan.Plugin {
    fileprivate func open(
        _ locator: PluginLocator, _ kept: KeptPlugins, _ opener: inout PluginExecutable.Opener
    ) throws(MusterError) -> (PluginExecutable, notice: String?) {
        var built: PluginExecutable?
        do { built = try locator.executable(name, &opener) } catch {
            guard let found = kept.executable(executable, &opener) else { throw error }
            return (found, "Plugin \(name) is not built here; its kept file, \(executable.short), is used.")
        }
        if let built, built.digest == executable { return (built, nil) }
        if let found = kept.executable(executable, &opener) {
            return (
                found,
                "Plugin \(name) was built anew since the run began; the file that was agreed to, \(executable.short), was kept and is used."
            )
        }
        throw MusterError(
            code: "run.plugin-changed",
            "The executable of plugin \(name) is not the one that the run was planned with.",
            help:
                "Planned \(executable), found \(built.map { "\($0.digest)" } ?? "none"), and \(kept.folder) does not keep it. Name the folder with the right one: --plugins DIR.",
            status: .preconditionUnmet)
    }
}
