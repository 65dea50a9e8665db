// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterJournal
internal import MusterModel
internal import MusterSystem

/// One engine a run on this machine: a lock outside of the run's folder, whose journal may be replaced by another machine's while it is
/// held, and which is not made for a run that is refused.
///
/// The kernel frees it when the process ends, however it ends. Who has it stands in the file, for whoever is refused.
final class EngineLock {
    private var descriptor: Int32

    /// What the holder does with the run, as in: process 7 of Ada rolls it back.
    enum Work: String {
        case running = "runs it"
        case goingOn = "goes on with it"
        case rollingBack = "rolls it back"
        case noting = "writes down what a person said of it"
        case publishing = "brings it in line with what is published"
    }

    /// - Throws: `journal.locked` while another process has the run.
    init(runFolder: String, for work: Work, by person: String) throws(MusterError) {
        let path = Self.path(runFolder)
        try makeFolders(String(path[..<path.lastIndex(of: "/")!]))
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard descriptor >= 0, isRegularFile(descriptor) else {
            let why = descriptor < 0 ? String(cString: strerror(errno)) : "it is no regular file"
            if descriptor >= 0 { close(descriptor) }
            throw MusterError(
                code: "run.cannot-lock", "The run cannot be locked (\(path)): \(why).",
                help: "Look at that file, the disk and the permissions of its folder.", status: .preconditionUnmet)
        }
        guard Self.lock(descriptor, for: work) else {
            close(descriptor)
            throw Self.locked(path)
        }
        note("process \(Host.processID) of \(person) \(work.rawValue), since \(readClocks().wall)")
    }

    /// Whoever asks whether a run lives holds its lock for a moment, and whoever writes down what a person said not for much
    /// longer: both are waited for.
    private static func lock(_ descriptor: Int32, for work: Work) -> Bool {
        let milliseconds: Int64 =
            switch work {
            // It goes over many runs, each of which may live.
            case .publishing: 100
            case .running, .goingOn, .rollingBack: 1_000
            // A run that lives is told by its socket, so whoever has the lock writes as well, and several may before this one.
            case .noting: 5_000
            }
        let end = readClocks().boot + milliseconds * 1_000_000
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard readClocks().boot < end else { return false }
            usleep(5_000)
        }
        return true
    }

    private static func locked(_ path: String) -> MusterError {
        let note = note(path) ?? ""
        return MusterError(
            code: "journal.locked",
            "Another process has this run: \(note.isEmpty ? "it holds \(path)" : visibleText(note)).", help: lockedHelp,
            status: .preconditionUnmet)
    }

    private static func note(_ path: String) -> String? {
        readSmallFile(path, limit: 4096, onlyRegular: true).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The process that has the run, by its own word. A journal's newest engine may be one that is gone: the next one says so
    /// in the journal only after it has looked at everything.
    static func process(of runFolder: String) -> Int32? {
        guard isHeld(runFolder: runFolder), let words = note(path(runFolder))?.split(separator: " "), words.count > 1,
            words[0] == "process"
        else { return nil }
        return Int32(words[1])
    }

    /// Only for people: what keeps it from being written keeps nobody from running.
    private func note(_ text: String) {
        let bytes = Array(text.utf8)
        guard ftruncate(descriptor, 0) == 0 else { return }
        _ = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    /// `engines/<run>.lock` beside the folder of all runs.
    private static func path(_ runFolder: String) -> String {
        let parts = runFolder.split(separator: "/", omittingEmptySubsequences: false)
        return (parts.dropLast(2) + ["engines", "\(parts.last!).lock"]).joined(separator: "/")
    }

    /// Whether a process has the run now.
    static func isHeld(runFolder: String) -> Bool {
        let probe = open(path(runFolder), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard probe >= 0 else { return false }
        defer { unlockAndClose(probe) }
        return flock(probe, LOCK_SH | LOCK_NB) != 0
    }

    func release() {
        guard descriptor >= 0 else { return }
        ftruncate(descriptor, 0)
        unlockAndClose(descriptor)
        descriptor = -1
    }

    deinit { release() }
}
