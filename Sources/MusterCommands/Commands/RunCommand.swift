// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterDocuments
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Plan, ask for the go-ahead, run, and commit the record.",
        discussion: """
            Takes a runbook's name, or the file of a plan that `muster plan --out` wrote: then it plans again and runs only \
            if nothing differs. A step that fails waits for your decision. Ctrl-C once brings the run to rest at the next safe \
            point; twice stops at once, and leaves effects under way in doubt. "muster resume" goes on after both.
            """)

    @Argument(help: "The runbook's name, or a plan's file.") var runbook: String
    @Option(name: .shortAndLong, help: ArgumentHelp("The environment, environments/<name>.yaml.", valueName: "name"))
    var environment: String?
    @Option(help: "drill, change or incident (default: drill).") var kind: RunKind?
    @Option(help: ArgumentHelp("The change ticket.", valueName: "id")) var change: String?
    @Option(
        name: .customLong("at"),
        help: ArgumentHelp("The commit to read everything from (default: HEAD).", valueName: "commit"))
    var revision: String?
    @OptionGroup var inputs: InputOptions
    @Flag(help: "Do not ask for the go-ahead.") var yes = false
    @Flag(help: "Nobody will decide: what fails is given up, so that what brings things back runs.") var unattended =
        false
    @Option(
        name: .customLong("confirm-irreversible"),
        help: ArgumentHelp(
            "Accept a step that cannot be taken back, which --yes does not; may be repeated.", valueName: "step"))
    var accepted: [String] = []
    @Flag(
        name: .customLong("take-over"),
        help: "Take leases that another run let expire; it must not run any more. Needs --reason.")
    var takesOver = false
    @Option(help: ArgumentHelp("Why the leases are taken over, or the glass is broken.", valueName: "text"))
    var reason: String?
    @OptionGroup var approvals: ApprovalOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        try requireWords(reason)
        try requireTicketName(change)
        if takesOver, reason == nil { throw ValidationError("--take-over needs --reason.") }
        try approvals.check(reason)
        if environment == nil, !isPlanFile { throw ValidationError("--environment is missing.") }
        let isGiven =
            environment != nil || kind != nil || change != nil || revision != nil || !inputs.inputs.isEmpty
            || inputs.file != nil
        if isPlanFile, isGiven {
            throw ValidationError(
                "A plan has its environment, kind, inputs, change and commit; give none of them beside it.")
        }
    }

    private var isPlanFile: Bool { MusterCommands.isPlanFile(runbook) }

    func run() throws {
        let terminal = Terminal()
        let planned = isPlanFile ? try readPlan(runbook) : nil
        let interactive = Terminal.isInputTerminal && !common.json
        let session = try makeSession(planned, mode(terminal))
        defer { session.shutdown() }
        if let planned { try compare(planned, session.plan) }
        let question = GoAheadQuestion(
            plan: session.plan, terminal: terminal, readLine: interactive ? session.readLine : nil, isConfirmed: yes,
            accepted: accepted, person: session.person.name)
        try question.check()
        try refuse(session, terminal, json: common.json, printing: true)
        let desk = try session.approvalDesk()
        if let rule = desk.rule, !common.json {
            terminal.out(
                ApprovalView(style: terminal.style).lines(rule, breakGlass: approvals.breaksGlass).joined(
                    separator: "\n"))
        }
        let request = try approvals.request(
            for: desk, plan: isPlanFile ? runbook : nil, reason: reason, remote: session.configuration.recordsRemote,
            terminal)
        session.admission = try RunAdmission(desk, request)
        session.firstUse = desk.firstUse
        session.key = approvals.key
        _ = try session.signing()
        if !interactive,
            session.plan.steps.contains(where: {
                session.plan.definitions[$0.uses]!.reference == BuiltInStep.manual && !session.plan.leavesOut($0)
            })
        {
            throw MusterError(
                code: "run.no-person", "The runbook has steps for a person, and there is no terminal to ask one.",
                help: "Run it from a terminal, without --json.", status: .waitsForPerson)
        }
        if !common.json {
            terminal.out(
                PlanView(style: terminal.style, leases: session.configuration.leases).text(
                    session.plan, digest: session.digest, window: session.window, ticket: session.ticket)
                    + "\n")
        }
        let goAhead = try question.ask()
        try perform(session, goAhead, terminal, json: common.json, takeOver: takesOver ? reason : nil)
    }

    private func mode(_ terminal: Terminal) -> Person.Mode {
        if unattended { return .unattended }
        return Terminal.isInputTerminal && !common.json ? .terminal(terminal) : .absent
    }

    private func makeSession(_ planned: Plan?, _ mode: Person.Mode) throws(MusterError) -> RunSession {
        let name = planned?.runbook.name ?? runbook
        let documents = try committedDocuments(common.catalog, planned?.commit?.hex ?? revision)
        let document = try documents.runbook(name).runbook
        let environment = try documents.environment(planned?.environment.name ?? environment!)
        let values = if let planned { planned.inputs } else { try inputs.values(for: document) }
        var request = RunRequest(
            kind: planned?.kind ?? kind ?? .drill, runbook: name, inputs: values,
            change: planned?.change ?? change, pluginFolders: inputs.pluginFolders)
        request.breakGlass = approvals.breaksGlass ? reason : nil
        return try RunSession(
            request, documents: documents, environment: (environment.environment, environment.document),
            secrets: SecretReader().read,
            person: Person(mode, name: documents.state.userOrLogin.text))
    }
}
