// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// What machines that share a remote tell each other through it.
///
/// A remote that hangs holds up whatever else its worker is asked: leases want a ``GitClient`` of their own.
extension Catalog {
    /// What the lease of a resource lock says on the remote; nil when there is none.
    ///
    /// - Throws: `git.remote-unreachable`, `git.lease-needs-smart-remote` for a remote that is a folder, `git.unknown-remote`,
    ///   `git.lease-unreadable` when its branch holds something else.
    package func lease(
        of name: String, on remote: String, deadline: Duration = .seconds(60)
    ) throws(MusterError) -> PlacedLease? {
        try reach(remote, deadline) { () throws(MusterError) in
            try client.call(.leaseRead(remote: remote, name: name), deadline: deadline)
        }
    }

    /// Takes, takes over, renews or gives back a lease. Somebody else having it is an answer and no error.
    ///
    /// An error never says that it was not taken: the same order again finds out. Of orders at the same time one wins.
    ///
    /// - Throws: those of ``lease(of:on:deadline:)``, `git.lease-refused` when the remote does not take it though nobody else
    ///   has it, `git.lease-contended`.
    package func takeLease(
        _ order: LeaseOrder, deadline: Duration = .seconds(60)
    ) throws(MusterError) -> LeaseAnswer {
        do {
            return try client.call(.leaseTake(order), deadline: deadline)
        } catch  where ["git.deadline", "git.worker-ended"].contains(error.code) {
            // What was sent may have arrived all the same.
            if let found = try lease(of: order.claim.name, on: order.remote, deadline: deadline),
                order.isFulfilled(by: found.lease)
            {
                return .won(found)
            }
            throw error
        }
    }

    /// Brings a run's branch from the remote into the same branch here, when that only adds to it.
    ///
    /// - Parameter givesWay: where the run went two ways, this repository's commits are kept in
    ///   `refs/heads/muster/conflicts/<run>/<host>` here, and the run's branch becomes the remote's.
    /// - Returns: nil when the remote has no such run.
    /// - Throws: `git.run-diverged` with both tips unless this side gives way, `git.odd-run` and `git.corrupt-repository` for what is no whole run,
    ///   `git.remote-unreachable`, `git.unknown-remote`, `git.too-large`, `git.locked`, `git.write-failed`.
    package func fetchRun(
        _ run: RunID, from remote: String, givingWay givesWay: Bool = false, deadline: Duration = .seconds(300)
    ) throws(MusterError) -> FetchedRun? {
        try reach(remote, deadline) { () throws(MusterError) in
            try client.call(.fetchRun(remote: remote, run: run, givingWay: givesWay), deadline: deadline)
        }
    }

    /// A remote that says nothing shows as a deadline here.
    private func reach<Value>(
        _ remote: String, _ deadline: Duration, _ work: () throws(MusterError) -> Value
    ) throws(MusterError) -> Value {
        do {
            return try work()
        } catch  where error.code == "git.deadline" {
            throw Unreachable(why: "no answer within \(deadline.readable)").asMusterError(remote)
        }
    }
}

extension LeaseOrder {
    /// Whether the lease is what this order was to make of it.
    fileprivate func isFulfilled(by lease: Lease) -> Bool {
        guard LeaseRule.isOwn(lease, claim), lease.until == claim.until else { return false }
        switch intent {
        case .take, .takeOver: return !lease.isReleased
        case .renew(let epoch): return lease.epoch == epoch && !lease.isReleased
        case .release(let epoch): return lease.epoch == epoch && lease.isReleased
        }
    }
}
