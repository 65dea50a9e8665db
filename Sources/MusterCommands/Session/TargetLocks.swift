// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// The runbook's `locks:`, held on this machine for as long as the run lives: no second run here works on the same target.
///
/// Runs on other machines are not kept apart by these; the plan says so.
final class TargetLocks {
    private struct Held {
        var descriptor: Int32
        var noteBefore: String
        /// Whether this run's note is in it.
        var isNoted = false
    }

    private var held: [Held] = []

    /// Takes all of them or none.
    ///
    /// - Throws: `run.locked`, naming the run that holds one and since when; `run.unfinished` and `run.journal-lost` for one that
    ///   left it half its own; `run.lock-damaged` for a note that no run wrote.
    init(_ names: [String], run: RunID, in folders: StateFolder, asking runs: UnfinishedRuns) throws(MusterError) {
        let folder = "\(folders.path)/locks"
        mkdir(folders.path, 0o700)
        mkdir(folder, 0o700)
        do throws(MusterError) {
            for name in Set(names).sorted() {
                let path = "\(folder)/\(Digest(of: name.utf8).hex)"
                let note = try take(name, path)
                try runs.refuse(name, note: note, path)
                held[held.count - 1].isNoted = true
                let own = "\(run), since \(readClocks().wall), process \(Host.processID) on \(Host.name)"
                guard Self.write(own, held.last!.descriptor) else {
                    throw Self.unwritable("Who holds the lock \(name) cannot be written", folder)
                }
            }
            // A lock's file may be new: without its name on the disk its note is lost as well.
            guard names.isEmpty || syncFolder(folder) else {
                throw Self.unwritable("Who holds the locks cannot be written", folder)
            }
        } catch {
            withdraw()
            throw error
        }
    }

    /// - Returns: the note in the lock; empty where nobody left one.
    private func take(_ name: String, _ path: String) throws(MusterError) -> String {
        // A pipe in its place would be waited for without O_NONBLOCK.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard descriptor >= 0, isRegularFile(descriptor) else {
            let reason = descriptor < 0 ? String(cString: strerror(errno)) : "it is no regular file"
            if descriptor >= 0 { close(descriptor) }
            throw MusterError(
                code: "run.cannot-lock", "The lock \(name) cannot be taken: \(reason).",
                help: "Nothing was changed. Look at \(path).", status: .preconditionUnmet)
        }
        let note = readSmallFile(path, onlyRegular: true).map { String(decoding: $0, as: UTF8.self) } ?? ""
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw MusterError(
                code: "run.locked",
                "Another run works on \(name): \(note.isEmpty ? "its name is not known" : visibleText(note)).",
                help: "Nothing was changed. Wait for its end: muster status", status: .preconditionUnmet)
        }
        held.append(Held(descriptor: descriptor, noteBefore: note))
        return note
    }

    private static func unwritable(_ what: String, _ folder: String) -> MusterError {
        MusterError(
            code: "run.cannot-lock", "\(what): \(String(cString: strerror(errno))).",
            help: "Nothing was changed. Look at the disk of \(folder).", status: .preconditionUnmet)
    }

    /// Whole and on the disk: without it another run would not know of this one once its process is gone.
    private static func write(_ note: String, _ descriptor: Int32) -> Bool {
        let bytes = Array(note.utf8)
        // Cut at the end: on a full disk the room of the note before is what there is.
        return bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) } == bytes.count
            && ftruncate(descriptor, off_t(bytes.count)) == 0 && fsync(descriptor) == 0
    }

    deinit { release() }

    /// The files stay: to remove one could take a lock away that another run has just taken. A run that is not over leaves
    /// its note, so that no other begins on the same target.
    func release(isOver: Bool = false) {
        for lock in held {
            if isOver { ftruncate(lock.descriptor, 0) }
            unlockAndClose(lock.descriptor)
        }
        held = []
    }

    /// The run was refused: the locks say again what they said before.
    func withdraw() {
        for lock in held {
            // One that cannot be written is empty or tells of this run, which has begun nothing.
            if lock.isNoted { _ = Self.write(lock.noteBefore, lock.descriptor) }
            unlockAndClose(lock.descriptor)
        }
        held = []
    }
}
