// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
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
        let now = readClocks().wall
        let holding = try trust.holding(newest, now: now)
        // What was consented to just now was found whole.
        let flaw = holding == nil || holding?.0 == .consented ? nil : try trust.beginning(newest, now: now).flaw
        let view = PolicyView(policy: newest, trust: holding?.0, number: holding?.number, flaw: flaw)
        let terminal = Terminal()
        if common.json { return terminal.out(view.json.canonicalText) }
        for line in view.lines(terminal.style) { terminal.out(line) }
    }
}
