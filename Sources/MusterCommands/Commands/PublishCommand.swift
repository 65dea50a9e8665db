// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterDocuments
internal import MusterGit
internal import MusterModel
internal import MusterSystem

struct PublishCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Record runs that git could not take at their end, then push the log to muster.yaml's remote.",
        discussion: """
            The log of executions and the runs' branches are pushed, never forced. A remote that cannot be reached is no \
            loss: publish again later.
            """)

    @Option(
        help: ArgumentHelp(
            "Let a record go into git though a secret was found in it; change that secret first. Needs --reason.",
            valueName: "run"))
    var release: String?
    @Option(help: ArgumentHelp("Why.", valueName: "text")) var reason: String?
    @OptionGroup var common: CommonOptions

    func validate() throws {
        try requireWords(reason)
        if release != nil, reason == nil { throw ValidationError("--release needs --reason.") }
    }

    func run() throws {
        let documents = try committedDocuments(common.catalog, nil)
        let configuration = try documents.configuration()
        let terminal = Terminal()
        let signing = Result { () throws(MusterError) in try RecordSigning.of(configuration) }
        if case .success(let signing?) = signing { _ = try signing.known(to: documents.git, at: documents.state.head) }
        if let release, let reason {
            let folders = try StateFolder()
            let run = try folders.find(release)
            try RecordQuarantine(run, folder: folders.run(run)).release(by: documents.state.userOrLogin.text, reason)
        }
        var failed = 0
        // What stands against one run keeps no other from being published.
        func tell(_ run: RunID, _ error: MusterError) {
            failed += 1
            terminal.error("\(run): " + error.description)
        }
        let recorded = try recordLate(documents, configuration, terminal, failed: tell)
        try bringInReviews(documents, configuration, terminal)
        let report = try configuration.recordsRemote.map { remote throws(MusterError) in
            try publish(documents, configuration, to: remote, terminal, failed: tell)
        }
        if common.json {
            let pushed = try JSON(encoding: report?.refs ?? [])
            terminal.out(JSON.object(["recorded": recorded, "pushed": pushed]).canonicalText)
        } else if let report, let remote = configuration.recordsRemote {
            for ref in report.refs { terminal.out(pushText(ref, remote)) }
        } else {
            terminal.out("muster.yaml names no remote for records; nothing was pushed.")
        }
        try LogMemory(
            documents.git, gitFolder: documents.state.gitFolder, branch: configuration.recordsBranch,
            folders: try StateFolder()
        ).remember()
        if failed > 0 || report?.isComplete == false { throw CommandEnd(status: .runFailed) }
    }

    private func publish(
        _ documents: CatalogDocuments, _ configuration: Configuration, to remote: String, _ terminal: Terminal,
        failed: (RunID, MusterError) -> Void
    ) throws(MusterError) -> PushReport {
        let branch = configuration.recordsBranch
        let log = LogJoin(
            branch: branch, author: documents.state.userOrLogin, time: readClocks().wall,
            signingKey: try RecordSigning.of(configuration)?.key)
        var report = try push(documents.git, to: remote, log)
        let line = InLine(
            documents: documents, branch: branch, remote: remote, signingKey: log.signingKey)
        let apart = report.refs.filter { $0.conflict != nil }.compactMap { RunID(branch: $0.ref) }
        var told = try line.branchesGiveWay(apart)
        // The log may have waited for it.
        if !told.isEmpty { report = try push(documents.git, to: remote, log) }
        told += try line.catchUp(failed: failed)
        for run in try reviewCatchUp(documents, configuration).ontoBranches(from: remote) {
            told.append("The run \(run) was reviewed elsewhere; its branch here has that now.")
        }
        for text in told { terminal.error("note: \(text)") }
        if !report.refs.contains(where: { $0.ref == "refs/heads/\(branch)" }) {
            terminal.error("note: Neither here nor on \(remote) is there a log \(branch) yet: no run has ended.")
        }
        return report
    }

    private func reviewCatchUp(
        _ documents: CatalogDocuments, _ configuration: Configuration
    ) -> ReviewCatchUp {
        // No key is asked for where nothing is to be signed.
        ReviewCatchUp(
            git: documents.git, author: documents.state.userOrLogin,
            signingKey: { () throws(MusterError) in try RecordSigning.of(configuration)?.key },
            branch: configuration.recordsBranch)
    }

    /// A review that was cut off between the run's branch and the log is brought into the log.
    private func bringInReviews(
        _ documents: CatalogDocuments, _ configuration: Configuration, _ terminal: Terminal
    ) throws(MusterError) {
        for run in try reviewCatchUp(documents, configuration).intoLog() {
            terminal.error("note: A review of the run \(run) was not in the log yet; it is there now.")
        }
    }

    private func push(_ git: Catalog, to remote: String, _ log: LogJoin) throws(MusterError) -> PushReport {
        let refs = try git.runTips().map(\.run.ref) + git.asideTips().filter(\.isHere).map(\.ref)
        return try git.push(
            PushOrder(remote: remote, refs: ["refs/heads/\(log.branch)"] + refs, log: log), deadline: .seconds(300))
    }

    private func recordLate(
        _ documents: CatalogDocuments, _ configuration: Configuration, _ terminal: Terminal,
        failed: (RunID, MusterError) -> Void
    ) throws(MusterError) -> JSON {
        let late = LateRecords(
            git: documents.git, state: documents.state, branch: configuration.recordsBranch, folders: try StateFolder(),
            configuration: configuration)
        var recorded: [JSON] = []
        for run in late.runs {
            do throws(MusterError) {
                // One that went another way elsewhere is told of where its branch is pushed.
                guard try late.isMissing(run), let commit = try late.record(run) else { continue }
                recorded.append(.string(run.text))
                if !common.json { terminal.out("✓ recorded \(run) in \(commit.short)") }
            } catch  where error.code == "journal.locked" {
                // Whoever has the run records it.
            } catch { failed(run, error) }
        }
        return .array(recorded)
    }
}

/// What became of one ref, in a line.
func pushText(_ ref: PushReport.Ref, _ remote: String) -> String {
    switch ref.outcome {
    case .accepted: "✓ \(ref.ref) is on \(remote)"
    case .rejected(let why): "✗ \(remote) rejected \(ref.ref): \(visibleText(why))"
    case .unreachable(let why): "✗ \(ref.ref) was not sent: \(visibleText(why)); publish again later: muster publish"
    }
}
