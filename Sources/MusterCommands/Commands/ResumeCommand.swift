// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// What every command takes that goes on with a run.
struct ResumeOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The run's id, the end of it, or last.", valueName: "run")) var name: String
    @Option(
        name: .customLong("plugins"),
        help: ArgumentHelp("A folder with plugins' executables; may be repeated.", valueName: "dir"))
    var pluginFolders: [String] = []
    @Flag(
        name: .customLong("take-over"),
        help: "Go on with a run that another machine had; it must not run there any more. Needs --reason.")
    var takesOver = false
    @Flag(help: "Nobody will decide: what fails is given up, so that what brings things back runs.") var unattended =
        false

    /// - Parameter reopens: a run that is over may be taken up again.
    func session(
        _ common: CommonOptions, takeOver reason: String?, reopens: Bool = false, key: String?, _ terminal: Terminal
    ) throws(MusterError) -> ResumedSession {
        let mode: Person.Mode =
            unattended ? .unattended : Terminal.isInputTerminal && !common.json ? .terminal(terminal) : .absent
        let run = try findRun(name, common.catalog)
        let request = ResumedSession.Request(
            run: run, catalog: common.catalog, pluginFolders: pluginFolders, takeOver: reason, reopens: reopens,
            key: key)
        let folders = try StateFolder()
        let name = try personHere(common.catalog(of: run, folders))
        return try ResumedSession(request, person: Person(mode, name: name))
    }

    func checked(_ reason: String?) throws {
        try requireWords(reason)
        if takesOver, reason == nil { throw ValidationError("--take-over needs --reason.") }
    }
}

/// What commands take that write into a run's record.
struct SigningOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Your SSH key, where records are signed, or the .pub file of one that the agent holds (default: $MUSTER_KEY).",
            valueName: "file"))
    var key: String?
}

/// The run that the text names, among those of this machine and those whose branch is in the catalog.
func findRun(_ text: String, _ catalog: String?) throws(MusterError) -> RunID {
    let folders = try StateFolder()
    do {
        return try folders.find(text)
    } catch {
        // Without a catalog here, what the machine said is the answer.
        guard text != "last", let (git, _) = try? CatalogDocuments.open(catalog) else { throw error }
        let matches = try git.runTips().map(\.run).filter { $0.isNamed(by: text) }
        guard matches.count == 1 else { throw error }
        return matches[0]
    }
}

struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on with a run that is at rest, or whose engine ended.",
        discussion: """
            Finished steps are not run again. A step that had begun an effect is read back: done, it is verified; not there, it \
            is tried again under the same key; in part, or unknown, it waits for your decision. Another machine goes on from \
            the run's branch, with --take-over.
            """)

    @OptionGroup var options: ResumeOptions
    @Option(help: ArgumentHelp("Why this machine takes the run over, or the glass is broken.", valueName: "text"))
    var reason: String?
    @OptionGroup var approvals: ApprovalOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        try options.checked(reason)
        try approvals.check(reason)
    }

    func run() throws {
        let terminal = Terminal()
        let session: ResumedSession
        do {
            session = try options.session(
                common, takeOver: options.takesOver ? reason : nil, key: approvals.key, terminal)
        } catch {
            if error.code == "run.finished", let commit = try recordLate() {
                terminal.error(
                    "note: The record of the run was not in the log yet. It is there now, in \(commit.short).")
            }
            throw error
        }
        try admit(session, terminal)
        try session.assessTicket(breakGlass: approvals.breaksGlass ? reason : nil)
        try perform(session, [], terminal, json: common.json)
    }

    /// Under a policy a run goes on only as long as what was approved still counts.
    private func admit(_ session: ResumedSession, _ terminal: Terminal) throws(MusterError) {
        guard session.stored.state.phase != .created else { return }
        let desk = try session.approvalDesk()
        var request = try approvals.request(
            for: desk, plan: nil, reason: reason, remote: session.configuration.recordsRemote, terminal)
        let state = session.stored.state
        request.breakGlass = request.breakGlass ?? state.breakGlass?.reason
        session.offered = request.offered
        session.admission = try RunAdmission(desk, request, taken: state.approvals, run: session.stored.run)
    }

    /// A run that was cut off between its end and its record's gets the record now; nil where the log has it.
    private func recordLate() throws(MusterError) -> ObjectID? {
        let run = try findRun(options.name, common.catalog)
        let folders = try StateFolder()
        // The end of a run that was another machine's is recorded there.
        guard folders.runs().contains(run) else { return nil }
        let (git, state) = try CatalogDocuments.open(common.catalog(of: run, folders))
        let configuration = try Records.configuration(git, state)
        let late = LateRecords(
            git: git, state: state, branch: configuration?.recordsBranch ?? Configuration.standardRecordsBranch,
            folders: folders, configuration: configuration)
        return try late.isMissing(run) ? late.record(run) : nil
    }
}

/// Goes on with a run, shows it while it runs, and ends with its status.
func perform(
    _ session: ResumedSession, _ asks: [Event], _ terminal: Terminal, json: Bool,
    wanted: RunFinished.Outcome = .succeeded
) throws {
    try session.assessWindow(for: asks)
    for notice in session.notices { terminal.error("note: \(notice)") }
    try perform(terminal, session.configuration, session.person, json: json, wanted: wanted) {
        views throws(MusterError) in
        try session.carryOut(asks, views: views)
    }
}
