// SPDX-License-Identifier: Apache-2.0

/// Decides who may take a lease. Pure: what the lease says now, who asks for what, and the asker's clock.
///
/// The clocks of two machines differ, and a holder may be asleep. So expiry alone never hands a lease to another run, and a
/// holder looks at its lease again before each effect.
package enum LeaseRule {
    /// - Parameter current: what the lease says; nil when there is none.
    /// - Returns: the lease as it is to be written, or why not.
    package static func decide(
        _ intent: LeaseIntent, _ claim: LeaseClaim, current: Lease?, now: Timestamp
    ) -> Result<Lease, LeaseDenied> {
        switch intent {
        case .take, .takeOver: take(claim, current, now, isDecided: intent == .takeOver)
        case .renew(let epoch): keep(claim, current, epoch, isReleased: false)
        case .release(let epoch): keep(claim, current, epoch, isReleased: true)
        }
    }

    /// The same run in the same life of the same machine, kept in the same folder: there is one such process at most, since a
    /// run's folder has a lock. Two people of one machine keep their runs in two folders.
    package static func isOwn(_ lease: Lease, _ claim: LeaseClaim) -> Bool {
        lease.run == claim.run && lease.host == claim.host && lease.bootID == claim.bootID && lease.home == claim.home
    }

    private static func take(
        _ claim: LeaseClaim, _ current: Lease?, _ now: Timestamp, isDecided: Bool
    ) -> Result<Lease, LeaseDenied> {
        guard let current else { return .success(Lease(claim, epoch: Lease.epochs.lowerBound, since: now)) }
        if !current.isReleased, isOwn(current, claim) {
            return .success(Lease(claim, epoch: current.epoch, since: current.since))
        }
        guard current.epoch < Lease.epochs.upperBound else { return .failure(LeaseDenied(.held)) }
        let next = Lease(claim, epoch: current.epoch + 1, since: now)
        if current.isReleased { return .success(next) }
        // This run on another machine may be alive as long as its lease is.
        guard current.until < now else { return .failure(LeaseDenied(.held)) }
        return current.run == claim.run || isDecided ? .success(next) : .failure(LeaseDenied(.expired))
    }

    /// An expired lease that nobody took is still the holder's.
    private static func keep(
        _ claim: LeaseClaim, _ current: Lease?, _ epoch: Int64, isReleased: Bool
    ) -> Result<Lease, LeaseDenied> {
        guard let current, isOwn(current, claim), current.epoch == epoch, isReleased || !current.isReleased else {
            return .failure(LeaseDenied(.superseded))
        }
        return .success(Lease(claim, epoch: epoch, since: current.since, isReleased: isReleased))
    }
}

/// A lease may not be taken.
package struct LeaseDenied: Error, Hashable, Sendable {
    package var refusal: LeaseRefusal

    package init(_ refusal: LeaseRefusal) { self.refusal = refusal }
}
