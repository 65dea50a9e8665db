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
    @Option(help: ArgumentHelp("Why the leases are taken over.", valueName: "text")) var reason: String?
    @OptionGroup var common: CommonOptions

    func validate() throws {
        try requireWords(reason)
        if takesOver, reason == nil { throw ValidationError("--take-over needs --reason.") }
        if environment == nil, !isPlanFile { throw ValidationError("--environment is missing.") }
        let isGiven =
            environment != nil || kind != nil || change != nil || revision != nil || !inputs.inputs.isEmpty
            || inputs.file != nil
        if isPlanFile, isGiven {
            throw ValidationError(
                "A plan has its environment, kind, inputs, change and commit; give none of them beside it.")
        }
    }

    private var isPlanFile: Bool { runbook.contains("/") || runbook.hasSuffix(".json") }

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
        if !interactive,
            session.plan.steps.contains(where: { session.plan.definitions[$0.uses]!.reference == BuiltInStep.manual })
        {
            throw MusterError(
                code: "run.no-person", "The runbook has steps for a person, and there is no terminal to ask one.",
                help: "Run it from a terminal, without --json.", status: .waitsForPerson)
        }
        if !common.json {
            terminal.out(
                PlanView(style: terminal.style, leases: session.configuration.leases).text(
                    session.plan, digest: session.digest, window: session.window)
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
        let request = RunRequest(
            kind: planned?.kind ?? kind ?? .drill, runbook: name, inputs: values,
            change: planned?.change ?? change, pluginFolders: inputs.pluginFolders)
        return try RunSession(
            request, documents: documents, environment: (environment.environment, environment.document),
            secrets: SecretReader().read,
            person: Person(mode, name: documents.state.userOrLogin.text))
    }
}

private func readPlan(_ path: String) throws(MusterError) -> Plan {
    func invalid(_ why: String) -> MusterError {
        MusterError(
            code: "plan.unreadable", "The plan \(path) cannot be used: \(why).",
            help: "Write it anew with muster plan --out.")
    }
    guard let bytes = readSmallFile(path, limit: 64 << 20) else { throw invalid("the file cannot be read") }
    do {
        let plan = try JSON.parse(bytes).decode(Plan.self)
        guard plan.kind != .rehearsal, plan.commit != nil else { throw invalid("it is a rehearsal's") }
        guard try JSON(encoding: plan).canonicalBytes() == bytes else {
            throw invalid("it is not, byte for byte, what muster plan --out wrote")
        }
        return plan
    } catch let error as MusterError {
        throw error
    } catch {
        throw invalid(describeDecodingError(error))
    }
}

/// Names every part of the plan that is no longer as it was.
private func compare(_ planned: Plan, _ now: Plan) throws {
    let (before, after) = (try JSON(encoding: planned), try JSON(encoding: now))
    guard before != after else { return }
    let differences = differingPaths(before, after).prefix(20).map {
        Diagnostic(code: "plan.differs", "\($0.path): planned \(short($0.before)), now \(short($0.after))")
    }
    throw MusterError(
        code: "plan.out-of-date", "What is there now is not what was planned.",
        help: "Nothing was changed. Look at the differences and plan again.", status: .preconditionUnmet,
        diagnostics: Array(differences))
}

private func short(_ value: JSON?) -> String {
    let text = visibleText(value?.text ?? "nothing")
    return text.count > 80 ? text.prefix(77) + "…" : text
}

private func differingPaths(_ before: JSON?, _ after: JSON?, at path: String = "plan") -> [(
    path: String, before: JSON?, after: JSON?
)] {
    if before == after { return [] }
    if case .object(let left)? = before, case .object(let right)? = after {
        return Set(left.keys).union(right.keys).sorted().flatMap {
            differingPaths(left[$0], right[$0], at: "\(path).\($0)")
        }
    }
    if case .array(let left)? = before, case .array(let right)? = after, left.count == right.count {
        return left.indices.flatMap { differingPaths(left[$0], right[$0], at: "\(path)[\($0)]") }
    }
    return [(path, before, after)]
}
