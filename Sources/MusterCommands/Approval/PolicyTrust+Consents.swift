// SPDX-License-Identifier: Apache-2.0

internal import MusterApproval
internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterSigning

/// Consents as a commit of the catalog has them, and where they lead.
extension PolicyTrust {
    /// A policy of the catalog that is kept beside the consents to it.
    struct Consented {
        var number: Int
        var files: PolicyFiles
        /// By file name: statement and signature.
        var statements: [(name: String, statement: [UInt8], signature: [UInt8])]
    }

    /// How far consents lead from a policy.
    struct Way {
        /// The last that holds.
        var policy: PolicyAt
        var number: Int
        /// Why it is not the one that was asked for; nil: it is.
        var flaw: String?
    }

    /// What the catalog itself tells of how a policy came about, to a machine that knows none.
    struct Beginning {
        var number: Int
        /// Nil: it is the first, or what it followed is not to be found.
        var before: (policy: PolicyAt, number: Int)?
        /// What is wrong with its consents; nil: nothing, or it needs none.
        var flaw: String?
    }

    static let folder = "policy/consents"

    /// What a folder of consents may be called by. Anybody who pushes names folders, and no catalog changes its policy more often.
    static let numbers = 1...999_999

    static func folderName(_ number: Int) -> String {
        String(("000" + String(number)).suffix(max(4, String(number).count)))
    }

    static func place(_ number: Int) -> String { "\(folder)/\(folderName(number))" }

    /// In the order of their numbers.
    func consents(at commit: ObjectID) throws(MusterError) -> [Consented] {
        let entries = (try git.folder(Self.folder, at: commit) ?? []).filter { $0.kind == .folder }
        var found: [Consented] = []
        for entry in entries.prefix(10_000) {
            guard let number = Int(entry.name), Self.numbers.contains(number), Self.folderName(number) == entry.name
            else { continue }
            let path = "\(Self.folder)/\(entry.name)"
            let names = (try git.folder(path, at: commit) ?? []).filter { $0.kind != .folder }.map(\.name).prefix(100)
            let files = try git.files(names.map { "\(path)/\($0)" }, at: commit)
            if let one = Self.consented(number, Array(names), { files["\(path)/\($0)"]?.content.bytes }) {
                found.append(one)
            }
        }
        return found.sorted { $0.number < $1.number }
    }

    /// One folder of consents; nil where it holds no policy.
    static func consented(_ number: Int, _ names: [String], _ bytes: (String) -> [UInt8]?) -> Consented? {
        guard let configuration = bytes("muster.yaml") else { return nil }
        let statements = names.filter { $0.hasSuffix(".json") }.compactMap { name in
            bytes(name).flatMap { statement in bytes(name + ".sig").map { (name, statement, $0) } }
        }
        return Consented(
            number: number, files: PolicyFiles(configuration: configuration, signers: bytes("allowed-signers")),
            statements: statements)
    }

    /// Goes from policy to policy, each with the consent of the one before, until it is the newest.
    func way(from known: Known, to newest: PolicyAt, now: Timestamp) throws(MusterError) -> Way {
        let consents = try consents(at: newest.commit)
        var way = Way(policy: try PolicyAt(known.files, at: newest.commit), number: known.number, flaw: nil)
        while let next = consents.first(where: { $0.number == way.number + 1 }) {
            way.flaw = try missing(next, from: way.policy, at: [now])
            if way.flaw != nil { return way }
            (way.policy, way.number) = (try PolicyAt(next.files, at: newest.commit), next.number)
            if way.policy.files.digest == newest.files.digest { return way }
        }
        way.flaw = "nobody consented to it"
        return way
    }

    /// Whose consent is missing, in words; nil: it is there.
    ///
    /// - Parameter moments: at any of them a signature may hold.
    private func missing(
        _ next: Consented, from current: PolicyAt, at moments: [Timestamp]
    ) throws(MusterError) -> String? {
        var persons: Set<String> = []
        for moment in moments { persons.formUnion(try self.persons(consenting: next, from: current, now: moment)) }
        return current.policy.missingConsent(persons).map {
            "\(Self.place(next.number)) lacks the consent of \($0)"
        }
    }

