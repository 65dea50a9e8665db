// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterDocuments
internal import MusterExpressions
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// What plan, run and rehearse take to fill a runbook.
struct InputOptions: ParsableArguments {
    @Option(
        name: .customLong("input"),
        help: ArgumentHelp("An input of the runbook; may be repeated.", valueName: "name=value"))
    var inputs: [String] = []

    @Option(
        name: .customLong("inputs"),
        help: ArgumentHelp("A YAML file with inputs; --input wins over it.", valueName: "file"))
    var file: String?

    @Option(
        name: .customLong("plugins"),
        help: ArgumentHelp("A folder with plugins' executables; may be repeated.", valueName: "dir"))
    var pluginFolders: [String] = []

    /// The inputs by name; texts stay texts where the runbook's type wants one.
    func values(for runbook: Runbook) throws(MusterError) -> [String: JSON] {
        var values: [String: JSON] = [:]
        if let file {
            guard let bytes = readSmallFile(file) else {
                throw MusterError(code: "input.unreadable", "The file \(file) cannot be read.", help: "Check --inputs.")
            }
            let given = inputs.compactMap { text in text.firstIndex(of: "=").map { String(text[..<$0]) } }
            values = try RunInputs.parse(bytes, file: file, for: runbook.inputs, overridden: Set(given)).get().values
        }
        for text in inputs {
            guard let equals = text.firstIndex(of: "=") else {
                throw MusterError(
                    code: "input.no-value", "--input \(visibleText(text)) has no value.",
                    help: "Write --input name=value.")
            }
            let name = String(text[..<equals])
            let value = String(text[text.index(after: equals)...])
            values[name] = typed(value, runbook.inputs.first { $0.name.value == name })
        }
        return values
    }

    /// A value that does not fit its input's type as text is read as JSON; what is neither stays text and is refused later.
    private func typed(_ text: String, _ input: InputDeclaration?) -> JSON {
        guard let input, input.type.mismatch(of: .string(text)) != nil, let json = try? JSON.parse(text) else {
            return .string(text)
        }
        return json
    }
}

/// Where a plan goes.
struct TargetOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("The environment, environments/<name>.yaml.", valueName: "name"))
    var environment: String

    @Option(help: "drill, change or incident.")
    var kind: RunKind = .drill

    @Option(help: ArgumentHelp("The change ticket.", valueName: "id"))
    var change: String?

    @Option(
        name: .customLong("at"),
        help: ArgumentHelp("The commit to read everything from (default: HEAD).", valueName: "commit"))
    var revision: String?

    func validate() throws { try requireTicketName(change) }
}

extension RunKind: ExpressibleByArgument {
    /// A rehearsal has a command of its own.
    package init?(argument: String) {
        guard let kind = RunKind(rawValue: argument), kind != .rehearsal else { return nil }
        self = kind
    }

    package static var allValueStrings: [String] { allCases.filter { $0 != .rehearsal }.map(\.rawValue) }
}

/// Opens the catalog at the commit that the options name; refuses a catalog without one.
func committedDocuments(_ folder: String?, _ revision: String?) throws(MusterError) -> CatalogDocuments {
    let (git, state) = try CatalogDocuments.open(folder)
    guard let head = state.head else {
        throw MusterError(
            code: "catalog.no-commit", "The catalog has no commit yet.",
            help: "Commit its documents: definitions come from commits.")
    }
    let commit = if let revision { try git.resolve(revision) } else { head }
    return CatalogDocuments(git: git, state: state, source: .commit(commit))
}
