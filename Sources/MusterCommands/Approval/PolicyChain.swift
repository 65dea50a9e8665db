// SPDX-License-Identifier: Apache-2.0

internal import MusterApproval
internal import MusterDocuments
internal import MusterGit
internal import MusterModel
internal import MusterSigning

/// The policies of a catalog that followed each other by consents, as this clone and this machine know them: what records are held to.
///
/// It ends where consents end. Where the machine trusts a policy, only a chain that leads to that one counts; a catalog of which nothing
/// is known here is believed, as on first use. Nothing is fetched, and nothing is remembered.
struct PolicyChain {
    struct Link {
        let digest: Digest
        /// Nil where no commit here has it any more.
        let policy: PolicyAt?
        /// When it was published; nil where that is not known.
        let since: Timestamp?
        /// When the next one was.
        var until: Timestamp?

        /// Git tells seconds.
        func wasFollowed(before moment: Timestamp) -> Bool {
            until.map { $0.milliseconds / 1000 < moment.milliseconds / 1000 } ?? false
        }
    }

    /// In their order, for each commit from which one is known.
    private(set) var links: [Link] = []
    /// The first commits that have a policy, each with when that was and with the newest commit after it.
    private var beginnings: [(first: ObjectID, published: Timestamp, newest: ObjectID)] = []
    private let git: Catalog
    /// Where this machine trusts none: where policies with persons were published first that the history had before the first one that is
    /// believed, and none of whom consented to it.
    private(set) var unheard: [ObjectID] = []

    init(_ records: Records) throws(MusterError) {
        let state = try records.git.state()
        let trust = PolicyTrust(
            folders: try StateFolder(), git: records.git, place: state.gitFolder, tool: SSHKeygen())
        try self.init(records.git, state, trust)
    }

    init(_ git: Catalog, _ state: RepositoryState, _ trust: PolicyTrust) throws(MusterError) {
        self.git = git
        let known = try trust.known()
        let tips = try Self.tips(git, state)
        for tip in tips {
            let reader = try Reader(git, tip, trust)
            var found = try reader.chain()
            if let known, !found.contains(where: { $0.digest == known.files.digest }) {
                found = try reader.follow(known.files, number: known.number, since: nil)
            }
            if let first = found.lazy.compactMap({ reader.occurrences[$0.digest] }).first {
                beginnings.append((first.commit, first.published, tip))
            }
            if known == nil { unheard += try reader.unheard(before: found.first) }
            add(found)
        }
        // What this machine trusts was read before it was kept.
        if tips.isEmpty, let known, let policy = try? PolicyAt(known.files, at: ObjectID(blob: [])) {
            links = [Link(digest: known.files.digest, policy: policy, since: nil)]
        }
    }

    private mutating func add(_ found: [Link]) {
        let known = Set(links.map(\.digest))
        links += found.filter { !known.contains($0.digest) }
    }

    /// The newest commits that this clone knows: its own, and what was seen last of the remotes' default branches.
    private static func tips(_ git: Catalog, _ state: RepositoryState) throws(MusterError) -> [ObjectID] {
        var tips: [ObjectID] = [state.head].compactMap(\.self)
        for remote in state.remotes.sorted() {
            for branch in ["HEAD", "main", "master"] {
                do {
                    let tip = try git.resolve("\(RecordPlace.remoteBranches)\(remote)/\(branch)")
                    if !tips.contains(tip) { tips.append(tip) }
                    break
                } catch  where error.code == "git.unknown-revision" { continue }
            }
        }
        return tips
    }

    /// Whether anything is known by which a run could be held.
    var isGoverned: Bool { !links.isEmpty }

    func holds(_ digest: Digest) -> Bool { links.contains { $0.digest == digest } }

    func policy(_ digest: Digest) -> PolicyAt? { links.first { $0.digest == digest }?.policy }

    /// Whether a run of this commit at that moment was one of the time before there was a policy.
    func isBefore(_ commit: ObjectID, at moment: Timestamp) throws(MusterError) -> Bool {
        for beginning in beginnings where moment.milliseconds / 1000 <= beginning.published.milliseconds / 1000 {
            if try git.contains(beginning.newest, commit), try !git.contains(commit, beginning.first) { return true }
        }
        return false
    }

    /// Whether all of this happened before the first policy was published.
    func isBefore(_ moment: Timestamp) -> Bool {
        !beginnings.isEmpty
            && beginnings.allSatisfy { moment.milliseconds / 1000 < $0.published.milliseconds / 1000 }
    }

    /// The policies that were not followed by another one before that moment.
    func policies(from moment: Timestamp) -> [PolicyAt] {
        links.filter { !$0.wasFollowed(before: moment) }.compactMap(\.policy)
    }
}