    /// Those who consented, of the policy before, with keys that were theirs at the moment.
    func persons(
        consenting next: Consented, from current: PolicyAt, now: Timestamp
    ) throws(MusterError) -> Set<String> {
        var persons: Set<String> = []
        for (_, bytes, signature) in next.statements {
            guard let consent = PolicyConsent(bytes), consent.catalog == current.catalog,
                consent.number == next.number, consent.before == current.files.digest,
                consent.policy == next.files.digest
            else { continue }
            let verdict = try tool.verdict(
                on: String(decoding: signature, as: UTF8.self), over: bytes, person: consent.approver,
                signers: current.signersBytes, namespace: ApprovalStatement.namespace, at: now)
            if verdict == .good { persons.insert(consent.approver) }
        }
        return persons
    }

    // MARK: Without a policy that is known

    /// How the newest policy came about, as far as the catalog tells it. A key that ended since does not undo what it signed.
    func beginning(_ newest: PolicyAt, now: Timestamp) throws(MusterError) -> Beginning {
        let consents = try consents(at: newest.commit)
        let own = consents.last { $0.files.digest == newest.files.digest }
        if let next = consents.first(where: { $0.number == (own?.number ?? 0) + 1 }),
            try missing(next, from: newest, at: [now]) == nil
        {
            let flaw = "\(Self.place(next.number)) holds the consents to another one after it"
            return Beginning(
                number: own?.number ?? 0, before: (try PolicyAt(next.files, at: newest.commit), next.number), flaw: flaw
            )
        }
        guard let own else { return try unnumbered(newest, consents) }
        let history = try git.histories(of: ["muster.yaml", AllowedSigners.path], from: newest.commit)
        let earlier = consents.last { $0.number == own.number - 1 }?.files ?? Self.before(own, in: history)
        // One that this Muster does not read is as good as none.
        guard let before = earlier.flatMap({ try? PolicyAt($0, at: newest.commit) }) else {
            let flaw =
                "what it followed is not to be found, or cannot be read, so nobody can tell whether \(Self.place(own.number)) has the consents"
            return Beginning(number: own.number, before: nil, flaw: flaw)
        }
        let published = history.flatMap(\.versions).map(\.published).max()
        let flaw = try missing(own, from: before, at: [now] + [published].compactMap(\.self))
        return Beginning(number: own.number, before: (before, own.number - 1), flaw: flaw)
    }

    /// The first policy needs no consents; one that came behind others does.
    private func unnumbered(_ newest: PolicyAt, _ consents: [Consented]) throws(MusterError) -> Beginning {
        let isFirst = consents.first?.statements.contains { statement in
            PolicyConsent(statement.statement)?.before == newest.files.digest
        }
        guard let last = consents.last, isFirst == false else {
            return Beginning(number: 0, before: nil, flaw: try unheard(before: newest))
        }
        return Beginning(
            number: 0, before: (try PolicyAt(last.files, at: newest.commit), last.number),
            flaw: "nobody consented to it after \(Self.place(last.number))")
    }

    /// What a person who is asked to believe the policy should know of those before it.
    private func unheard(before newest: PolicyAt) throws(MusterError) -> String? {
        let history = try git.histories(of: ["muster.yaml", AllowedSigners.path], from: newest.commit)
        for version in history.flatMap(\.versions).sorted(by: { $0.published > $1.published }) {
            // Nobody was ever held to one that cannot be read.
            guard let earlier = try? PolicyAt(git, at: version.commit), earlier.files.digest != newest.files.digest,
                !earlier.policy.persons.isEmpty
            else { continue }
            return
                "an earlier one, at commit \(version.commit.short), named persons, and nobody of them consented to this"
        }
        return nil
    }

    /// The policy that the consents say they come from, among those that the catalog had.
    private static func before(_ own: Consented, in history: [DefinitionHistory]) -> PolicyFiles? {
        let wanted = Set(own.statements.compactMap { PolicyConsent($0.statement)?.before })
        func contents(_ path: String) -> [[UInt8]] {
            (history.first { $0.path == path }?.versions ?? []).prefix(200).map(\.content.bytes)
        }
        for configuration in contents("muster.yaml") {
            for signers in contents(AllowedSigners.path).map(Optional.some) + [nil] {
                let files = PolicyFiles(configuration: configuration, signers: signers)
                if wanted.contains(files.digest) { return files }
            }
        }
        return nil
    }
}
