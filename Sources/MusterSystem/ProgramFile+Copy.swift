// SPDX-License-Identifier: Apache-2.0

internal import CMusterSystem
internal import Glibc
package import MusterModel

extension ProgramFile {
    /// Makes a copy that its owner alone may execute, whole after a crash: beside it first, synced, then renamed.
    ///
    /// - Parameter isRight: looks at the copy before it gets its name.
    /// - Throws: `system.cannot-copy`; nothing is left behind then.
    package func copy(to target: String, isRight: (ProgramFile) throws(MusterError) -> Bool) throws(MusterError) {
        let temporary = "\(target).new-\(getpid())"
        func failure(_ why: String) -> MusterError {
            MusterError(code: "system.cannot-copy", "\(path) could not be copied to \(target): \(why).")
        }
        do throws(MusterError) {
            try write(to: temporary, failure)
            guard try isRight(ProgramFile(path: temporary)) else { throw failure("it was changed meanwhile") }
            guard rename(temporary, target) == 0 else { throw failure(String(cString: strerror(errno))) }
        } catch {
            unlink(temporary)
            throw error
        }
        let parent = open(String(target[..<(target.lastIndex(of: "/") ?? target.startIndex)]), O_RDONLY | O_CLOEXEC)
        defer { if parent >= 0 { close(parent) } }
        guard parent >= 0, fsync(parent) == 0 else { throw failure(String(cString: strerror(errno))) }
    }

    private func write(to temporary: String, _ failure: (String) -> MusterError) throws(MusterError) {
        unlink(temporary)
        let copy = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o700)
        guard copy >= 0 else { throw failure(String(cString: strerror(errno))) }
        defer { close(copy) }
        let error = muster_copy_file(descriptor, copy, off_t(identity.size))
        guard error == 0 else { throw failure(String(cString: strerror(error))) }
        guard fsync(copy) == 0 else { throw failure(String(cString: strerror(errno))) }
    }
}
