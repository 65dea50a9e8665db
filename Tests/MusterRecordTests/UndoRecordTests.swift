// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import Testing

@testable import MusterRecord

/// What a record tells of undos and rollbacks.
@Suite struct UndoRecordTests {
    private func record(_ run: RunDriver) throws -> RunRecord { try run.script.files().record }

    private func history(_ name: String) throws -> RunScript {
        try #require(Histories.all.first { $0.name == name }).script()
    }

    @Test func `what was undone, and shown to be, is not left behind`() throws {
        let record = try record(.rolledBack())
        #expect(record.outcome == .rolledBack && record.leftBehind == [] && record.rollbacks?.count == 1)
        let undos = record.steps.compactMap { $0.undos?.first }
        #expect(undos.sorted { $0.order < $1.order }.map(\.result) == [.proven, .proven, .proven])
        #expect(undos.allSatisfy { $0.looks.map(\.purpose) == [.beforeUndo, .undoProof] && $0.host == "bastion-2" })
        let step = try #require(record.steps.first { $0.id == KeySwap.protectSecondary })
        #expect(step.result == .verified && step.effect == nil && step.undo != nil && step.rollback == nil)
        #expect(step.undos?.first?.requests.map(\.id) == ["b1d7-undo"])
        #expect(step.requests.map(\.id) == ["4be1-apply"])
    }

