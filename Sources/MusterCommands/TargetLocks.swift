// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterModel
internal import MusterSystem

/// The runbook's `locks:`, held on this machine for as long as the run lives: no second run here works on the same target.
///
/// Runs on other machines are not kept apart by these; the plan says so.
final class TargetLocks {
    private var descriptors: [Int32] = []

    /// Takes all of them or none.
    ///
    /// - Throws: `run.locked`, naming the run that holds one and since when.
    init(_ names: [String], run: RunID, in folders: StateFolder) throws(MusterError) {
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
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let holder = readSmallFile(path).map { String(decoding: $0, as: UTF8.self) } ?? ""
                release()
                throw MusterError(
                    code: "run.locked",
                    "Another run works on \(name): \(holder.isEmpty ? "its name is not known" : holder).",
                    help: "Nothing was changed. Wait for its end: muster status", status: .preconditionUnmet)
            }
            let note = Array("\(run), since \(readClocks().wall), process \(Host.processID) on \(Host.name)".utf8)
            ftruncate(descriptor, 0)
            _ = note.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        }
    }

    deinit { release() }

    /// The files stay: to remove one could take a lock away that another run has just taken.
    func release() {
        for descriptor in descriptors { close(descriptor) }
        descriptors = []
    }
}
