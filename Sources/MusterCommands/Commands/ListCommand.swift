// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterMachine
internal import MusterModel
internal import MusterRecord

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the newest records of the log of executions.")

    @Option(name: .shortAndLong, help: "How many.") var limit = 20
    @Option(help: ArgumentHelp("Only runs of this runbook.", valueName: "name")) var runbook: String?
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if limit < 1 || limit > 10_000 { throw ValidationError("--limit is between 1 and 10000.") }
    }

    func run() throws {
        let log = try Records(folder: common.catalog)
        try log.requireLog()
        let records = try log.list(limit, runbook: runbook)
        let terminal = Terminal()
        if common.json { return terminal.out(try JSON(encoding: records).canonicalText) }
        for line in try unfinished() { terminal.out(terminal.style(line, .warning)) }
        if records.isEmpty {
            return terminal.out(
                runbook.map { "No run of \(visibleText($0)) has been recorded yet." } ?? "No run has been recorded yet."
            )
        }
        for record in records {
            let deviations =
                record.deviations.isEmpty
                ? "" : ", \(record.deviations.count) deviation\(record.deviations.count == 1 ? "" : "s")"
            let tint: Style.Tint = record.outcome == .succeeded ? (record.deviations.isEmpty ? .good : .warning) : .bad
            let took = Duration.milliseconds(record.tookMilliseconds).readable
            terminal.out(
                "\(record.run)  \(record.kind.rawValue)  \(visibleText(record.environment.name))  "
                    + terminal.style(record.outcome.rawValue + deviations, tint) + objectives(record, terminal.style)
                    + (record.breakGlass == nil ? "" : terminal.style("  BREAK-GLASS", .bad)) + "  \(took)")
        }
    }

    /// Runs of this machine that are not over: the log of executions has them only afterwards.
    private func unfinished() throws(MusterError) -> [String] {
        let folders = try StateFolder()
        return folders.runs().suffix(200).reversed().compactMap { run in
            // One that cannot be read is told of by muster status.
            guard runbook == nil || run.runbook == runbook, let stored = try? StoredRun(run, in: folders),
                !stored.state.isFinished, stored.plan.kind != .rehearsal
            else { return nil }
            return
                "\(run)  \(stored.plan.kind.rawValue)  \(visibleText(stored.plan.environment.name))  \(stored.standing)"
                + (stored.state.breakGlass == nil ? "" : "  BREAK-GLASS")
        }
    }

    /// `objectives 3/4`, `objectives 2/5, 3 not known`; nothing for a runbook without any.
    private func objectives(_ record: RunRecord, _ style: Style) -> String {
        guard let count = record.objectives else { return "" }
        let unknown = count.unknown > 0 ? ", \(count.unknown) not known" : ""
        return style("  objectives \(count.met)/\(count.all)\(unknown)", count.met == count.all ? .good : .warning)
    }
}
