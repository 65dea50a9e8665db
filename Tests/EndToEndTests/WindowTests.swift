// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import MusterModel
import Testing

/// Change windows and freezes of muster.yaml, as the command line keeps them.
struct WindowTests {
    private static let always =
        "change-windows:\n  lab: [{ days: [mon, tue, wed, thu, fri, sat, sun], from: \"00:00\", to: \"00:00\", zone: UTC }]\n"
    private static let freeze =
        "freezes: [{ opens: \"2020-01-01T00:00\", closes: \"2099-01-01T00:00\", zone: UTC, why: The audit, environments: [lab] }]\n"

    private func declare(_ catalog: Catalog, _ more: String) throws {
        try catalog.write("muster.yaml", "catalog: test\n\(more)")
        try catalog.commit("The windows")
    }

    @Test func `a freeze keeps a run from beginning, and says why`() throws {
        let drill = try LedgerDrill([.init("one")])
        try declare(drill.catalog, Self.always + Self.freeze)
        let result = try drill.run()
        #expect(result.status == 3 && result.errors.contains("[run.change-window]"), "\(result)")
        #expect(result.errors.contains("A freeze holds until") && result.errors.contains("The audit"))
        #expect(drill.catalog.runFolders.isEmpty)
        try declare(drill.catalog, Self.always)
        let begun = try drill.run()
        #expect(begun.status == 0, "\(begun)")
        #expect(try drill.verify().status == 0)
    }

    /// A run of two steps that rests before its second.
    private func rested() throws -> LedgerDrill {
        let drill = try LedgerDrill([.init("one"), .init("two", "waitsIn: apply, waitsOnce: true")])
        try declare(drill.catalog, Self.always)
        let command = try drill.start()
        try command.wait(for: "waits in apply")
        #expect(try drill.catalog.muster("pause", "last", "--reason", "Lunch").status == 0)
        #expect(try command.finish().status == 4)
        #expect(try drill.effects() == ["apply one": 1])
        return drill
    }

    @Test func `a freeze that is declared while a run rests keeps its next effect from beginning`() throws {
        let drill = try rested()
        try declare(drill.catalog, Self.always + Self.freeze)
        let held = try drill.resume()
        #expect(held.status == 4 && held.errors.contains("A freeze holds until"), "\(held)")
        #expect(held.output.contains("the change window"), "\(held)")
        #expect(try drill.effects() == ["apply one": 1])
        #expect(try drill.verify().status == 0)
        try declare(drill.catalog, Self.always)
        let resumed = try drill.resume()
        #expect(resumed.status == 0, "\(resumed)")
        #expect(try drill.effects() == ["apply one": 1, "apply two": 1])
        #expect(try drill.verify().status == 0)
    }

    @Test func `a rollback is allowed in a freeze`() throws {
        let drill = try rested()
        try declare(drill.catalog, Self.always + Self.freeze)
        let result = try drill.rollBack()
        #expect(result.status == 0, "\(result)")
        #expect(try drill.effects() == ["apply one": 1, "undo one": 1])
        #expect(try drill.verify().status == 0)
    }

    @Test func `whoever may break the glass runs in a freeze, and the record says so`() throws {
        let drill = try LedgerDrill([.init("one")])
        let eyes = try FourEyes(drill.catalog, policy: Self.freeze + FourEyes.policy)
        let arguments = drill.arguments + ["--yes", "--key", eyes.key("ada")]
        let refused = try drill.catalog.muster(arguments)
        #expect(refused.status == 3 && refused.errors.contains("[run.change-window]"), "\(refused)")
        let result = try drill.catalog.muster(arguments + ["--break-glass", "--reason", "The primary is on fire"])
        #expect(result.status == 0, "\(result)")
        let record = try drill.catalog.onlyRun
        let deviations = try #require(try record.record["deviations"]?.array)
        let said = deviations.first { $0["kind"] == "outside-window" }?["says"]?.string
        #expect(said?.contains("A freeze holds until") == true, "\(deviations)")
        #expect(try drill.effects() == ["apply one": 1])
        #expect(try drill.verify().status == 0)
    }

    @Test func `the glass may be broken when a window has closed on a run that rests, and the record tells of both`()
        throws
    {
        let drill = try LedgerDrill([.init("one"), .init("two", "waitsIn: apply, waitsOnce: true")])
        let eyes = try FourEyes(drill.catalog)
        let key = ["--key", eyes.key("ada")]
        try eyes.plan(["drill", "-e", "lab", "--plugins", drill.catalog.plugins, "--input", "ledger=\(drill.ledger)"])
        for person in ["anu", "ben"] { #expect(try eyes.approve(person).status == 0) }
        let command = try drill.catalog.start(
            ["run", eyes.planFile, "--yes", "--plugins", drill.catalog.plugins] + key)
        try command.wait(for: "waits in apply")
        #expect(try drill.catalog.muster("pause", "last", "--reason", "Lunch").status == 0)
        #expect(try command.finish().status == 4)
        try drill.catalog.write(
            "environments/lab.yaml",
            "environment: lab\nchange-windows: [{ opens: \"2020-01-01T00:00\", closes: \"2020-01-02T00:00\", zone: UTC }]\n"
        )
        try drill.catalog.commit("No change any more")
        let result = try drill.catalog.muster(
            ["resume", "last", "--plugins", drill.catalog.plugins, "--break-glass", "--reason", "It burns"] + key)
        #expect(result.status == 0 && !result.everything.contains("No effect begins before"), "\(result)")
        let record = try drill.catalog.onlyRun
        let said = try record.record["deviations"]?.array?.first { $0["kind"] == "outside-window" }
        #expect(said?["steps"]?.array == ["two"], "\(String(describing: said))")
        let window = try record.record["resumes"]?.array?.first?["window"]
        #expect(window?["verdict"] == "unmet", "\(String(describing: window))")
        #expect(try record.file("README.md").contains("Change window, resumed"))
        let verified = try drill.verify()
        #expect(verified.status == 0 && verified.everything.contains("record.window-broken"), "\(verified)")
    }

    @Test func `the glass breaks no window where nobody says who may`() throws {
        let drill = try LedgerDrill([.init("one")])
        try declare(drill.catalog, Self.freeze)
        let result = try drill.catalog.muster(drill.arguments + ["--yes", "--break-glass", "--reason", "It burns"])
        #expect(result.status == 3 && result.errors.contains("[run.change-window]"), "\(result)")
        #expect(result.errors.contains("only where approvals in muster.yaml say who may"), "\(result)")
        #expect(drill.catalog.runFolders.isEmpty)
    }

    @Test func `a zone or an environment that does not exist is found before a run would`() throws {
        let drill = try LedgerDrill([.init("one")])
        let windows = "[{ days: [mon], from: \"00:00\", to: \"00:00\", zone: Europe/Zurch }]"
        try declare(drill.catalog, "change-windows:\n  lab: \(windows)\n  lap: \(windows)\n")
        let lint = try drill.catalog.muster("lint")
        #expect(lint.status == 2, "\(lint)")
        for text in [
            "muster.yaml:3:58: error: This machine's time zone database has no zone \"Europe/Zurch\". [zone.unknown]",
            "muster.yaml:4:3: error: There is no environment 'lap' [lint.no-environment]", "Did you mean 'lab'?",
        ] {
            #expect(lint.everything.contains(text), "\(text) in \(lint)")
        }
        let plan = try drill.run()
        #expect(plan.status == 2 && plan.errors.contains("[zone.unknown]"), "\(plan)")
    }
}
