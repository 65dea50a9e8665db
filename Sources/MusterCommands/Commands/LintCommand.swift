// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterDocuments
internal import MusterGit
internal import MusterModel

struct LintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Check the work tree's documents: every error at once, with its place.",
        discussion:
            "Without paths it checks muster.yaml, runbooks/, plugins/*/steps/, environments/ and policy/allowed-signers. Findings of a review are checked where they stand. Ends with 2 on errors."
    )

    @Argument(
        help: ArgumentHelp("Documents, relative to the catalog's root; or findings of a review.", valueName: "path"))
    var paths: [String] =
        []
    @OptionGroup var common: CommonOptions

    func run() throws {
        let terminal = Terminal()
        let (git, state) = try CatalogDocuments.open(common.catalog)
        guard let root = state.workTree else {
            throw MusterError(
                code: "catalog.bare", "The repository has no work tree to lint.", help: "Clone it, and lint the clone.")
        }
        var lint = CatalogLint(documents: CatalogDocuments(git: git, state: state, source: .workTree(root)))
        let checked = try lint.check(paths)
        let errors = lint.diagnostics.filter { $0.severity == .error }.count
        if common.json {
            terminal.out(try JSON(encoding: lint.diagnostics).canonicalText)
        } else {
            for diagnostic in lint.diagnostics { terminal.error(diagnostic.description) }
            let warnings = lint.diagnostics.count - errors
            terminal.out(
                "\(checked) document\(checked == 1 ? "" : "s"): \(errors) error\(errors == 1 ? "" : "s"), \(warnings) warning\(warnings == 1 ? "" : "s")"
            )
        }
        if errors > 0 { throw CommandEnd(status: .usage) }
    }
}
