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

    private var file: String { "\(folders.path)/policies/\(Digest(of: place.utf8).hex).json" }

    /// Nil when this machine knows none of this catalog.
    ///
    /// - Throws: `policy.memory-damaged`; what cannot be read is not taken for nothing.
    func known() throws(MusterError) -> Known? {
        guard exists(file) else { return nil }
        guard let bytes = readSmallFile(file, limit: 4 << 20, onlyRegular: true),
            let known = try? JSON.parse(bytes).decode(Known.self)  // said just below
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
    /// - Returns: nil where the catalog never had a policy.
    /// - Throws: `policy.not-consented`.
    func holding(_ newest: PolicyAt, now: Timestamp) throws(MusterError) -> (PolicyApplied.Trust, number: Int)? {
        guard let known = try known() else {
            if newest.isEmpty { return nil }
            let number = try consents(at: newest.commit).last { $0.files.digest == newest.files.digest }?.number ?? 0
            try remember(newest, number, now)
            return (.firstUse, number)
        }
        if known.files.digest == newest.files.digest { return (.known, known.number) }
        let number = try follow(known, to: newest, now: now)
        try remember(newest, number, now)
        return (.consented, number)
    }

    private func remember(_ policy: PolicyAt, _ number: Int, _ now: Timestamp) throws(MusterError) {
        try makeFolders("\(folders.path)/policies")
        let known = Known(
            catalog: policy.catalog, number: number, configuration: FileContent(policy.files.configuration),
            signers: policy.files.signers.map { FileContent($0) }, since: now)
        do { try writeFile(file, try JSON(encoding: known).canonicalBytes()) } catch let error as MusterError {
            throw error
        } catch {
            throw MusterError(code: "policy.memory-damaged", "The policy cannot be kept: \(error).")
        }
    }

    // MARK: Consents

    /// A policy of the catalog that is kept beside the consents to it.
    struct Consented {
        var number: Int
        var files: PolicyFiles
        /// By file name: statement and signature.
        var statements: [(name: String, statement: [UInt8], signature: [UInt8])]
    }

    static let folder = "policy/consents"

    static func folderName(_ number: Int) -> String {
        String(("000" + String(number)).suffix(max(4, String(number).count)))
    }

    /// In the order of their numbers.
    func consents(at commit: ObjectID) throws(MusterError) -> [Consented] {
        let entries = (try git.folder(Self.folder, at: commit) ?? []).filter { $0.kind == .folder }
        var found: [Consented] = []
        for entry in entries.prefix(10_000) {
            guard let number = Int(entry.name), Self.folderName(number) == entry.name else { continue }
            let path = "\(Self.folder)/\(entry.name)"
            let names = (try git.folder(path, at: commit) ?? []).filter { $0.kind != .folder }.map(\.name).prefix(100)
            let files = try git.files(names.map { "\(path)/\($0)" }, at: commit)
            func bytes(_ name: String) -> [UInt8]? { files["\(path)/\(name)"]?.content.bytes }
            guard let configuration = bytes("muster.yaml") else { continue }
            let statements = names.filter { $0.hasSuffix(".json") }.compactMap { name in
                bytes(name).flatMap { statement in bytes(name + ".sig").map { (name, statement, $0) } }
            }
            found.append(
                Consented(
                    number: number,
                    files: PolicyFiles(configuration: configuration, signers: bytes("allowed-signers")),
                    statements: statements))
        }
        return found.sorted { $0.number < $1.number }
    }

    /// Goes from policy to policy, each with the consent of the one before, until it is the newest.
    private func follow(_ known: Known, to newest: PolicyAt, now: Timestamp) throws(MusterError) -> Int {
        let consents = try consents(at: newest.commit)
        var current = try PolicyAt(known.files, at: newest.commit)
        var number = known.number
        while let next = consents.first(where: { $0.number == number + 1 }) {
            let persons = try persons(consenting: next, from: current, now: now)
            if let missing = current.policy.missingConsent(persons) {
                throw refusal(newest, "\(Self.folder)/\(Self.folderName(next.number)) lacks the consent of \(missing)")
            }
            (current, number) = (try PolicyAt(next.files, at: newest.commit), next.number)
            if current.files.digest == newest.files.digest { return number }
        }
        throw refusal(newest, "nobody consented to it")
    }

    private func persons(
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

    private func refusal(_ newest: PolicyAt, _ why: String) -> MusterError {
        MusterError(
            code: "policy.not-consented",
            "The policy at commit \(newest.commit.short) is not the one that this machine trusts, and \(why).",
            help:
                "Look at it with `git log -p muster.yaml policy/`. Whoever the policy before names consents with `muster policy consent`; commit that.",
            status: .preconditionUnmet)
    }
}
