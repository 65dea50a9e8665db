// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterDocuments
internal import MusterEngine
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Run the read-only runbooks' checks at an environment, and say what is wrong and what to do.",
        discussion: """
            Without names it takes every runbook whose steps have no effect. An input that is not given is taken from \
            the environment's values, where one has its name; a runbook that lacks one is left out, and that is said. Nothing is \
            changed or recorded. Ends with 3 when something does not hold or cannot be told, or nothing was looked at.
            """)

    @Argument(help: "Runbooks whose steps have no effect (default: all of them).") var runbooks: [String] = []
    @Option(name: .shortAndLong, help: ArgumentHelp("The environment, environments/<name>.yaml.", valueName: "name"))
    var environment: String
    @Option(
        name: .customLong("at"),
        help: ArgumentHelp("The commit to read everything from (default: HEAD).", valueName: "commit"))
    var revision: String?
    @OptionGroup var inputs: InputOptions
    @Flag(name: .shortAndLong, help: "Show what holds, too.") var verbose = false
    @OptionGroup var common: CommonOptions

    func run() throws {
        let documents = try committedDocuments(common.catalog, revision)
        let found = try documents.environment(environment)
        let examined = try examined(documents, values: found.environment.values)
        let secrets = onceEach(SecretReader().read)
        var report = DoctorReport(environment: environment)
        for one in examined {
            guard one.missing.isEmpty else {
                report.skipped.append(.init(runbook: one.name, needs: one.missing))
                continue
            }
            let request = RunRequest(
                kind: .drill, runbook: one.name, inputs: one.inputs, change: nil,
                pluginFolders: inputs.pluginFolders, isProving: true)
            let session = try RunSession(
                request, documents: documents, environment: (found.environment, found.document), secrets: secrets,
                person: Person(.absent, name: Host.userName))
            defer { session.shutdown() }
            report.add(session)
            if session.wasInterrupted { throw CommandEnd(status: .interrupted) }
        }
        try show(report)
    }

    private struct Examined {
        var name: String
        var inputs: [String: JSON]
        /// Inputs that have no value.
        var missing: [String]
    }

    private func examined(
        _ documents: CatalogDocuments, values: [String: JSON]
    ) throws(MusterError) -> [Examined] {
        var examined: [Examined] = []
        for name in runbooks.isEmpty ? try documents.runbookNames() : runbooks {
            let runbook = try documents.runbook(name).runbook
            guard try isReadOnly(runbook, documents) else {
                if runbooks.isEmpty { continue }
                throw MusterError(
                    code: "doctor.has-effects", "The runbook \(name) has steps with an effect.",
                    help:
                        "Look at it with \"muster plan \(name) --environment \(environment)\", which is read-only too.")
            }
            let given = try inputs.values(for: runbook)
            let declared = Set(runbook.inputs.map(\.name.value))
            // One set of inputs serves several runbooks; who names them gets what does not fit refused.
            var known = runbooks.isEmpty ? given.filter { declared.contains($0.key) } : given
            for name in declared where known[name] == nil { known[name] = values[name] }
            let missing = runbook.inputs.filter { $0.mustBeGiven && known[$0.name.value] == nil }.map(\.name.value)
            examined.append(Examined(name: name, inputs: known, missing: missing))
        }
        guard !examined.isEmpty else {
            throw MusterError(
                code: "doctor.nothing", "The catalog has no runbook whose steps have no effect.",
                help: "Look at a runbook with \"muster plan RUNBOOK --environment \(environment)\", which is read-only."
            )
        }
        return examined
    }

    private func isReadOnly(_ runbook: Runbook, _ documents: CatalogDocuments) throws(MusterError) -> Bool {
        let lock = try documents.lock(runbook.name.value)
        let definitions = try DefinitionFinder(documents: documents).definitions(of: runbook, lock: lock?.lock)
        let used = runbook.allSteps.compactMap(\.uses?.value)
        // A definition that is not found is said when the runbook is looked at.
        let hasEffect = used.contains { use in
            use.reference.isBuiltIn
                || definitions[use].map { $0.definition.effect != StepDefinition.Effect.none } ?? false
        }
        return !used.isEmpty && !hasEffect
    }

    private func show(_ report: DoctorReport) throws {
        let terminal = Terminal()
        if common.json {
            terminal.out(try JSON(encoding: report).canonicalText)
        } else {
            terminal.out(DoctorView(style: terminal.style, isVerbose: verbose).text(report))
        }
        if !report.isWell { throw CommandEnd(status: .preconditionUnmet) }
    }
}
