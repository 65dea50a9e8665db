// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// The runbook's `locks:`, held on this machine for as long as the run lives: no second run here works on the same target.
///
/// Runs on other machines are not kept apart by these; the plan says so.
final class TargetLocks {
    private var descriptors: [Int32] = []

    /// Takes all of them or none.
    ///
    /// - Parameter hasBegun: what git knows of a run whose journal is gone.
    /// - Throws: `run.locked`, naming the run that holds one and since when; `run.unfinished` and `run.journal-lost` for one that
    ///   left it half its own.
    init(
        _ names: [String], run: RunID, in folders: StateFolder, hasBegun: (RunID) throws(MusterError) -> Bool
    ) throws(MusterError) {
        let folder = "\(folders.path)/locks"
        mkdir(folders.path, 0o700)
        mkdir(folder, 0o700)
        for name in Set(names).sorted() {
            let path = "\(folder)/\(Digest(of: name.utf8).hex)"
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else {
                release()
                throw MusterError(
                    code: "run.cannot-lock", "The lock \(name) cannot be taken: \(String(cString: strerror(errno))).",
                    help: "Look at the folder \(folder).", status: .preconditionUnmet)
            }
            descriptors.append(descriptor)
            let holder = readSmallFile(path, onlyRegular: true).map { String(decoding: $0, as: UTF8.self) } ?? ""
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                release()
                throw MusterError(
                    code: "run.locked",
                    "Another run works on \(name): \(holder.isEmpty ? "its name is not known" : holder).",
                    help: "Nothing was changed. Wait for its end: muster status", status: .preconditionUnmet)
            }
            if let other = try unfinished(holder, besides: run, in: folders, hasBegun) {
                release()
                throw MusterError(
                    code: "run.unfinished",
                    "The run \(other) works on \(name) and has not come to its end: nobody runs it now.",
                    help:
                        "Nothing was changed. Take it up with \"muster resume \(other)\", or end it with \"muster cancel \(other) --reason TEXT\".",
                    status: .preconditionUnmet)
            }
            let note = "\(run), since \(readClocks().wall), process \(Host.processID) on \(Host.name)"
            guard Self.write(note, descriptor) else {
                let reason = String(cString: strerror(errno))
                // This one's note may be half written; the others keep what they say.
                if holder.isEmpty { ftruncate(descriptor, 0) } else { _ = Self.write(holder, descriptor) }
                release()
                throw MusterError(
                    code: "run.cannot-lock", "Who holds the lock \(name) cannot be written: \(reason).",
                    help: "Nothing was changed. Look at the disk of \(folder).", status: .preconditionUnmet)
            }
        }
        // A lock's file may be new: without its name on the disk its note is lost as well.
        guard names.isEmpty || syncFolder(folder) else {
            let reason = String(cString: strerror(errno))
            release()
            throw MusterError(
                code: "run.cannot-lock", "Who holds the locks cannot be written: \(reason).",
                help: "Nothing was changed. Look at the disk of \(folder).", status: .preconditionUnmet)
        }
    }

    /// Whole and on the disk: without it another run would not know of this one once its process is gone.
    private static func write(_ note: String, _ descriptor: Int32) -> Bool {
        let bytes = Array(note.utf8)
        return ftruncate(descriptor, 0) == 0
            && bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) } == bytes.count
            && fsync(descriptor) == 0
    }

    deinit { release() }

    /// The run that left its note in the lock, where it is at rest or was cut off: the target is still half its own.
    ///
    /// - Throws: what keeps its journal from being read: whether it is over is not known then.
    private func unfinished(
        _ note: String, besides run: RunID, in folders: StateFolder, _ hasBegun: (RunID) throws(MusterError) -> Bool
    ) throws(MusterError) -> RunID? {
        guard let name = note.split(separator: ",").first, let other = RunID(String(name)), other != run else {
            return nil
        }
        let state: RunState
        do { state = try StoredRun(other, in: folders).state } catch {
            if error.code == "journal.not-found" {
                try refuseLost(other, hasBegun)
                return nil
            }
            var error = error
            error.summary = "Whether the run \(other), which had the lock, is over cannot be told. " + error.summary
            error.status = .preconditionUnmet
            release()
            throw error
        }
        if state.phase == .empty || state.phase == .created {
            try refuseLost(other, hasBegun)
            return nil
        }
        // Runs of Muster 0.2 end for ever when they are cut off: nobody could take them up.
        return !state.isFinished && state.asksPeople ? other : nil
    }

    /// A run without a journal has begun nothing, unless git knows better.
    private func refuseLost(_ other: RunID, _ hasBegun: (RunID) throws(MusterError) -> Bool) throws(MusterError) {
        guard try hasBegun(other) else { return }
        release()
        throw MusterError(
            code: "run.journal-lost",
            "The run \(other), which had the lock, had begun, as its branch tells, and its journal here is gone or cut short.",
            help:
                "Nothing was changed. Go on with it from what was committed: muster resume \(other) --take-over --reason TEXT",
            status: .preconditionUnmet)
    }

    /// The files stay: to remove one could take a lock away that another run has just taken. A run that is not over leaves
    /// its note, so that no other begins on the same target.
    func release(isOver: Bool = false) {
        for descriptor in descriptors {
            if isOver { ftruncate(descriptor, 0) }
            close(descriptor)
        }
        descriptors = []
    }
}
