// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterJournal
internal import MusterModel
internal import MusterSystem

/// Marks on this machine that tell which run took a statement up.
struct UsedStatements {
    let folders: StateFolder

    private func mark(_ id: String) -> String { "\(folders.path)/approvals/\(id)" }

    /// The run that took it up on this machine; nil where that one never came to be.
    func onThisMachine(_ id: String) -> RunID? {
        marked(id).flatMap { cameToBe($0) ? $0 : nil }
    }

    private func marked(_ id: String) -> RunID? {
        readSmallFile(mark(id), limit: 1000, onlyRegular: true).flatMap { RunID(String(decoding: $0, as: UTF8.self)) }
    }

    /// Whether the run has a first line in its journal, or a process is about to write it. Whoever was killed between the mark and
    /// that line has begun nothing; records in git tell of a run whose folder was taken away.
    private func cameToBe(_ run: RunID) -> Bool {
        let folder = folders.run(run)
        return EngineLock.isHeld(runFolder: folder) || Self.hasBegun(folder)
    }

    private static func hasBegun(_ folder: String) -> Bool {
        var status = stat()
        guard stat("\(folder)/\(JournalWriter.fileName)", &status) == 0 else { return errno != ENOENT }
        return status.st_size > 0
    }

    /// Marks statements as the run's, on the disk, before the run begins. A statement is never given to another one.
    ///
    /// - Throws: `approval.used` when another run was quicker.
    func claim(_ ids: [String], for run: RunID) throws(MusterError) {
        try makeFolders("\(folders.path)/approvals")
        for id in ids where !id.isEmpty {
            let path = mark(id)
            try giveBack(id, to: run)
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else {
                if errno == EEXIST, marked(id) == run { continue }
                throw MusterError(
                    code: "approval.used",
                    "The statement \(id) was used for \(marked(id).map { "run \($0)" } ?? "another run") already.",
                    help: "An approval is for one run. Ask for a new one: muster approve PLAN.", status: .waitsForPerson
                )
            }
            defer { close(descriptor) }
            let bytes = Array(run.text.utf8)
            let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress!, $0.count) }
            guard written == bytes.count, fsync(descriptor) == 0 else {
                throw MusterError(
                    code: "state.cannot-write", "\(path) could not be written: \(String(cString: strerror(errno))).",
                    help: "Look at the disk's space and the folder's permissions.")
            }
        }
    }

    /// Takes the mark away that a run left which never came to be. Nobody can begin it meanwhile: its lock is held.
    private func giveBack(_ id: String, to run: RunID) throws(MusterError) {
        guard let before = marked(id), before != run, !cameToBe(before) else { return }
        let lock = try EngineLock(runFolder: folders.run(before), for: .noting, by: "the run \(run)")
        defer { lock.release() }
        guard marked(id) == before, !Self.hasBegun(folders.run(before)) else { return }
        unlink(mark(id))
    }
}