extension PolicyChain {
    /// Reads the chain as one commit and its history have it.
    fileprivate struct Reader {
        let git: Catalog
        let tip: ObjectID
        let trust: PolicyTrust
        let consents: [PolicyTrust.Consented]
        let newest: PolicyFiles?
        /// Where each policy of the history was published first.
        private(set) var occurrences: [Digest: (commit: ObjectID, published: Timestamp, files: PolicyFiles)] = [:]
        /// By path, for what stands in the folders of the consents.
        private var published: [String: (at: Timestamp, first: [UInt8])] = [:]

        init(_ git: Catalog, _ tip: ObjectID, _ trust: PolicyTrust) throws(MusterError) {
            (self.git, self.tip, self.trust) = (git, tip, trust)
            consents = try trust.consents(at: tip)
            newest = try Self.files(git, tip)
            let paths = consents.flatMap { consent in
                let folder = PolicyTrust.place(consent.number)
                return ["\(folder)/muster.yaml"] + consent.statements.map { "\(folder)/\($0.name)" }
            }
            let own = ["muster.yaml", AllowedSigners.path]
            let histories = try git.histories(of: own + paths, from: tip)
            for history in histories.dropFirst(own.count) {
                guard let oldest = history.versions.last else { continue }
                published[history.path] = (oldest.published, oldest.content.bytes)
            }
            let versions = histories.prefix(own.count).flatMap(\.versions).sorted { $0.published < $1.published }
            for version in versions {
                guard let files = try Self.files(git, version.commit), occurrences[files.digest] == nil else {
                    continue
                }
                occurrences[files.digest] = (version.commit, version.published, files)
            }
        }

        private static func files(_ git: Catalog, _ commit: ObjectID) throws(MusterError) -> PolicyFiles? {
            let found = try git.files(["muster.yaml", AllowedSigners.path], at: commit)
            return found["muster.yaml"].map {
                PolicyFiles(
                    configuration: $0.content.bytes, signers: found[AllowedSigners.path]?.content.bytes)
            }
        }

        private func path(_ consent: PolicyTrust.Consented, _ name: String) -> String {
            "\(PolicyTrust.place(consent.number))/\(name)"
        }

        /// From the policy that the first consents name as the one before; the newest one where nobody consented to any.
        func chain() throws(MusterError) -> [Link] {
            let words = consents.first.map { first in
                first.statements.compactMap { published[path(first, $0.name)] }.sorted { $0.at < $1.at }
            }
            guard let first = consents.first,
                let before = (words ?? []).lazy.compactMap({ PolicyConsent($0.first)?.before }).first
            else {
                // Lint tells of one that cannot be read; nobody is held to it.
                guard let newest, let policy = try? PolicyAt(newest, at: tip), !policy.isEmpty else { return [] }
                return [Link(digest: newest.digest, policy: policy, since: occurrences[newest.digest]?.published)]
            }
            if let start = occurrences[before] {
                return try follow(start.files, number: first.number - 1, since: start.published)
            }
            // No commit has the first one any more: the next is where it begins.
            let next = try follow(first.files, number: first.number, since: since(first))
            return [Link(digest: before, policy: nil, since: nil, until: since(first))] + next
        }

        /// Earlier policies with persons, of whom nobody was asked. What is earlier is told by the history: dates are the
        /// committer's own.
        ///
        /// - Parameter first: the one that is believed; nil where the newest commit has none.
        func unheard(before first: Link?) throws(MusterError) -> [ObjectID] {
            var found: [(commit: ObjectID, published: Timestamp)] = []
            for (digest, earlier) in occurrences where digest != first?.digest {
                // Nobody was ever held to one that cannot be read, and nobody could consent by one without keys.
                guard let policy = try? PolicyAt(earlier.files, at: tip), !policy.policy.persons.isEmpty,
                    !policy.signers.keys.isEmpty
                else { continue }
                if let first {
                    guard let begun = occurrences[first.digest]?.commit, try git.contains(begun, earlier.commit) else {
                        continue
                    }
                }
                found.append((earlier.commit, earlier.published))
            }
            return found.sorted { $0.published < $1.published }.map(\.commit)
        }

        private func since(_ consent: PolicyTrust.Consented) -> Timestamp? {
            published[path(consent, "muster.yaml")]?.at
        }

        /// From one policy to the next, as far as the one before consented.
        func follow(_ start: PolicyFiles, number: Int, since: Timestamp?) throws(MusterError) -> [Link] {
            // Lint tells of one that cannot be read; nobody is held to it.
            guard var current = try? PolicyAt(start, at: tip), !current.isEmpty else { return [] }
            var links = [Link(digest: start.digest, policy: current, since: since)]
            var number = number
            while let next = consents.first(where: { $0.number == number + 1 }) {
                let moment = self.since(next)
                let persons = try trust.persons(
                    consenting: next, from: current, now: moment ?? Timestamp(milliseconds: 0))
                // One that cannot be read ends the chain.
                guard current.policy.missingConsent(persons) == nil, let policy = try? PolicyAt(next.files, at: tip)
                else { break }
                links[links.count - 1].until = moment
                links.append(Link(digest: next.files.digest, policy: policy, since: moment))
                (current, number) = (policy, next.number)
            }
            return links
        }
    }
}
