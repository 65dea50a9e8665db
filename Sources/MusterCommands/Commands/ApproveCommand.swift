// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterApproval
internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSystem

struct ApproveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Sign a word on a plan, or at a gate of a run, with your SSH key.",
        discussion: """
            Shows the plan and its digest, asks, and signs by ssh-keygen -Y. The statement goes beside the plan's file, into \
            PLAN.approvals/, and onto a branch of the catalog, which is pushed where muster.yaml names a remote. At a gate it \
            goes to the run: at once where it runs or rests on this machine, else by the branch.
            """)

    @Argument(help: ArgumentHelp("A plan's file, or a run: its id, the end of it, or last.", valueName: "plan|run"))
    var target: String
    @Argument(help: "Of a run: the gate, or the step behind it.") var step: String?
    @Option(
        help: ArgumentHelp(
            "Your SSH key, or the .pub file of one that the agent holds (default: $MUSTER_KEY).", valueName: "file"))
    var key: String?
    @Flag(help: "Sign that it must not be done.") var reject = false
    @Option(
        help: ArgumentHelp(
            "How long the statement lives (default: as long as the policy allows).", valueName: "duration"))
    var expires: String?
    @Option(help: ArgumentHelp("Your own words, signed and recorded with it.", valueName: "text")) var comment: String?
    @Option(help: ArgumentHelp("Write the statement here, and its signature to FILE.sig.", valueName: "file"))
    var out: String?
    @Flag(help: "Do not ask before signing.") var yes = false
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if MusterCommands.isPlanFile(target) == (step != nil) {
            throw ValidationError("Name a plan's file, or a run and its gate.")
        }
        if let expires, Duration(durationText: expires).map({ $0 > .zero }) != true {
            throw ValidationError("--expires needs a duration such as 8h.")
        }
        try requireShort(comment, "--comment")
        try refuseSecret(in: comment, "--comment")
    }

    func run() throws {
        if let step { try approveGate(step) } else { try approvePlan() }
    }

    // MARK: A plan

    private func approvePlan() throws {
        let terminal = Terminal()
        let plan = try readPlan(target)
        let digest = try plan.digest()
        let documents = try committedDocuments(common.catalog, plan.commit?.hex)
        try refuseForged(plan, documents)
        let environment = try documents.environment(plan.environment.name).environment
        let desk = try ApprovalDesk(
            plan, digest: digest, environment: environment, git: documents.git, state: documents.state)
        guard let rule = desk.rule, !rule.require.isEmpty else {
            throw MusterError(
                code: "approval.not-asked", "Nobody's approval is asked for in \(plan.environment.name).",
                help: "approvals in muster.yaml, at the plan's commit and at the newest, say what a run needs.")
        }
        let maker = try maker(desk)
        let statement = try maker.statement(
            reject ? .reject : .approve, life: try life(rule.life), comment: comment)
        try refuseWhatWouldNotCount(statement, desk)
        if !common.json {
            let view = PlanView(style: terminal.style, leases: try documents.configuration().leases)
            terminal.out(view.text(plan, digest: digest, window: nil))
            terminal.out(ApprovalView(style: terminal.style).lines(rule).joined(separator: "\n"))
        }
        let signed = try ask(statement, maker, terminal)
        let path = "\(StatementStore.folder(besides: target))/\(statement.approver)-\(statement.id.prefix(8)).json"
        try makeFolders(StatementStore.folder(besides: target))
        try write(signed, to: path)
        let places = [path] + (try keep(signed, statement, desk))
        report(statement, places, terminal)
    }

    /// A plan in which somebody wrote what its documents do not make, before anybody agrees to it.
    private func refuseForged(_ plan: Plan, _ documents: CatalogDocuments) throws(MusterError) {
        guard let commit = documents.commit else { return }
        let made = try RemadePlan(of: plan, at: commit, documents.git, documents.state)
        let differences = try made.differences(from: plan)
        guard !differences.isEmpty else { return }
        throw MusterError(
            code: "plan.not-of-documents",
            "The plan is not what the documents of its commit \(commit.short) make.",
            help: "Nothing was signed. Ask whoever gave it to you, and have it planned anew: muster plan --out.",
            status: .preconditionUnmet,
            diagnostics: differences.map { Diagnostic(code: "plan.differs", $0) })
    }

    /// Better now than when the run begins.
    private func refuseWhatWouldNotCount(_ statement: ApprovalStatement, _ desk: ApprovalDesk) throws(MusterError) {
        let trial = ExaminedStatement(
            offered: OfferedStatement(statement: "", signature: "", origin: ""), statement: statement, flaw: nil,
            usedBy: nil)
        // A window that is still to come is what it is meant for.
        let now = statement.window.map { max($0.opens, statement.issued) } ?? statement.issued
        let admission = desk.admission(run: nil, operators: [], authors: try desk.authors(), now: now)
        guard let refusal = admission.verdict(on: [trial]).refused.first else { return }
        throw MusterError(
            code: "approval.would-not-count", "Your approval would not count: \(visibleText(refusal.summary)).",
            help: "Nothing was signed.", status: .preconditionUnmet)
    }

    // MARK: A gate

    private func approveGate(_ name: String) throws {
        let terminal = Terminal()
        let folders = try StateFolder()
        let run = try findRun(target, common.catalog)
        let catalog = common.catalog ?? catalogFolder(of: run, folders)
        let (git, repository) = try CatalogDocuments.open(catalog)
        let seen = try SeenRun(run, git: git, repository: repository, folders: folders)
        let state = seen.stored.state
        guard let at = state.gatePosition(name), state.waitingForApproval.contains(at), let gate = state.gate(at: at)
        else {
            let waiting = state.waitingForApproval.map { state.plan.steps[$0].id }.joined(separator: ", ")
            throw MusterError(
                code: "approval.no-gate", "The run \(run) does not wait for approvals at \"\(visibleText(name))\".",
                help: waiting.isEmpty ? "It waits at no gate: \(seen.stored.standing)." : "It waits at \(waiting).")
        }
        if let commit = state.plan.commit {
            let source = CatalogDocuments.Source.commit(commit)
            try refuseForged(state.plan, CatalogDocuments(git: git, state: repository, source: source))
        }
        let check = try GateCheck(seen.stored, git: git)
        let maker = try maker(check.desk)
        let life = check.desk.rule?.life ?? ApprovalRule.standardLife
        let statement = try maker.statement(
            reject ? .reject : .approve,
            gate: .init(run: run, step: state.plan.steps[at].id, lastLine: seen.stored.lastLine),
            life: try self.life(life), comment: comment)
        if !common.json {
            let view = RunView(style: terminal.style, width: .max, stepsMax: .max)
            for line in view.lines(state, now: readClocks().wall) { terminal.out(line) }
            terminal.out("\n☞ " + visibleText(gateText(gate, have: state.steps[at].approvers)))
        }
        let signed = try ask(statement, maker, terminal)
        try writeOut(signed)
        let places = [out].compactMap(\.self) + (try deliver(signed, statement, seen, check.desk, catalog))
        report(statement, places, terminal)
    }

    /// To the run itself where it is here, else onto a branch.
    private func deliver(
        _ signed: OfferedStatement, _ statement: ApprovalStatement, _ seen: SeenRun, _ desk: ApprovalDesk,
        _ catalog: String?
    ) throws -> [String] {
        let run = seen.stored.run
        guard seen.isHere else { return try keep(signed, statement, desk) }
        if let answer = try RunControl.ask(.approve(signed), run, desk.folders, Terminal()) {
            if let refusal = answer.refusal { throw GateCheck.refused(refusal) }
            return ["the run"]
        }
        let noted = try RunAtRest(run: run, catalog: catalog, key: key).record(in: desk.folders) {
            stored, _, now throws(MusterError) in
            let check = try GateCheck(stored, git: GateKeeper.connection(desk.state.gitFolder))
            let event = Event.approvalRecorded(try check.taken(signed))
            var state = stored.state
            do { try state.apply(event, at: now.wall) } catch { throw GateCheck.refused("\(error)") }
            return (state, [event])
        }
        try noted?.tell(Terminal())
        return ["the run's journal; muster resume \(run) --key FILE acts on it"]
    }

    // MARK: Both

    private func maker(_ desk: ApprovalDesk) throws(MusterError) -> StatementMaker {
        let key = try signingKey(self.key, for: "sign with")
        return StatementMaker(desk: desk, key: key, person: try desk.person(ofKey: key), now: readClocks().wall)
    }

    private func life(_ most: Duration) throws(MusterError) -> Duration {
        guard let wanted = expires.flatMap({ Duration(durationText: $0) }) else { return most }
        guard wanted <= most else {
            throw MusterError(
                code: "approval.too-long", "A statement lives at most \(most.readable) by the policy.",
                help: "Give a shorter --expires.")
        }
        return wanted
    }

    private func ask(
        _ statement: ApprovalStatement, _ maker: StatementMaker, _ terminal: Terminal
    ) throws -> OfferedStatement {
        if !yes {
            guard Terminal.isInputTerminal, !common.json else {
                throw MusterError(
                    code: "run.not-confirmed", "Nobody gave the go-ahead: there is no terminal to ask at.",
                    help: "Add --yes to sign without being asked.", status: .waitsForPerson)
            }
            terminal.out("\n\(visibleText(statement.says)), \(statement.validity)")
            terminal.raw("Sign this as \(statement.approver)? Type yes: ")
            guard readLine() == "yes" else {
                terminal.out("Nothing was signed.")
                throw CommandEnd(status: .waitsForPerson)
            }
        }
        return try maker.sign(statement)
    }

    private func write(_ signed: OfferedStatement, to path: String) throws(MusterError) {
        try writeFile(path + ".sig", Array(signed.signature.utf8))
        try writeFile(path, Array(signed.statement.utf8))
        if out != path { try writeOut(signed) }
    }

    private func writeOut(_ signed: OfferedStatement) throws(MusterError) {
        guard let out else { return }
        try writeFile(out + ".sig", Array(signed.signature.utf8))
        try writeFile(out, Array(signed.statement.utf8))
    }

    /// On its own branch, here and on the remote where there is one.
    private func keep(
        _ signed: OfferedStatement, _ statement: ApprovalStatement, _ desk: ApprovalDesk
    ) throws(MusterError) -> [String] {
        let store = StatementStore(git: desk.git)
        let ref = try store.keep(signed, statement, author: desk.state.userOrLogin)
        guard let remote = try Records.configuration(desk.git, desk.state)?.recordsRemote else { return [ref] }
        let report = try desk.git.push(PushOrder(remote: remote, refs: [ref]))
        if case .accepted? = report.refs.first?.outcome { return [ref, remote] }
        Terminal().error("note: \(ref) was not sent to \(remote). Later: git push \(remote) \(ref)")
        return [ref]
    }

    private func report(_ statement: ApprovalStatement, _ places: [String], _ terminal: Terminal) {
        guard !common.json else {
            let members: [String: JSON] = [
                "approver": .string(statement.approver), "decision": .string(statement.decision.rawValue),
                "id": .string(statement.id), "plan": .string(statement.plan.description),
                "expires": .string(statement.expires.description), "places": .array(places.map { .string($0) }),
                "countsFrom": .string(statement.countsFrom.description),
                "countsUntil": .string(statement.countsUntil.description),
            ]
            return terminal.out(JSON.object(members).canonicalText)
        }
        terminal.out("Signed: \(visibleText(statement.says)), \(statement.validity)")
        for place in places { terminal.out("  in \(place)") }
    }
}

extension ApprovalStatement {
    /// It counts inside its change window, and as long as it lives.
    fileprivate var countsFrom: Timestamp { max(issued, window?.opens ?? issued) }
    fileprivate var countsUntil: Timestamp { min(expires, window?.closes ?? expires) }

    /// When it counts, in words.
    fileprivate var validity: String {
        let from = countsFrom > issued ? "from \(countsFrom) on, when its change window opens, " : ""
        return from + "until \(countsUntil)" + (countsUntil < expires ? ", when its change window closes" : "")
    }
}
