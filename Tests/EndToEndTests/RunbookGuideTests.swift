// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Testing

/// The guide to writing a runbook, followed with its own example.
struct RunbookGuideTests {
    @Test func `the guide's runbook is linted, locked and rehearsed as it says`() throws {
        let guide = try String(contentsOfFile: "\(projectFolder)/docs/guides/write-a-runbook.md", encoding: .utf8)
        let blocks = guide.components(separatedBy: "```yaml\n").dropFirst().compactMap {
            $0.components(separatedBy: "```\n").first
        }
        let runbook = try #require(blocks.first { $0.hasPrefix("runbook: register-key-everywhere\n") })
        let catalog = try Catalog(.shipped)
        try catalog.write("runbooks/register-key-everywhere.yaml", runbook)
        // The scenario that it names, with inputs of its own.
        let scenario = try catalog.read("runbooks/tests/failover-group-key-swap/default.yaml")
        let head = try #require(scenario.components(separatedBy: "inputs:\n").first)
        let cloud = try #require(scenario.components(separatedBy: "\ncloud:\n").last)
        func input(_ name: String) throws -> String {
            let line = try #require(scenario.split(separator: "\n").first { $0.hasPrefix("  \(name): ") })
            return String(line.dropFirst(name.count + 4))
        }
        let inputs = """
            inputs:
              servers: [\(try input("primary")), \(try input("secondary"))]
              key: \(try input("primaryKey"))

            """
        try catalog.write(
            "runbooks/tests/register-key-everywhere/default.yaml", head + inputs + "cloud:\n" + cloud)
        let lint = try catalog.muster("lint")
        #expect(lint.status == 0, "\(lint)")
        try catalog.commit("The guide's runbook")
        try catalog.lock("register-key-everywhere")
        let rehearsal = try catalog.muster("rehearse", "register-key-everywhere")
        #expect(rehearsal.status == 0, "\(rehearsal)")
    }
}
