// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Glibc
import MusterModel
import Testing

/// A run waits at a gate until persons have signed there: at rest or alive, after a crash, and on another machine.
struct GateTests {
    /// A policy that asks for nothing before the run, so that only the gates do.
    private static let policy = FourEyes.policy.replacing(
        "require: [ { group: leads, count: 2 } ]", with: "require: [ { group: leads } ]")

    private struct Case {
        let drill: LedgerDrill
        let eyes: FourEyes
        var run: String { drill.runID }

        init(gate: String = "approval: security", isApproved: Bool = true) throws {
            drill = try LedgerDrill([.init("one"), .init("two", more: gate), .init("three")])
            eyes = try FourEyes(drill.catalog, policy: GateTests.policy)
            try eyes.plan(
                ["drill", "-e", "lab", "--plugins", drill.catalog.plugins, "--input", "ledger=\(drill.ledger)"])
            if isApproved { _ = try eyes.approve("anu") }
        }

        var words: [String] {
            ["run", eyes.planFile, "--plugins", drill.catalog.plugins, "--yes", "--key", eyes.key("ada")]
        }

        func toGate() throws -> CommandResult { try drill.catalog.muster(words) }

        func resume(as person: String = "ada", _ more: String...) throws -> CommandResult {
            try drill.catalog.muster(
                ["resume", run, "--plugins", drill.catalog.plugins, "--key", eyes.key(person)] + more)
        }
    }

    private static let all = ["apply one": 1, "apply two": 1, "apply three": 1]

    @Test func `with nobody there the run rests at the gate, and goes on once somebody has signed`() throws {
        let it = try Case()
        let rest = try it.toGate()
        #expect(rest.status == 4 && rest.output.contains("two.approval: waits for approvals, 1 of security"), "\(rest)")
        #expect(rest.output.contains("approve \(it.run) two.approval --key FILE"), "\(rest)")
        #expect(try it.drill.effects() == ["apply one": 1])
        let status = try it.drill.catalog.muster("status", it.run)
        #expect(status.output.contains("paused, waits for approvals at two.approval"), "\(status)")
        let early = try it.resume()
        #expect(early.status == 4, "\(early)")
        let approved = try it.eyes.approveGate("cy", it.run, "two", "--comment", "Go")
        #expect(approved.status == 0 && approved.output.contains("the run's journal"), "\(approved)")
        #expect(try it.resume().status == 0)
        #expect(try it.drill.effects() == Self.all)
        let record = try it.drill.catalog.onlyRun
        #expect(try record.result(of: "two.approval") == "shown")
        #expect(try record.file("README.md").contains("cy | approved `two.approval`"))
        let verified = try it.drill.verify()
        #expect(verified.status == 0, "\(verified)")
    }

    @Test func `who may not approve the gate, or says no, does not open it`() throws {
        let it = try Case()
        _ = try it.toGate()
        for (person, code) in [("anu", "[approval.refused]"), ("ada", "[approval.refused]")] {
            let refused = try it.eyes.approveGate(person, it.run, "two")
            #expect(refused.status != 0 && refused.errors.contains(code), "\(refused)")
        }
        #expect(try it.eyes.approveGate("cy", it.run, "one").errors.contains("[approval.no-gate]"))
        #expect(try it.eyes.approveGate("cy", it.run, "two", "--reject").status == 0)
        let stopped = try it.resume()
        #expect(stopped.status == 4 && stopped.output.contains("two.approval retry | abandon"), "\(stopped)")
        let skipped = try it.drill.decide("two.approval", "skip", reason: "We know better")
        #expect(skipped.status != 0, "nobody decides a gate away: \(skipped)")
        #expect(try it.drill.effects() == ["apply one": 1])
    }

