// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterApproval
internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSigning
internal import MusterSystem

struct PolicyConsentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "consent",
        abstract: "Sign that the policy in the work tree may follow the one that holds.",
        discussion: """
            Writes the signed consent, and the policy that it is about, into policy/consents/ of the work tree; commit that. The \
            change may be committed already, on a branch on which one signs after the other. Those whom the policy before \
            names must consent, as many as it wants.
            """)

    @Option(
        help: ArgumentHelp(
            "Your SSH key, or the .pub file of one that the agent holds (default: $MUSTER_KEY).", valueName: "file"))
    var key: String?
    @Flag(help: "Do not ask before signing.") var yes = false
    @OptionGroup var common: CommonOptions

    func run() throws {
        let terminal = Terminal()
        let documents = try committedDocuments(common.catalog, nil)
        guard let tree = documents.state.workTree else {
            throw MusterError(code: "policy.no-work-tree", "A bare repository has no work tree to consent in.")
        }
        let trust = PolicyTrust(
            folders: try StateFolder(), git: documents.git, place: documents.state.gitFolder, tool: SSHKeygen())
        let (current, number) = try current(trust, documents)
        let next = try PolicyAt(try Self.files(in: tree), at: documents.commit!)
        guard next.files.digest != current.files.digest else {
            throw MusterError(
                code: "policy.unchanged", "The policy in the work tree is the one that holds.",
                help: "Change muster.yaml or \(AllowedSigners.path) first, then consent.")
        }
        let signer = try signingKey(key, for: "consent with")
        let person = try person(signer, trust.tool, of: current)
        try Self.refuseSecrets(in: next.files)
        let consent = PolicyConsent(
            catalog: current.catalog, number: number + 1, before: current.files.digest, policy: next.files.digest,
            approver: person)
        let place = PolicyTrust.place(number + 1)
        let folder = "\(tree)/\(place)"
        for path in [place] + folderNames(folder).map({ "\(place)/\($0)" }) { try refuseLinks(of: path, in: tree) }
        if let stale = Self.consented(number + 1, in: folder), stale.files.digest != next.files.digest {
            terminal.error("note: The consents in \(place) so far are to another policy, and count no more.")
        }
        try ask(consent, terminal)
        try write(consent, next, signer, trust.tool, to: folder)
        var missing: String?
        if let all = Self.consented(number + 1, in: folder) {
            missing = current.policy.missingConsent(
                try trust.persons(consenting: all, from: current, now: readClocks().wall))
        }
        report(consent, place, missing, terminal)
    }

    private func report(_ consent: PolicyConsent, _ place: String, _ missing: String?, _ terminal: Terminal) {
        guard !common.json else {
            let members: [String: JSON] = [
                "approver": .string(consent.approver), "policy": .string(consent.policy.description),
                "place": .string(place), "missing": missing.map { .string($0) } ?? .null,
            ]
            return terminal.out(JSON.object(members).canonicalText)
        }
        terminal.out("\(consent.approver) consents to policy \(consent.policy) after \(consent.before).")
        terminal.out("  in \(place); commit it, together with the change where that is not committed yet")
        terminal.out(missing.map { "  still missing: \($0)" } ?? "  nobody's consent is missing any more")
    }

    /// The policy that consents: the one that holds, also where the newest commit has one already that lacks consents.
    private func current(
        _ trust: PolicyTrust, _ documents: CatalogDocuments
    ) throws(MusterError) -> (PolicyAt, number: Int) {
        let newest = try PolicyAt(documents.git, at: documents.commit!)
        guard let current = try trust.consenting(newest, now: readClocks().wall) else {
            throw MusterError(
                code: "policy.first", "The catalog has no policy yet, so nobody has to consent to the first.",
                help: "Commit it; each machine trusts it on first use.")
        }
        return current
    }

    /// - Throws: `approval.unknown-key`; `approval.would-not-count` for somebody whom the policy that holds does not ask.
    private func person(
        _ key: String, _ tool: any SignatureTool, of current: PolicyAt
    ) throws(MusterError) -> String {
        guard let person = current.person(ofKey: try tool.publicKey(of: key).base64) else {
            throw MusterError(
                code: "approval.unknown-key", "The key \(visibleText(key)) is no person's of the policy that holds.",
                help: "Consent is given by persons of the policy before.", status: .preconditionUnmet)
        }
        let group = current.policy.change?.group
        guard let group, current.policy.groups[group]?.contains(person) == true else {
            let why = group.map { "\(person) is not in \($0), whose consent the policy that holds asks for" }
            throw MusterError(
                code: "approval.would-not-count",
                "Your consent would not count: \(why ?? "the policy that holds names nobody who could consent to another").",
                help: "Nothing was signed.", status: .preconditionUnmet)
        }
        return person
    }

    /// What the work tree has of consents; nil where there are none that can be read.
    private static func consented(_ number: Int, in folder: String) -> PolicyTrust.Consented? {
        PolicyTrust.consented(number, folderNames(folder).sorted()) {
            readSmallFile("\(folder)/\($0)", onlyRegular: true)
        }
    }

    /// Both are kept beside the consent once more, for as long as the catalog lives.
    private static func refuseSecrets(in files: PolicyFiles) throws(MusterError) {
        for (name, bytes) in [("muster.yaml", files.configuration), (AllowedSigners.path, files.signers ?? [])] {
            guard let finding = LeakGate().finding(in: bytes, of: name) else { continue }
            throw MusterError(
                code: "policy.leak", "Nothing was signed, for the policy would stay in git: \(finding).",
                help: "Take it out, and change that secret where it is one.", status: .verificationFailed)
        }
    }

    private static func files(in tree: String) throws(MusterError) -> PolicyFiles {
        for path in ["muster.yaml", AllowedSigners.path] { try refuseLinks(of: path, in: tree) }
        guard let configuration = readSmallFile("\(tree)/muster.yaml", onlyRegular: true) else {
            throw MusterError(code: "catalog.no-configuration", "The work tree has no muster.yaml.")
        }
        return PolicyFiles(
            configuration: configuration, signers: readSmallFile("\(tree)/\(AllowedSigners.path)", onlyRegular: true))
    }

    private func ask(_ consent: PolicyConsent, _ terminal: Terminal) throws {
        if yes { return }
        guard Terminal.isInputTerminal, !common.json else {
            throw MusterError(
                code: "run.not-confirmed", "Nobody gave the go-ahead: there is no terminal to ask at.",
                help: "Add --yes to sign without being asked.", status: .waitsForPerson)
        }
        terminal.out("Policy \(consent.policy) is to follow \(consent.before).")
        terminal.out("See it with git diff, or, where it is committed, with git log -p muster.yaml policy/")
        terminal.raw("Sign this as \(consent.approver)? Type yes: ")
        guard readLine() == "yes" else {
            terminal.out("Nothing was signed.")
            throw CommandEnd(status: .waitsForPerson)
        }
    }

    private func write(
        _ consent: PolicyConsent, _ next: PolicyAt, _ key: String, _ tool: any SignatureTool, to folder: String
    ) throws(MusterError) {
        let bytes: [UInt8]
        do { bytes = try consent.bytes() } catch {
            throw MusterError(code: "approval.not-encodable", "The consent cannot be written: \(error).")
        }
        // What its reader would not take is not signed.
        guard PolicyConsent(bytes) != nil else {
            throw MusterError(
                code: "approval.too-long", "The consent is longer than its readers take.",
                help: "Nothing was signed. Give the catalog and the person shorter names.")
        }
        let signature = try tool.sign(bytes, key: key, namespace: ApprovalStatement.namespace)
        try makeFolders(folder)
        try writeFile("\(folder)/muster.yaml", next.files.configuration)
        if let signers = next.files.signers { try writeFile("\(folder)/allowed-signers", signers) }
        try writeFile("\(folder)/\(consent.approver).json.sig", Array(signature.utf8))
        try writeFile("\(folder)/\(consent.approver).json", bytes)
    }
}
