// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import MusterModel
import Testing

/// Whole runs of a plugin that touches nothing: what the engine promises about order, failure and waiting.
struct WholeRunTests {
    static func runbook(_ steps: String) -> String {
        "runbook: drill\nversion: 1.0.0\nsummary: A drill of the tests\ninputs:\n"
            + "  extra: { type: boolean, default: false }\n" + steps + "\n"
    }

    /// However many steps one commit takes in, git log finds each.
    private func expectTrailers(of steps: [String], _ catalog: Catalog) throws {
        let branch = "refs/heads/muster/runs/\(try catalog.onlyRun.run)"
        let named = try catalog.git("log", "--format=%(trailers:key=Step,valueonly)", branch).split(separator: "\n")
        #expect(Set(named.map(String.init)).isSuperset(of: steps), "\(named)")
    }

    @Test func `items run side by side, a false condition skips, and a step without needs starts at once`() throws {
        let catalog = try Catalog(
            .noop(
                runbook: Self.runbook(
                    """
                    steps:
                      - id: each
                        uses: noop/nothing@1.0.0
                        for-each: [a, b, c]
                        parallel: 3
                        with: { says: "hello ${{ item }}", sleepMilliseconds: 700 }
                      - id: pause
                        uses: muster/wait
                        with: { for: 50ms, reason: Let it settle }
                      - id: extra
                        uses: noop/nothing@1.0.0
                        when: ${{ inputs.extra }}
                      - id: at-once
                        uses: noop/nothing@1.0.0
                        needs: []
                    """)))
        let result = try catalog.drill()
        #expect(result.status == 0, "\(result)")
        let run = try catalog.onlyRun
        let journal = try run.journal
        let items = try #require(try run.record["steps"]?.array).compactMap { $0["id"]?.string }.filter {
            $0.hasPrefix("each")
        }
        #expect(items.count == 3)
        func place(_ kind: String, _ step: String) -> Int? {
            journal.firstIndex { $0["kind"]?.string == kind && $0["step"]?.string == step }
        }
        let firstEnd = try #require(items.compactMap { place("step-applied", $0) }.min())
        for step in items { #expect(try #require(place("step-begun", step)) < firstEnd) }
        #expect(try #require(place("step-started", "at-once")) < firstEnd)
        #expect(try run.result(of: "extra") == "skipped")
        try expectTrailers(of: items + ["pause", "at-once"], catalog)
        #expect(try #require(place("step-done", "pause")) > firstEnd)
        for letter in ["a", "b", "c"] { #expect(try run.file("journal.jsonl").contains("hello \(letter)")) }
        #expect(try run.record["deviations"]?.array?.isEmpty == true)
    }

    @Test func `a step that takes too long is tried again, fails, and the rest of the run goes as it was written`()
        throws
    {
        let catalog = try Catalog(
            .noop(
                runbook: Self.runbook(
                    """
                    steps:
                      - id: optional
                        uses: noop/nothing@1.0.0
                        with: { sleepMilliseconds: 600000 }
                        timeout: 300ms
                        on-failure: continue
                      - id: sleeper
                        uses: noop/nothing@1.0.0
                        with: { sleepMilliseconds: 600000 }
                        timeout: 1s
                        retry: { attempts: 2, backoff: 10ms..10ms }
                      - id: never
                        uses: noop/nothing@1.0.0
                    finally:
                      - id: back-to-normal
                        uses: noop/nothing@1.0.0
                    """)))
        let result = try catalog.drill("--unattended")
        #expect(result.status == 1, "\(result)")
        let run = try catalog.onlyRun
        #expect(try run.outcome == "failed")
        #expect(try run.result(of: "optional") == "failed")
        #expect(try run.result(of: "sleeper") == "failed")
        #expect(try run.step("sleeper")?["attempts"]?.array?.count == 2)
        #expect(try run.result(of: "never") == "not-reached")
        #expect(try run.result(of: "back-to-normal") == "verified")
        #expect(try run.step("sleeper")?.canonicalText.contains("plugin.cancelled") == true)
        #expect(try catalog.muster("verify", "last").status == 0)
        try eventually("the plugin ends") { catalog.pluginProcesses.isEmpty }
    }

    @Test func `steps for a person are refused where there is none, before anything happens`() throws {
        let catalog = try Catalog(
            .noop(
                runbook: Self.runbook(
                    """
                    steps:
                      - id: look
                        uses: muster/manual
                        with: { instructions: Look at the lamp, evidence: Is it green? }
                    """)))
        let result = try catalog.drill()
        #expect(result.status == 4 && result.errors.contains("[run.no-person]"), "\(result)")
        #expect(catalog.runFolders.isEmpty)
        #expect(try !catalog.refs.contains("muster/"))
    }
}
