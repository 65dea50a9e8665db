// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import MusterModel
internal import MusterSystem

extension Repository {
    func push(_ order: PushOrder) throws -> PushReport {
        for ref in order.refs { try refuseOddRef(ref) }
        var (report, log) = try pushOnce(order)
        // Another machine's log may arrive between the look and the push: it is met as well.
        for attempt in 1..<Self.joinAttempts {
            guard let join = order.log, let index = report.refs.firstIndex(where: { $0.ref == join.ref }),
                case .rejected = report.refs[index].outcome
            else { break }
            jitter.pause(milliseconds: 5...min(200, 20 * attempt))
            guard try head(of: join.ref, on: order.remote) != log else { break }
            let again: PushReport
            (again, log) = try pushOnce(PushOrder(remote: order.remote, refs: [join.ref], log: join))
            report.refs[index] = again.refs[0]
        }
        return report
    }

    /// - Returns: also where the remote's log was.
    private func pushOnce(_ order: PushOrder) throws -> (PushReport, log: ObjectID?) {
        let remote = try Remote(order.remote, in: self)
        do {
            try remote.connect(GIT_DIRECTION_PUSH)
            let heads = try remote.heads()
            bringRuns(order.refs, heads, from: order.remote)
            let apart = try meet(order, heads)
            // A log that neither side has yet is no failure.
            let isLogless = try order.log.map { try tip(of: $0.ref) == nil && heads[$0.ref] == nil } ?? false
            let parcels = try order.refs.filter { !isLogless || $0 != order.log?.ref }.map { ref in
                guard ref == order.log?.ref, let apart else { return try parcel(ref, heads) }
                return Parcel(ref: ref, content: .nothing, outcome: apart)
            }
            return (PushReport(refs: send(parcels, to: remote)), order.log.flatMap { heads[$0.ref] })
        } catch let error as Unreachable {
            let refs = order.refs.map { PushReport.Ref(ref: $0, outcome: .unreachable(error.why)) }
            return (PushReport(refs: refs), nil)
        }
    }

    /// Nil when the remote has none, or cannot be asked.
    private func head(of ref: String, on name: String) throws -> ObjectID? {
        let remote = try Remote(name, in: self)
        do {
            try remote.connect(GIT_DIRECTION_FETCH)
            return try remote.heads()[ref]
        } catch {
            return nil
        }
    }

    /// What becomes of a log that cannot meet the remote's; the other refs are sent all the same.
    private func meet(_ order: PushOrder, _ heads: [String: ObjectID]) throws -> PushReport.Outcome? {
        guard let join = order.log, order.refs.contains(join.ref) else { return nil }
        do {
            try meetLog(join, heads, from: order.remote)
            return nil
        } catch let error as MusterError {
            return .rejected("\(error.summary) [\(error.code)]")
        } catch let error as Unreachable {
            return .unreachable(error.why)
        }
    }

    private func refuseOddRef(_ ref: String) throws(MusterError) {
        var isValid: Int32 = 0
        guard ref.hasPrefix("refs/heads/"), git_reference_name_is_valid(&isValid, ref) == 0, isValid == 1 else {
            throw MusterError(
                code: "git.push-refused", "\"\(ref)\" is not pushed.",
                help: "Muster pushes branches by their full name, and neither forces nor deletes.")
        }
    }

    /// Fetches what the remote has of runs beyond this repository's knowledge: without it, a run that was continued on another
    /// machine could not be told from one that went another way there.
    func bringRuns(_ refs: [String], _ heads: [String: ObjectID], from name: String) {
        let unknown = refs.filter { ref in
            RunID(branch: ref) != nil && heads[ref].map { !exists($0) } ?? false
        }
        guard !unknown.isEmpty else { return }
        do {
            let remote = try Remote(name, in: self)
            try remote.connect(GIT_DIRECTION_FETCH)
            try remote.download(unknown, limit: GitLimits.fetchedBytes)
        } catch {
            // Nothing is sent of a run whose branch there is not known.
        }
    }

    /// What becomes of a ref, as far as it can be said before anything is sent.
    private struct Parcel {
        enum Content { case nothing, branch, conflict(String) }

        var ref: String
        var content: Content
        var outcome: PushReport.Outcome

        /// The remote's ref that it is sent to; nil when it stays here.
        var target: String? {
            switch content {
            case .nothing: nil
            case .branch: ref
            case .conflict(let ref): ref
            }
        }
    }

