// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterModel

// What each failure of a journal means to the person who reads it.
extension JournalWriter {
    static func error(_ failure: FileFailure) -> MusterError {
        let (code, help) =
            switch failure.errno {
            case ENOSPC, EDQUOT: ("journal.disk-full", "Make room there, then continue with \"muster resume\".")
            case EROFS: ("journal.read-only", "Make the disk writable, then continue with \"muster resume\".")
            case EMFILE, ENFILE:
                ("journal.too-many-files", "Raise the limit of open files, then continue with \"muster resume\".")
            default:
                (
                    failure.operation == "sync" ? "journal.sync-failed" : "journal.write-failed",
                    "The disk may be failing: check it, then continue with \"muster resume\", which reads the journal anew."
                )
            }
        return MusterError(
            code: code, "The journal could not be written, so the run stops before its next effect: \(failure).",
            help: help, status: .runFailed)
    }

    static func cannotCreate(_ failure: FileFailure) -> MusterError {
        switch failure.errno {
        case EEXIST:
            MusterError(
                code: "journal.exists", "There is a journal already: \(failure.path).",
                help: "A run is started once; continue it with \"muster resume\".")
        case EWOULDBLOCK: locked(failure.path)
        default:
            MusterError(
                code: "journal.cannot-create",
                "The run's journal could not be created, so nothing was started: \(failure).",
                help: "Make the folder writable, or name another one in MUSTER_HOME.")
        }
    }

    static func locked(_ path: String) -> MusterError {
        MusterError(
            code: "journal.locked", "Another process is running this run: it holds \(path).",
            help: "Watch it with \"muster watch\"; if it hangs, end that process first.")
    }

    static func lowDisk(_ folder: String, _ free: Int64, _ limits: JournalLimits) -> MusterError {
        MusterError(
            code: "journal.low-disk",
            "Only \(free >> 20) MiB are free on the disk of \(folder); a run starts with at least \(limits.freeBytesMin >> 20) MiB.",
            help: "Make room there, or name a folder on another disk in MUSTER_HOME.")
    }
}
