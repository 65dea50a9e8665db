// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterJournal
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSigning
internal import MusterSystem

/// Runs of this machine that ended while git could not take their record: they are recorded from their journals later.
struct LateRecords {
    let git: Catalog
    let state: RepositoryState
    let branch: String
    let folders: StateFolder
    /// muster.yaml at HEAD; nil where there is none that can be read.
    let configuration: Configuration?

    private var remote: String? { configuration?.recordsRemote }

    /// What a run's folder keeps to find its catalog again.
    static let catalogFile = "catalog"

    /// Runs of this catalog that are on this machine.
    var runs: [RunID] {
        folders.runs().filter { run in
            readSmallFile("\(folders.run(run))/\(Self.catalogFile)", onlyRegular: true).map {
                String(decoding: $0, as: UTF8.self) == state.gitFolder
            } ?? false
        }
    }

    /// The run is over, and the log lacks it or holds it as it was before it was taken up once more. One that rehearsed uncommitted work,
    /// whose documents nothing holds any more, is not missed.
    func isMissing(_ run: RunID) throws(MusterError) -> Bool {
        let reading = try JournalReader().read("\(folders.run(run))/\(JournalWriter.fileName)")
        guard case .runFinished? = reading.entries.last?.event, try plan(of: run).commit != nil else { return false }
        let files = try git.readRecord(RecordPlace(run: run, branch: branch), paths: ["record.json"])
        guard let bytes = files?["record.json"]?.content.bytes else { return true }
        // A record that cannot be read is what muster verify reports; it is not made anew over it.
        guard let record = try? JSON.parse(bytes), let last = record["journal"]?["lastLine"]?.string else {
            return false
        }
        return last != reading.lastLineDigest
    }

    /// Commits the run's record on the run's branch and merges it into the log.
    ///
    /// - Returns: nil where another machine has taken the run over meanwhile and went on with it: its record is the one for the
    ///   log. What this machine's journal holds beyond is kept on the run's branch here, and published beside the other.
    /// - Throws: `journal.locked` while another process has the run.
    func record(_ run: RunID) throws(MusterError) -> ObjectID? {
        let folder = folders.run(run)
        let lock = try EngineLock(runFolder: folder, for: .publishing, by: state.userOrLogin.text)
        defer { lock.release() }
        let journal = try JournalReader().bytes("\(folder)/\(JournalWriter.fileName)")
        do {
            let plan = try plan(of: run)
            let files = try RecordFiles(plan: plan, journal: journal, render: renderTemplate)
            let identity = state.userOrLogin
            let signing =
                try plan.kind == .rehearsal
                ? nil : RecordSigning.of(configuration)?.known(to: git, at: plan.commit, state.head)
            let note = CommitNote(
                message: commitMessage(for: files.record, at: .finished), author: identity, time: readClocks().wall,
                signingKey: signing?.key)
            let committed = try journalOnBranch(run)
            // A branch that tells something else was given up to another machine's way of the run.
            guard journal.starts(with: committed ?? []) else { return nil }
            if journal != committed {
                let tip = try git.runTips().first { $0.run == run }?.commit
                let leaks = try RecordQuarantine(run, folder: folder).pass(files.files, known: Redactor())
                var whole = files.files + [leaks].compactMap(\.self)
                if let signing {
                    try refuseOthers(key: signing.key, plan, journal)
                    whole += try signing.seal(whole)
                }
                _ = try git.commitRun(
                    RunCommit(run: run, parent: tip, files: whole.map(\.forGit), note: note))
            }
            guard try !wentAnotherWay(run) else { return nil }
            // The branch may have grown by what another machine published: then its record is the one.
            guard try journalOnBranch(run) == journal else { return nil }
            return try git.mergeRecord(RecordMerge(run: run, branch: branch, note: note)).commit
        } catch let error as MusterError {
            throw error
        } catch {
            throw MusterError(
                code: "record.not-written", "The record of run \(run) cannot be made: \(describeDecodingError(error)).",
                status: .runFailed)
        }
    }
}

extension LateRecords {
    private func plan(of run: RunID) throws(MusterError) -> Plan {
        do {
            let path = "\(folders.run(run))/\(StateFolder.planFile)"
            return try JSON.parse(readSmallFile(path, limit: 64 << 20, onlyRegular: true) ?? []).decode(Plan.self)
        } catch {
            throw MusterError(
                code: "record.not-written", "The plan of run \(run) cannot be read: \(describeDecodingError(error)).",
                help: "See what is there: muster status \(run)", status: .runFailed)
        }
    }

    /// A seal says that whoever carried the run out vouches for the whole: nobody seals another person's run as their own.
    private func refuseOthers(key: String, _ plan: Plan, _ journal: [UInt8]) throws(MusterError) {
        // What cannot be read as a journal, or a policy, was or is refused for that.
        guard let commit = plan.commit, let reading = try? JournalReading(journal),
            let pinned = try? PolicyAt(git, at: commit)
        else { return }
        // Nor does the newest one say anything then.
        let newest = state.head.flatMap { try? PolicyAt(git, at: $0) }
        let policies = [pinned, newest].compactMap(\.self)
        let people = RunPeople(reading, by: policies)
        let base64 = try SSHKeygen().publicKey(of: key).base64
        let person = policies.lazy.compactMap { policy in
            policy.signers.keys.first { $0.base64 == base64 }?.person
        }.first
        guard !people.isUntied, person.map({ !people.operators.contains($0) }) ?? true else { return }
        throw MusterError(
            code: "record.other-operator",
            "The run was carried out by \(people.operators.sorted().joined(separator: ", ")), and the key is \(person.map { "\($0)'s" } ?? "nobody's of the policy").",
            help: "Whoever carried it out publishes it with their own key. Its journal is kept until then.",
            status: .preconditionUnmet)
    }

    private func journalOnBranch(_ run: RunID) throws(MusterError) -> [UInt8]? {
        let files = try git.readRecord(RecordPlace(run: run, branch: nil), paths: [JournalWriter.fileName])
        return files?[JournalWriter.fileName]?.content.bytes
    }

    private func wentAnotherWay(_ run: RunID) throws(MusterError) -> Bool {
        guard let remote else { return false }
        do {
            _ = try git.fetchRun(run, from: remote)
            return false
        } catch  where error.code == "git.run-diverged" {
            return true
        } catch  where error.code == "git.remote-unreachable" {
            // The push will say so. The log meets the remote's before it is sent.
            return false
        }
    }
}

extension MusterRecord.RecordFile {
    /// The same file as git's worker takes it.
    var forGit: RunCommit.File {
        switch content {
        case .bytes(let bytes): RunCommit.File(path: path, .content(FileContent(bytes)))
        case .blob(let id): RunCommit.File(path: path, .blob(id))
        }
    }
}
