// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterGit
internal import MusterModel
internal import MusterSystem

/// Where this machine saw a catalog's log of executions last: it only ever grows, so it must still be there.
///
/// Whoever rewrites a log and every branch of it leaves nothing in the repository that tells; a machine that saw it before does.
struct LogMemory {
    let git: Catalog
    /// What people call the log.
    let name: String
    private let ref: String
    private let path: String

    init(_ git: Catalog, gitFolder: String, branch: String, folders: StateFolder) {
        self.git = git
        (name, ref) = (branch, "refs/heads/\(branch)")
        path = "\(folders.path)/logs/\(Digest(of: "\(gitFolder)\n\(branch)".utf8).hex)"
    }

    /// The log of a remote, as it was fetched last.
    init(_ git: Catalog, gitFolder: String, remote: String, branch: String, folders: StateFolder) {
        self.git = git
        (name, ref) = ("\(branch) of \(remote)", RemoteLogs.ref(branch, of: remote))
        path = "\(folders.path)/logs/\(Digest(of: "\(gitFolder)\n\(ref)".utf8).hex)"
    }

    /// - Throws: `record.log-rewound` when the log does not hold what it held; `record.log-memory` when what was kept cannot be read.
    func check() throws(MusterError) {
        guard let known = try remembered() else { return }
        guard let tip = try tip(), try git.contains(tip, known) else {
            throw MusterError(
                code: "record.log-rewound",
                "The log \(name) does not hold commit \(known.short) any more, where this machine saw it last: it was rewritten.",
                help:
                    "Look at what is gone with `git log \(known.short)` here or in another clone. If people agreed to it, let this machine forget it: remove \(path)",
                status: .verificationFailed)
        }
    }

    /// Keeps where the log is now; a log that was rewritten is not kept.
    func remember() throws(MusterError) {
        try check()
        guard let tip = try tip() else { return }
        try makeFolders(String(path[..<path.lastIndex(of: "/")!]))
        try writeFile(path, Array("\(tip.hex)\n".utf8))
    }

    private func tip() throws(MusterError) -> ObjectID? {
        do { return try git.resolve(ref) } catch  where error.code == "git.unknown-revision" {
            return nil
        }
    }

    private func remembered() throws(MusterError) -> ObjectID? {
        guard access(path, F_OK) == 0 else { return nil }
        let text = readSmallFile(path, limit: 256, onlyRegular: true).map { String(decoding: $0, as: UTF8.self) } ?? ""
        guard let id = ObjectID(text.filter { !$0.isNewline }) else {
            throw MusterError(
                code: "record.log-memory", "Where this machine saw the log last cannot be read: \(path).",
                help: "Look at the file; remove it if it is damaged.", status: .verificationFailed)
        }
        return id
    }
}
