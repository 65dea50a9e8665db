// SPDX-License-Identifier: Apache-2.0

internal import MusterApproval
internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterSigning
internal import MusterSystem

/// Which policy of a catalog holds on this machine: the one that it knows, or one that came from it by consents.
///
/// The first policy is trusted on first use and kept below `MUSTER_HOME`; from then on another one holds only when the policy
/// before it consented (`docs/decisions/0013-a-policy-changes-by-consent-of-the-one-before.md`).
struct PolicyTrust {
    let folders: StateFolder
    let git: Catalog
    /// Of the repository: its git folder.
    let place: String
    let tool: any SignatureTool

    /// What this machine remembers.
    struct Known: Codable {
        var format = 1
        var catalog: String
        var number: Int
        var configuration: FileContent
        var signers: FileContent?
        var since: Timestamp

        var files: PolicyFiles {
            PolicyFiles(configuration: configuration.bytes, signers: signers?.bytes)
        }
    }

    /// Where it is remembered: by the repository's place, and by the commits with which its history, and what was seen of its remotes',
    /// begins. A copy or another clone has the same beginning, so a machine that knows the policy is not told another one there.
    private func memories() throws(MusterError) -> [String] {
        let state = try git.state()
        var tips = [state.head].compactMap(\.self)
        for remote in state.remotes {
            do { tips.append(try git.resolve("\(RecordPlace.remoteBranches)\(remote)/HEAD")) } catch
                where error.code == "git.unknown-revision"
            { continue }
        }
        var roots: Set<ObjectID> = []
        for tip in tips { roots.insert(try git.root(of: tip)) }
        let names = [Digest(of: place.utf8).hex] + roots.map { "root-\($0.hex)" }.sorted()
        return names.map { "\(folders.path)/policies/\($0).json" }
    }

    /// Nil when this machine knows none of this catalog; of several the one that came last by consents.
    ///
    /// - Throws: `policy.memory-damaged`; what cannot be read is not taken for nothing.
    func known() throws(MusterError) -> Known? {
        var found: [Known] = []
        for file in try memories() { if let one = try known(in: file) { found.append(one) } }
        return found.max { ($0.number, $0.since) < ($1.number, $1.since) }
    }

    private func known(in file: String) throws(MusterError) -> Known? {
        guard exists(file) else { return nil }
        guard let bytes = readSmallFile(file, limit: 4 << 20, onlyRegular: true),
            let known = try? JSON.parse(bytes).decode(Known.self),  // said just below
            known.number == 0 || Self.numbers.contains(known.number)
        else {
            throw MusterError(
                code: "policy.memory-damaged",
                "\(file), in which this machine keeps the policy that it trusts, cannot be read.",
                help: "Compare the catalog with another clone; then remove the file, and the policy is trusted anew.",
                status: .verificationFailed)
        }
        return known
    }

    /// The policy at the catalog's newest commit, if it holds, and why it does.
    ///
    /// - Parameter isKept: whether the machine remembers what it finds.
    /// - Returns: nil where the catalog never had a policy.
    /// - Throws: `policy.not-consented`.
    func holding(
        _ newest: PolicyAt, now: Timestamp, isKept: Bool = true
    ) throws(MusterError) -> (PolicyApplied.Trust, number: Int)? {
        guard let known = try known() else {
            if newest.isEmpty { return nil }
            let found = try beginning(newest, now: now)
            // What every machine that knew the policy before refuses is not let in by one that knows none.
            if let flaw = found.flaw, found.before != nil { throw refusal(newest, nil, flaw) }
            if isKept { try remember(newest, found.number, now) }
            return (.firstUse, found.number)
        }
        if known.files.digest == newest.files.digest {
            // One that was known by its place alone is known by its beginning from now on.
            if isKept, try memories().contains(where: { !exists($0) }) { try remember(newest, known.number, now) }
            return (.known, known.number)
        }
        let way = try way(from: known, to: newest, now: now)
        if let flaw = way.flaw { throw refusal(newest, known, flaw) }
        if isKept { try remember(newest, way.number, now) }
        return (.consented, way.number)
    }

    /// The policy that may consent to another one: the newest if it holds, else the one on the way to it that lacks consents.
    /// Remembers nothing.
    ///
    /// - Returns: nil where the catalog never had a policy.
    /// - Throws: `policy.not-consented` where the newest commit does not come from the policy that holds.
    func consenting(_ newest: PolicyAt, now: Timestamp) throws(MusterError) -> (PolicyAt, number: Int)? {
        guard let known = try known() else {
            if newest.isEmpty { return nil }
            let found = try beginning(newest, now: now)
            if found.flaw != nil, let before = found.before { return (before.policy, before.number) }
            return (newest, found.number)
        }
        if known.files.digest == newest.files.digest { return (newest, known.number) }
        let way = try way(from: known, to: newest, now: now)
        // Whoever signs on an old branch would sign that all since then is taken back.
        let hasKnown = try consents(at: newest.commit).contains {
            $0.number == known.number && $0.files.digest == known.files.digest
        }
        if way.flaw != nil, known.number > 0, !hasKnown {
            throw MusterError(
                code: "policy.not-consented",
                "The branch does not have the policy that this machine trusts, number \(known.number).",
                help: "Bring the branch up to date with the one that has it, then consent.", status: .preconditionUnmet)
        }
        return (way.policy, way.number)
    }

    private func remember(_ policy: PolicyAt, _ number: Int, _ now: Timestamp) throws(MusterError) {
        try makeFolders("\(folders.path)/policies")
        let known = Known(
            catalog: policy.catalog, number: number, configuration: FileContent(policy.files.configuration),
            signers: policy.files.signers.map { FileContent($0) }, since: now)
        do {
            let bytes = try JSON(encoding: known).canonicalBytes()
            for file in try memories() { try writeFile(file, bytes) }
        } catch let error as MusterError {
            throw error
        } catch {
            throw MusterError(code: "policy.memory-damaged", "The policy cannot be kept: \(error).")
        }
    }

    private func refusal(_ newest: PolicyAt, _ known: Known?, _ why: String) -> MusterError {
        let help =
            "Look at it with `git log -p muster.yaml policy/`. Whoever the policy before names consents here with `muster policy consent`, and commits that."
        guard known != nil else {
            return MusterError(
                code: "policy.not-consented",
                "The policy at commit \(newest.commit.short) is not trusted on first use: \(why).", help: help,
                status: .preconditionUnmet)
        }
        return MusterError(
            code: "policy.not-consented",
            "The policy at commit \(newest.commit.short) is not the one that this machine trusts, and \(why).",
            help: help, status: .preconditionUnmet)
    }
}
