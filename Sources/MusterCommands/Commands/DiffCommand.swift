// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterReport

struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Compare two runs: definitions, plugins, inputs, decisions, outcomes, times.",
        discussion: "What is the same in both is summed up in a line. A is the first run named, B the second.")

    @Argument(help: ArgumentHelp("A run's id, the end of it, or last.", valueName: "a")) var first: String
    @Argument(help: ArgumentHelp("The run that it is compared with.", valueName: "b")) var second: String
    @OptionGroup var common: CommonOptions

    func run() throws {
        let records = try Records(folder: common.catalog)
        let difference = RunDifference(try side(first, records), try side(second, records))
        let terminal = Terminal()
        if common.json { return terminal.out(try JSON(encoding: difference).canonicalText) }
        if difference.isSame {
            return terminal.out("\(difference.first) and \(difference.second) are the same in all that is compared.")
        }
        for line in DifferenceText(difference, width: min(terminal.width, 100)).lines {
            terminal.out(terminal.style(line.text, Self.tint(line.role)))
        }
    }

    private func side(_ name: String, _ records: Records) throws -> (RunRecord, Plan) {
        let run = try records.find(name)
        let report = try ReportCommand.report(run, records.files(of: run))
        return (report.record, report.plan)
    }

    private static func tint(_ role: DifferenceText.Role) -> Style.Tint? {
        switch role {
        case .title: .strong
        case .same: .quiet
        case .what: nil
        case .first: .busy
        case .second: .warning
        }
    }
}
