// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import MusterMachine
package import MusterModel

/// Bounds of a journal on its disk.
package struct JournalLimits: Sendable {
    /// A run does not start with less room than this.
    package var freeBytesMin: Int64
    /// Kept aside and given free when the disk is full, so that the halt itself can be journaled. 0 keeps none.
    package var ballastBytes: Int

    package init(freeBytesMin: Int64 = 64 << 20, ballastBytes: Int = 1 << 20) {
        self.freeBytesMin = freeBytesMin
        self.ballastBytes = ballastBytes
    }
}

/// Appends to the journal of one run. It alone writes it, in this process and on this machine.
///
/// Fail-stop: after any error it refuses every further event, because what is on the disk is no longer known until the
/// journal is opened and read anew. Not thread-safe: one owner uses it.
package final class JournalWriter {
    package static let fileName = "journal.jsonl"
    static let ballastName = "journal.ballast"

    /// Folder of the run.
    package let folder: String
    /// Why nothing can be written any more.
    package private(set) var failure: MusterError?
    /// SHA-256 in hex of the last line written.
    package private(set) var lastLineDigest: String
    /// The next entry's `seq`.
    package private(set) var nextSequence: Int64
    /// Length of the journal, unsynced lines included.
    package private(set) var size: Int

    private let file: any DurableFile
    private let files: any DurableFileSystem
    private var unsyncedBytes = 0
    private var hasBallast = false

    package var path: String { folder + "/" + Self.fileName }

    private init(folder: String, file: any DurableFile, files: any DurableFileSystem, after reading: JournalReading?) {
        self.folder = folder
        self.file = file
        self.files = files
        lastLineDigest = reading?.lastLineDigest ?? JournalEntry.firstPrevious
        nextSequence = Int64(reading?.entries.count ?? 0)
        size = reading?.intactBytes ?? 0
    }

    deinit { file.close() }

    // MARK: Opening

    /// Makes the run's folder, which may exist, and an empty journal in it, which may not.
    ///
    /// - Throws: `journal.low-disk`, `journal.exists`, `journal.locked`, `journal.cannot-create`.
    package static func create(
        folder: String, files: any DurableFileSystem = POSIXFileSystem(), limits: JournalLimits = JournalLimits()
    ) throws(MusterError) -> JournalWriter {
        do {
            try makeFolders(folder, files)
            let free = try files.freeBytes(folder)
            guard free >= limits.freeBytesMin else { throw lowDisk(folder, free, limits) }
            let file = try files.create(folder + "/" + fileName)
            try file.lock()
            let writer = JournalWriter(folder: folder, file: file, files: files, after: nil)
            try writer.keepBallast(limits.ballastBytes)
            try file.sync()
            try files.syncFolder(folder)
            return writer
        } catch let failure as FileFailure {
            throw cannotCreate(failure)
        } catch let error as MusterError {
            throw error
        } catch {
            preconditionFailure("only typed errors are thrown above: \(error)")
        }
    }

    /// Opens a journal to go on with it. A torn tail is first copied to `journal.torn-<n>` and then cut; the reading
    /// that is returned still holds it, so that it can be said.
    ///
    /// - Throws: `journal.not-found`, `journal.unreadable`, `journal.locked`, `journal.broken`, `journal.write-failed`.
    package static func reopen(
        folder: String, files: any DurableFileSystem = POSIXFileSystem(), limits: JournalLimits = JournalLimits()
    ) throws(MusterError) -> (writer: JournalWriter, reading: JournalReading) {
        let path = folder + "/" + fileName
        let file: any DurableFile
        let bytes: [UInt8]
        do {
            file = try files.open(path)
            try file.lock()
            bytes = try file.readWhole()
        } catch let failure {
            throw failure.errno == EWOULDBLOCK ? locked(path) : journalUnreadable(failure)
        }
        let reading: JournalReading
        do { reading = try JournalReading(bytes) } catch let fault { throw journalBroken(path, fault) }
        let writer = JournalWriter(folder: folder, file: file, files: files, after: reading)
        do {
            if !reading.tornTail.isEmpty { try writer.setAside(reading.tornTail, keeping: reading.intactBytes) }
            try writer.keepBallast(limits.ballastBytes)
            // What a process before us wrote and did not sync counts from now on, so it must be on the disk, its name too.
            try file.sync()
            try files.syncFolder(folder)
        } catch let failure {
            throw writer.fail(failure)
        }
        return (writer, reading)
    }

    private static func makeFolders(_ folder: String, _ files: any DurableFileSystem) throws(FileFailure) {
        let parent = parentFolder(folder)
        do {
            try files.makeFolder(folder)
        } catch let failure {
            // One that another process made may not be on the disk yet.
            if failure.errno != EEXIST {
                guard failure.errno == ENOENT, parent != folder else { throw failure }
                try makeFolders(parent, files)
                try files.makeFolder(folder)
            }
        }
        try files.syncFolder(parent)
    }

    private func keepBallast(_ bytes: Int) throws(FileFailure) {
        guard bytes > 0 else { return }
        let path = folder + "/" + Self.ballastName
        do {
            let ballast = try files.create(path)
            defer { ballast.close() }
            try ballast.allocate(bytes)
            hasBallast = true
        } catch let failure {
            // One of a process that did not end well serves as well.
            guard failure.errno == EEXIST else { throw failure }
            hasBallast = true
        }
    }

    private func setAside(_ tail: [UInt8], keeping intact: Int) throws(FileFailure) {
        var number = 1
        while true {
            do {
                let copy = try files.create(folder + "/journal.torn-\(number)")
                defer { copy.close() }
                try copy.append(tail)
                try copy.sync()
                break
            } catch let failure {
                guard failure.errno == EEXIST else { throw failure }
                number += 1
            }
        }
        try files.syncFolder(folder)
        try file.truncate(to: intact)
        try file.sync()
    }

    // MARK: Writing

    /// Gives the events their places and appends them, as a rule in one write. They are durable after ``sync()``.
    ///
    /// - Throws: `journal.disk-full`, `journal.read-only`, `journal.write-failed`; `journal.failed` after any earlier
    ///   error.
    @discardableResult
    package func append(_ events: [Event], at instant: Instant) throws(MusterError) -> [JournalEntry] {
        try refuseIfFailed()
        do {
            return try write(events, at: instant)
        } catch let failure {
            throw fail(failure)
        }
    }

    /// Waits until everything appended is on the disk. Costs nothing when it already is.
    ///
    /// - Throws: the same as ``append(_:at:)``.
    package func sync() throws(MusterError) {
        try refuseIfFailed()
        do {
            try syncUnsynced()
        } catch let failure {
            throw fail(failure)
        }
    }

    /// Lets the journal go: unlocks it and gives the ballast free. What was not synced is not promised.
    package func close() {
        // Losing the error is right: a ballast that stays costs room, and the next opening uses it.
        if hasBallast { try? files.remove(folder + "/" + Self.ballastName) }
        hasBallast = false
        file.close()
        failure = failure ?? MusterError(code: "journal.closed", "The journal \(path) was closed.")
    }

    @discardableResult
    private func write(_ events: [Event], at instant: Instant) throws(FileFailure) -> [JournalEntry] {
        var entries: [JournalEntry] = []
        var pending: [UInt8] = []
        for event in events {
            let entry = JournalEntry(
                sequence: nextSequence, at: instant.wall, boot: instant.boot, previous: lastLineDigest, event: event)
            let line = entry.encoded()
            if unsyncedBytes + pending.count + line.count >= JournalReading.unsyncedBytesMax {
                try flush(&pending)
                try syncUnsynced()
            }
            pending += line
            pending.append(0x0A)
            entries.append(entry)
            nextSequence += 1
            lastLineDigest = Digest(of: line).hex
        }
        try flush(&pending)
        return entries
    }

    private func flush(_ pending: inout [UInt8]) throws(FileFailure) {
        try file.append(pending)
        size += pending.count
        unsyncedBytes += pending.count
        pending.removeAll(keepingCapacity: true)
    }

    private func syncUnsynced() throws(FileFailure) {
        guard unsyncedBytes > 0 else { return }
        try file.sync()
        unsyncedBytes = 0
    }

    // MARK: Failing

    private func refuseIfFailed() throws(MusterError) {
        guard let failure else { return }
        throw MusterError(
            code: "journal.failed", "The journal \(path) takes no more events: \(failure.summary)", help: failure.help,
            status: failure.status)
    }

    private func fail(_ cause: FileFailure) -> MusterError {
        let error = Self.error(cause)
        failure = error
        if cause.errno == ENOSPC || cause.errno == EDQUOT, cause.operation == "write", hasBallast { makeRoom() }
        return error
    }

    /// Gives the ballast free and cuts what was written of the lines that did not fit, so that the journal ends with a whole one.
    private func makeRoom() {
        do {
            hasBallast = false
            try files.remove(folder + "/" + Self.ballastName)
            try file.truncate(to: size)
            try file.sync()
        } catch {
            // The first failure is the one to tell; what is torn is set aside when the journal is opened again.
        }
    }
}

extension JournalEntry {
    fileprivate func encoded() -> [UInt8] {
        do {
            return try line()
        } catch {
            preconditionFailure("an event can always be written as JSON: \(error)")
        }
    }
}

private func parentFolder(_ path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
