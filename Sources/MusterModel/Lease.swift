// SPDX-License-Identifier: Apache-2.0

/// Who works on what a resource lock names, for machines that share a remote.
///
/// A lease keeps honest operators apart. It cannot stop a holder that was asleep: the epoch, checked before each effect, can.
package struct Lease: Hashable, Sendable, Codable {
    /// The version of the file's format.
    package private(set) var format = 1
    /// The resource lock's name.
    package var name: String
    package var run: RunID
    /// The person, as `name <email>`.
    package var holder: String
    package var host: String
    package var bootID: String
    /// Names the folder in which that machine keeps its runs; leases of Muster before 0.3 have none.
    package var home: String?
    /// One more with each change of holder, over the whole life of the lease; a renewal keeps it.
    package var epoch: Int64
    /// When this holder took it.
    package var since: Timestamp
    /// When it ends unless it is renewed, by the holder's clock.
    package var until: Timestamp
    /// The holder gave it back.
    package var isReleased: Bool
    /// Why it was taken over, or what else a person wants the next one to know.
    package var note: String?

    /// Epochs beyond are not of this program, and one more would not be a number that all readers of JSON agree on.
    package static let epochs: ClosedRange<Int64> = 1...(1 << 53 - 2)

    package init(
        _ claim: LeaseClaim, epoch: Int64, since: Timestamp, isReleased: Bool = false
    ) {
        name = claim.name
        run = claim.run
        holder = claim.holder
        host = claim.host
        bootID = claim.bootID
        home = claim.home
        self.epoch = epoch
        self.since = since
        until = claim.until
        self.isReleased = isReleased
        note = claim.note
    }

    /// The branch on the remote that is the lease of a resource lock. A digest, since a lock's name may hold anything.
    package static func ref(name: String) -> String { "refs/heads/muster/leases/\(Digest(of: name.utf8).hex)" }
}

/// What a run wants a lease to say: all that ``LeaseRule`` does not decide.
package struct LeaseClaim: Hashable, Sendable, Codable {
    package var name: String
    package var run: RunID
    package var holder: String
    package var host: String
    package var bootID: String
    package var home: String?
    package var until: Timestamp
    package var note: String?

    package init(
        name: String, run: RunID, holder: String, host: String, bootID: String, home: String? = nil, until: Timestamp,
        note: String? = nil
    ) {
        self.name = name
        self.run = run
        self.holder = holder
        self.host = host
        self.bootID = bootID
        self.home = home
        self.until = until
        self.note = note
    }
}

/// What a run asks of a lease.
package enum LeaseIntent: Hashable, Sendable, Codable {
    /// To hold it, if nobody else does.
    case take
    /// To hold it although another run's has expired without being given back: a person's decision, by name.
    case takeOver
    /// To hold it longer, if this epoch still holds.
    case renew(epoch: Int64)
    /// To give it back, if this epoch still holds.
    case release(epoch: Int64)
}

/// Why a lease was not taken.
package enum LeaseRefusal: String, Hashable, Sendable, Codable {
    /// Another run has it, or this run on another machine.
    case held
    /// Another run's has expired, and only a person may decide that it is dead.
    case expired
    /// It is no longer of the epoch that was to be renewed or given back: another holder came, or it was given back.
    case superseded
}
