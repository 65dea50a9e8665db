// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import CMusterGit
internal import Glibc
internal import MusterModel

/// A libgit2 call that did not return success.
struct GitFailure: Error {
    let code: git_error_code
    let message: String
    let operation: String

    var isNotFound: Bool { code == GIT_ENOTFOUND }

    func saying(_ message: String) -> GitFailure { GitFailure(code: code, message: message, operation: operation) }

    /// For failures that nobody expected.
    var asMusterError: MusterError {
        MusterError(
            code: "git.failed", "Git could not \(operation): \(message).",
            help: Self.help(message), status: .stuck)
    }

    /// A disk that is full, or that nobody may write to, is no damage of the repository; libgit2 tells them by the system's words alone.
    private static func help(_ message: String) -> String {
        func tells(_ reasons: Int32...) -> Bool { reasons.contains { message.contains(String(cString: strerror($0))) } }
        if tells(ENOSPC, EDQUOT) { return "Make room on the repository's disk, then try again." }
        if tells(EROFS) { return "The repository's disk is read-only: make it writable, then try again." }
        if tells(EACCES, EPERM) { return "Look at the rights on the repository's files, then try again." }
        return "If it stays so, run `git fsck --full` in the repository."
    }
}

/// Makes one libgit2 call and reads its error, which libgit2 keeps for the thread's last call only.
///
/// - Parameter operation: completes the sentence "Git could not …".
func git(_ operation: @autoclosure () -> String, _ call: () -> Int32) throws(GitFailure) {
    if let failure = gitFailure(operation(), call) { throw failure }
}

/// The same for callers that go on after a failure; nil is success.
func gitFailure(_ operation: @autoclosure () -> String, _ call: () -> Int32) -> GitFailure? {
    git_error_clear()
    let code = call()
    guard code < 0 else { return nil }
    let message = git_error_last().flatMap { $0.pointee.message }.map { String(cString: $0) } ?? "no reason given"
    return GitFailure(code: git_error_code(rawValue: code), message: message, operation: operation())
}

/// Starts libgit2 with every setting that Muster relies on.
///
/// Syncing is off by default in libgit2. The search paths are emptied so that no configuration of the user or the system
/// changes what happens. Checks that are on by default (strict object creation, hash verification) stay on.
func startLibGit2() throws(MusterError) {
    git_libgit2_init()
    let levels = [GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL]
    do {
        for level in levels {
            try git("empty the configuration search path") { muster_git_set_search_path(level.rawValue, "") }
        }
        try git("turn syncing on") { muster_git_enable_fsync(1) }
        try git("turn owner validation on") { muster_git_set_owner_validation(1) }
        try git("limit mapped memory") { muster_git_set_mapped_limit(1 << 30) }
        // Headers and libraries without this option have known holes in reading packs; the build or this call refuses them.
        try git("limit packed objects") { muster_git_set_pack_object_limit(64 << 20) }
    } catch {
        throw MusterError(
            code: "git.library-refused",
            "The installed libgit2 refuses a setting that Muster needs: \(error.operation).",
            help: "Install libgit2 1.5.1 or later with the distribution's security updates.")
    }
}

extension ObjectID {
    init(_ oid: git_oid) {
        self = withUnsafeBytes(of: oid.id) { ObjectID(hexText($0))! }  // 20 bytes are always 40 digits
    }

    init(_ pointer: UnsafePointer<git_oid>) { self.init(pointer.pointee) }

    var oid: git_oid {
        var oid = git_oid()
        _ = git_oid_fromstr(&oid, hex)  // cannot fail: the type holds 40 hexadecimal digits
        return oid
    }
}
