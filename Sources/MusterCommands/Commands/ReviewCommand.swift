// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterDocuments
internal import MusterGit
internal import MusterModel
internal import MusterRecord
internal import MusterSigning
internal import MusterSystem

struct ReviewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "review", abstract: "Sign a run off, or record what you found about it.",
        discussion: """
            For somebody who did not carry the run out. What you say is added beside the run's record and pushed with it; \
            the record itself stays as it is. A finding that is stated again, with the same id, takes the earlier one's \
            place; --accept closes those that are open.
            """)

    @Argument(help: ArgumentHelp("The run's id, the end of it, or last.", valueName: "run")) var name: String
    @Flag(help: "Sign the run off.") var accept = false
    @Option(help: ArgumentHelp("A YAML document with what you found.", valueName: "file")) var findings: String?
    @Option(help: ArgumentHelp("What you want to say of it.", valueName: "text")) var reason: String?
    @Option(
        help: ArgumentHelp(
            "Sign with this SSH key, or the .pub file of one that the agent holds (default: MUSTER_KEY, else git's user.signingkey).",
            valueName: "file"))
    var key: String?
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if accept == (findings != nil) { throw ValidationError("Give either --accept or --findings FILE.") }
        if let reason, !reason.contains(where: { !$0.isWhitespace }) { throw ValidationError("--reason says nothing.") }
        try requireShort(reason, "--reason")
    }

    func run() throws {
        let (git, state) = try CatalogDocuments.open(common.catalog)
        let records = try Records(git: git, state: state)
        let document = try readFindings()
        let configuration = try Records.configuration(git, state)
        let run = try records.find(name)
        let key = self.key ?? Host.variable("MUSTER_KEY") ?? state.signingKey
        let desk = ReviewDesk(
            git: git, state: state, records: records, remote: configuration?.recordsRemote, signer: SSHKeygen(),
            commitKey: try RecordSigning.of(configuration, key: key)?.known(to: git, at: state.head).key)
        let terminal = Terminal()
        if let note = try desk.fetch(run) { terminal.error("note: \(note)") }
        let opinion = ReviewDesk.Opinion(
            isAcceptance: accept, reason: reason ?? document?.findings.summary, findings: document?.findings.list ?? [],
            document: document?.bytes, key: key)
        let review = try desk.add(opinion, to: run)
        let pushed = try desk.push(run)
        if common.json {
            terminal.out(
                JSON.object([
                    "review": try JSON(encoding: review.record), "commit": .string(review.commit.hex),
                    "isSigned": .bool(review.isSigned), "pushed": try JSON(encoding: pushed?.refs ?? []),
                ]).canonicalText)
        } else {
            let standing = try RecordProof.standing(of: try records.record(of: run), in: records)
            terminal.out("\(run): \(visibleText(standing.text(today: readClocks().wall.date)))")
            terminal.out(
                "✓ review \(review.record.number) is in \(records.branch), commit \(review.commit.short)"
                    + (review.isSigned ? ", signed" : ", not signed"))
            for ref in pushed?.refs ?? [] { terminal.out(pushText(ref, configuration?.recordsRemote ?? "")) }
        }
        if let pushed, !pushed.isComplete { throw CommandEnd(status: .runFailed) }
    }

    private func readFindings() throws(MusterError) -> (bytes: [UInt8], findings: Findings)? {
        guard let path = findings else { return nil }
        guard let bytes = readSmallFile(path, onlyRegular: true) else {
            throw MusterError(
                code: "review.no-document", "\(visibleText(path)) cannot be read, or is larger than 1 MiB.",
                help: "Name a YAML document: docs/formats/review-v1.md says what it holds.")
        }
        return (bytes, try Findings.parse(bytes, file: path).get())
    }
}
