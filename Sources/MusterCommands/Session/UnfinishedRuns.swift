// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterJournal
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// The runs of this machine that are at rest or were cut off, and whose targets are still half their own.
struct UnfinishedRuns {
    let folders: StateFolder
    /// The catalog of whoever asks, for runs whose own is not known.
    let gitFolder: String
    /// Where the catalog's records go.
    let remote: String?
    /// The run that asks.
    let besides: RunID

    /// - Parameters:
    ///   - note: what stands in the lock. An empty one, or a lock whose file is gone, tells nothing: then each run is asked.
    /// - Throws: why the target is not free: `run.unfinished`, `run.journal-lost`, `run.lock-damaged`, and what keeps the journal of
    ///   a run from being read: whether it is over is not known then.
    func refuse(_ lock: String, note: String, _ path: String) throws(MusterError) {
        if !note.isEmpty {
            guard let name = note.split(separator: ",").first, let run = RunID(String(name)) else {
                throw MusterError(
                    code: "run.lock-damaged",
                    "The lock \(lock) holds what no run wrote: \"\(visibleText(String(note.prefix(80))))\".",
                    help:
                        "Nothing was changed. Look after the disk. Runs that are not over are found without it, so remove \(path) and try again.",
                    status: .preconditionUnmet)
            }
            return try refuse(run, lock, "which had the lock")
        }
        for run in folders.runs() where mayHave(lock, run) {
            try refuse(run, lock, "which may have the lock")
        }
    }

    /// Whether the run is not over and its plan names the lock, told by the end of its journal and by its plan: a machine keeps
    /// hundreds of runs that are over. What cannot be read may have it.
    private func mayHave(_ lock: String, _ run: RunID) -> Bool {
        guard run != besides, !folders.isOver(run) else { return false }
        let path = "\(folders.run(run))/\(StateFolder.planFile)"
        // A plan that cannot be read is told of where the run is.
        guard let bytes = readSmallFile(path, limit: 64 << 20, onlyRegular: true), let plan = try? JSON.parse(bytes),
            let locks = plan["locks"]?.array
        else { return true }
        // The clouds of a rehearsal are its own.
        return locks.contains(.string(lock)) && plan["kind"]?.string != RunKind.rehearsal.rawValue
    }

    private func refuse(_ run: RunID, _ lock: String, _ whose: String) throws(MusterError) {
        guard run != besides else { return }
        let stored: StoredRun
        do { stored = try StoredRun(run, in: folders) } catch {
            if error.code == "journal.not-found" { return try refuseLost(run, whose) }
            var error = error
            error.summary = "Whether the run \(run), \(whose), is over cannot be told. " + error.summary
            error.help =
                (error.help.map { $0 + " " } ?? "")
                + "Where you know that it is over, put its folder aside: \(folders.run(run))"
            error.status = .preconditionUnmet
            throw error
        }
        if stored.state.phase == .empty || stored.state.phase == .created { return try refuseLost(run, whose) }
        // Runs of Muster 0.2 end for ever when they are cut off: nobody could take them up.
        guard !stored.state.isFinished, stored.state.asksPeople else { return }
        throw unfinished(stored, lock)
    }

    private func unfinished(_ stored: StoredRun, _ lock: String) -> MusterError {
        let run = stored.run
        // Its lock's file was taken away while it lives.
        if stored.isAlive {
            return MusterError(
                code: "run.locked", "Another run works on \(lock): \(run), process \(stored.holder?.processID ?? 0).",
                help: "Nothing was changed. Wait for its end: muster status", status: .preconditionUnmet)
        }
        let what = "The run \(run) works on \(lock) and has not come to its end"
        // A catalog that is gone, or a branch that cannot be read, tells nothing more.
        if let caveat = try? handOver(run).caveat() ?? nil {
            return refusal("\(what) here. \(caveat.summary)", caveat.help ?? "")
        }
        if let host = stored.otherHost {
            return refusal(
                "\(what), as far as this machine knows: it was on \(visibleText(host)), last heard of at \(stored.lastHeardOf).",
                "Once it is over there, \"muster publish\" frees its targets here. Where it does not run any more, go on with it: muster resume \(run) --take-over --reason TEXT"
            )
        }
        let elsewhere =
            remote.map { " If another machine took it over, \"muster publish\" brings word of that from \($0)." } ?? ""
        return refusal(
            "\(what): nobody runs it on this machine now.",
            "Take it up with \"muster resume \(run)\", or end it with \"muster cancel \(run) --reason TEXT\".\(elsewhere)"
        )
    }

    private func refusal(_ summary: String, _ help: String) -> MusterError {
        MusterError(
            code: "run.unfinished", summary, help: "Nothing was changed. \(help)", status: .preconditionUnmet)
    }

    private func handOver(_ run: RunID) throws(MusterError) -> HandOver {
        let (git, _) = try CatalogDocuments.open(catalogFolder(of: run, folders) ?? gitFolder)
        return HandOver(git: git, run: run, folders: folders, remote: nil)
    }

    /// A run without a journal has begun nothing, unless git knows better. A journal that was lost is no end.
    private func refuseLost(_ run: RunID, _ whose: String) throws(MusterError) {
        guard let journal = try handOver(run).publishedFiles()?.journal else { return }
        let lines = journal.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        func tells(_ line: String, _ kind: String) -> Bool {
            // What cannot be read is no line of a journal.
            (try? JSON.parse(line))?["kind"]?.string == kind
        }
        guard lines.contains(where: { tells($0, "run-started") }), let last = lines.last, !tells(last, "run-finished")
        else { return }
        throw MusterError(
            code: "run.journal-lost",
            "The run \(run), \(whose), had begun, as its branch tells, and its journal here is gone or cut short.",
            help:
                "Nothing was changed. Go on with it from what was committed: muster resume \(run) --take-over --reason TEXT",
            status: .preconditionUnmet)
    }
}
