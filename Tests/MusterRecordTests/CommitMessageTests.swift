// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import Testing

@testable import MusterRecord

@Suite struct CommitMessageTests {
    @Test func `the end of a run`() throws {
        let record = try RunScript.failedAfterRetry().files().record
        let lines = commitMessage(for: record, at: .finished).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first == "failover-group-key-swap: drill failed with 2 deviations")
        #expect(
            lines.suffix(7) == [
                "", "Run: 20261121-140302-failover-group-key-swap-3fa9c1", "Outcome: failed", "Change: CHG0042177",
                "Plan-Digest: \(record.plan)", "Kind: drill", "",
            ])
    }

    @Test func `one step, several steps, the beginning`() throws {
        let record = try RunScript.succeeded().files().record
        let one = commitMessage(for: record, at: .steps(["protector-on-primary"]))
        #expect(one.hasPrefix("failover-group-key-swap: protector-on-primary verified\n\n"))
        #expect(one.contains("\nStep: protector-on-primary\n"))
        let two = commitMessage(for: record, at: .steps(["protector-on-primary", "verify-protectors"]))
        #expect(
            two.hasPrefix(
                "failover-group-key-swap: 2 steps, up to verify-protectors\n\n- protector-on-primary: verified\n"))
        #expect(commitMessage(for: record, at: .created).hasPrefix("failover-group-key-swap: drill planned in lab\n\n"))
    }

    @Test func `a line break in the data makes no trailer`() throws {
        var plan = KeySwap.plan()
        plan.change = "CHG1\nOutcome: succeeded"
        let record = try RunScript.begun(plan).files().record
        let trailers = commitMessage(for: record, at: .created).split(separator: "\n").filter {
            $0.hasPrefix("Outcome:")
        }
        #expect(trailers == ["Outcome: running"])
    }

    private func subject(_ run: RunDriver, _ occasion: CommitOccasion) throws -> String {
        let message = commitMessage(for: try run.script.files().record, at: occasion)
        return String(message.prefix { $0 != "\n" })
    }

    @Test func `the branch of a run that people took part in tells its story`() throws {
        let name = "failover-group-key-swap: "
        let step = KeySwap.protectPrimary
        #expect(try subject(.failing(), .steps([step])) == name + "\(step) failed, waits for a decision")
        #expect(try subject(.retried(), .decided([step])) == name + "Ada Byron decided retry for \(step)")
        #expect(try subject(.waiting(), .paused) == name + "at rest, waits for a decision about \(step)")
        #expect(try subject(.paused(), .paused) == name + "paused by Ada Byron")
        #expect(try subject(.paused(), .resumed) == name + "resumed by Subham Roy on bastion-2")
        #expect(try subject(.takenOver(), .resumed) == name + "taken over from bastion-2 by Ada Byron on bastion-3")
        let stuck = try RunDriver.stuckInRollback()
        #expect(try subject(stuck, .rollingBack) == name + "Ada Byron rolls back")
        #expect(try subject(stuck, .undone([KeySwap.registerPrimary])) == name + "\(KeySwap.registerPrimary) undone")
        let two = CommitOccasion.undone([KeySwap.registerPrimary, KeySwap.protectSecondary])
        #expect(try subject(stuck, two) == name + "2 undos, up to \(KeySwap.registerPrimary)")
        #expect(try subject(.rolledBack(), .finished) == name + "drill rolled back with 1 deviation")
    }

    @Test func `a decision's reason stands in the body, and its step in a trailer`() throws {
        let message = commitMessage(
            for: try RunDriver.skipped().script.files().record, at: .decided([KeySwap.protectPrimary]))
        #expect(
            message.contains(
                "- protector-on-primary: skip, Ada Byron: The primary keeps the shared key until Monday, CHG0042180\n"))
        #expect(message.contains("\nStep: protector-on-primary\nOutcome: succeeded\n"))
    }

    @Test func `a step that ended beside what the subject tells of has its trailer all the same`() throws {
        let record = try RunDriver.skipped().script.files().record
        let message = commitMessage(for: record, at: .finished, telling: [KeySwap.protectPrimary, "none of the run"])
        #expect(message.contains("\nStep: protector-on-primary\nOutcome: succeeded\n"))
        #expect(!message.contains("none of the run"))
    }

    @Test func `the occasion of a commit is what tells most`() {
        let decided = Event.stepDecided(StepDecided(step: "a", choice: .retry, person: "ada", reason: "r"))
        let done = Event.stepDone(StepDone(step: "b", how: .verified, outputs: [:]))
        let undone = Event.stepUndone(StepUndone(step: "c", how: .proven))
        let paused = Event.runPaused(RunPaused(waitsFor: []))
        let finished = Event.runFinished(RunFinished(outcome: .succeeded, why: nil))
        #expect(commitOccasion(for: [done]) == .steps(["b"]))
        #expect(commitOccasion(for: [undone, done]) == .undone(["c"]))
        #expect(commitOccasion(for: [decided, undone, done]) == .decided(["a"]))
        #expect(commitOccasion(for: [decided, paused]) == .paused)
        #expect(commitOccasion(for: [paused, finished]) == .finished)
        #expect(commitOccasion(for: []) == .steps([]))
    }
}
