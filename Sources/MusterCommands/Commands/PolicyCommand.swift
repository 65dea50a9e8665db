// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterApproval
internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterSigning
internal import MusterSystem

struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Show who may agree to what, or consent to a change of it.",
        subcommands: [PolicyShowCommand.self, PolicyConsentCommand.self], defaultSubcommand: PolicyShowCommand.self)
}

struct PolicyShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the policy at the newest commit, and whether it holds on this machine.",
        discussion: "Ends with 3 where the policy that this machine trusts did not consent to it.")

    @OptionGroup var common: CommonOptions

    func run() throws {
        let documents = try committedDocuments(common.catalog, nil)
        let newest = try PolicyAt(documents.git, at: documents.commit!)
        let trust = PolicyTrust(
            folders: try StateFolder(), git: documents.git, place: documents.state.gitFolder, tool: SSHKeygen())
        let holding = try trust.holding(newest, now: readClocks().wall)
        let terminal = Terminal()
        if common.json {
            let members: [String: JSON] = [
                "policy": .string(newest.files.digest.description), "commit": .string(newest.commit.hex),
                "number": holding.map { .int(Int64($0.number)) } ?? .null,
                "trust": holding.map { .string($0.0.rawValue) } ?? .null,
            ]
            return terminal.out(JSON.object(members).canonicalText)
        }
        guard let holding else { return terminal.out("The catalog says nothing of approvals: every run may begin.") }
        terminal.out("Policy \(newest.files.digest)")
        terminal.out("  number \(holding.number) at commit \(newest.commit.short), \(Self.text(holding.0))")
        for (group, persons) in newest.policy.groups.sorted(by: { $0.key < $1.key }) {
            terminal.out("  \(group): \(persons.sorted().joined(separator: ", "))")
        }
        for (environment, rule) in newest.policy.rules.sorted(by: { $0.key < $1.key }) {
            let lines = ApprovalView(style: terminal.style).lines(rule).dropFirst(2)
            terminal.out("  in \(environment):")
            for line in lines { terminal.out("  " + line) }
        }
    }

    private static func text(_ trust: PolicyApplied.Trust) -> String {
        switch trust {
        case .firstUse: "trusted on first use"
        case .known: "trusted"
        case .consented: "the policy before it consented"
        }
    }
}

struct PolicyConsentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "consent",
        abstract: "Sign that the policy in the work tree may follow the one that holds.",
        discussion: """
            Writes the signed consent, and the policy that it is about, into policy/consents/ of the work tree. Commit it \
            together with the change. Those whom the policy before names must consent, as many as it wants.
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
        let tool = SSHKeygen()
        let trust = PolicyTrust(
            folders: try StateFolder(), git: documents.git, place: documents.state.gitFolder, tool: tool)
        let (current, number) = try current(trust, documents)
        let next = try PolicyAt(try Self.files(in: tree), at: documents.commit!)
        guard next.files.digest != current.files.digest else {
            throw MusterError(
                code: "policy.unchanged", "The policy in the work tree is the one that holds.",
                help: "Change muster.yaml or \(AllowedSigners.path) first; consent before you commit.")
        }
        let signer = try signingKey(key, for: "consent with")
        guard let person = current.person(ofKey: try tool.publicKey(of: signer).base64) else {
            throw MusterError(
                code: "approval.unknown-key", "The key \(visibleText(signer)) is no person's of the policy that holds.",
                help: "Consent is given by persons of the policy before.", status: .preconditionUnmet)
        }
        let consent = PolicyConsent(
            catalog: current.catalog, number: number + 1, before: current.files.digest, policy: next.files.digest,
            approver: person)
        try ask(consent, terminal)
        let place = "\(PolicyTrust.folder)/\(PolicyTrust.folderName(number + 1))"
        try write(consent, next, signer, tool, to: "\(tree)/\(place)")
        let words = "\(person) consents to policy \(next.files.digest) after \(current.files.digest)."
        terminal.out(
            common.json
                ? JSON.object([
                    "approver": .string(person), "policy": .string(next.files.digest.description),
                    "place": .string(place),
                ]).canonicalText
                : "\(words)\n  in \(place); commit it together with the change")
    }

    /// The policy that holds: the one that this machine trusts, else that of the newest commit.
    private func current(
        _ trust: PolicyTrust, _ documents: CatalogDocuments
    ) throws(MusterError) -> (PolicyAt, number: Int) {
        let newest = try PolicyAt(documents.git, at: documents.commit!)
        guard let holding = try trust.holding(newest, now: readClocks().wall) else {
            throw MusterError(
                code: "policy.first", "The catalog has no policy yet, so nobody has to consent to the first.",
                help: "Commit it; each machine trusts it on first use.")
        }
        return (newest, holding.number)
    }

    private static func files(in tree: String) throws(MusterError) -> PolicyFiles {
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
        terminal.out("Policy \(consent.policy) is to follow \(consent.before); see it with git diff.")
        terminal.raw("Sign this as \(consent.approver)? Type yes: ")
        guard readLine() == "yes" else {
            terminal.out("Nothing was signed.")
            throw CommandEnd(status: .waitsForPerson)
        }
    }

    private func write(
        _ consent: PolicyConsent, _ next: PolicyAt, _ key: String, _ tool: SSHKeygen, to folder: String
    ) throws(MusterError) {
        let bytes: [UInt8]
        do { bytes = try consent.bytes() } catch {
            throw MusterError(code: "approval.not-encodable", "The consent cannot be written: \(error).")
        }
        let signature = try tool.sign(bytes, key: key, namespace: ApprovalStatement.namespace)
        try makeFolders(folder)
        try writeFile("\(folder)/muster.yaml", next.files.configuration)
        if let signers = next.files.signers { try writeFile("\(folder)/allowed-signers", signers) }
        try writeFile("\(folder)/\(consent.approver).json.sig", Array(signature.utf8))
        try writeFile("\(folder)/\(consent.approver).json", bytes)
    }
}
