// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterModel
internal import MusterSystem

/// Sends a run's branch, and the log where the run is over, to where the catalog keeps its records.
struct RunPush {
    let run: RunID
    let catalog: Catalog
    let configuration: Configuration
    let author: GitIdentity
    var signing: RecordSigning?

    /// A run never fails because the remote is down: what was not sent is said, and `muster publish` sends it later.
    ///
    /// - Returns: nil where muster.yaml names no remote.
    func send(isOver: Bool) -> Result<PushReport, MusterError>? {
        guard let remote = configuration.recordsRemote else { return nil }
        let refs = (isOver ? ["refs/heads/\(configuration.recordsBranch)"] : []) + [run.ref]
        let log = LogJoin(
            branch: configuration.recordsBranch, author: author, time: readClocks().wall, signingKey: signing?.key)
        do {
            return .success(try catalog.push(PushOrder(remote: remote, refs: refs, log: log)))
        } catch {
            return .failure(error)
        }
    }
}
