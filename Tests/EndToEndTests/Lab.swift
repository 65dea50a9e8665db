// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import PostgreSQLFixture

/// The shipped runbooks with an environment `lab`: a simulated cloud, and a real database for what the drills ask by SQL.
struct Lab {
    static let primary = "tdeprimarytest"
    static let secondary = "tdesecondarytest"

    let catalog: Catalog
    let cloud: LabCloud
    let database: LabDatabase
    let runbook: String

    /// - Parameter faults: the cloud's, as `--fault` takes them.
    init(_ runbook: String, faults: [String] = []) throws {
        self.runbook = runbook
        catalog = try Catalog(.shipped)
        // What is tried again is tried sooner.
        try catalog.replace("backoff: 5s..1m", by: "backoff: 100ms..200ms", in: "runbooks/\(runbook).yaml")
        cloud = try LabCloud(scenario: catalog.scenario(of: runbook), faults: faults)
        database = try LabDatabase(of: cloud)
        try catalog.write("environments/lab.yaml", document(database.connection))
        try catalog.commit("The lab")
        catalog.variables = [
            LabCloud.secretName: cloud.secret, LabDatabase.secretName: PostgreSQLFixture.password,
        ]
    }

    /// Leads SQL there.
    func connect(_ connection: String) throws {
        guard connection != database.connection else { return }
        try catalog.write("environments/lab.yaml", document(connection))
        try catalog.commit("Another way to the database")
    }

    private func document(_ connection: String) -> String {
        cloud.environment(sql: connection, user: PostgreSQLFixture.user)
    }

    /// Has these steps wait for a moment only. For steps that wait in vain: how busy the machine is makes no difference to them.
    func hurry(_ steps: [String]) throws {
        guard !steps.isEmpty else { return }
        let file = "runbooks/\(runbook).yaml"
        let parts = try catalog.read(file).components(separatedBy: "\n  - id: ")
        let hurried = try parts.map { part in
            guard let step = steps.first(where: { part.hasPrefix("\($0)\n") }) else { return part }
            guard part.contains(Self.patience) else { throw FixtureFailure(description: "\(step) waits for nothing") }
            return part.replacing(Self.patience, with: "500ms")
        }
        try catalog.write(file, hurried.joined(separator: "\n  - id: "))
        try catalog.commit("Less patience")
    }

    private static let patience = "${{ inputs.patience }}"

    /// Starts the drill as one that nobody attends: what fails is given up, so that `finally` runs.
    ///
    /// - Parameter patience: how long the drill waits for one thing.
    func start(patience: String = "15s") throws -> RunningCommand {
        let scenario = try catalog.inputs(of: runbook).replacing("markerInterval: 100ms", with: "markerInterval: 10ms")
            .replacing("probeInterval: 250ms", with: "probeInterval: 50ms")
        let inputs = scenario + "\nprobeQuery: SELECT good FROM orders\npatience: \(patience)\n"
        let file = "\(catalog.root)/lab-inputs.yaml"
        try inputs.write(toFile: file, atomically: false, encoding: .utf8)
        return try catalog.start(["run", runbook, "-e", "lab", "--inputs", file, "--yes", "--unattended"])
    }

    func run(patience: String = "15s") throws -> CommandResult { try start(patience: patience).finish() }
}

extension RecordedRun {
    func output(_ name: String, of step: String) throws -> JSON? { try self.step(step)?["outputs"]?[name] }

    /// Every statement that the steps' evidence holds, with who answered it.
    func statements() throws -> [JSON] {
        let files = try catalog.git("ls-tree", "-r", "--name-only", Self.branch, "\(path)evidence/").split(
            separator: "\n")
        return try files.filter { $0.contains("/sql") }.flatMap { file in
            let evidence = try JSON.parse(try catalog.git("show", "\(Self.branch):\(file)"))
            return evidence["data"]?.array ?? []
        }
    }

    /// Measures by id.
    func measures() throws -> [String: JSON] {
        try (record["measures"]?.array ?? []).reduce(into: [:]) { $0[$1["id"]?.string ?? ""] = $1 }
    }
}
