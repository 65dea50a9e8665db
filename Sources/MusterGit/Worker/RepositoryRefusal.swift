// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import Glibc
internal import MusterModel

/// Why a repository is not opened, in words of ours: libgit2's own texts name neither the cause nor the way out.
enum RepositoryRefusal {
    static func shallow(_ folder: String) -> MusterError {
        MusterError(
            code: "git.shallow-repository", "The repository \(folder) is a shallow clone: its history is cut off.",
            help: "Run `git fetch --unshallow`; in CI ask for the whole history (`fetch-depth: 0`).")
    }

    static func reason(folder: String, failure: GitFailure) -> MusterError {
        guard let gitFolder = discover(folder) else {
            return MusterError(
                code: "git.not-a-repository", "\(folder) is not in a git repository.",
                help: "Go to your catalog's folder, name it with -C, or make one with `git init` and a first commit.")
        }
        if let owner = foreignOwner(of: gitFolder) {
            return MusterError(
                code: "git.foreign-owner",
                "The repository \(gitFolder) belongs to user \(owner), not to user \(geteuid()).",
                help: "Run Muster as that user, use a clone of your own, or change the owner with chown.")
        }
        let settings = extensions(of: gitFolder)
        if let format = settings["extensions.objectformat"], format != "sha1" {
            return MusterError(
                code: "git.sha256-repository", "The repository \(gitFolder) names its objects by \(format).",
                help: "libgit2 reads SHA-1 repositories only: use a clone made with `git init --object-format=sha1`.")
        }
        if let storage = settings["extensions.refstorage"], storage != "files" {
            return MusterError(
                code: "git.reftable-repository", "The repository \(gitFolder) keeps its refs as \(storage).",
                help: "libgit2 reads refs in files only: run `git refs migrate --ref-format=files`.")
        }
        return MusterError(
            code: "git.cannot-open", "The repository \(gitFolder) cannot be opened: \(failure.message).",
            help: "Look at its config file, and run `git fsck --full`.")
    }

    private static func discover(_ folder: String) -> String? {
        var found = git_buf()
        defer { git_buf_dispose(&found) }
        guard git_repository_discover(&found, folder, 0, nil) == 0, let path = found.ptr else { return nil }
        return String(cString: path)
    }

    /// The owner's number when it is somebody else; the git folder and the work tree around it both count.
    private static func foreignOwner(of gitFolder: String) -> uid_t? {
        for path in [gitFolder, gitFolder + ".."] {
            var information = stat()
            if stat(path, &information) == 0, information.st_uid != geteuid(),
                path == gitFolder || gitFolder.hasSuffix(".git/")
            {
                return information.st_uid
            }
        }
        return nil
    }

    /// Members of the configuration that decide how objects and refs are kept. Unreadable configuration gives none, and
    /// the caller then reports libgit2's own failure.
    private static func extensions(of gitFolder: String) -> [String: String] {
        var configuration: OpaquePointer?
        guard git_config_open_ondisk(&configuration, commonFolder(of: gitFolder) + "config") == 0 else { return [:] }
        defer { git_config_free(configuration) }
        var found: [String: String] = [:]
        for name in ["extensions.objectformat", "extensions.refstorage"] {
            var value = git_buf()
            if git_config_get_string_buf(&value, configuration, name) == 0 { found[name] = String(cString: value.ptr) }
            git_buf_dispose(&value)
        }
        return found
    }

    /// A linked work tree's git folder names the main one in its file `commondir`.
    private static func commonFolder(of gitFolder: String) -> String {
        guard let file = fopen(gitFolder + "commondir", "re") else { return gitFolder }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 4096)
        guard fgets(&line, Int32(line.count), file) != nil else { return gitFolder }
        let text = String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.hasPrefix("/") ? text + "/" : gitFolder + text + "/"
    }
}
