// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Glibc
import MusterModel
import MusterSystem
import Testing

/// Runs that are cut off, by a person or by force.
struct InterruptionTests {
    private static let runbook = WholeRunTests.runbook(
        """
        steps:
          - id: first
            uses: noop/nothing@1.0.0
          - id: sleeper
            uses: noop/nothing@1.0.0
            with: { sleepMilliseconds: 1500 }
          - id: never
            uses: noop/nothing@1.0.0
        """)

    private let catalog: Catalog

    init() throws { catalog = try Catalog(.noop(runbook: Self.runbook)) }

    private func startAndSleep() throws -> RunningCommand {
        let command = try catalog.startDrill()
        try command.wait(for: "sleeper: effect begun")
        return command
    }

    /// Three calls that end only when they are cancelled, beside an effect under way in the same process.
    private static let waits = WholeRunTests.runbook(
        """
        steps:
          - { id: check, uses: noop/nothing@1.0.0, with: { waitsIn: check } }
          - { id: observe, uses: noop/nothing@1.0.0, needs: [], with: { waitsIn: observe } }
          - { id: apply, uses: noop/nothing@1.0.0, needs: [], with: { waitsIn: apply } }
          - { id: sleeper, uses: noop/nothing@1.0.0, needs: [], with: { sleepMilliseconds: 1500 } }
          - { id: never, uses: noop/nothing@1.0.0, needs: [check, sleeper] }
        """)

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func `a signal gives up calls without effect, lets effects end, and the run comes to rest`(signal: Int32) throws {
        let catalog = try Catalog(.noop(runbook: Self.waits))
        let command = try catalog.startDrill()
        for words in ["waits in check", "waits in observe", "waits in apply", "sleeper: effect begun"] {
            try command.wait(for: words)
        }
        let started = command.descendants
        command.signal(signal)
        let result = try command.finish()
        #expect(result.status == 130, "\(result)")
        #expect(result.output.contains("waits for sleeper, whose effect has begun"), "\(result)")
        #expect(result.output.contains("‖ at rest") && result.output.contains(" resume "), "\(result)")
        try eventually("all processes end") { !started.contains(where: isAlive) }
        let id = try #require(catalog.runFolders.first)
        let run = catalog.unfinishedRecord(of: id)
        #expect(try run.outcome == "paused")
        #expect(try run.result(of: "sleeper") == "verified")
        #expect(try run.events.suffix(2).contains("run-paused") && !run.events.contains("stop-requested"))
        #expect(try catalog.muster("verify", id).status == 0)
        let status = try catalog.muster("status")
        #expect(status.status == 4 && status.output.contains("paused"), "\(status)")
        try expectCancelled(catalog)
    }

    /// Ends the run at rest: what had begun no effect was given up, and the record says so.
    private func expectCancelled(_ catalog: Catalog) throws {
        let result = try catalog.muster("cancel", "last", "--reason", "Enough", "--plugins", catalog.plugins)
        #expect(result.status == 0 && result.output.contains("■ cancelled"), "\(result)")
        let run = try catalog.onlyRun
        #expect(try run.outcome == "cancelled")
        for verb in ["check", "observe", "apply"] {
            let step = try #require(try run.step(verb))
            #expect(step["result"] == "skipped" && step["begunAt"] == nil, "\(step.canonicalText)")
            #expect(step["why"]?.string?.contains("given up before any effect") == true, "\(step.canonicalText)")
        }
        #expect(try run.result(of: "sleeper") == "verified" && run.result(of: "never") == "not-reached")
        #expect(try run.events.last == "run-finished" && run.events.contains("stop-requested"))
        #expect(try catalog.muster("verify", "last").status == 0)
        let status = try catalog.muster("status")
        #expect(status.status == 130 && status.output.contains("cancelled"), "\(status)")
    }

    @Test func `a rehearsal is cancelled, for its clouds end with it`() throws {
        let catalog = try Catalog(.shipped)
        let command = try catalog.start(["rehearse", KeySwap.runbook, "--speed", "20"])
        try command.wait(for: "effect begun")
        command.signal(SIGINT)
        let result = try command.finish()
        #expect(result.status == 130 && result.output.contains("■ cancelled"), "\(result)")
        #expect(try catalog.onlyRun.outcome == "cancelled")
        #expect(try catalog.muster("verify", "last").status == 0)
    }

    @Test func `asked twice by hand it ends at once and leaves the effect in doubt`() throws {
        let command = try startAndSleep()
        command.signal(SIGINT)
        try command.wait(for: "Ctrl-C once more leaves it in doubt")
        command.signal(SIGINT)
        let result = try command.finish()
        #expect(result.status == 130 && result.errors.contains("effects under way are in doubt"), "\(result)")
        #expect(try catalog.muster("status").status == 5)
    }

    /// timeout(1) tells the process and then its group, so that SIGTERM comes twice.
    @Test func `told twice by a program it still lets the effect end`() throws {
        let command = try startAndSleep()
        command.signal(SIGTERM)
        try command.wait(for: "rest asked for")
        command.signal(SIGTERM)
        let result = try command.finish()
        #expect(result.status == 130, "\(result)")
        let run = try #require(catalog.runFolders.first)
        #expect(try catalog.unfinishedRecord(of: run).result(of: "sleeper") == "verified")
    }

    @Test func `a killed run leaves a journal that says where it stood, and no process`() throws {
        let command = try startAndSleep()
        let started = command.descendants
        #expect(!catalog.pluginProcesses.isEmpty)
        command.signal(SIGKILL)
        let end = try command.finish()
        #expect(end.end == .signalled(SIGKILL), "\(end)")
        let status = try catalog.muster("status")
        #expect(status.status == 5, "\(status)")
        #expect(status.output.contains("cut off"))
        let steps = try #require(try catalog.muster("status", "--json").json["steps"]?.array)
        #expect(steps.map { $0["id"]?.string } == ["first", "sleeper", "never"])
        #expect(steps[0]["state"]?.string != steps[1]["state"]?.string)
        try eventually("all processes end") { !started.contains(where: isAlive) && catalog.pluginProcesses.isEmpty }
        // The next run is not in the way of what is left of this one.
        #expect(try catalog.drill().status == 0)
        #expect(catalog.runFolders.count == 2)
    }

    @Test func `a killed rehearsal takes its simulator with it`() throws {
        let catalog = try Catalog(.shipped)
        let command = try catalog.start(["rehearse", KeySwap.runbook, "--speed", "1"])
        try command.wait(for: "effect begun")
        let started = command.descendants
        #expect(started.count >= 2)
        command.signal(SIGKILL)
        _ = try command.finish()
        try eventually("plugin and simulator end") { !started.contains(where: isAlive) }
        #expect(try catalog.muster("status").status == 5)
    }
}
