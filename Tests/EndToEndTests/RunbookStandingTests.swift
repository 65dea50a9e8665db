// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import MusterModel
import Testing

/// Which runbooks need a drill, and why.
struct RunbookStandingTests {
    private func drilled() throws -> Catalog {
        let catalog = try Catalog(
            .noop(runbook: WholeRunTests.runbook("steps:\n  - { id: one, uses: noop/nothing@1.0.0 }")))
        let result = try catalog.drill()
        #expect(result.status == 0, "\(result)")
        return catalog
    }

    @Test func `a runbook that was never drilled needs a drill`() throws {
        let catalog = try Catalog(
            .noop(runbook: WholeRunTests.runbook("steps:\n  - { id: one, uses: noop/nothing@1.0.0 }")))
        let result = try catalog.muster("list", "--runbooks")
        #expect(result.output == "drill 1.0.0\n  needs drill: no drill of it is recorded that succeeded\n", "\(result)")
    }

    @Test func `a drill holds as long as nothing that it rests on changes`() throws {
        let catalog = try drilled()
        try catalog.write("README.md", "Not a part of any runbook")
        try catalog.commit("A page")
        let result = try catalog.muster("list", "--runbooks")
        #expect(result.output.hasPrefix("drill 1.0.0\n  lab  drilled today, "), "\(result)")
        #expect(result.output.hasSuffix("  holds\n"))
        let json = try catalog.muster("list", "--runbooks", "--json").json.array?.first
        #expect(json?["needsDrill"] == false)
        #expect(json?["drills"]?.array?.first?["environment"] == "lab")
    }

    /// What is written into the catalog, and what is said to have changed.
    static let changes: [(path: String, words: String, others: String, lock: Bool, says: String)] = [
        ("runbooks/drill.yaml", "version: 1.0.0", "version: 1.1.0", false, "runbook 1.0.0 → 1.1.0"),
        ("runbooks/drill.yaml", "A drill of the tests", "Another text", false, "runbook 1.0.0"),
        ("environments/lab.yaml", "environment: lab", "environment: lab\nvalues: { a: b }", false, "environment lab"),
        ("muster.yaml", "For tests", "For other tests", false, "muster.yaml"),
        ("plugins/Noop/steps/nothing.yaml", "version: 1.0.0", "version: 1.1.0", false, "plugin noop"),
    ]

    @Test(arguments: changes.indices) func `what changed since a drill is named`(index: Int) throws {
        let change = Self.changes[index]
        let catalog = try drilled()
        try catalog.replace(change.words, by: change.others, in: change.path)
        try catalog.commit("A change")
        let result = try catalog.muster("list", "--runbooks")
        #expect(result.output.contains("  needs drill\n    changed since: \(change.says)\n"), "\(result)")
    }

    @Test func `another version of a definition is named by its versions`() throws {
        let catalog = try drilled()
        try catalog.replace("version: 1.0.0", by: "version: 1.1.0", in: "plugins/Noop/steps/nothing.yaml")
        try catalog.replace("nothing@1.0.0", by: "nothing@1.1.0", in: "runbooks/drill.yaml")
        try catalog.commit("A new version")
        try catalog.lock("drill")
        let result = try catalog.muster("list", "--runbooks").output
        #expect(result.contains("changed since: definition noop/nothing 1.0.0 → 1.1.0\n"), "\(result)")
    }

    @Test func `a rehearsal proves nothing, and muster yaml says when a drill is overdue`() throws {
        let catalog = try drilled()
        try catalog.write("muster.yaml", "catalog: test\nsummary: For tests\ndrill-every: 1ms\n")
        try catalog.commit("Drill often")
        let result = try catalog.muster("list", "--runbooks").output
        #expect(result.contains("changed since: muster.yaml\n    overdue since 2"), "\(result)")
    }
}