    @Test func `a run that lives takes the signature up by its socket`() throws {
        let it = try Case(gate: "approval: security")
        let running = try it.drill.catalog.startAtTerminal(it.words)
        try running.wait(for: "waits for approvals")
        let refused = try it.eyes.approveGate("anu", it.run, "two.approval").errors
        #expect(refused.components(separatedBy: "does not count").count == 2 && !refused.contains(".."), "\(refused)")
        let approved = try it.eyes.approveGate("cy", it.run, "two.approval")
        #expect(approved.status == 0 && approved.output.contains("in the run"), "\(approved)")
        let end = try running.finish(holdsInput: true)
        #expect(end.status == 0, "\(end)")
        #expect(try it.drill.effects() == Self.all)
    }

    @Test func `a run that lives finds a signature on a branch of its catalog`() throws {
        let it = try Case()
        let running = try it.drill.catalog.startAtTerminal(it.words)
        try running.wait(for: "waits for approvals")
        let run = it.run
        let branch = it.drill.catalog.unfinishedRecord(of: run)
        try eventually("the gate is on the run's branch") {
            try branch.file("journal.jsonl").contains("approval-awaited")
        }
        it.drill.catalog.state = "\(it.drill.catalog.root)/other"
        let approved = try it.eyes.approveGate("cy", run, "two")
        #expect(approved.status == 0 && approved.output.contains("refs/heads/muster/approvals/"), "\(approved)")
        let end = try running.finish(holdsInput: true)
        #expect(end.status == 0, "\(end)")
        #expect(try it.drill.effects() == Self.all)
    }

    @Test func `a word that came while HEAD could not be read is told, and counts once it can be`() throws {
        let it = try Case()
        let catalog = it.drill.catalog
        let running = try catalog.startAtTerminal(it.words)
        try running.wait(for: "waits for approvals")
        let run = it.run
        try eventually("the gate is on the run's branch") {
            try catalog.unfinishedRecord(of: run).file("journal.jsonl").contains("approval-awaited")
        }
        let other = try Catalog(copyOf: catalog)
        let approved = try other.muster("approve", run, "two", "--key", it.eyes.key("cy"), "--yes")
        #expect(approved.status == 0, "\(approved)")
        let whole = try catalog.read("muster.yaml")
        try catalog.write("muster.yaml", "catalog: [\n")
        try catalog.commit("Half a document")
        let refs = "refs/heads/muster/approvals/*"
        try catalog.git("fetch", "-q", other.folder, "\(refs):\(refs)")
        try running.wait(for: "a statement of cy came and does not count")
        let status = try catalog.muster("status", run)
        #expect(status.output.contains("a statement of cy came and does not count"), "\(status)")
        let told = try #require(try catalog.muster("status", run, "--json").json["notCounted"]?.array)
        #expect(told.map { $0["step"]?.string } == ["two.approval"])
        try catalog.write("muster.yaml", whole)
        try catalog.commit("The whole document")
        let end = try running.finish(holdsInput: true)
        #expect(end.status == 0, "\(end)")
        #expect(try it.drill.effects() == Self.all)
    }

    @Test func `a run that was killed at the gate waits there again, and the signature is kept`() throws {
        let it = try Case()
        let running = try it.drill.catalog.startAtTerminal(it.words)
        try running.wait(for: "waits for approvals")
        try it.drill.catalog.killEngine(of: it.run)
        _ = try running.finish(holdsInput: true)
        #expect(try it.eyes.approveGate("cy", it.run, "two").status == 0)
        #expect(try it.resume().status == 0)
        #expect(try it.drill.effects() == Self.all)
        #expect(try it.drill.verify().status == 0)
    }

    @Test func `an approver without the run's journal signs from its branch, and the run finds it there`() throws {
        let it = try Case()
        _ = try it.toGate()
        let (own, run) = (it.drill.catalog.state, it.run)
        it.drill.catalog.state = "\(it.drill.catalog.root)/other"
        let approved = try it.eyes.approveGate("cy", run, "two")
        #expect(approved.status == 0 && approved.output.contains("refs/heads/muster/approvals/"), "\(approved)")
        it.drill.catalog.state = own
        #expect(try it.resume().status == 0)
        #expect(try it.drill.effects() == Self.all)
        #expect(try it.drill.verify().status == 0)
    }

