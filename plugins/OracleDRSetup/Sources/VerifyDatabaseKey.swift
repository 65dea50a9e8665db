// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps
internal import SQLSteps

/// Shows, by the service and by the database itself, that a database runs on its key in Azure.
struct VerifyDatabaseKey: ReportStep {
    static let name = "verify-database-key"
    static let definition = PackageResources.verify_database_key_yaml

    struct Inputs: Decodable, Sendable {
        let database: OracleID
        let registeredKey: OracleID
        let within: Span
    }

    struct Outputs: Hashable, Codable, Sendable {
        let masterKeys: [MasterKeyRow]
        let isOnKey: Bool
    }

    func report(_ inputs: Inputs, _ context: StepContext) async throws -> Report<Outputs> {
        try await Databases.runOracle(context) { databases in
            try await OracleSession.run(context) { session in
                let view = try await KeyedDatabase.read(inputs.database, session)
                try context.evidence("database", view.evidence)
                let nodes = try await session.nodeNames(of: view.database)
                let dedicated = try await session.keyIsDedicated(inputs.registeredKey, to: view.database)
                let answers = try await session.wait(within: inputs.within.duration, context) {
                    let answers = try await KeyAnswers.ask(view, databases)
                    let missing = Self.findings(answers, nodes).filter { !$0.isMet }
                    return missing.isEmpty
                        ? .done(answers)
                        : .notYet(answers, "waiting: " + missing.map(\.text).joined(separator: " "))
                }
                return report(inputs, view, answers, nodes, dedicated)
            }
        }
    }

    private static func findings(
        _ answers: Result<KeyAnswers, KeyAnswers.Silence>, _ nodes: [String]
    ) -> [Finding] {
        [
            answers.finding(\.keystoresOpen), answers.finding(\.keysExternal),
            answers.finding { $0.instancesOpen(on: nodes) },
        ]
    }

    private func report(
        _ inputs: Inputs, _ view: KeyedDatabase, _ answers: Result<KeyAnswers, KeyAnswers.Silence>, _ nodes: [String],
        _ dedicated: Finding
    ) -> Report<Outputs> {
        let told = ["database", "requests"]
        let found = Self.findings(answers, nodes)
        let conditions = [
            view.isAvailable.condition("database-available", evidence: told),
            view.hasKey(inputs.registeredKey).condition("key-as-named", evidence: told),
            dedicated.condition("key-dedicated", evidence: ["requests"]),
            found[0].condition("keystores-open", evidence: ["sql"]),
            found[1].condition("keys-external", evidence: ["sql"]),
            found[2].condition("instances-open", evidence: ["sql"]),
        ]
        guard case .success(let answers) = answers, conditions.allSatisfy({ $0.verdict == .met }) else {
            return Report(conditions, nil)
        }
        return Report(conditions, Outputs(masterKeys: answers.keys, isOnKey: true))
    }
}
