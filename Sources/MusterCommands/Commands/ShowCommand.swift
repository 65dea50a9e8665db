// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterModel
internal import MusterRecord
internal import MusterReport
internal import MusterSystem

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a run's record, read from git alone.",
        discussion: """
            The page is the record's README.md; behind it stand the measures beside those of earlier runs of the same \
            runbook. --file shows another of its files, --files names them.
            """)

    @Argument(help: ArgumentHelp("The run's id, the end of it, or last.", valueName: "run")) var name: String
    @Option(help: ArgumentHelp("Another file of the record.", valueName: "path")) var file: String?
    @Flag(help: "Name the record's files.") var files = false
    @OptionGroup var common: CommonOptions

    func run() throws {
        let records = try Records(folder: common.catalog)
        let id = try records.find(name)
        let terminal = Terminal()
        if files {
            let paths = try records.paths(of: id)
            return terminal.out(common.json ? try JSON(encoding: paths).canonicalText : paths.joined(separator: "\n"))
        }
        if common.json, file == nil {
            let record = try records.record(of: id)
            guard case .object(var members) = try JSON(encoding: record) else {
                preconditionFailure("a record encodes as an object")
            }
            let standing = try RecordProof.standing(of: record, in: records)
            members["reviews"] = try JSON(encoding: standing.reviews)
            members["standing"] = standing.json
            members["comparison"] = try JSON(encoding: try records.trends(of: record))
            return terminal.out(JSON.object(members).canonicalText)
        }
        let path = file ?? "README.md"
        guard let bytes = try records.file(path, of: id) else {
            throw MusterError(
                code: "record.no-file", "The record of run \(id) has no file \(visibleText(path)).",
                help: "Name them with: muster show \(id) --files")
        }
        terminal.raw(shown(bytes, terminal))
        if file == nil {
            let record = try records.record(of: id)
            let standing = try RecordProof.standing(of: record, in: records)
            if standing.isReviewed {
                terminal.raw(shown(Array(reviewPage(standing, today: readClocks().wall.date).utf8), terminal))
            }
            let comparison = comparisonPage(try records.trends(of: record))
            terminal.raw(shown(Array(comparison.utf8), terminal))
        }
    }

    /// A file of a record holds data; on a terminal none of it is obeyed.
    private func shown(_ bytes: [UInt8], _ terminal: Terminal) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        guard terminal.isTerminal else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { visibleText(String($0)) }.joined(
            separator: "\n")
    }
}
