// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// The guide to practising on the simulator is done as it says, with a port that is free.
struct PractiseGuideTests {
    private let guide: String

    init() throws {
        guide = try String(
            contentsOfFile: "\(projectFolder)/docs/guides/practise-on-the-simulator.md", encoding: .utf8)
    }

    /// The guide's blocks of the kind, such as `sh`.
    private func blocks(_ kind: String) -> [String] {
        guide.components(separatedBy: "```\(kind)\n").dropFirst().compactMap {
            $0.components(separatedBy: "```\n").first
        }
    }

    private func block(_ kind: String, with words: String) throws -> String {
        try #require(blocks(kind).first { $0.contains(words) }, "no block of the guide has \(words)")
    }

    /// Has the shell do a block of the guide in the catalog's folder, with `ready.json` beside it.
    private func perform(_ block: String, _ catalog: Catalog, _ cloud: LabCloud) throws -> CommandResult {
        try cloud.readyLine.write(toFile: "\(catalog.root)/ready.json", atomically: false, encoding: .utf8)
        let folder = String(product("muster").dropLast("/muster".count))
        let script = "set -e; export PATH=\"\(folder):$PATH\"; cd \"\(catalog.folder)\"\n\(block)"
        return try catalog.program("/bin/bash", ["-c", script])
    }

    @Test func `the environment and the commands lead to a plan that can be run`() throws {
        let catalog = try Catalog(.shipped)
        let cloud = try LabCloud(scenario: catalog.scenario(of: "failover-group-key-swap"))
        let port = try #require(cloud.address.split(separator: ":").last)
        try catalog.write(
            "environments/sim.yaml", try block("yaml", with: "environment: sim").replacing("8377", with: port))
        let result = try perform(try block("sh", with: "muster plan failover-group-key-swap"), catalog, cloud)
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains("set-secondary-protector"), "\(result)")
    }

    @Test func `the program writes an environment that leads into Oracle's cloud`() throws {
        let catalog = try Catalog(.shipped)
        let cloud = try LabCloud(scenario: catalog.scenario(of: "data-guard-drill"))
        let result = try perform(try block("sh", with: "sim-oracle"), catalog, cloud)
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains("data-guard-drill"), "\(result)")
        #expect(try !catalog.read("environments/sim-oracle.yaml").contains("PRIVATE KEY"))
    }

    @Test func `each command of the guide is one that there is, with options that it has`() throws {
        let catalog = try Catalog(.shipped)
        let lines = blocks("sh").flatMap { $0.split(separator: "\n") }.filter { $0.hasPrefix("muster ") }
        #expect(lines.count > 8)
        for line in lines {
            let told = try catalog.program(
                "/bin/bash", ["-c", "exec \(product("muster"))\(line.dropFirst(6)) -C \(catalog.root)"])
            #expect(!told.everything.contains("Usage:"), "\(line): \(told)")
        }
    }

    @Test func `the fault that it names is one that the simulator takes`() throws {
        let command = try block("sh", with: "--fault ")
        let fault = try #require(command.firstMatch(of: /--fault (\S+)/)?.1)
        let catalog = try Catalog(.shipped)
        _ = try LabCloud(scenario: catalog.scenario(of: "failover-group-key-swap"), faults: [String(fault)])
    }
}
