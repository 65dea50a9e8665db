// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import MusterDocuments
import MusterGit
import MusterMachine
import MusterModel
import Testing

@testable import MusterCommands

/// A journal that was written anew, its chain whole, does not pass for one whose run was approved.
struct ApprovalProofTests {
    /// A run that two persons approved, with a gate that a third one opened, as its record holds it.
    private struct Approved {
        let drill: LedgerDrill
        let eyes: FourEyes
        let plan: Plan
        let run: RunID
        let entries: [JournalEntry]

        init() throws {
            drill = try LedgerDrill([.init("one"), .init("two", more: "approval: security")])
            eyes = try FourEyes(drill.catalog)
            let catalog = drill.catalog
            try eyes.plan(["drill", "-e", "lab", "--plugins", catalog.plugins, "--input", "ledger=\(drill.ledger)"])
            for person in ["anu", "ben"] { #expect(try eyes.approve(person).status == 0) }
            let words = ["--plugins", catalog.plugins, "--key", eyes.key("ada")]
            #expect(try catalog.muster(["run", eyes.planFile, "--yes"] + words).status == 4)
            #expect(try eyes.approveGate("cy", drill.runID, "two").status == 0)
            #expect(try catalog.muster(["resume", drill.runID] + words).status == 0)
            let record = try catalog.onlyRun
            plan = try JSON.parse(try record.file("plan.json")).decode(Plan.self)
            run = try #require(RunID(record.run))
            entries = try JournalReading(Array(try record.file("journal.jsonl").utf8)).entries
        }

        /// What the proof finds in a journal of these events, chained anew.
        func findings(of other: RunID? = nil, _ change: (inout [JournalEntry]) -> Void) throws -> Set<String> {
            var changed = entries
            change(&changed)
            var previous = JournalEntry.firstPrevious
            var text: [UInt8] = []
            for index in changed.indices {
                (changed[index].sequence, changed[index].previous) = (Int64(index), previous)
                let line = try changed[index].line()
                previous = Digest(of: line).hex
                text += line + [UInt8(ascii: "\n")]
            }
            var options = GitClient.Options(command: [product("muster"), gitWorkerArgument])
            options.home = drill.catalog.home
            let git = MusterGit.Catalog(folder: drill.catalog.folder, options: options)
            defer { git.client.close() }
            let records = Records(git: git, branch: Configuration.standardRecordsBranch)
            let proof = ApprovalProof(
                git: git, run: other ?? run, plan: plan, reading: try JournalReading(text),
                uses: StatementUses(records))
            return Set(try proof.findings().filter { $0.severity == .error }.map(\.code))
        }
    }

    private static func isWord(_ entry: JournalEntry, of person: String) -> Bool {
        if case .approvalRecorded(let body) = entry.event { body.approver == person } else { false }
    }

    private static func edit(
        _ entries: inout [JournalEntry], of person: String, _ change: (inout ApprovalRecorded) -> Void
    ) {
        for index in entries.indices where isWord(entries[index], of: person) {
            guard case .approvalRecorded(var body) = entries[index].event else { continue }
            change(&body)
            entries[index].event = .approvalRecorded(body)
        }
    }

    @Test func `a journal that tells of other approvals than were given is found out`() throws {
        let it = try Approved()
        #expect(try it.findings { _ in }.isEmpty, "as it was written nothing is wrong")
        #expect(try it.findings { $0.removeAll { Self.isWord($0, of: "anu") } }.contains("record.not-approved"))
        #expect(try it.findings { $0.removeAll { Self.isWord($0, of: "ada") } }.contains("record.operator-unknown"))
        let silent = try it.findings { entries in
            entries.removeAll { ["approval-recorded", "policy-applied"].contains($0.event.kind) }
        }
        #expect(silent.isSuperset(of: ["record.operator-unknown", "record.gate-passed"]))
        #expect(try it.findings { $0.removeAll { Self.isWord($0, of: "cy") } }.contains("record.gate-passed"))
        let renamed = try it.findings { Self.edit(&$0, of: "anu") { $0.approver = "cy" } }
        #expect(renamed.isSuperset(of: ["record.approval-differs", "record.not-approved"]))
    }

    @Test func `statements that an earlier run had used are found out`() throws {
        let it = try Approved()
        let earlier = try #require(RunID("20200101-000000-drill-000000"))
        #expect(!(try it.findings(of: earlier) { _ in }.contains("record.not-approved")), "it would have been first")
        let later = try #require(RunID("20990101-000000-drill-000000"))
        let found = try it.findings(of: later) { _ in }
        #expect(found.isSuperset(of: ["record.approval-not-counted", "record.not-approved"]))
    }

    @Test func `signatures, moments and excuses that were made up are found out`() throws {
        let it = try Approved()
        let forged = try it.findings { entries in
            Self.edit(&entries, of: "anu") { $0.signature = $0.signature.replacing("A", with: "B") }
        }
        #expect(forged.isSuperset(of: ["record.bad-signature", "record.not-approved"]))
        let retold = try it.findings { entries in
            Self.edit(&entries, of: "ben") { $0.statement = $0.statement.replacing("approve\"", with: "reject\"") }
        }
        #expect(retold.contains("record.approval-differs"))
        // A line more before the word at the gate: what Cy had seen is no line of this journal.
        let moved = try it.findings { entries in
            entries.insert(
                JournalEntry(
                    sequence: 0, at: entries[1].at, boot: entries[1].boot, previous: "",
                    event: .pluginLog(PluginLog(plugin: "noop", stream: "log", text: "more"))), at: 2)
        }
        #expect(moved.contains("record.approval-elsewhere"))
        let excused = try it.findings { entries in
            entries.removeAll { Self.isWord($0, of: "anu") }
            guard let start = entries.firstIndex(where: { $0.event.kind == "run-started" }) else { return }
            var glass = entries[start]
            glass.event = .breakGlass(BreakGlass(by: "Ada", person: "ada", reason: "There was no time"))
            entries.insert(glass, at: start)
        }
        #expect(excused.contains("record.glass-not-allowed"), "Ada never signed for that")
        let late = try it.findings { entries in
            for index in entries.indices { entries[index].at = entries[index].at.advanced(by: .seconds(86_400)) }
        }
        #expect(late.contains("record.not-approved"), "by then the approvals had ended")
    }
}
