// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterModel
internal import MusterPlugin
internal import MusterSQL
internal import OracleCloudClient
internal import OracleSteps
internal import SQLSteps

/// Reads encrypted data of an Oracle database, and what the database says of its role and its lags.
struct VerifyOracleData: ReportStep {
    static let name = "verify-oracle-data"
    static let definition = PackageResources.verify_oracle_data_yaml

    enum Role: String, Decodable, Sendable {
        case primary = "PRIMARY"
        case physicalStandby = "PHYSICAL STANDBY"
        case snapshotStandby = "SNAPSHOT STANDBY"
    }

    struct Inputs: Decodable, Sendable {
        let database: OracleID
        let pluggableDatabase: String?
        let table: String
        let role: Role
        let series: String
        let atLeast: Int64
        let lagWithin: Span
        let within: Span
    }

    struct Outputs: Hashable, Codable, Sendable {
        let openMode: String
        let newest: Int64
        let lags: String
    }

    private struct Answers: Sendable {
        var view: SQLRows
        var tablespace: SQLRows
        var newest: SQLRows
        var lags: SQLRows
        var gaps: SQLRows
    }

    func report(_ inputs: Inputs, _ context: StepContext) async throws -> Report<Outputs> {
        try await Databases.runOracle(context) { databases in
            try await OracleSession.run(context) { session in
                let place = try await OracleDataPlace.find(
                    inputs.database, pluggable: inputs.pluggableDatabase, table: inputs.table, .readOnly, session)
                return try await session.wait(within: inputs.within.duration, context) {
                    let answers = try await ask(place, inputs, databases)
                    let report = report(inputs, place, answers)
                    let failing = report.postconditions.filter { $0.verdict != .met }
                    return failing.isEmpty
                        ? .done(report)
                        : .notYet(report, "waiting: " + said(failing))
                }
            }
        }
    }

    /// A database that does not answer leaves all open for one reason.
    private func said(_ failing: [Condition]) -> String {
        var sentences: [String] = []
        for one in failing where !sentences.contains(one.says) { sentences.append(one.says) }
        return sentences.joined(separator: " ")
    }

    private func ask(
        _ place: OracleDataPlace, _ inputs: Inputs, _ databases: Databases
    ) async throws -> Result<Answers, SQLError> {
        do {
            let rows = try await databases.ask(
                place.target,
                [
                    Question(OracleDataPlace.view), Question(OracleDataPlace.tablespace, place.owner),
                    Question(place.table.newest, [.text(inputs.series)]), Question(OracleDataPlace.lags),
                    Question(OracleDataPlace.gaps),
                ], noting: true)
            return .success(
                Answers(view: rows[0], tablespace: rows[1], newest: rows[2], lags: rows[3], gaps: rows[4]))
        } catch let error as SQLError {
            return .failure(error)
        }
    }

    private func report(
        _ inputs: Inputs, _ place: OracleDataPlace, _ result: Result<Answers, SQLError>
    ) -> Report<Outputs> {
        let ids = ["role-as-named", "table-encrypted", "data-readable", "lags-within", "no-gap"]
        let answers: Answers
        switch result {
        case .success(let told): answers = told
        case .failure(let error):
            let says = "\(place.target.server): \(error)" + (error.remedy.map { " \($0)" } ?? "")
            let finding: Finding = error.isOutage ? .unverifiable(says) : .unmet(says)
            return Report(finding.conditions(ids, evidence: ["sql"]), nil)
        }
        let newest = MarkerTable.newest(answers.newest) ?? nil
        let (lags, told) = lagFinding(answers.lags, inputs)
        let conditions = [
            roleFinding(answers.view, inputs).condition(ids[0], evidence: ["sql"]),
            OracleDataPlace.encryption(answers.tablespace, of: inputs.table).condition(ids[1], evidence: ["sql"]),
            dataFinding(newest, inputs).condition(ids[2], evidence: ["sql"]),
            lags.condition(ids[3], evidence: ["sql"]), gapFinding(answers.gaps).condition(ids[4], evidence: ["sql"]),
        ]
        guard conditions.allSatisfy({ $0.verdict == .met }) else { return Report(conditions, nil) }
        let mode = answers.view.read(["open_mode"]) { $0[0].trimmed }?.first ?? ""
        return Report(conditions, Outputs(openMode: mode, newest: newest ?? 0, lags: told))
    }

    private func roleFinding(_ rows: SQLRows, _ inputs: Inputs) -> Finding {
        guard let row = rows.read(["database_role", "open_mode"], { $0.compactMap(\.trimmed) })?.first, row.count == 2
        else { return .unverifiable("v$database does not tell the role.") }
        let says = "The database says that it is \(row[0]), \(row[1])."
        return row[0] == inputs.role.rawValue ? .met(says) : .unmet("\(says) \(inputs.role.rawValue) is wanted.")
    }

    private func dataFinding(_ newest: Int64?, _ inputs: Inputs) -> Finding {
        let told =
            newest.map { "The newest row of \"\(inputs.series)\" is \($0)" }
            ?? "There is no row of \"\(inputs.series)\""
        return (newest ?? 0) >= inputs.atLeast
            ? .met("\(inputs.table) was read. \(told).") : .unmet("\(told); \(inputs.atLeast) was to be there.")
    }

    /// A primary has no lags; a value that is not told is no lag of zero.
    private func lagFinding(_ rows: SQLRows, _ inputs: Inputs) -> (Finding, String) {
        guard inputs.role == .physicalStandby else { return (.met("It follows nobody."), "none") }
        let found = rows.read(["name", "value"]) { ($0[0].trimmed?.lowercased() ?? "", $0[1].trimmed) } ?? []
        let findings = ["transport lag", "apply lag"].map { name -> Finding in
            guard let text = found.first(where: { $0.0 == name })?.1, let lag = lag(text) else {
                return .unverifiable("The \(name) is not known.")
            }
            return lag <= inputs.lagWithin.duration
                ? .met("The \(name) is \(lag.readable).")
                : .unmet("The \(name) is \(lag.readable), over \(inputs.lagWithin.duration.readable).")
        }
        return (.all(findings, none: ""), found.map { "\($0.0) \($0.1 ?? "unknown")" }.joined(separator: ", "))
    }

    private func gapFinding(_ rows: SQLRows) -> Finding {
        guard let count = rows.read(["gaps"], { $0[0].wholeNumber })?.first else {
            return .unverifiable("v$archive_gap does not tell.")
        }
        return count == 0
            ? .met("No redo is missing.") : .unmet("Redo is missing in \(count) \(count == 1 ? "place" : "places").")
    }
}
