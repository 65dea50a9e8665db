// SPDX-License-Identifier: Apache-2.0

import MusterModel
import Testing

struct LeaseRuleTests {
    private static let now = Timestamp("2026-11-21T14:00:00Z")!
    private static let past = Timestamp("2026-11-21T13:59:59.999Z")!
    private static let future = Timestamp("2026-11-21T14:10:00Z")!

    private static func claim(_ run: UInt32, host: String = "one", boot: String = "b1", home: String? = "h1")
        -> LeaseClaim
    {
        LeaseClaim(
            name: "sql/failover group", run: RunID(started: now, runbook: "swap", random: run),
            holder: "Ada <ada@example.org>", host: host, bootID: boot, home: home, until: future)
    }

    private static func lease(_ claim: LeaseClaim, until: Timestamp, isReleased: Bool = false) -> Lease {
        var claim = claim
        claim.until = until
        return Lease(claim, epoch: 7, since: past, isReleased: isReleased)
    }

    struct Row: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var current: Lease?
        var take: LeaseRefusal?
        var takeOver: LeaseRefusal?
        /// The new epoch, where it is taken.
        var epoch: Int64 = 8

        init(
            _ name: String, _ current: Lease?, take: LeaseRefusal?, takeOver: LeaseRefusal?, epoch: Int64 = 8
        ) {
            testDescription = name
            self.current = current
            self.take = take
            self.takeOver = takeOver
            self.epoch = epoch
        }
    }

    static let rows = [
        Row("none", nil, take: nil, takeOver: nil, epoch: 1),
        Row("mine", lease(claim(1), until: future), take: nil, takeOver: nil, epoch: 7),
        Row("mine and expired", lease(claim(1), until: past), take: nil, takeOver: nil, epoch: 7),
        Row("mine and given back", lease(claim(1), until: future, isReleased: true), take: nil, takeOver: nil),
        Row("another run's", lease(claim(2), until: future), take: .held, takeOver: .held),
        Row("another run's, to this very moment", lease(claim(2), until: now), take: .held, takeOver: .held),
        Row("another run's, expired", lease(claim(2), until: past), take: .expired, takeOver: nil),
        Row("another run's, given back", lease(claim(2), until: future, isReleased: true), take: nil, takeOver: nil),
        Row("my run's elsewhere", lease(claim(1, host: "two"), until: future), take: .held, takeOver: .held),
        Row("my run's before a restart", lease(claim(1, boot: "b0"), until: future), take: .held, takeOver: .held),
        Row(
            "my run's in another folder here", lease(claim(1, home: "h2"), until: future), take: .held, takeOver: .held),
        Row("my run's elsewhere, expired", lease(claim(1, host: "two"), until: past), take: nil, takeOver: nil),
    ]

    @Test(arguments: rows)
    func `who may take a lease`(row: Row) {
        for (intent, refusal) in [(LeaseIntent.take, row.take), (.takeOver, row.takeOver)] {
            let decision = LeaseRule.decide(intent, Self.claim(1), current: row.current, now: Self.now)
            switch decision {
            case .failure(let denied): #expect(denied.refusal == refusal)
            case .success(let lease):
                #expect(refusal == nil && lease.epoch == row.epoch && !lease.isReleased)
                #expect(lease.until == Self.future && lease.run == Self.claim(1).run)
                // Who kept it holds it since it was taken.
                #expect(lease.since == (row.epoch == 7 ? Self.past : Self.now))
            }
        }
    }

    @Test func `only the holder of this epoch renews a lease or gives it back`() {
        let mine = Self.lease(Self.claim(1), until: Self.past)
        let released = Self.lease(Self.claim(1), until: Self.past, isReleased: true)
        let rows: [(Lease?, Int64, renew: Bool, release: Bool)] = [
            (mine, 7, true, true), (mine, 6, false, false), (mine, 8, false, false), (nil, 7, false, false),
            (released, 7, false, true), (Self.lease(Self.claim(2), until: Self.past), 7, false, false),
            (Self.lease(Self.claim(1, host: "two"), until: Self.past), 7, false, false),
            (Self.lease(Self.claim(1, boot: "b0"), until: Self.past), 7, false, false),
        ]
        for (current, epoch, renew, release) in rows {
            for (intent, may) in [(LeaseIntent.renew(epoch: epoch), renew), (.release(epoch: epoch), release)] {
                switch LeaseRule.decide(intent, Self.claim(1), current: current, now: Self.now) {
                case .failure(let denied): #expect(!may && denied.refusal == .superseded)
                case .success(let lease):
                    #expect(may && lease.epoch == 7 && lease.since == Self.past && lease.until == Self.future)
                    #expect(lease.isReleased == (intent == .release(epoch: 7)))
                }
            }
        }
    }

    @Test func `an epoch that cannot grow is no way in`() {
        var last = Self.lease(Self.claim(2), until: Self.past, isReleased: true)
        last.epoch = Lease.epochs.upperBound
        let decision = LeaseRule.decide(.takeOver, Self.claim(1), current: last, now: Self.now)
        #expect(decision == .failure(LeaseDenied(.held)))
    }

    @Test func `a lock's name becomes a branch's name, whatever it holds`() {
        #expect(
            Lease.ref(name: "a")
                == "refs/heads/muster/leases/ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")
        #expect(Lease.ref(name: "../é b~^:\u{0}").utf8.count == Lease.ref(name: "a").utf8.count)
    }
}
