// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A file operation that the system refused.
package struct FileFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried, such as `write` or `sync`.
    package var operation: String
    package var path: String
    package var errno: Int32

    package init(_ operation: String, _ path: String, errno: Int32) {
        self.operation = operation
        self.path = path
        self.errno = errno
    }

    package var description: String { "\(operation) \(path): \(String(cString: strerror(errno))) (errno \(errno))" }
}

/// One open file that is only ever appended to. The primitives answer as the system calls do, so that a test can make
/// each of them fail; use ``append(_:)`` and ``sync()``, which handle what is no error.
package protocol DurableFile: AnyObject {
    /// Appends some of the bytes, at least one, and says how many. `EINTR` is thrown like any other failure.
    func writeSome(_ bytes: ArraySlice<UInt8>) throws(FileFailure) -> Int
    /// Waits until the content and the size are on the disk (`fdatasync`).
    func syncData() throws(FileFailure)
    func readWhole() throws(FileFailure) -> [UInt8]
    func truncate(to size: Int) throws(FileFailure)
    /// Reserves the space on the disk and extends the file to `size`.
    func allocate(_ size: Int) throws(FileFailure)
    /// Holds the file for this process until it is closed; `EWOULDBLOCK` when another one has it.
    func lock() throws(FileFailure)
    func close()
}

extension DurableFile {
    /// Appends all of the bytes, over short writes and interrupting signals.
    package func append(_ bytes: [UInt8]) throws(FileFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            do {
                rest = rest.dropFirst(try writeSome(rest))
            } catch let failure {
                guard failure.errno == EINTR else { throw failure }
            }
        }
    }

    /// ``syncData()``, over interrupting signals. Any other failure is final: the kernel may have dropped the pages,
    /// and a second call would then report success (https://wiki.postgresql.org/wiki/Fsync_Errors).
    package func sync() throws(FileFailure) {
        while true {
            do {
                return try syncData()
            } catch let failure {
                guard failure.errno == EINTR else { throw failure }
            }
        }
    }
}

/// The folders and files that journals live in.
package protocol DurableFileSystem {
    /// Creates a file that must not exist yet, readable by its owner only.
    func create(_ path: String) throws(FileFailure) -> any DurableFile
    /// Opens a file that must exist, for reading and appending.
    func open(_ path: String) throws(FileFailure) -> any DurableFile
    /// The content of a file that another process may hold and append to.
    func read(_ path: String) throws(FileFailure) -> [UInt8]
    /// Creates a folder, for its owner only; `EEXIST` when there is one.
    func makeFolder(_ path: String) throws(FileFailure)
    /// Waits until the folder's entries are on the disk.
    func syncFolder(_ path: String) throws(FileFailure)
    func remove(_ path: String) throws(FileFailure)
    /// Bytes that a user without privileges can still write on the disk of the folder.
    func freeBytes(_ path: String) throws(FileFailure) -> Int64
}
