// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterDocuments
internal import MusterGit
internal import MusterModel

struct PublishCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Push the log of executions and the runs' branches to the remote that muster.yaml names.",
        discussion: "Never forces. A remote that cannot be reached is no loss: publish again later.")

    @OptionGroup var common: CommonOptions

    func run() throws {
        let documents = try committedDocuments(common.catalog, nil)
        let configuration = try documents.configuration()
        guard let remote = configuration.recordsRemote else {
            throw MusterError(
                code: "publish.no-remote", "muster.yaml names no remote for records.", help: "Set records: { remote: NAME }.")
        }
        let runs = try documents.git.runTips().map(\.run.ref)
        let report = try documents.git.push(PushOrder(remote: remote, refs: ["refs/heads/\(configuration.recordsBranch)"] + runs))
        let terminal = Terminal()
        if common.json {
            terminal.out(try JSON(encoding: report).canonicalText)
        } else {
            for ref in report.refs { terminal.out(pushText(ref, remote)) }
        }
        if !report.isComplete { throw CommandEnd(status: .runFailed) }
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
