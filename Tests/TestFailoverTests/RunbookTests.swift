// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterDocuments
import MusterModel
import Testing

/// The shipped runbooks: that they are valid, and that their order is the one that is safe.
struct RunbookTests {
    private func lint(_ text: String, named name: String) throws -> [String] {
        let file = "runbooks/\(name).yaml"
        let runbook = try Runbook.parse(Array(text.utf8), file: file).get()
        return lintRunbook(runbook) { reference, _ in
            let folder = reference.plugin == "test-failover" ? "TestFailover" : "FailoverGroupKeySwap"
            let path = "plugins/\(folder)/steps/\(reference.step).yaml"
            let definition = try? StepDefinition.parse(Lab.read(path), file: path).get()  // Unreadable is a diagnostic.
            return definition.map { .found($0) } ?? .unreadable
        }.map { "\($0)" }
    }

    private func text(_ name: String) throws -> String {
        String(decoding: try Lab.read("runbooks/\(name).yaml"), as: UTF8.self)
    }

    @Test(arguments: ["failover-group-drill", "failover-group-key-swap"])
    func `the runbook is valid, and proves before and after it changes sides`(name: String) throws {
        let text = try text(name)
        #expect(try lint(text, named: name).isEmpty)
        let runbook = try Runbook.parse(Array(text.utf8), file: "runbooks/\(name).yaml").get()
        let ids = runbook.steps.map(\.id.value)
        let wanted = [
            "replication-before", "encryption-before", "probe-before", "write-markers", "fail-over",
            "probe-new-primary",
            "roles-after", "compare-markers", "encryption-after",
        ]
        #expect(ids.filter(wanted.contains) == wanted)
        #expect(
            runbook.finally.map(\.id.value) == [
                "fail-back", "probe-old-primary", "replication-restored", "roles-restored", "encryption-restored",
            ])
        // Nothing comes between the last marker and the failover.
        #expect(ids.firstIndex(of: "fail-over") == ids.firstIndex(of: "write-markers").map { $0 + 1 })
        #expect(!runbook.allSteps.contains { $0.uses.map { "\($0.value)" }?.contains("forced") == true })
    }

    @Test func `outputs of a step that may be skipped are readable only under its own condition`() throws {
        let condition = "    when: ${{ inputs.markerTable != null }}\n"
        let parts = try text("failover-group-drill").components(separatedBy: "  - id: compare-markers\n")
        #expect(parts.count == 2)
        let bare = parts[1].replacingFirst(condition, with: "")
        let other = parts[1].replacingFirst(condition, with: "    when: ${{ inputs.probeReads > 0 }}\n")
        for rest in [bare, other] {
            let said = try lint(parts[0] + "  - id: compare-markers\n" + rest, named: "failover-group-drill")
            #expect(said.contains { $0.contains("'write-markers' may be skipped by its condition") }, "\(said)")
        }
    }

    @Test func `every shipped scenario can be built`() throws {
        let folder = Lab.root.appendingPathComponent("runbooks/tests/failover-group-drill")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.count >= 8)
        for name in names {
            let file = "runbooks/tests/failover-group-drill/\(name)"
            let scenario = try RehearsalScenario.parse(Lab.read(file), file: file).get()
            #expect("\(scenario.name.value).yaml" == name)
            _ = try SimulatedCloud(scenario)
        }
    }
}

extension String {
    fileprivate func replacingFirst(_ part: String, with other: String) -> String {
        guard let range = range(of: part) else { return self }
        return replacingCharacters(in: range, with: other)
    }
}
