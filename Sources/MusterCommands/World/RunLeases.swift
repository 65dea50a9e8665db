// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterEngine
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// Keeps the leases of one run on the remote: taken before it begins, renewed at a third of their life, and looked at before
/// each effect.
///
/// A lease counts from the moment before it was asked for, by the boot clock, which goes on while the machine sleeps: who
/// slept past the end of a lease begins nothing until the remote has said that it is still this run's.
final class RunLeases: LeaseKeeper {
    /// Spare time before the end: what is told to go ahead must reach its cloud while the lease holds.
    private static let margin = Duration.seconds(5)
    /// Longest time to wait for the remote in one request.
    private static let deadline = Duration.seconds(30)

    struct Holder {
        var run: RunID
        var person: String
        var remote: String
        var author: GitIdentity
        /// Names the folder that keeps the run.
        var home: String
    }

    private struct Held {
        var lease: Lease
        /// In nanoseconds of the boot clock.
        var endsAt: Int64
        var askedAt: Int64
        var isLate = false
        /// Its time ran out, and the remote could not say whether it can be had again.
        var wasAskedInVain = false
    }

    private let catalog: Catalog
    private let holder: Holder
    private let life: Duration
    private var held: [String: Held] = [:]
    private var lostTo: String?
    private var sent: (id: Int, name: String, at: Int64)?
    /// After an error the next try waits, so that a remote that is down is not asked without pause.
    private var nextTry: Int64 = 0
    /// Why the newest try did not renew a lease; nil once one did.
    private var lastError: MusterError?
    private var inputs: [EngineInput] = []

    private init(catalog: Catalog, holder: Holder, life: Duration) {
        self.catalog = catalog
        self.holder = holder
        self.life = life
    }

    // MARK: Taking

    /// Takes the leases of all these locks, or none.
    ///
    /// - Parameters:
    ///   - takeOver: a person's reason to take them from a run that let them expire; nil where nobody decided that.
    ///   - isBegun: the run is taken up again: what it cannot hold stays half its own.
    /// - Returns: nil where there is nothing to hold; with the events that tell what was taken.
    /// - Throws: `run.leased` with who holds one, where, since when and until when; `git.lease-needs-smart-remote`; with
    ///   `leases: required` whatever keeps the remote from being asked.
    static func take(
        _ names: [String], holder: Holder, folder: String, configuration: Configuration, isBegun: Bool,
        takeOver: String?
    ) throws(MusterError) -> (keeper: RunLeases?, events: [Event]) {
        let names = Set(names).sorted()
        guard configuration.leases != .local, !names.isEmpty else { return (nil, []) }
        var options = GitClient.Options()
        options.adopt(environment: Host.variables)
        let keeper = RunLeases(
            catalog: Catalog(folder: folder, options: options), holder: holder, life: configuration.leaseLife)
        var events: [Event] = []
        for name in names {
            do throws(MusterError) {
                events.append(.leaseChanged(try keeper.take(name, takeOver)))
            } catch {
                keeper.release(isOver: !isBegun)
                guard configuration.leases == .remote, error.code == "git.remote-unreachable" else { throw error }
                return (nil, names.map { without($0, error) })
            }
        }
        return (keeper, events)
    }

    private static func without(_ name: String, _ error: MusterError) -> Event {
        .leaseChanged(
            LeaseChanged(
                what: .without, lock: name, epoch: 0,
                says: "runs without a lease, so another machine may work on it too: \(error.summary)"))
    }

    private func take(_ name: String, _ takeOver: String?) throws(MusterError) -> LeaseChanged {
        let before = takeOver == nil ? nil : try catalog.lease(of: name, on: holder.remote, deadline: Self.deadline)
        let asked = readClocks()
        let order = order(name, takeOver == nil ? .take : .takeOver, asked, note: takeOver)
        switch try catalog.takeLease(order, deadline: Self.deadline) {
        case .won(let placed):
            keep(placed.lease, asked.boot)
            let isTakeOver = before.map { !$0.lease.isReleased && $0.lease.run != holder.run } ?? false
            return LeaseChanged(
                what: isTakeOver ? .takenOver : .taken, lock: name, epoch: placed.lease.epoch,
                says: "leased on \(holder.remote) until \(placed.lease.until)"
                    + (isTakeOver ? ", taken over from run \(before!.lease.run): \(takeOver ?? "")" : ""))
        case .lost(let refusal, let current): throw leased(name, refusal, current?.lease)
        }
    }

    private func leased(_ name: String, _ refusal: LeaseRefusal, _ lease: Lease?) -> MusterError {
        let who = lease.map { "run \($0.run) of \($0.holder) on \($0.host), since \($0.since), until \($0.until)" }
        let help =
            switch refusal {
            case .expired: expired(lease)
            case .held, .superseded: "Nothing was changed. Wait for its end, or ask them."
            }
        return MusterError(
            code: "run.leased", "Another run works on \(name): \(who ?? "its name is not known").", help: help,
            status: .preconditionUnmet)
    }

    /// A run at rest lets its leases run out, and is not dead: its branch tells which of the two it is.
    private func expired(_ lease: Lease?) -> String {
        let otherwise =
            "Its time is over, and only you can know that it is dead: make sure of it, then add --take-over --reason TEXT."
        // What cannot be had of it tells nothing more.
        guard let lease,
            let seen = try? SeenRun(
                lease.run, git: catalog, repository: catalog.state(), folders: StateFolder())
        else { return otherwise }
        let stored = seen.stored
        let heard = "last heard of at \(stored.lastHeardOf)"
        guard stored.state.phase == .paused else {
            return "\(otherwise) By its branch it is \(stored.standing), \(heard)."
        }
        return
            "It is at rest, half done: \(stored.standing), \(heard). Go on with it first: muster resume \(lease.run), or muster rollback \(lease.run). Only where nobody ever will, add --take-over --reason TEXT."
    }

