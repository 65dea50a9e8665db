// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterDocuments
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

struct RehearseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rehearse",
        abstract: "Run a runbook against simulated clouds: no account, no effect outside.",
        discussion: """
            The scenario, runbooks/tests/<runbook>/<scenario>.yaml, says how the clouds stand and gives the runbook's inputs. \
            Where the work tree has uncommitted changes, they are what is rehearsed, and the record says so. Nobody is asked: \
            what fails is given up. Pausing, deciding and rolling back are practised with muster run against \
            muster-cloud-simulator.
            """)

    @Argument(help: ArgumentHelp("The runbook's name; with --list all of them without it.", valueName: "runbook"))
    var name: String?
    @Option(help: ArgumentHelp("The scenario.", valueName: "name")) var scenario = "default"
    @Flag(
        name: .customLong("list"),
        help: "List scenarios, what each shows and how it must end; start nothing.")
    var listsScenarios = false
    @Option(help: ArgumentHelp("Simulated seconds in a real one.", valueName: "factor")) var speed = 10.0
    @Option(
        help: ArgumentHelp(
            "A fault to inject, as muster-cloud-simulator --list-faults shows; may be repeated.", valueName: "fault"))
    var fault: [String] = []
    @Option(
        name: .customLong("at"),
        help: ArgumentHelp(
            "The commit to read everything from (default: HEAD, or the work tree where it differs).",
            valueName: "commit"))
    var revision: String?
    @OptionGroup var inputs: InputOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if name == nil, !listsScenarios { throw ValidationError("Name the runbook, or give --list.") }
        if speed < 0.01 || speed > 10_000 { throw ValidationError("--speed is between 0.01 and 10000.") }
    }

    func run() throws {
        let terminal = Terminal()
        let documents = try openDocuments()
        if listsScenarios { return try list(documents, terminal) }
        let scenario = try readScenario(documents)
        let simulator = try SimulatorProcess(scenario: scenario, speed: speed, faults: fault)
        let session = try makeSession(documents, scenario, simulator)
        defer { session.shutdown() }
        if !common.json {
            terminal.out(
                PlanView(style: terminal.style).text(session.plan, digest: session.digest, window: session.window)
                    + "\n")
        }
        if scenario.expected == .refused { return try expectRefusal(session, scenario, terminal) }
        try refuse(session, terminal, json: common.json, printing: true)
        try perform(
            session, GoAhead(confirmation: "rehearsal"), terminal, json: common.json,
            expected: RunFinished.Outcome(rawValue: scenario.expected.rawValue) ?? .succeeded)
    }

    /// Ends well where the plan is refused for what the scenario names. One that could be run is not: what it would do was not
    /// meant to be done.
    private func expectRefusal(
        _ session: RunSession, _ scenario: RehearsalScenario, _ terminal: Terminal
    ) throws {
        if session.wasInterrupted { return try refuse(session, terminal, json: common.json, printing: true) }
        guard !session.refusals.isEmpty else {
            terminal.error("The plan could be run, though the scenario expects refused. Nothing was done.")
            throw CommandEnd(status: .runFailed)
        }
        do {
            try refuse(session, terminal, json: common.json, printing: true)
        } catch is CommandEnd {
            let found = Set(session.blockers.map(\.result.id))
            guard let wanted = scenario.refusedBy, found != wanted || !session.problems.isEmpty else {
                return terminal.error("The plan is refused, as the scenario expects.")
            }
            let names = wanted.sorted().joined(separator: ", ")
            terminal.error("The plan is refused, though the scenario expects that by \(names), and nothing else.")
            throw CommandEnd(status: .runFailed)
        }
    }

    private var runbook: String { name ?? "" }

    /// A reader of the record must see what was rehearsed, and that the clouds' clocks ran fast.
    private var environmentName: String {
        let faults = fault.isEmpty ? "" : ", faults \(fault.joined(separator: " "))"
        let factor = speed == speed.rounded() ? "\(Int(speed))" : "\(speed)"
        return "simulated: \(scenario), time × \(factor)\(faults)"
    }

    private func openDocuments() throws(MusterError) -> CatalogDocuments {
        if revision != nil { return try committedDocuments(common.catalog, revision) }
        let (git, state) = try CatalogDocuments.open(common.catalog)
        let isChanged = try state.head == nil ? true : !git.uncommittedPaths().isEmpty
        if let root = state.workTree, isChanged {
            return CatalogDocuments(git: git, state: state, source: .workTree(root))
        }
        return try committedDocuments(common.catalog, nil)
    }

    private func list(_ documents: CatalogDocuments, _ terminal: Terminal) throws {
        if let name { _ = try documents.runbook(name) }
        let all = try (name.map { [$0] } ?? documents.runbookNames()).map { ($0, try scenarios(of: $0, documents)) }
        if common.json {
            let list = all.flatMap { runbook, scenarios in
                scenarios.map { one -> JSON in
                    [
                        "runbook": .string(runbook), "scenario": .string(one.name.value),
                        "summary": .string(one.summary), "expect": .string(one.expected.rawValue),
                    ]
                }
            }
            return terminal.out(JSON.array(list).canonicalText)
        }
        let width = all.flatMap(\.1).map(\.name.value.count).max() ?? 0
        for (runbook, scenarios) in all {
            if name == nil { terminal.out(terminal.style(runbook, .strong)) }
            let indent = name == nil ? "  " : ""
            if scenarios.isEmpty {
                terminal.out(
                    "\(indent)The runbook \(runbook) has no scenario: add \(Self.folder(of: runbook))/default.yaml.")
            }
            for one in scenarios {
                let name = one.name.value.padding(to: width)
                terminal.out("\(indent)\(name)  \(one.expected.rawValue.padding(to: 9))  \(visibleText(one.summary))")
            }
        }
    }

    private static func folder(of runbook: String) -> String { "runbooks/tests/\(runbook)" }

    private func scenarios(
        of runbook: String, _ documents: CatalogDocuments
    ) throws(MusterError) -> [RehearsalScenario] {
        let folder = Self.folder(of: runbook)
        var found: [RehearsalScenario] = []
        for name in try documents.names(in: folder, ending: ".yaml") {
            guard let file = try documents.file("\(folder)/\(name)") else { continue }
            found.append(try RehearsalScenario.parse(file.bytes, file: "\(folder)/\(name)").get())
        }
        return found
    }

    private func readScenario(_ documents: CatalogDocuments) throws(MusterError) -> RehearsalScenario {
        let folder = Self.folder(of: runbook)
        _ = try documents.runbook(runbook)
        guard isKebabCase(scenario), let file = try documents.file("\(folder)/\(scenario).yaml") else {
            let known = try documents.names(in: folder, ending: ".yaml").map { String($0.dropLast(5)) }
            throw MusterError(
                code: "catalog.unknown-scenario",
                "The runbook \(runbook) has no scenario \"\(visibleText(scenario))\".",
                help: try documents.help(for: scenario, missing: "\(folder)/\(scenario).yaml", known: known))
        }
        return try RehearsalScenario.parse(file.bytes, file: "\(folder)/\(scenario).yaml").get()
    }

    private func makeSession(
        _ documents: CatalogDocuments, _ scenario: RehearsalScenario, _ simulator: SimulatorProcess
    ) throws(MusterError) -> RunSession {
        let document = try documents.runbook(runbook).runbook
        var values = scenario.inputs.mapValues(\.value)
        for (name, value) in try inputs.values(for: document) { values[name] = value }
        let request = RunRequest(
            kind: .rehearsal, runbook: runbook, inputs: values, change: nil, pluginFolders: inputs.pluginFolders,
            environmentName: environmentName)
        return try RunSession(
            request, documents: documents, environment: (try simulator.environment(), nil),
            secrets: { reference throws(MusterError) in
                // The closure holds the simulator, which would otherwise end here.
                if let secret = simulator.secret(reference) { return secret }
                return try SecretReader().read(reference)
            },
            person: Person(.rehearsal, name: Host.userName))
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
