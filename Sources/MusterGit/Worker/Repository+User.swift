// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import Glibc
internal import MusterModel

extension Repository {
    /// `user.name` and `user.email`, each from the repository's own configuration, else from the first of the user's files
    /// that has it. libgit2's own search for these files is off; they are named by the engine.
    func user() throws -> GitIdentity? {
        let found = try settings(["user.name", "user.email"])
        guard let name = found["user.name"], let email = found["user.email"] else { return nil }
        return GitIdentity(name: name, email: email)
    }

    /// `user.signingkey` in the same way; nil where it is no path, for git takes a key itself there, too.
    func signingKey() throws -> String? {
        guard let key = try settings(["user.signingkey"])["user.signingkey"],
            key.hasPrefix("/") || key.hasPrefix("~/")
        else { return nil }
        return key
    }

    private func settings(_ names: [String]) throws -> [String: String] {
        var configuration: OpaquePointer?
        try git("read the configuration") { git_repository_config_snapshot(&configuration, handle) }
        defer { git_config_free(configuration) }
        var found: [String: String] = [:]
        read(names, of: configuration!, into: &found)
        for path in opening.userConfigFiles where found.count < names.count {
            try readUserFile(path, names, into: &found)
        }
        return found
    }

    private func readUserFile(_ path: String, _ names: [String], into found: inout [String: String]) throws {
        var information = stat()
        guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG, information.st_size <= 1 << 20
        else {
            return
        }
        var configuration: OpaquePointer?
        try git("read \(path)") { git_config_open_ondisk(&configuration, path) }
        defer { git_config_free(configuration) }
        read(names, of: configuration!, into: &found)
    }

    private func read(_ names: [String], of configuration: OpaquePointer, into found: inout [String: String]) {
        for name in names where found[name] == nil {
            var value = git_buf()
            defer { git_buf_dispose(&value) }
            guard git_config_get_string_buf(&value, configuration, name) == 0, value.size > 0 else { continue }
            found[name] = String(cString: value.ptr)
        }
    }
}
