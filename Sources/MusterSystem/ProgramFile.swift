// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import MusterModel

/// An executable file that is held open, so that what is started is what was looked at, whatever happens to its path.
package final class ProgramFile: Sendable {
    /// What tells, without reading it, that a file is still the one that was read.
    package struct Identity: Hashable, Sendable {
        package let device: UInt64
        package let inode: UInt64
        package let size: Int64
        package let modified: Int64
        package let changed: Int64
    }

    package let path: String
    package let identity: Identity
    /// Whether its first line names an interpreter.
    package let isScript: Bool
    let descriptor: Int32

    /// Opens the file for reading.
    ///
    /// - Throws: `system.cannot-open` when it cannot be read, `system.not-executable` when it is no file that may be
    ///   executed.
    package init(path: String) throws(MusterError) {
        // What is no regular file is refused below; a pipe would be waited for here.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw MusterError(
                code: "system.cannot-open", "\(path) could not be opened: \(String(cString: strerror(errno))).")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o111 != 0 else {
            close(descriptor)
            throw MusterError(code: "system.not-executable", "\(path) is not an executable file.")
        }
        func nanoseconds(_ time: timespec) -> Int64 { Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec) }
        identity = Identity(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            modified: nanoseconds(status.st_mtim), changed: nanoseconds(status.st_ctim))
        var start: [UInt8] = [0, 0]
        isScript = pread(descriptor, &start, 2, 0) == 2 && start == Array("#!".utf8)
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// SHA-256 of the whole file.
    ///
    /// - Throws: `system.cannot-read`.
    package func digest() throws(MusterError) -> Digest {
        var hash = StreamingDigest()
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        var offset = 0
        while true {
            let count = pread(descriptor, &buffer, buffer.count, off_t(offset))
            if count == 0 { return hash.finish() }
            if count > 0 {
                buffer.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                offset += count
            } else if errno != EINTR {
                throw MusterError(
                    code: "system.cannot-read", "\(path) could not be read: \(String(cString: strerror(errno))).")
            }
        }
    }
}