    private func parcel(_ ref: String, _ heads: [String: ObjectID]) throws -> Parcel {
        guard let local = try tip(of: ref) else {
            return Parcel(ref: ref, content: .nothing, outcome: .rejected("this repository has no such branch"))
        }
        guard let there = heads[ref] else { return Parcel(ref: ref, content: .branch, outcome: .accepted) }
        if try exists(there) && contains(there, local) {
            return Parcel(ref: ref, content: .nothing, outcome: .accepted)
        }
        if try follows(local, there) { return Parcel(ref: ref, content: .branch, outcome: .accepted) }
        guard let run = RunID(branch: ref) else {
            return Parcel(
                ref: ref, content: .nothing,
                outcome: .rejected("the remote has commits that this repository lacks, and Muster never forces"))
        }
        // One that is merely ahead of this repository must not look like another way.
        guard exists(there) else {
            return Parcel(
                ref: ref, content: .nothing,
                outcome: .unreachable("what the remote has of the run, \(there.short), could not be fetched"))
        }
        let why = "the run went another way on the remote, where it is at \(there.short), here at \(local.short)"
        let beside = try run.conflictRef(host: Host.name) { ref in try heads[ref].map { try follows(local, $0) } ?? true
        }
        return Parcel(ref: ref, content: .conflict(beside), outcome: .rejected(why))
    }

    /// Whether the newer commit is the older one or comes after it; one that is not here can't be shown to.
    private func follows(_ newer: ObjectID, _ older: ObjectID) throws -> Bool {
        try exists(older) && contains(newer, older)
    }

    /// Whether a commit is the other one or has it among its ancestors.
    func contains(_ commit: ObjectID, _ ancestor: ObjectID) throws -> Bool {
        if commit == ancestor { return true }
        var newer = commit.oid
        var older = ancestor.oid
        var isAncestor: Int32 = 0
        if let failure = gitFailure(
            "compare two commits",
            {
                isAncestor = git_graph_descendant_of(handle, &newer, &older)
                return isAncestor
            })
        {
            throw corrupt("the history from \(commit) to \(ancestor) cannot be read", failure)
        }
        return isAncestor == 1
    }

    private func send(_ parcels: [Parcel], to remote: Remote) -> [PushReport.Ref] {
        let specifications = parcels.compactMap { parcel in parcel.target.map { "\(parcel.ref):\($0)" } }
        let failure = specifications.isEmpty ? nil : remote.upload(specifications)
        return parcels.map { parcel in
            guard let target = parcel.target else { return PushReport.Ref(ref: parcel.ref, outcome: parcel.outcome) }
            let outcome: PushReport.Outcome =
                switch remote.verdict(on: target) {
                case .rejected(let why): .rejected(why)
                case .accepted: .accepted
                // A remote that already has the ref reports nothing about it.
                case nil: failure.map { .unreachable(remote.reason($0)) } ?? .accepted
                }
            return report(parcel, outcome)
        }
    }

    /// - Parameter outcome: of what was sent.
    private func report(_ parcel: Parcel, _ outcome: PushReport.Outcome) -> PushReport.Ref {
        guard case .conflict(let beside) = parcel.content, case .rejected(let why) = parcel.outcome else {
            return PushReport.Ref(ref: parcel.ref, outcome: outcome)
        }
        switch outcome {
        case .accepted:
            let kept = "\(why); this machine's commits are kept there in \(beside)"
            return PushReport.Ref(ref: parcel.ref, outcome: .rejected(kept), conflict: beside)
        case .rejected(let reason):
            return PushReport.Ref(ref: parcel.ref, outcome: .rejected("\(why), and it refuses \(beside): \(reason)"))
        case .unreachable: return PushReport.Ref(ref: parcel.ref, outcome: outcome)
        }
    }
}

extension LogJoin {
    /// The log's full name.
    fileprivate var ref: String { "refs/heads/\(branch)" }
}

extension RunID {
    /// The run whose branch this is; nil for any other ref.
    package init?(branch ref: String) {
        let prefix = "refs/heads/muster/runs/"
        guard ref.hasPrefix(prefix) else { return nil }
        self.init(String(ref.dropFirst(prefix.count)))
    }

    /// The run of which one machine's other way is kept under this name, here or as a remote's branch.
    init?(conflictRef ref: String) {
        let parts = ref.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts.suffix(4).prefix(2) == ["muster", "conflicts"] else { return nil }
        self.init(String(parts[parts.count - 2]))
    }

    /// Where a machine's commits of the run go where others have its branch: the first name, counted from the host's own, that is
    /// free for them.
    func conflictRef(host: String, isFree: (String) throws -> Bool) rethrows -> String {
        let letters = host.utf8.map { byte -> Character in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                Character(Unicode.Scalar(byte))
            default: "-"
            }
        }
        let name = "refs/heads/muster/conflicts/\(text)/\(letters.isEmpty ? "unknown" : String(letters))"
        var (ref, number) = (name, 1)
        while try !isFree(ref) {
            number += 1
            ref = "\(name)-\(number)"
        }
        return ref
    }
}
