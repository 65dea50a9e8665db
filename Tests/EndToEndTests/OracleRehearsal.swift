// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// A rehearsal of one of the shipped Oracle runbooks, with the command line that a user has.
struct OracleRehearsal {
    let catalog: Catalog
    let result: CommandResult
    let run: RecordedRun

    init(_ runbook: String, _ scenario: String = "default", faults: [String] = []) throws {
        catalog = try Catalog(.shipped)
        let asked = ["rehearse", runbook, "--scenario", scenario, "--speed", "400"]
        result = try catalog.muster(asked + faults.flatMap { ["--fault", $0] })
        #expect(result.status == 0, "not as the scenario expects: \(result)")
        run = try catalog.onlyRun
        #expect(try catalog.muster("verify", "last").status == 0)
        try Self.expectNoSecrets(catalog, run)
    }

    /// How each step ended, in order, without those that the runbook left out.
    func results() throws -> [String] {
        (try run.record["steps"]?.array ?? []).compactMap { $0["result"]?.string }.filter { $0 != "skipped" }
    }

    /// Requests that changed something, by what the steps' evidence holds. A sign-in changes nothing.
    func changes() throws -> [String] {
        let files = try catalog.git("ls-tree", "-r", "--name-only", RecordedRun.branch, "\(run.path)evidence/").split(
            separator: "\n")
        return try files.filter { $0.contains("requests") }.flatMap { file in
            let evidence = try JSON.parse(try catalog.git("show", "\(RecordedRun.branch):\(file)"))
            return (evidence["data"]?.array ?? []).compactMap { exchange in
                let method = exchange["method"]?.string ?? "GET"
                let url = exchange["url"]?.string ?? exchange["target"]?.string ?? "\(exchange)"
                let isRead = method == "GET" || url.hasSuffix("/oauth2/v2.0/token")
                return isRead ? nil : "\(method) \(url)"
            }
        }
    }

    func expectPage(says words: [String]) throws {
        let page = try run.file("README.md")
        for words in words { #expect(page.contains(words), "\(words) is not said: \(page)") }
    }

    /// No token, password or private key stands in anything that was kept.
    static func expectNoSecrets(_ catalog: Catalog, _ run: RecordedRun, also secrets: [String] = []) throws {
        let telling = ["PRIVATE KEY", "accessToken", "databaseAdminPassword", "client_secret=", "Bearer ey", "eyJ"]
        // Of a key in several lines one is enough.
        let lines = secrets.compactMap { $0.components(separatedBy: "\n").max { $0.count < $1.count } }
        for secret in telling + lines {
            let found = try catalog.tryGit([
                "grep", "-I", "-i", "-F", "-l", "-e", secret, RecordedRun.branch, "--", run.path,
            ])
            #expect(found.status == 1 && found.output.isEmpty, "\(secret.prefix(20)): \(found.output)")
        }
    }
}

/// One of those runbooks at an environment whose clouds are a simulator that stays.
struct OracleLab {
    let catalog: Catalog
    let cloud: LabCloud
    let runbook: String
    let scenario: String

    init(_ runbook: String, scenario: String = "default", faults: [String] = []) throws {
        (self.runbook, self.scenario) = (runbook, scenario)
        catalog = try Catalog(.shipped)
        cloud = try LabCloud(scenario: catalog.scenario(scenario, of: runbook), speed: 400, faults: faults)
        try catalog.write("environments/lab.yaml", cloud.oracleEnvironment())
        try catalog.commit("The lab")
        catalog.variables = cloud.secrets
    }

    func run(_ more: String...) throws -> CommandResult {
        let file = "\(catalog.root)/inputs.yaml"
        try catalog.inputs(of: runbook, scenario: scenario).write(toFile: file, atomically: false, encoding: .utf8)
        let words = ["run", runbook, "-e", "lab", "--inputs", file, "--kind", "drill", "--yes", "--unattended"]
        return try catalog.muster(words + more)
    }

    /// Kinds of the changes that were really made in Oracle's cloud, in order.
    func oracleEffects() throws -> [String] {
        try (cloud.look(at: "oracle")["effects"]?.array ?? []).compactMap { $0["kind"]?.string }
    }
}