    private func order(_ name: String, _ intent: LeaseIntent, _ now: Instant, note: String? = nil) -> LeaseOrder {
        let claim = LeaseClaim(
            name: name, run: holder.run, holder: holder.person, host: Host.name, bootID: Host.bootID,
            home: holder.home, until: now.wall.advanced(by: life), note: note)
        return LeaseOrder(
            remote: holder.remote, claim: claim, intent: intent, now: now.wall, author: holder.author)
    }

    private func keep(_ lease: Lease, _ askedAt: Int64) {
        let end = askedAt + (life - Self.margin(life)).milliseconds * 1_000_000
        held[lease.name] = Held(lease: lease, endsAt: end, askedAt: askedAt)
    }

    private static func margin(_ life: Duration) -> Duration { min(margin, life / 4) }

    // MARK: Standing

    func standing(now: Int64) -> LeaseStanding {
        if let lostTo { return .lost(lostTo) }
        guard held.values.allSatisfy({ now < $0.endsAt }) else { return .late }
        return .held(epoch: held.values.map(\.lease.epoch).max())
    }

    func mayEnd(now: Int64) -> Bool {
        lostTo != nil || held.values.allSatisfy { now < $0.endsAt || $0.wasAskedInVain }
    }

    // MARK: Renewing

    var pollTargets: [PollTarget] { sent == nil ? [] : catalog.client.pollTargets }

    var wakeAt: Int64? {
        if sent != nil { return catalog.client.nextDeadline }
        guard lostTo == nil, let due = nextToRenew?.due else { return nil }
        return max(due, nextTry)
    }

    private var nextToRenew: (name: String, due: Int64)? {
        held.map { ($0.key, $0.value.askedAt + life.milliseconds * 1_000_000 / 3) }.min { $0.1 < $1.1 }
    }

    func service() {
        let now = readClocks()
        noteLate(now.boot)
        takeAnswer()
        guard sent == nil, lostTo == nil, let next = nextToRenew, max(next.due, nextTry) <= now.boot else { return }
        let order = order(next.name, .renew(epoch: held[next.name]!.lease.epoch), now)
        do {
            sent = (try catalog.client.send(.leaseTake(order), deadline: Self.deadline), next.name, now.boot)
        } catch {
            noteVain(next.name, error)
        }
    }

    private func noteLate(_ now: Int64) {
        for (name, entry) in held where now >= entry.endsAt && !entry.isLate {
            held[name]!.isLate = true
            say(
                .late, name, entry.lease.epoch,
                "its time ran out; no effect begins until it is held again"
                    + (lastError.map { ": \($0.summary)" } ?? ""))
        }
    }

    private func takeAnswer() {
        guard let sent else { return }
        for answer in catalog.client.receive() where answer.id == sent.id {
            self.sent = nil
            do throws(MusterError) {
                take(try GitClient.decode(try answer.result.get(), as: LeaseAnswer.self), sent.name, sent.at)
            } catch {
                // Not known whether it was renewed: the same order again finds out.
                lastError = error
                noteVain(sent.name, error)
            }
        }
    }

    private func noteVain(_ name: String, _ error: MusterError) {
        nextTry = readClocks().boot + 2_000_000_000
        guard let entry = held[name], entry.isLate, !entry.wasAskedInVain else { return }
        held[name]!.wasAskedInVain = true
        let says = "its time ran out, and \(holder.remote) does not say whose it is: \(error.summary)"
        say(.late, name, entry.lease.epoch, says)
    }

    private func take(_ answer: LeaseAnswer, _ name: String, _ askedAt: Int64) {
        switch answer {
        case .won(let placed):
            lastError = nil
            let wasLate = held[name]?.isLate == true
            keep(placed.lease, askedAt)
            if wasLate { say(.renewed, name, placed.lease.epoch, "held again until \(placed.lease.until)") }
        case .lost(_, let current):
            let who = current.map {
                "run \($0.lease.run) of \($0.lease.holder) on \($0.lease.host), since \($0.lease.since)"
            }
            let why = "another run has the lease of \(name): \(who ?? "its name is not known")"
            lostTo = why
            say(.lost, name, current?.lease.epoch ?? 0, why)
            inputs.append(.pause(PauseRequested(by: "engine", reason: why)))
        }
    }

    private func say(_ what: LeaseChanged.What, _ name: String, _ epoch: Int64, _ says: String) {
        inputs.append(.lease(LeaseChanged(what: what, lock: name, epoch: epoch, says: says)))
    }

    func takeInputs() -> [EngineInput] {
        defer { inputs = [] }
        return inputs
    }

    // MARK: Giving back

    /// A run at rest does not give its targets back: they are half its own. Its leases end at once, so that it can go on
    /// anywhere, and any other run needs a person who takes them over.
    func release(isOver: Bool) {
        for (name, entry) in held {
            let now = readClocks()
            var order = order(name, isOver ? .release(epoch: entry.lease.epoch) : .renew(epoch: entry.lease.epoch), now)
            order.claim.until = now.wall
            // What cannot be given back runs out by itself, and whoever comes next is told.
            _ = try? catalog.takeLease(order, deadline: .seconds(10))
        }
        held = [:]
        catalog.client.close()
    }
}
