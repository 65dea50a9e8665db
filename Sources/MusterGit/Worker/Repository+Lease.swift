// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import MusterModel

extension Repository {
    /// How often the lease may change under an order before it is given up.
    private static let leaseAttempts = 20
    /// How often the remote may refuse although nobody changed the lease: its own lock may have been in the way.
    private static let leaseRefusals = 3

    func readLease(_ remote: String, _ name: String) throws -> PlacedLease? {
        do {
            let store = try leaseStore()
            return try look(at: name, try leaseRemote(remote, store), in: store)
        } catch let error as Unreachable {
            throw error.asMusterError(remote)
        }
    }

    func takeLease(_ order: LeaseOrder) throws -> LeaseAnswer {
        do {
            return try decideAndSend(order, in: try leaseStore())
        } catch let error as Unreachable {
            throw error.asMusterError(order.remote)
        }
    }

    private func leaseStore() throws -> Repository {
        if let leases, leases.mayBeUsed() { return leases.repository }
        leases = nil  // gone before its place is taken
        let store = try LeaseStore(in: commonFolder + "muster/", opening)
        leases = store
        return store.repository
    }

    /// Reads, decides, sends; again until the remote took it or the rule says no. The remote compares the ref's old value with
    /// the one that was decided on, since both are from the same connection.
    private func decideAndSend(_ order: LeaseOrder, in store: Repository) throws -> LeaseAnswer {
        let ref = Lease.ref(name: order.claim.name)
        var sent: [ObjectID: Lease] = [:]
        var refusal: Refusal?
        for attempt in 1...Self.leaseAttempts {
            if attempt > 1 { jitter.pause(milliseconds: 1...(20 * attempt)) }
            let remote = try leaseRemote(order.remote, store)
            try remote.connect(GIT_DIRECTION_PUSH)
            let tip = try remote.heads()[ref]
            // An answer that got lost: what was sent has arrived.
            if let tip, let lease = sent[tip] { return .won(PlacedLease(commit: tip, lease: lease)) }
            if refusal?.tip != tip { refusal = nil }
            if let refusal, refusal.count == Self.leaseRefusals { throw refusal.asMusterError(order) }
            if let tip, !store.exists(tip) {
                _ = try look(at: order.claim.name, try leaseRemote(order.remote, store), in: store)
            }
            let current = try tip.map { PlacedLease(commit: $0, lease: try store.lease(in: $0, order.claim.name)) }
            switch LeaseRule.decide(order.intent, order.claim, current: current?.lease, now: order.now) {
            case .failure(let denied): return .lost(denied.refusal, current: current)
            case .success(let lease):
                if let current, current.lease == lease { return .won(current) }
                let commit = try store.write(lease, onto: tip, order)
                sent[commit] = lease
                guard let why = try store.send(commit, as: ref, remote) else {
                    return .won(PlacedLease(commit: commit, lease: lease))
                }
                refusal = Refusal(tip: tip, why: why, count: (refusal?.count ?? 0) + 1)
            }
        }
        throw MusterError(
            code: "git.lease-contended",
            "The lease of \"\(order.claim.name)\" on \(order.remote) changed \(Self.leaseAttempts) times in a row.",
            help: "Ask again: somebody else is taking and giving it back.", status: .preconditionUnmet)
    }

    /// The remote did not take the lease, although nobody else changed it.
    private struct Refusal {
        var tip: ObjectID?
        var why: String
        var count: Int

        func asMusterError(_ order: LeaseOrder) -> MusterError {
            MusterError(
                code: "git.lease-refused",
                "The remote \"\(order.remote)\" does not take the lease of \"\(order.claim.name)\": \(why).",
                help:
                    "Your account needs the right to push \(Lease.ref(name: order.claim.name)); a hook may forbid it.",
                status: .preconditionUnmet)
        }
    }

    /// A remote that compares, with the objects of leases apart from this repository's.
    private func leaseRemote(_ name: String, _ store: Repository) throws -> Remote {
        let remote = try Remote(name, in: self, objectsIn: store)
        guard remote.compares else {
            throw MusterError(
                code: "git.lease-needs-smart-remote",
                "The remote \"\(name)\" is a folder, where libgit2 does not compare before it moves a branch: two could win.",
                help:
                    "Give the remote an ssh, https or git address with `git remote set-url \(name) <url>`; for a folder of"
                    + " this machine `ssh://localhost/<path>` is one.")
        }
        return remote
    }