    @Test func `what remains although a step is undone is told wherever nothing is said to be left`() throws {
        let run = try RunDriver.rolledBack(leaving: "Its name stays taken | for 90 days.")
        let record = try record(run)
        #expect(record.outcome == .rolledBack && record.leftBehind == [])
        #expect(record.remains.map(\.step.id) == [KeySwap.registerSecondary])
        let page = try run.script.page()
        let says = "Its name stays taken \\| for 90 days."
        #expect(page.contains("UTC found nothing of it; what remains: \(says)"), "\(page)")
        #expect(page.contains("have shown, but for what remains of [\(KeySwap.registerSecondary)]"), "\(page)")
        #expect(
            page.contains("put back<br>remains of `\(KeySwap.registerSecondary)`, which is undone: \(says)"), "\(page)")
        #expect(page.contains("what it did, but for what no undo takes away of ["), "\(page)")
        let plain = try RunDriver.rolledBack().script.page()
        #expect(!plain.contains("remains") && plain.contains("as reads of its own have shown."))
    }

    @Test func `what no undo took away is left behind, as sure as it is`() throws {
        let record = try record(.stuckInRollback())
        #expect(record.outcome == .stuck)
        let left = Dictionary(uniqueKeysWithValues: record.leftBehind.map { ($0.step, $0.certainty) })
        #expect(
            left == [
                KeySwap.registerSecondary: .verified, KeySwap.protectSecondary: .inDoubt, KeySwap.purge: .verified,
            ])
        let results = record.steps.compactMap { $0.undos?.first }.sorted { $0.order < $1.order }.map(\.result)
        #expect(results == [.proven, .irreversible, .failed, .blocked])
        #expect(record.deviations.prefix(3).allSatisfy { $0.kind == .undoFailed })
        #expect(record.steps.filter { $0.rollback != nil }.count == 3)
    }

    @Test func `nothing is said to be gone while something is, or may be, there`() throws {
        let gone = "Nothing of it is left in place"
        #expect(try RunDriver.rolledBack().script.page().contains(gone))
        #expect(try RunDriver.rolledBackOnFailure().script.page().contains(gone))
        #expect(try !RunDriver.stuckInRollback().script.page().contains(gone))
        for name in ["cancelled-in-rollback", "rolled-back-to-a-step"] {
            #expect(try !history(name).page().contains(gone), "\(name)")
        }
    }

    @Test func `what is left is put back by hand in the order of a rollback, with real values`() throws {
        let page = try RunDriver.stuckInRollback().script.page()
        let hand = try #require(page.firstRange(of: "**By hand, in this order:**"))
        let rest = page[hand.upperBound...]
        let order = [KeySwap.purge, KeySwap.protectSecondary, KeySwap.registerSecondary]
        let places = try order.map { try #require(rest.firstRange(of: "[\($0)](#step-")).lowerBound }
        #expect(places == places.sorted())
        #expect(rest.contains("Sets the protector back to \(KeySwap.sharedKey)."))
    }

    @Test func `an undo by a person's hand is vouched for, and the failure before it stays`() throws {
        let record = try history("reopened-and-put-back-by-hand").files().record
        let undo = try #require(record.steps[1].undos?.first)
        #expect(undo.result == .byHand && undo.failure != nil && undo.vouched?.person == RunDriver.ada)
        #expect(record.steps[1].effect == nil)
        #expect(record.deviations.contains { $0.kind == .putBackByHand && $0.reason == "Done in the portal" })
        #expect(record.resumes?.map(\.after) == [.finished])
    }

    @Test func `an undo that its engine left is cut off and begins anew`() throws {
        let record = try history("cut-off-before-undo-claimed-of-undo").files().record
        let attempts = try #require(record.steps[1].undos?.first?.attempts)
        #expect(attempts.count == 1 && attempts[0].cutOffs?.map(\.hadBegun) == [true])
        #expect(record.outcome == .rolledBack)
    }

    @Test func `what a run had begun to undo is undone by it, though it was cut off before it could tell`() throws {
        var record = try history("cut-off-before-undo-claimed-of-undo").files().record
        var undo = try #require(record.steps[1].undos?.first)
        #expect(undo.begunAt != nil)
        undo.result = .nothingThere
        #expect(undo.phrase(in: record) == "undone")
        #expect(RollbackSection.proof(undo, record).hasPrefix("this run had begun to undo it, at "))
        // The pages of runs that are over stay as they were.
        record.rules = 2
        #expect(undo.phrase(in: record) == "undone, nothing was there")
        record.rules = 3
        undo.begunAt = nil
        #expect(RollbackSection.proof(undo, record).hasPrefix("a look before it, at "))
    }

    @Test func `what a condition kept in place is kept on purpose, and its notes hold only once that no longer does`()
        throws
    {
        let seen = "The failover group still works with it"
        func page(rules: Int?) throws -> String {
            var run = try RunDriver.failing(rules: rules)
            // Looked at once more before it is given up.
            run.faults = (0..<2).map { _ in
                .init(step: KeySwap.protectSecondary, verb: .undoCheck, what: .unmet(seen))
            }
            try run.rollBack("Back")
            return try run.script.page()
        }
        let kept = try page(rules: 3)
        #expect(kept.contains("**kept, for a condition of its undo does not hold**"))
        #expect(kept.contains("Kept: \(seen). See to that before anything is done by hand:"))
        #expect(!kept.contains("undo failed") && !kept.contains("could not be undone"))
        #expect(try page(rules: 2).contains("could not be undone"))
    }

    @Test func `a measure of what was undone is not known`() throws {
        let measures = try record(.rolledBack()).measures
        #expect(measures.first { $0.id == "registered" }?.unknown == "\(KeySwap.registerSecondary) was undone")
    }

    @Test func `a point of no return is marked, except on pages of old runs`() throws {
        #expect(try RunDriver.crashed().script.page().contains("· *point of no return* |"))
        var old = try RunDriver(rules: nil)
        try old.go()
        #expect(try !old.script.page().contains("point of no return"))
    }

    @Test(arguments: [Int64.min, .max]) func `a clock that jumps by any time does not trap`(jump: Int64) throws {
        var run = try RunDriver()
        run.faults = [.init(step: KeySwap.protectSecondary, verb: .apply, what: .refused(RunDriver.busy))]
        try run.go(before: "step-started", of: KeySwap.registerPrimary)
        try run.go { $0.step == KeySwap.protectSecondary && $0.kind == "step-started" }
        var script = run.script
        try script.add(.clockJumped(ClockJumped(milliseconds: jump)))
        #expect(try script.files().record.outcome == .running)
    }

    @Test func `undos and resumes in a hostile journal do not trap`() throws {
        var plan = KeySwap.ordered()
        plan.definitions = [:]
        var script = try RunScript(plan: plan, rules: 2)
        let id = plan.steps[0].id
        try script.add(.stepDecided(StepDecided(step: id, choice: .done, person: "", reason: "")))
        try script.add(.undoBegun(UndoBegun(step: id, attempt: .max, undo: 1)))
        try script.add(.stepUndone(StepUndone(step: id, how: .proven)))
        try script.add(.undoStarted(UndoStarted(step: id, attempt: .max)))
        let takeOver = TakeOver(reason: "", from: "", knownUpTo: .max)
        try script.add(
            .runResumed(RunResumed(by: "", host: "", bootID: "", processID: 0, engine: "", takeOver: takeOver)))
        try script.add(.stepDecided(StepDecided(step: "nowhere", choice: .done, person: "", reason: "")))
        #expect(
            verifyRecord(try script.stored(), run: nil, engine: "", render: renderTemplate).map(\.code).contains(
                "record.misfit"))
    }
}
