// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterReport
internal import MusterSystem

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the newest records of the log of executions.",
        discussion: """
            With --runbooks it lists the runbooks instead, each with its last successful drill in each environment, how \
            old that is, and what has changed since: a runbook whose drill no longer holds needs one.
            """)

    @Option(name: .shortAndLong, help: "How many.") var limit = 20
    @Option(help: ArgumentHelp("Only runs of this runbook.", valueName: "name")) var runbook: String?
    @Flag(help: "List the runbooks with their last drills.") var runbooks = false
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if limit < 1 || limit > 10_000 { throw ValidationError("--limit is between 1 and 10000.") }
    }

    func run() throws {
        if runbooks { return try listRunbooks() }
        let log = try Records(folder: common.catalog)
        try log.requireLog()
        let records = try log.list(limit, runbook: runbook)
        let reviews = try reviews(of: records, log)
        var judge = ReviewStandings(log)
        var standings: [RunID: ReviewStanding] = [:]
        for record in records { standings[record.run] = try judge.standing(of: record, reviews[record.run] ?? []) }
        let terminal = Terminal()
        if common.json {
            return terminal.out(try JSON.array(records.map { try json($0, standings[$0.run]!) }).canonicalText)
        }
        for line in try unfinished() { terminal.out(terminal.style(line, .warning)) }
        if records.isEmpty {
            return terminal.out(
                runbook.map { "No run of \(visibleText($0)) has been recorded yet." } ?? "No run has been recorded yet."
            )
        }
        for record in records {
            let standing = standings[record.run]!
            let deviations =
                record.deviations.isEmpty
                ? "" : ", \(record.deviations.count) deviation\(record.deviations.count == 1 ? "" : "s")"
            let tint: Style.Tint = record.outcome == .succeeded ? (record.deviations.isEmpty ? .good : .warning) : .bad
            let took = Duration.milliseconds(record.tookMilliseconds).readable
            terminal.out(
                "\(record.run)  \(record.kind.rawValue)  \(visibleText(record.environment.name))  "
                    + terminal.style(record.outcome.rawValue + deviations, tint) + objectives(record, terminal.style)
                    + breakGlass(record, isClosed: standing.isAccepted, terminal.style) + "  \(took)"
                    + review(standing, terminal.style))
        }
    }

    /// Open until a reviewer has accepted the run.
    private func breakGlass(_ record: RunRecord, isClosed: Bool, _ style: Style) -> String {
        guard record.breakGlass != nil else { return "" }
        return isClosed ? "  break-glass, accepted" : style("  BREAK-GLASS, open", .bad)
    }

    private func listRunbooks() throws {
        let documents = try committedDocuments(common.catalog, nil)
        let records = try Records(git: documents.git, state: documents.state)
        try records.requireLog()
        let standings = try DrillLog(documents: documents, records: records).standings(of: runbook)
        let terminal = Terminal()
        if common.json { return terminal.out(try JSON(encoding: standings).canonicalText) }
        if standings.isEmpty { return terminal.out("There is no such runbook in the catalog.") }
        for line in RunbookStandingView(style: terminal.style).lines(standings) { terminal.out(line) }
    }

    /// The record, and what reviewers said of it.
    private func json(_ record: RunRecord, _ standing: ReviewStanding) throws -> JSON {
        guard case .object(var members) = try JSON(encoding: record) else {
            preconditionFailure("a record encodes as an object")
        }
        members["reviews"] = try JSON(encoding: standing.reviews)
        members["standing"] = standing.json
        return .object(members)
    }

    private func reviews(of records: [RunRecord], _ log: Records) throws(MusterError) -> [RunID: [ReviewRecord]] {
        guard runbook != nil else { return try log.reviews(limit) }
        var all: [RunID: [ReviewRecord]] = [:]
        for record in records { all[record.run] = try log.reviews(of: record.run) }
        return all
    }

    /// `accepted by Rita Reviewer`, `2 open findings, 1 overdue`; nothing for a run that nobody reviewed.
    private func review(_ standing: ReviewStanding, _ style: Style) -> String {
        guard standing.isReviewed else { return "" }
        let today = readClocks().wall.date
        let tint: Style.Tint =
            standing.open.contains { $0.isOverdue(on: today) } ? .bad : standing.isSettled ? .good : .warning
        return "  " + style(visibleText(standing.text(today: today)), tint)
    }

    /// Runs of this machine that are not over: the log of executions has them only afterwards.
    private func unfinished() throws(MusterError) -> [String] {
        let folders = try StateFolder()
        return folders.runs().suffix(200).reversed().compactMap { run in
            // One that cannot be read is told of by muster status.
            guard runbook == nil || run.runbook == runbook, !folders.isOver(run),
                let stored = try? StoredRun(run, in: folders),
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
