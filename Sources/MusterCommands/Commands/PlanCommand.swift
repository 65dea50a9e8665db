// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterDocuments
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Look at every target and show what a run would do. Read-only.",
        discussion:
            "Ends with 3 when the plan cannot be run as things stand: a precondition that must hold before the first effect does not, or cannot be told; the change window or ticket, or the policy, stands against it."
    )

    @Argument(help: "The runbook's name.") var runbook: String
    @OptionGroup var target: TargetOptions
    @OptionGroup var inputs: InputOptions
    @Option(help: ArgumentHelp("Write the plan here, for muster run.", valueName: "file")) var out: String?
    @Flag(name: .shortAndLong, help: "Show the preconditions that hold, too.") var verbose = false
    @OptionGroup var common: CommonOptions

    func run() throws {
        let session = try makeSession()
        defer { session.shutdown() }
        let terminal = Terminal()
        let rule = session.heldAgainstPolicy()
        if common.json {
            terminal.out(try planJSON(session).canonicalText)
        } else {
            terminal.out(
                PlanView(style: terminal.style, leases: session.configuration.leases, isVerbose: verbose).text(
                    session.plan, digest: session.digest, window: session.window, ticket: session.ticket))
            if let rule {
                terminal.out(ApprovalView(style: terminal.style).lines(rule).joined(separator: "\n"))
            }
        }
        if let out {
            // Canonical, so that sha256sum of the file is the plan's digest.
            try writeFile(out, try JSON(encoding: session.plan).canonicalBytes())
            if !common.json {
                let approve =
                    rule?.require.isEmpty == false ? "approve it with: muster approve \(out) --key FILE; " : ""
                let next =
                    session.refusals.isEmpty
                    ? "\(approve)run it with: muster run \(out)" : "it cannot be run as things stand."
                terminal.out("\nThe plan is in \(out); \(next)")
            }
        }
        try refuse(session, terminal, json: common.json)
    }

    private func makeSession() throws(MusterError) -> RunSession {
        let documents = try committedDocuments(common.catalog, target.revision)
        let runbookDocument = try documents.runbook(runbook).runbook
        let (environment, document) = try documents.environment(target.environment)
        let request = RunRequest(
            kind: target.kind, runbook: runbook, inputs: try inputs.values(for: runbookDocument), change: target.change,
            pluginFolders: inputs.pluginFolders)
        return try RunSession(
            request, documents: documents, environment: (environment, document), secrets: SecretReader().read,
            person: Person(.absent, name: Host.userName))
    }
}

/// The plan as `--json` prints it.
func planJSON(_ session: RunSession) throws -> JSON {
    [
        "plan": try JSON(encoding: session.plan), "digest": .string(session.digest.description),
        "refusals": try JSON(encoding: session.refusals), "window": try JSON(encoding: session.window),
        "ticket": try JSON(encoding: session.ticket),
    ]
}

/// Ends with 3 when the plan must not be run, after saying all the reasons.
///
/// - Parameter printing: with `json`, print the plan and its refusals: the caller has not.
func refuse(_ session: RunSession, _ terminal: Terminal, json: Bool, printing: Bool = false) throws {
    let refusals = session.refusals
    guard !refusals.isEmpty else { return }
    if json {
        if printing { terminal.out(try planJSON(session).canonicalText) }
    } else {
        terminal.error("")
        for log in session.problems.isEmpty ? [] : session.logs { terminal.error("  \(log.plugin): \(log.text)") }
        for refusal in refusals { terminal.error(refusal.description) }
        terminal.error("error: Nothing was changed. The plan cannot be run as long as these hold. [plan.refused]")
    }
    throw CommandEnd(status: session.wasInterrupted ? .interrupted : .preconditionUnmet)
}