    private func look(at name: String, _ remote: Remote, in store: Repository) throws -> PlacedLease? {
        try remote.connect(GIT_DIRECTION_FETCH)
        let ref = Lease.ref(name: name)
        guard let tip = try remote.heads()[ref] else { return nil }
        if !store.exists(tip) {
            try remote.download([ref], limit: GitLimits.leaseHistoryBytes)
            // What is known is not sent again by the next download.
            if store.exists(tip) { try store.remember(tip, as: ref) }
        }
        return PlacedLease(commit: tip, lease: try store.lease(in: tip, name))
    }
}

// MARK: In the store

extension Repository {
    /// Points a ref at the commit, whatever it pointed at: for a repository that only one process works in.
    private func remember(_ commit: ObjectID, as ref: String) throws {
        var reference: OpaquePointer?
        defer { git_reference_free(reference) }
        var oid = commit.oid
        try git("remember \(ref)") { git_reference_create(&reference, handle, ref, &oid, 1, nil) }
    }

    /// Nil when the remote has it; else what it, or the connection, says. Whether it arrived is then for the next look.
    private func send(_ commit: ObjectID, as ref: String, _ remote: Remote) throws -> String? {
        try remember(commit, as: ref)
        let failure = remote.upload(["\(ref):\(ref)"])
        switch remote.verdict(on: ref) {
        case .accepted: return nil
        case .rejected(let why): return why
        case nil: return failure.map { remote.reason($0) } ?? "it said nothing about the branch"
        }
    }
}

// MARK: The file

extension Repository {
    private static let leaseFile = "lease.json"

    private func write(_ lease: Lease, onto tip: ObjectID?, _ order: LeaseOrder) throws -> ObjectID {
        let content = FileContent(try JSON(encoding: lease).prettyBytes())
        let tree = try write([RunCommit.File(path: Self.leaseFile, .content(content))])
        let verb =
            switch order.intent {
            case .take: "Take"
            case .takeOver: "Take over"
            case .renew: "Renew"
            case .release: "Give back"
            }
        let note = CommitNote(
            message: "\(verb) the lease of \(visibleText(lease.name))",
            trailers: [
                .init("Run", lease.run.text), .init("Host", lease.host), .init("Epoch", "\(lease.epoch)"),
                .init("Until", "\(lease.until)"),
            ], author: order.author, time: order.now)
        return try commit(tree: tree, parents: tip.map { [$0] } ?? [], note)
    }

    /// What a lease's commit says. It comes from outside: anything but a lease of this name is an error, never a free lease.
    private func lease(in commit: ObjectID, _ name: String) throws -> Lease {
        func unreadable(_ why: String) -> MusterError {
            MusterError(
                code: "git.lease-unreadable",
                "Commit \(commit) should hold the lease of \"\(name)\", but \(why).",
                help:
                    "Look at it with `git show \(commit)`. Somebody else wrote the branch \(Lease.ref(name: name)), or a"
                    + " later version of Muster did.", status: .stuck)
        }
        guard objectType(commit) == GIT_OBJECT_COMMIT else { throw unreadable("it is no commit") }
        let root = try entries(of: treeID(of: commit), at: "")
        guard root.count == 1, root[0].name == Self.leaseFile, root[0].kind == .file else {
            throw unreadable("it does not hold the one file \(Self.leaseFile)")
        }
        let bytes = try blob(root[0].id, limit: GitLimits.leaseBytes, named: Self.leaseFile)
        do {
            let lease = try JSON.parse(bytes).decode(Lease.self)
            guard lease.format == 1 else { throw unreadable("its format is \(lease.format)") }
            guard lease.name == name else { throw unreadable("it is of another name") }
            guard Lease.epochs.contains(lease.epoch) else { throw unreadable("its epoch is \(lease.epoch)") }
            return lease
        } catch let error as MusterError {
            throw error
        } catch {
            throw unreadable(describeDecodingError(error))
        }
    }
}