    @Test func `another machine takes the run over at its gate, where it is signed for`() throws {
        let it = try Case()
        _ = try it.toGate()
        let run = it.run
        it.drill.catalog.state = "\(it.drill.catalog.root)/other"
        #expect(try it.eyes.approveGate("cy", run, "two").status == 0)
        let end = try it.drill.catalog.muster([
            "resume", run, "--plugins", it.drill.catalog.plugins, "--key", it.eyes.key("ada"), "--take-over",
            "--reason",
            "The first machine is gone",
        ])
        #expect(end.status == 0, "\(end)")
        #expect(try it.drill.effects() == Self.all)
        #expect(try it.drill.verify().status == 0)
    }

    @Test func `a signature for the gate's last opening does not open it again`() throws {
        let it = try Case()
        _ = try it.toGate()
        let run = it.run
        it.drill.catalog.state = "\(it.drill.catalog.root)/other"
        #expect(try it.eyes.approveGate("cy", run, "two").status == 0, "it waits on its branch")
        it.drill.catalog.state = "\(it.drill.catalog.root)/state"
        #expect(try it.eyes.approveGate("cy", run, "two", "--reject").status == 0)
        #expect(try it.resume().status == 4)
        #expect(try it.drill.decide("two.approval", "retry", reason: "It was a misunderstanding").status == 0)
        for _ in 1...2 { #expect(try it.resume().status == 4, "the old word is about another moment") }
        #expect(try it.drill.effects() == ["apply one": 1])
        #expect(try it.eyes.approveGate("cy", run, "two").status == 0)
        #expect(try it.resume().status == 0)
        #expect(try it.drill.verify().status == 0)
    }

    @Test func `muster approve as a step of its own asks for as many as it says`() throws {
        let step =
            "  - { id: ask, uses: muster/approve, with: { group: leads, count: 2, question: \"Fail over now?\" } }\n"
        let drill = try LedgerDrill([.init("one"), .init("two")])
        try drill.catalog.replace("  - { id: two", by: step + "  - { id: two", in: "runbooks/drill.yaml")
        let eyes = try FourEyes(drill.catalog, policy: Self.policy)
        let plan = try eyes.plan([
            "drill", "-e", "lab", "--plugins", drill.catalog.plugins, "--input", "ledger=\(drill.ledger)",
        ])
        #expect(plan.output.contains("2 of leads must approve here: Fail over now?"), "\(plan)")
        #expect(try eyes.approve("anu").status == 0)
        let words = ["--plugins", drill.catalog.plugins, "--key", eyes.key("ada")]
        #expect(try drill.catalog.muster(["run", eyes.planFile, "--yes"] + words).status == 4)
        #expect(try eyes.approveGate("anu", drill.runID, "ask").status == 0)
        #expect(try drill.catalog.muster(["resume", drill.runID] + words).status == 4, "one of two")
        #expect(try eyes.approveGate("ben", drill.runID, "ask").status == 0)
        #expect(try drill.catalog.muster(["resume", drill.runID] + words).status == 0)
        #expect(try drill.verify().status == 0)
        #expect(try drill.catalog.muster("report", drill.runID).output.contains("by a person's word"))
    }

    @Test func `who resumes a run that they approved takes their approval away from it`() throws {
        let it = try Case()
        _ = try it.toGate()
        #expect(try it.eyes.approveGate("cy", it.run, "two").status == 0)
        try it.drill.catalog.git("config", "--global", "user.email", "anu@example.org")
        let refused = try it.resume(as: "anu")
        #expect(refused.status == 4 && refused.errors.contains("[approval.own]"), "\(refused)")
        #expect(try it.drill.effects() == ["apply one": 1])
    }
}
