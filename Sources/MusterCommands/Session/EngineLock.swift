// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterModel

/// One engine a run on this machine: a lock outside of the run's folder, whose journal may be replaced by another machine's while it is
/// held, and which is not made for a run that is refused.
///
/// The kernel frees it when the process ends, however it ends.
final class EngineLock {
    private var descriptor: Int32

    /// - Throws: `journal.locked` while another process has the run.
    init(runFolder: String) throws(MusterError) {
        let path = Self.path(runFolder)
        makeFolders(String(path[..<path.lastIndex(of: "/")!]))
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw MusterError(
                code: "run.cannot-lock", "The run cannot be locked (\(path)): \(String(cString: strerror(errno))).",
                help: "Look at the disk and the permissions of \(runFolder).", status: .runFailed)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw MusterError(
                code: "journal.locked", "Another process is running this run: it holds \(path).",
                help: "See how it stands with \"muster status\"; if it hangs, end that process first.",
                status: .preconditionUnmet)
        }
    }

    /// `engines/<run>.lock` beside the folder of all runs.
    private static func path(_ runFolder: String) -> String {
        let parts = runFolder.split(separator: "/", omittingEmptySubsequences: false)
        return (parts.dropLast(2) + ["engines", "\(parts.last!).lock"]).joined(separator: "/")
    }

    /// Whether a process has the run now.
    static func isHeld(runFolder: String) -> Bool {
        let probe = open(path(runFolder), O_RDONLY | O_CLOEXEC)
        guard probe >= 0 else { return false }
        defer { close(probe) }
        return flock(probe, LOCK_SH | LOCK_NB) != 0
    }

    func release() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    deinit { release() }
}
