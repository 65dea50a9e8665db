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

    @OptionGroup var common: CommonOptions

    func run() throws {
        let documents = try committedDocuments(common.catalog, nil)
        let configuration = try documents.configuration()
        let terminal = Terminal()
        let recorded = try recordLate(documents, configuration, terminal)
        guard let remote = configuration.recordsRemote else {
            let text = "muster.yaml names no remote for records; nothing was pushed."
            return terminal.out(
                common.json ? JSON.object(["recorded": recorded, "pushed": .array([])]).canonicalText : text)
        }
        let runs = try documents.git.runTips().map(\.run.ref)
        let log = LogJoin(
            branch: configuration.recordsBranch, author: documents.state.userOrLogin, time: readClocks().wall)
        let branch = configuration.recordsBranch
        let order = PushOrder(remote: remote, refs: ["refs/heads/\(branch)"] + runs, log: log)
        let report = try documents.git.push(order, deadline: .seconds(300))
        try catchUp(documents.git, branch, from: remote)
        if !report.refs.contains(where: { $0.ref == "refs/heads/\(branch)" }) {
            terminal.error("note: Neither here nor on \(remote) is there a log \(branch) yet: no run has ended.")
        }
        if common.json {
            terminal.out(JSON.object(["recorded": recorded, "pushed": try JSON(encoding: report.refs)]).canonicalText)
        } else {
            for ref in report.refs { terminal.out(pushText(ref, remote)) }
        }
        if !report.isComplete { throw CommandEnd(status: .runFailed) }
    }

    /// Runs of this machine that another one took to their end: the log that both now share has more of them than their
    /// branches here.
    private func catchUp(_ git: Catalog, _ branch: String, from remote: String) throws(MusterError) {
        let records = Records(git: git, branch: branch)
        let tips = Set(try git.runTips().map(\.run))
        for run in try StateFolder().runs() where tips.contains(run) {
            if try records.isAheadOfBranch(run) { _ = try git.fetchRun(run, from: remote) }
        }
    }

    private func recordLate(
        _ documents: CatalogDocuments, _ configuration: Configuration, _ terminal: Terminal
    ) throws(MusterError) -> JSON {
        let late = LateRecords(
            git: documents.git, state: documents.state, branch: configuration.recordsBranch, folders: try StateFolder(),
            remote: configuration.recordsRemote)
        var recorded: [JSON] = []
        for run in try late.missing() {
            // One that went another way elsewhere is told of where its branch is pushed.
            guard let commit = try late.record(run) else { continue }
            recorded.append(.string(run.text))
            if !common.json { terminal.out("✓ recorded \(run) in \(commit.short)") }
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
