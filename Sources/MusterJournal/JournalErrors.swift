// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterModel

// What each failure of a journal means to the person who reads it.
extension JournalWriter {
    /// What is true whatever went wrong: what is on the disk holds, and is gone on from.
    private static let kept =
        "The journal up to here is kept: \"muster status\" shows how far the run came, \"muster resume\" reads back what was under way and goes on."

    static func error(_ failure: FileFailure) -> MusterError {
        switch failure.errno {
        case ENOSPC, EDQUOT:
            MusterError(
                code: "journal.disk-full",
                "The journal's disk is full, so the run stops before its next effect: \(failure).",
                help: "Make room there. \(kept)", status: .runFailed)
        case EROFS:
            MusterError(
                code: "journal.read-only",
                "The journal's disk is read-only, so the run stops before its next effect: \(failure).",
                help: "Make the disk writable. \(kept)", status: .runFailed)
        case EMFILE, ENFILE:
            MusterError(
                code: "journal.too-many-files",
                "No further file can be opened, so the run stops before its next effect: \(failure).",
                help: "Raise the limit of open files. \(kept)", status: .runFailed)
        default:
            MusterError(
                code: "journal.write-failed",
                "The journal could not be written, so the run stops before its next effect: \(failure).",
                help:
                    "The disk may be failing: check it. \(kept)",
                status: .runFailed)
        }
    }

    static func cannotCreate(_ failure: FileFailure) -> MusterError {
        switch failure.errno {
        case EEXIST:
            MusterError(
                code: "journal.exists", "There is a journal already: \(failure.path).",
                help: "A run is started once: see how it stands with \"muster status\", and start a new one.")
        case EWOULDBLOCK: locked(failure.path)
        default:
            MusterError(
                code: "journal.cannot-create",
                "The run's journal could not be created, so nothing was started: \(failure).",
                help: "Make the folder writable, or name another one in MUSTER_HOME.", status: .preconditionUnmet)
        }
    }

    static func locked(_ path: String) -> MusterError {
        MusterError(
            code: "journal.locked", "Another process has this run: it holds \(path).",
            help: lockedHelp, status: .preconditionUnmet)
    }

    static func lowDisk(_ folder: String, _ free: Int64, _ limits: JournalLimits) -> MusterError {
        MusterError(
            code: "journal.low-disk",
            "Only \(free >> 20) MiB of \(limits.freeBytesMin >> 20) that a run needs are free on the disk of \(folder).",
            help: "Make room there, or name a folder on another disk in MUSTER_HOME.", status: .preconditionUnmet)
    }
}

/// It may be in the middle of an effect or of an undo, so nobody is told to end it.
package let lockedHelp =
    "It is at work, or about to be: see what it does with \"muster status\", bring it to rest with \"muster pause\", or wait. Where that gives no answer, leave it until you know what it does."
