// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterSystem

/// The machine's own file system.
package struct POSIXFileSystem: DurableFileSystem, Sendable {
    package init() {}

    package func create(_ path: String) throws(FileFailure) -> any DurableFile {
        try POSIXFile(path, flags: O_RDWR | O_APPEND | O_CREAT | O_EXCL, operation: "create")
    }

    package func open(_ path: String) throws(FileFailure) -> any DurableFile {
        try POSIXFile(path, flags: O_RDWR | O_APPEND, operation: "open")
    }

    package func read(_ path: String) throws(FileFailure) -> [UInt8] {
        let file = try POSIXFile(path, flags: O_RDONLY, operation: "open")
        defer { file.close() }
        return try file.readWhole()
    }

    package func makeFolder(_ path: String) throws(FileFailure) {
        guard mkdir(path, 0o700) == 0 else { throw FileFailure("create folder", path, errno: errno) }
    }

    package func syncFolder(_ path: String) throws(FileFailure) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure("open folder", path, errno: errno) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileFailure("sync folder", path, errno: errno) }
    }

    package func remove(_ path: String) throws(FileFailure) {
        guard unlink(path) == 0 else { throw FileFailure("remove", path, errno: errno) }
    }

    package func freeBytes(_ path: String) throws(FileFailure) -> Int64 {
        var state = statvfs()
        guard statvfs(path, &state) == 0 else { throw FileFailure("look at the disk of", path, errno: errno) }
        return Int64(
            clamping: UInt64(state.f_bavail).multipliedReportingOverflow(by: UInt64(state.f_frsize)).partialValue)
    }
}

/// A file of the machine. Not thread-safe: one owner uses it.
private final class POSIXFile: DurableFile {
    private let path: String
    private var descriptor: Int32

    init(_ path: String, flags: Int32, operation: String) throws(FileFailure) {
        self.path = path
        // Never waited for: a pipe in its place would have a reader wait for a writer.
        let flags = flags | O_CLOEXEC | O_NONBLOCK
        repeat { descriptor = Glibc.open(path, flags, 0o600) } while descriptor < 0 && errno == EINTR
        guard descriptor >= 0 else { throw FileFailure(operation, path, errno: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileFailure(operation, path, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileFailure(operation, path, errno: ENXIO) }
    }

    deinit { close() }

    func writeSome(_ bytes: ArraySlice<UInt8>) throws(FileFailure) -> Int {
        let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written > 0 else { throw FileFailure("write", path, errno: written == 0 ? EIO : errno) }
        return written
    }

    func syncData() throws(FileFailure) {
        guard fdatasync(descriptor) == 0 else { throw FileFailure("sync", path, errno: errno) }
    }

    func readWhole() throws(FileFailure) -> [UInt8] {
        var whole: [UInt8] = []
        // No more than a hint: the file may grow meanwhile, and whether it can be read is seen below.
        var status = stat()
        if fstat(descriptor, &status) == 0 { whole.reserveCapacity(Int(status.st_size)) }
        var chunk = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = chunk.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(whole.count)) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileFailure("read", path, errno: errno) }
            if count == 0 { return whole }
            whole.append(contentsOf: chunk[..<count])
        }
    }

    func truncate(to size: Int) throws(FileFailure) {
        while ftruncate(descriptor, off_t(size)) != 0 {
            guard errno == EINTR else { throw FileFailure("cut", path, errno: errno) }
        }
    }

    func allocate(_ size: Int) throws(FileFailure) {
        var result: Int32
        repeat { result = posix_fallocate(descriptor, 0, off_t(size)) } while result == EINTR
        guard result == 0 else { throw FileFailure("reserve space for", path, errno: result) }
    }

    func lock() throws(FileFailure) {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EINTR else { throw FileFailure("lock", path, errno: errno) }
        }
    }

    func close() {
        if descriptor >= 0 { unlockAndClose(descriptor) }
        descriptor = -1
    }
}
