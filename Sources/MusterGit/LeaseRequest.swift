// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// What is asked of a lease on a remote.
package struct LeaseOrder: Hashable, Sendable, Codable {
    /// A remote's name in the repository's configuration.
    package var remote: String
    package var claim: LeaseClaim
    package var intent: LeaseIntent
    /// The asker's clock: what expiry is told by, and the commit's time.
    package var now: Timestamp
    /// Author and committer of the lease's commit.
    package var author: GitIdentity

    package init(remote: String, claim: LeaseClaim, intent: LeaseIntent, now: Timestamp, author: GitIdentity) {
        self.remote = remote
        self.claim = claim
        self.intent = intent
        self.now = now
        self.author = author
    }
}

/// A lease as it stands on the remote.
package struct PlacedLease: Hashable, Sendable, Codable {
    package var commit: ObjectID
    package var lease: Lease

    package init(commit: ObjectID, lease: Lease) {
        self.commit = commit
        self.lease = lease
    }
}

/// What became of a ``LeaseOrder``.
package enum LeaseAnswer: Hashable, Sendable, Codable {
    /// The remote has the lease as the order wants it.
    case won(PlacedLease)
    /// Nothing was changed; why, and what the lease says instead (nil: it is not there).
    case lost(LeaseRefusal, current: PlacedLease?)
}
