// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterJournal
internal import MusterModel
internal import MusterRecord
internal import MusterSystem

/// Brings this machine in line with what other machines published of its runs.
struct InLine {
    let documents: CatalogDocuments
    /// The log's branch.
    let branch: String
    let remote: String
    /// What signs commits; nil where records are not signed.
    let signingKey: String?

    /// Runs that went two ways: the branch here becomes the published one, and what this machine committed is kept beside it.
    ///
    /// - Returns: what to tell the person. A run that an engine on this machine has now is left to it.
    func branchesGiveWay(_ runs: [RunID]) throws(MusterError) -> [String] {
        let folders = try StateFolder()
        var told: [String] = []
        for run in runs {
            guard let lock = try engineLock(run, folders) else { continue }
            defer { lock.release() }
            guard let aside = try documents.git.fetchRun(run, from: remote, givingWay: true)?.aside else { continue }
            let joined = try ReviewJoin(
                git: documents.git, author: documents.state.userOrLogin, signingKey: signingKey, branch: branch
            ).join(run, from: aside)
            guard joined.isEmpty else {
                let names = joined.map { visibleText(personName($0)) }.joined(separator: ", ")
                told.append("The run \(run) was reviewed in two clones. What \(names) said is beside the rest now.")
                continue
            }
            told.append(
                "The run \(run) went two ways. Its branch is now that of \(remote); what this machine had committed is kept in \(aside)."
            )
        }
        return told
    }

    /// Runs that another machine went on with: their branches here grow to what the log that both share has, and those that
    /// are over there keep nothing here any more.
    ///
    /// - Parameter failed: told of a run that could not be brought in line, and why; the others are.
    /// - Returns: what to tell the person.
    func catchUp(failed: (RunID, MusterError) -> Void) throws(MusterError) -> [String] {
        let tips = Set(try documents.git.runTips().map(\.run))
        let folders = try StateFolder()
        var told: [String] = []
        for run in folders.runs() where tips.contains(run) {
            do throws(MusterError) {
                if let text = try catchUp(run, folders) { told.append(text) }
            } catch { failed(run, error) }
        }
        return told
    }

    private func catchUp(_ run: RunID, _ folders: StateFolder) throws(MusterError) -> String? {
        // A live engine's branch is its own.
        guard let lock = try engineLock(run, folders) else { return nil }
        defer { lock.release() }
        if try Records(git: documents.git, branch: branch).isAheadOfBranch(run) {
            _ = try documents.git.fetchRun(run, from: remote)
        }
        let hand = HandOver(git: documents.git, run: run, folders: folders, remote: remote)
        guard let notices = try hand.adoptEnd() else { return nil }
        return "The run \(run) is over on another machine and keeps nothing here any more. "
            + notices.joined(separator: " ")
    }

    /// Nil while another process has the run.
    private func engineLock(_ run: RunID, _ folders: StateFolder) throws(MusterError) -> EngineLock? {
        do {
            return try EngineLock(
                runFolder: folders.run(run), for: .publishing, by: documents.state.userOrLogin.text)
        } catch  where error.code == "journal.locked" {
            return nil
        }
    }
}
