// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterJournal
internal import MusterModel
internal import MusterSystem

/// Brings this machine in line with what other machines published of its runs.
struct InLine {
    let documents: CatalogDocuments
    /// The log's branch.
    let branch: String
    let remote: String

    /// Runs that went two ways: the branch here becomes the published one, and what this machine committed is kept beside it.
    ///
    /// - Returns: what to tell the person. A run that an engine on this machine has now is left to it.
    func giveWay(_ runs: [RunID]) throws(MusterError) -> [String] {
        var told: [String] = []
        for run in runs {
            guard let lock = try engineLock(run) else { continue }
            defer { lock.release() }
            guard let aside = try documents.git.fetchRun(run, from: remote, givingWay: true)?.aside else { continue }
            told.append(
                "The run \(run) went two ways. Its branch is now that of \(remote); what this machine had committed is kept in \(aside)."
            )
        }
        return told
    }

    /// Runs that another machine went on with: their branches here grow to what the log that both share now has, and those that
    /// are over there keep nothing here any more.
    ///
    /// - Returns: what to tell the person.
    func catchUp() throws(MusterError) -> [String] {
        let records = Records(git: documents.git, branch: branch)
        let tips = Set(try documents.git.runTips().map(\.run))
        let folders = try StateFolder()
        var told: [String] = []
        for run in folders.runs() where tips.contains(run) {
            if try records.isAheadOfBranch(run) { _ = try documents.git.fetchRun(run, from: remote) }
            guard let lock = try engineLock(run) else { continue }
            defer { lock.release() }
            let hand = HandOver(git: documents.git, run: run, folders: folders, remote: remote)
            guard let notices = try hand.giveWay() else { continue }
            told.append(
                "The run \(run) is over on another machine and keeps nothing here any more. "
                    + notices.joined(separator: " "))
        }
        return told
    }

    /// Nil while another process has the run.
    private func engineLock(_ run: RunID) throws(MusterError) -> EngineLock? {
        do {
            return try EngineLock(
                runFolder: try StateFolder().run(run), for: .noting, by: documents.state.userOrLogin.text)
        } catch  where error.code == "journal.locked" {
            return nil
        }
    }
}
