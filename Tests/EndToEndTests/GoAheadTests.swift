// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Glibc
import MusterModel
import Testing

/// What a run needs before its first effect: an open change window, and a word for each point of no return.
struct GoAheadTests {
    // MARK: Change windows

    /// - Parameter sleeping: how long a run takes at least, in milliseconds.
    private func catalog(opens: Duration, closes: Duration, sleeping: Int = 20) throws -> Catalog {
        let runbook = WholeRunTests.runbook(
            "steps:\n  - { id: one, uses: noop/nothing@1.0.0, with: { sleepMilliseconds: \(sleeping) }, "
                + "when: \"${{ not inputs.extra }}\" }")
        let catalog = try Catalog(.noop(runbook: runbook))
        try declare(catalog, opens, closes)
        return catalog
    }

    private func declare(_ catalog: Catalog, _ opens: Duration, _ closes: Duration) throws {
        let now = Timestamp(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1000))
        try catalog.write(
            "environments/lab.yaml",
            """
            environment: lab
            change-windows:
              - { opens: "\(now.advanced(by: opens))", closes: "\(now.advanced(by: closes))" }

            """)
        try catalog.commit("The windows")
    }

    @Test(arguments: [
        (Duration.seconds(3600), Duration.seconds(7200), "No change window is open"),
        (.seconds(-7200), .seconds(-3600), "The last change window closed"),
    ])
    func `outside every window nothing begins`(opens: Duration, closes: Duration, says: String) throws {
        let catalog = try catalog(opens: opens, closes: closes)
        let plan = try catalog.muster("plan", "drill", "-e", "lab", "--plugins", catalog.plugins)
        #expect(plan.status == 3 && plan.output.contains("✗ unmet: \(says)"), "\(plan)")
        let result = try catalog.drill()
        #expect(result.status == 3 && result.errors.contains("[run.change-window]"), "\(result)")
        #expect(catalog.runFolders.isEmpty)
    }

    @Test func `a window is long enough by the runs before, and the record tells`() throws {
        let catalog = try catalog(opens: .seconds(-60), closes: .seconds(86_400))
        let first = try catalog.drill()
        #expect(
            first.status == 0 && first.output.contains("no earlier run of this runbook that succeeded tells"),
            "\(first)")
        let second = try catalog.drill("--json")
        #expect(second.status == 0, "\(second)")
        let window = try #require(try second.lastJSON["record"]?["window"])
        #expect(window["verdict"] == "met" && window["earlier"]?.array?.count == 1)
        #expect(window["longestMilliseconds"]?.int.map { $0 >= 20 } == true)
        #expect(try catalog.muster("verify", "--all").status == 0)
    }

    @Test func `a plan's digest is that of its file and of its run, whenever they are made`() throws {
        let catalog = try catalog(opens: .seconds(-60), closes: .seconds(86_400))
        let file = "\(catalog.root)/plan.json"
        let planned = try catalog.muster("plan", "drill", "-e", "lab", "--plugins", catalog.plugins, "--out", file)
        #expect(planned.status == 0, "\(planned)")
        let other = try catalog.muster("run", file, "--plugins", catalog.plugins, "--yes", "--kind", "incident")
        #expect(other.status == 2 && other.errors.contains("kind"), "\(other)")
        let started = try catalog.muster("run", file, "--plugins", catalog.plugins, "--yes")
        #expect(started.status == 0, "\(started)")
        let digest = try catalog.program("/usr/bin/sha256sum", [file]).output.prefix(64)
        #expect(try catalog.onlyRun.record["plan"] == .string("sha256:\(digest)"))
        let again = try catalog.muster("plan", "drill", "-e", "lab", "--plugins", catalog.plugins, "--json")
        #expect(try again.lastJSON["digest"] == .string("sha256:\(digest)"))
    }

    @Test func `a plan that was made in time is refused when the go-ahead comes too late`() throws {
        let catalog = try catalog(opens: .seconds(-60), closes: .seconds(3))
        // Not before the window does, which was declared a moment ago.
        let closes = Date.now.addingTimeInterval(3)
        // Typed only once the window has closed: the shell waits for the clock, not for a time of its own.
        let answer = "until [ $(date +%s) -gt \(Int(closes.timeIntervalSince1970)) ]; do :; done; echo yes"
        let late = try catalog.muster(
            ["run", "drill", "-e", "lab", "--plugins", catalog.plugins], typingFrom: answer)
        #expect(late.status == 3 && late.everything.contains("[run.change-window]"), "\(late)")
        #expect(catalog.runFolders.isEmpty)
    }

    @Test func `a window that would close under the run is too short`() throws {
        let catalog = try catalog(opens: .seconds(-60), closes: .seconds(86_400), sleeping: 1500)
        #expect(try catalog.drill().status == 0)
        try declare(catalog, .seconds(-60), .milliseconds(1200))
        let result = try catalog.drill()
        #expect(result.status == 3 && result.errors.contains("[run.change-window]"), "\(result)")
        #expect(catalog.runFolders.count == 1)
    }

    // MARK: Points of no return

    static let definition = """
        step: hostile/harm
        version: 1.0.0
        summary: Do what cannot be undone
        effect: irreversible
        timeout: 20s
        rollback: |
          There is no way back.

        """

    private func irreversible() throws -> Catalog {
        let catalog = try Catalog(.nothing)
        try catalog.write("muster.yaml", "catalog: test\n")
        try catalog.write("environments/lab.yaml", "environment: lab\n")
        try catalog.write("plugins/Hostile/steps/harm.yaml", Self.definition)
        try catalog.write(
            "runbooks/drill.yaml",
            "runbook: drill\nversion: 1.0.0\nsummary: No way back\nsteps:\n  - { id: harm, uses: hostile/harm@1.0.0 }\n"
        )
        try catalog.commit("No way back")
        try catalog.lock("drill")
        try catalog.installHostile("wellBehaved", until: "undo")
        return catalog
    }

    @Test func `yes does not cover a point of no return`() throws {
        let catalog = try irreversible()
        let result = try catalog.drill()
        #expect(result.status == 4 && result.errors.contains("[run.not-accepted]"), "\(result)")
        #expect(result.errors.contains("--confirm-irreversible harm"))
        #expect(result.output.contains("Points of no return: harm"))
        let wrong = try catalog.drill("--confirm-irreversible", "ham")
        #expect(wrong.status == 2 && wrong.errors.contains("Did you mean 'harm'?"), "\(wrong)")
        #expect(catalog.runFolders.isEmpty)
    }

    @Test func `a word for it lets the run begin, and the journal and the page tell whose`() throws {
        let catalog = try irreversible()
        let result = try catalog.drill("--confirm-irreversible", "harm")
        let run = try catalog.onlyRun
        let started = try #require(try run.journal.first { $0["kind"] == "run-started" })
        #expect(started["accepted"]?.array?.first?["step"] == "harm", "\(result)")
        #expect(try run.events.contains("step-started"))
        #expect(try run.file("README.md").contains("`harm` accepted by"))
        #expect(try catalog.muster("verify", "last").status == 0)
    }

    @Test(arguments: [("yes\nharm\n", true), ("yes\nyes\n", false), ("no\n", false)])
    func `at a terminal its id is typed`(input: String, begins: Bool) throws {
        let catalog = try irreversible()
        let arguments = ["run", "drill", "-e", "lab", "--plugins", catalog.plugins]
        let result = try catalog.muster(arguments, typing: input)
        #expect(result.output.contains("Run this plan? Type yes:"), "\(result)")
        #expect(catalog.runFolders.isEmpty == !begins, "\(result)")
        guard begins else { return }
        let started = try #require(try catalog.onlyRun.journal.first { $0["kind"] == "run-started" })
        #expect(started["accepted"]?.array?.first?["how"] == "typed")
    }
}
