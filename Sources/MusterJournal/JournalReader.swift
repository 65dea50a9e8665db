// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import MusterMachine
package import MusterModel

/// Reads journals of runs, also of those that another process is writing; changes nothing.
package struct JournalReader {
    private let files: any DurableFileSystem

    package init(files: any DurableFileSystem = POSIXFileSystem()) { self.files = files }

    /// The journal's bytes as they are on the disk, which is what a record holds.
    ///
    /// - Throws: `journal.not-found`, `journal.not-a-file`, `journal.unreadable`.
    package func bytes(_ path: String) throws(MusterError) -> [UInt8] {
        do {
            return try files.read(path)
        } catch let failure {
            throw journalUnreadable(failure)
        }
    }

    /// - Throws: `journal.not-found`, `journal.not-a-file`, `journal.unreadable`, `journal.broken` with line and byte.
    package func read(_ path: String) throws(MusterError) -> JournalReading {
        try Self.reading(try bytes(path), from: path)
    }

    /// - Parameter place: where the bytes are, for people.
    /// - Throws: `journal.broken` with line and byte.
    package static func reading(_ bytes: [UInt8], from place: String) throws(MusterError) -> JournalReading {
        do { return try JournalReading(bytes) } catch let fault { throw journalBroken(place, fault) }
    }
}

func journalUnreadable(_ failure: FileFailure) -> MusterError {
    if failure.errno == ENOENT {
        return MusterError(
            code: "journal.not-found", "There is no journal at \(failure.path).",
            help: "Check the run's id with \"muster list\"; its journal is on the machine that ran it.")
    }
    if [ENXIO, EISDIR].contains(failure.errno) {
        return MusterError(
            code: "journal.not-a-file",
            "\(failure.path) is no regular file, so it is not the journal that a run wrote.",
            help:
                "Somebody put it there. Put it aside; what was committed of the run is on its branch, muster/runs/<run>.",
            status: .verificationFailed)
    }
    return MusterError(
        code: "journal.unreadable", "The journal could not be read: \(failure).",
        help: "Mend the disk or the file's permissions, then try again.")
}

func journalBroken(_ path: String, _ fault: JournalFault) -> MusterError {
    MusterError(
        code: "journal.broken", "The journal \(path) is not what was written, from \(fault).",
        help: "Keep the file as it is. What ran is also in the run's record; compare it with \"muster verify\".",
        status: .verificationFailed)
}
