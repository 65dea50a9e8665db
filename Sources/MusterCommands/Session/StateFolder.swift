// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterGit
internal import MusterModel
internal import MusterSystem

/// Where this machine keeps what its runs need while they live: `$MUSTER_HOME`, else `~/.local/state/muster`.
struct StateFolder {
    let path: String

    /// What a run's folder keeps beside its journal.
    static let planFile = "plan.json"

    init() throws(MusterError) {
        if let home = Host.variable("MUSTER_HOME"), !home.isEmpty {
            path = home
        } else if let state = Host.variable("XDG_STATE_HOME"), state.hasPrefix("/") {
            path = state + "/muster"
        } else if let home = Host.variable("HOME"), home.hasPrefix("/") {
            path = home + "/.local/state/muster"
        } else {
            throw MusterError(
                code: "state.no-folder", "There is no place for the journals of runs.",
                help: "Set MUSTER_HOME to a folder on a disk of this machine.")
        }
        for folder in [path, "\(path)/runs"] { try Self.refuseUnreadable(folder) }
    }

    /// What cannot be looked into must not be told as a machine without runs. One that is not there yet is none of that.
    private static func refuseUnreadable(_ folder: String) throws(MusterError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        var reason = errno
        if descriptor >= 0 {
            defer { close(descriptor) }
            if access(folder, X_OK) == 0 { return }
            reason = errno
        }
        if reason == ENOENT { return }
        throw MusterError(
            code: "state.unreadable",
            reason != ENOTDIR
                ? "\(folder), which keeps the runs of this machine, cannot be read: \(String(cString: strerror(reason)))."
                : "\(folder), which keeps the runs of this machine, is no folder.",
            help: "Runs may be under way that are not seen so. Look at its permissions, and at what MUSTER_HOME names.",
            status: .preconditionUnmet)
    }

    /// Tells this folder from any other of this machine: where on which file system it is.
    var identity: String {
        var status = stat()
        guard stat(path, &status) == 0 else { return path }
        return "\(status.st_dev)-\(status.st_ino)"
    }

    func run(_ id: RunID) -> String { "\(path)/runs/\(id)" }

    /// Runs whose journal is here, oldest first.
    func runs() -> [RunID] {
        // A run that was refused at its start may leave an empty folder.
        folderNames("\(path)/runs").filter { access("\(path)/runs/\($0)/journal.jsonl", F_OK) == 0 }.compactMap {
            RunID($0)
        }.sorted()
    }

    /// Runs that had begun, as the branch in their catalog tells, and whose journal is gone from their folder here, oldest first.
    ///
    /// - Parameter newest: only those that began after it.
    func runsWithoutJournal(after newest: RunID? = nil) -> [RunID] {
        folderNames("\(path)/runs").compactMap { RunID($0) }.sorted().filter { run in
            if let newest, run <= newest { return false }
            guard access("\(self.run(run))/journal.jsonl", F_OK) != 0, let catalog = catalogFolder(of: run, self),
                let (git, _) = try? CatalogDocuments.open(catalog)  // a catalog that is gone tells of no run
            else { return false }
            return (try? git.readRecord(RecordPlace(run: run, branch: nil), paths: [])) ?? nil != nil
        }
    }

    /// The run that the text names: a whole id, the end of one that is unique here, or `last`.
    func find(_ text: String) throws(MusterError) -> RunID {
        if let run = RunID(text) { return run }
        var known = runs()
        if text == "last" {
            known += runsWithoutJournal(after: known.last)
        } else if !known.contains(where: { $0.isNamed(by: text) }) {
            known = runsWithoutJournal()
        }
        let matches = text == "last" ? Array(known.suffix(1)) : known.filter { $0.isNamed(by: text) }
        if matches.count == 1 { return matches[0] }
        if known.isEmpty, runs().isEmpty {
            throw MusterError(
                code: "state.unknown-run", "No run was started on this machine yet.",
                help: "Start one: muster run RUNBOOK --environment E, or muster rehearse RUNBOOK.")
        }
        let help = "\"muster list\" names the runs."
        guard matches.isEmpty else {
            throw MusterError(
                code: "state.unknown-run", "\"\(visibleText(text))\" names \(matches.count) runs.", help: help)
        }
        throw MusterError(
            code: "state.unknown-run", "No run here is called \"\(visibleText(text))\".", help: help)
    }
}

extension RunID {
    /// Whether the text is the end of this id, and long enough to be meant: a variable that is empty names no run.
    func isNamed(by text: String) -> Bool { text.utf8.count >= 4 && self.text.hasSuffix(text) }
}

/// Where the run was started from, as its folder tells; nil where that is not known or not there any more.
func catalogFolder(of run: RunID, _ folders: StateFolder) -> String? {
    guard let bytes = readSmallFile("\(folders.run(run))/\(LateRecords.catalogFile)", onlyRegular: true) else {
        return nil
    }
    let folder = String(decoding: bytes, as: UTF8.self)
    return access(folder, F_OK) == 0 ? folder : nil
}
