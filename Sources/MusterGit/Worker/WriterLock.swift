// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterModel
internal import MusterSystem

/// Lets Muster's writers of one repository in one after the other, and clears away what a dead one left.
///
/// The kernel frees the lock when its holder dies. It only orders Muster's own writers: compare-and-swap on the ref is
/// what keeps everyone's work, git's included.
struct WriterLock {
    let commonFolder: String

    private var folder: String { commonFolder + "muster/" }

    /// How long a lock file of somebody else is waited for.
    static let patience = Duration.seconds(5)
    /// How long another Muster writer, which is alive as long as it holds the lock, is waited for: there may be a queue.
    private static let queuePatience = Duration.seconds(20)
    /// A lock file that a dead writer had opened and not yet filled is told from another's by its age.
    private static let emptyLockAge: Int64 = 2

    /// Runs the work as the only Muster writer.
    ///
    /// - Throws: `git.locked` when another writer keeps the lock for longer than that.
    func hold<Value>(_ jitter: Jitter, _ work: () throws -> Value) throws -> Value {
        mkdir(folder, 0o777)  // when it fails, opening the file says why
        let descriptor = open(folder + "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw cannotWrite("\(folder)lock cannot be opened", errno) }
        defer { unlockAndClose(descriptor) }
        let end = readClocks().boot + Self.queuePatience.milliseconds * 1_000_000
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw cannotWrite("\(folder)lock cannot be locked", errno)
            }
            guard readClocks().boot < end else { throw Self.locked("\(folder)lock", "another Muster process holds it") }
            jitter.pause(milliseconds: 1...5)
        }
        try clearDeadWriters()
        return try work()
    }

    /// Runs the work between the note's writing and its removal.
    func announce<Value>(_ note: WriterNote, _ work: () throws -> Value) throws -> Value {
        let path = folder + "writer-\(note.process)"
        try clearLeftover(ofOwnNote: path)
        let bytes = try JSON(encoding: note).canonicalBytes()
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw cannotWrite("\(path) cannot be written", errno) }
        let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        let reason = errno
        close(descriptor)
        // A note that stays is found dead by the next writer, and with it the lock file that could not be removed.
        defer { if removeLeftover(of: note) { unlink(path) } }
        guard written == bytes.count else { throw cannotWrite("\(path) cannot be written", reason) }
        return try work()
    }

    /// A lock file that an earlier move of this process could not remove: its note must not be written over while it stands.
    private func clearLeftover(ofOwnNote path: String) throws {
        guard let text = smallFile(path), let json = try? JSON.parse(text),  // one that is not whole proves nothing
            let note = try? json.decode(WriterNote.self), !removeLeftover(of: note)
        else { return }
        throw cannotWrite("\(lockPath(of: note.ref)) cannot be removed", errno)
    }

    /// Removes the lock file that the note's writer filled and left.
    ///
    /// - Returns: false when it is there and cannot be removed; errno says why.
    private func removeLeftover(of note: WriterNote) -> Bool {
        let lock = lockPath(of: note.ref)
        guard let text = smallFile(lock), !text.isEmpty, "\(note.target.hex)\n".hasPrefix(text) else { return true }
        return unlink(lock) == 0 || errno == ENOENT
    }

    /// Removes the notes of dead writers, and with each the lock file that it proves to be that writer's.
    func clearDeadWriters() throws {
        for name in namesOfFiles(in: folder, prefix: "writer-") {
            let path = folder + name
            // A note that is not whole proves nothing: its writer died before it touched a ref.
            guard let text = smallFile(path), let json = try? JSON.parse(text),
                let note = try? json.decode(WriterNote.self)
            else {
                unlink(path)
                continue
            }
            guard note.isDead else { continue }
            let lock = lockPath(of: note.ref)
            switch ownership(of: lock, by: note) {
            case .unclear: continue
            case .itsOwn:
                guard unlink(lock) == 0 || errno == ENOENT else {
                    throw cannotWrite("\(lock) cannot be removed", errno)
                }
            case .notItsOwn: break
            }
            unlink(path)
        }
    }

    private enum Ownership { case itsOwn, notItsOwn, unclear }

    /// The writer filled its lock file with the new commit's id, which no other process would write.
    private func ownership(of lock: String, by note: WriterNote) -> Ownership {
        var information = stat()
        guard note.ref.hasPrefix("refs/"), lstat(lock, &information) == 0, let text = smallFile(lock) else {
            return .notItsOwn
        }
        if text.isEmpty {
            return time(nil) - information.st_mtim.tv_sec >= Self.emptyLockAge ? .itsOwn : .unclear
        }
        return "\(note.target.hex)\n".hasPrefix(text) ? .itsOwn : .notItsOwn
    }

    func lockPath(of ref: String) -> String { commonFolder + ref + ".lock" }

    /// The error for a ref whose lock file stays and is not ours; nil when there is no lock file any more.
    func foreignLock(on ref: String) -> MusterError? {
        var information = stat()
        guard lstat(lockPath(of: ref), &information) == 0 else { return nil }
        let age = Duration.seconds(max(0, time(nil) - information.st_mtim.tv_sec))
        return Self.locked(lockPath(of: ref), "it is \(age.readable) old and was not left by Muster")
    }

    private static func locked(_ path: String, _ why: String) -> MusterError {
        MusterError(
            code: "git.locked", "The repository is locked by \(path): \(why).",
            help: "Wait for the other program and try again. If no git program is at work there, remove the file.",
            status: .stuck)
    }

    private func cannotWrite(_ what: String, _ number: Int32) -> MusterError {
        MusterError(
            code: "git.write-failed", "\(what): \(String(cString: strerror(number))).",
            help: "Check the disk's free space and the rights on \(commonFolder).", status: .stuck)
    }
}
