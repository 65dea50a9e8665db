// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import MusterJournal

/// A file system that works until its n-th call, which fails, once or from then on. Short writes and interrupting
/// signals come as often as asked.
package final class FailingFileSystem: DurableFileSystem {
    private let inner: any DurableFileSystem
    /// Which call fails, from 1; 0 for none.
    private let failingCall: Int
    private let errno: Int32
    private let forEver: Bool
    package var shortWrites = false
    package private(set) var calls = 0
    package private(set) var failures = 0
    package private(set) var failedOperations: [String] = []

    package init(
        _ inner: any DurableFileSystem, failingCall: Int = 0, errno: Int32 = FailingFileSystem.inputOutputError,
        forEver: Bool = false
    ) {
        self.inner = inner
        self.failingCall = failingCall
        self.errno = errno
        self.forEver = forEver
    }

    package static let inputOutputError = EIO
    package static let noSpace = ENOSPC

    fileprivate func count(_ operation: String, _ path: String) throws(FileFailure) {
        calls += 1
        guard calls == failingCall || forEver && failingCall > 0 && calls > failingCall else { return }
        failures += 1
        failedOperations.append(operation)
        throw FileFailure(operation, path, errno: errno)
    }

    package func create(_ path: String) throws(FileFailure) -> any DurableFile {
        try count("create", path)
        return FailingFile(try inner.create(path), path, self)
    }

    package func open(_ path: String) throws(FileFailure) -> any DurableFile {
        try count("open", path)
        return FailingFile(try inner.open(path), path, self)
    }

    package func read(_ path: String) throws(FileFailure) -> [UInt8] {
        try count("read", path)
        return try inner.read(path)
    }

    package func makeFolder(_ path: String) throws(FileFailure) {
        try count("create folder", path)
        try inner.makeFolder(path)
    }

    package func syncFolder(_ path: String) throws(FileFailure) {
        try count("sync folder", path)
        try inner.syncFolder(path)
    }

    package func remove(_ path: String) throws(FileFailure) {
        try count("remove", path)
        try inner.remove(path)
    }

    package func freeBytes(_ path: String) throws(FileFailure) -> Int64 {
        try count("look at the disk of", path)
        return try inner.freeBytes(path)
    }
}

private final class FailingFile: DurableFile {
    let inner: any DurableFile
    let path: String
    let system: FailingFileSystem
    private var writes = 0

    init(_ inner: any DurableFile, _ path: String, _ system: FailingFileSystem) {
        self.inner = inner
        self.path = path
        self.system = system
    }

    func writeSome(_ bytes: ArraySlice<UInt8>) throws(FileFailure) -> Int {
        try system.count("write", path)
        guard system.shortWrites else { return try inner.writeSome(bytes) }
        writes += 1
        if writes % 3 == 0 { throw FileFailure("write", path, errno: EINTR) }
        return try inner.writeSome(bytes.prefix(1 + writes * 7 % 97))
    }

    func syncData() throws(FileFailure) {
        try system.count("sync", path)
        try inner.syncData()
    }

    func readWhole() throws(FileFailure) -> [UInt8] {
        try system.count("read", path)
        return try inner.readWhole()
    }

    func truncate(to size: Int) throws(FileFailure) {
        try system.count("cut", path)
        try inner.truncate(to: size)
    }

    func allocate(_ size: Int) throws(FileFailure) {
        try system.count("reserve space for", path)
        try inner.allocate(size)
    }

    func lock() throws(FileFailure) {
        try system.count("lock", path)
        try inner.lock()
    }

    func close() { inner.close() }
}
